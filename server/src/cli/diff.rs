//! `ditu diff`: what differs between two revisions of a layer, as a table or as GeoJSON.

use super::{Failure, layer, open_existing, operator, print, say};
use crate::diff_page;
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
    if args.geojson || settings.json {
        let features = found.iter().filter_map(|d| {
            let feature = d.after.as_ref().or(d.before.as_ref())?;
            let mut json = geojson::feature(scope, feature);
            json["change"] = match (&d.before, &d.after) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            }
            .into();
            Some(json)
        });
        let list: Vec<_> = features.collect();
        print(&serde_json::json!({"type": "FeatureCollection", "features": list}).to_string());
        return Ok(());
    }
    for d in &found {
        match (&d.before, &d.after) {
            (None, _) => print(&format!("+ {}", d.id)),
            (_, None) => print(&format!("- {}", d.id)),
            (Some(a), Some(b)) => {
                let fields = scope.layer().fields.iter().zip(a.row.values.iter().zip(&b.row.values));
                let mut text: Vec<String> = fields
                    .filter(|(_, (a, b))| a != b)
                    .map(|(f, (a, b))| format!("{}: {a} → {b}", f.name))
                    .collect();
                if a.row.geometry != b.row.geometry {
                    text.push("geometry".into());
                }
                print(&format!("~ {}  {}", d.id, text.join("; ")));
            }
        }
    }
    Ok(())
}
