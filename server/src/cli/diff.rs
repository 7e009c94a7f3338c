//! `ditu diff`: what differs between two revisions of a layer, as a table or as GeoJSON.

use super::{Failure, layer, open_existing, operator, print, say};
use crate::diff_page;
use crate::difference;
use crate::geojson;
use crate::settings::Settings;
use ditu_model::{Difference, Preview, RevisionId};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The layer
    layer: String,
    /// The earlier revision
    a: u64,
    /// The later one
    b: u64,
    /// At most so many features
    #[arg(long, default_value_t = 1000)]
    limit: usize,
    /// As GeoJSON
    #[arg(long)]
    geojson: bool,
    /// Also a page with the differences on a map (.html)
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
}

pub(crate) async fn run(args: Args, settings: Settings) -> Result<(), Failure> {
    let id = layer(&settings, &args.layer)?;
    let store = open_existing(&settings).await?;
    let view = operator(&settings);
    let scope = view.scope(&id).ok_or_else(|| Failure::Refused(args.layer.clone()))?;
    let most = args.limit.saturating_add(1);
    let mut found = store.diff(&view, &id, RevisionId(args.a), RevisionId(args.b), most).await?;
    if found.len() > args.limit {
        found.truncate(args.limit);
        let (zh, en) = (
            format!("只列出前 {} 个差异，还有更多；用 --limit 增加", args.limit),
            format!("only the first {} differences are shown, there are more: see --limit", args.limit),
        );
        eprintln!("ditu: {}", say(settings.lang, &zh, &en));
    }
    if let Some(file) = &args.map {
        let count = |f: fn(&Difference) -> bool| found.iter().filter(|d| f(d)).count() as u64;
        let preview = Preview {
            layer: id.clone(),
            added: count(|d| d.before.is_none()),
            changed: count(|d| d.before.is_some() && d.after.is_some()),
            removed: count(|d| d.after.is_none()),
            differences: found.clone(),
        };
        let (zh, en) =
            (format!("版本 {} 与 {} 的差异", args.a, args.b), format!("revisions {} and {}", args.a, args.b));
        let page = diff_page::write([&zh, &en], &[(scope.layer(), &preview)]);
        std::fs::write(file, page).map_err(|e| Failure::environment(file.display(), e))?;
    }
    let def = scope.layer();
    let places = difference::places(store.reader(view.clone()).as_ref(), &settings.layers, def, &found).await;
    if args.geojson || settings.json {
        let features = found.iter().zip(&places).filter_map(|(d, near)| {
            let feature = d.after.as_ref().or(d.before.as_ref())?;
            let mut json = geojson::feature(scope, feature);
            json["change"] = match (&d.before, &d.after) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            }
            .into();
            let name = difference::name(def, feature, near.as_ref());
            json["name"] = say(settings.lang, &name.zh, &name.en).into();
            if let (Some(a), Some(b)) = (&d.before, &d.after) {
                let changes = difference::between(def, &a.row, &b.row);
                let text = difference::line(&changes);
                json["differences"] = changes.iter().map(difference::Change::json).collect();
                json["text"] = say(settings.lang, &text.zh, &text.en).into();
            }
            Some(json)
        });
        let list: Vec<_> = features.collect();
        print(&serde_json::json!({"type": "FeatureCollection", "features": list}).to_string());
        return Ok(());
    }
    for (d, near) in found.iter().zip(&places) {
        let Some(feature) = d.after.as_ref().or(d.before.as_ref()) else { continue };
        let name = difference::name(def, feature, near.as_ref());
        let name = say(settings.lang, &name.zh, &name.en);
        match (&d.before, &d.after) {
            (None, _) => print(&format!("+ {}  {name}", d.id)),
            (_, None) => print(&format!("- {}  {name}", d.id)),
            (Some(a), Some(b)) => {
                let text = difference::line(&difference::between(def, &a.row, &b.row));
                print(&format!("~ {}  {name}  {}", d.id, say(settings.lang, &text.zh, &text.en)));
            }
        }
    }
    Ok(())
}
