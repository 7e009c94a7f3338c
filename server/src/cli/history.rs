//! `ditu history`: revisions of a layer, or versions of one feature.

use super::{Failure, layer, open_existing, operator, print, say};
use crate::difference;
use crate::geojson;
use crate::settings::Settings;
use ditu_model::{LayerDef, Value};
use ditu_store::FeatureVersion;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The layer; all without it
    layer: Option<String>,
    /// One feature's versions
    #[arg(long, requires = "layer")]
    feature: Option<u64>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

pub(crate) async fn run(args: Args, settings: Settings) -> Result<(), Failure> {
    let id = args.layer.as_deref().map(|l| layer(&settings, l)).transpose()?;
    let store = open_existing(&settings).await?;
    let view = operator(&settings);
    if let (Some(id), Some(feature)) = (&id, args.feature) {
        let versions = store.feature_history(&view, id, feature).await?;
        if versions.is_empty() {
            let (zh, en) = (format!("{id} 没有要素 {feature}"), format!("{id} has no feature {feature}"));
            return Err(Failure::Refused(say(settings.lang, &zh, &en).to_owned()));
        }
        let Some(def) = settings.layers.get(id) else { return Ok(()) };
        if settings.json {
            let scope = view.scope(id).ok_or_else(|| Failure::Refused(id.to_string()))?;
            let list: Vec<_> = each(&versions)
                .map(|(before, v)| {
                    let feature = v.feature.as_ref().map(|f| geojson::feature(scope, f));
                    let differs: Vec<_> = match (before.and_then(|b| b.feature.as_ref()), &v.feature) {
                        (Some(a), Some(b)) => {
                            let changes = difference::between(def, &a.row, &b.row);
                            changes.iter().map(difference::Change::json).collect()
                        }
                        _ => Vec::new(),
                    };
                    serde_json::json!({"revision": v.revision.0, "feature": feature, "differences": differs})
                })
                .collect();
            print(&serde_json::Value::from(list).to_string());
            return Ok(());
        }
        if let Some(f) = versions.iter().rev().find_map(|v| v.feature.as_ref()) {
            let source = store.reader(view.clone());
            let near = match difference::place(f).filter(|_| difference::key(def, f).is_empty()) {
                Some(at) => difference::near(source.as_ref(), &settings.layers, at).await,
                None => None,
            };
            let name = difference::name(def, f, near.as_ref());
            print(say(settings.lang, &name.zh, &name.en));
        }
        for (before, v) in each(&versions) {
            print(&format!("{:>6}  {}", v.revision.0, told(def, before, v, &settings)));
        }
        return Ok(());
    }
    let list = store.revisions(&view, id.as_ref(), args.limit).await?;
    if settings.json {
        let list: Vec<_> = list
            .iter()
            .map(|r| {
                serde_json::json!({"revision": r.id.0, "layer": r.layer.as_str(), "at": r.at.to_string(),
                    "author": r.origin.author, "message": r.origin.message, "source": r.origin.source,
                    "transformation": r.origin.transformation, "added": r.added, "changed": r.changed,
                    "removed": r.removed})
            })
            .collect();
        print(&serde_json::Value::from(list).to_string());
        return Ok(());
    }
    for r in list {
        let o = &r.origin;
        let what = format!("+{} ~{} -{}", r.added, r.changed, r.removed);
        print(&format!(
            "{:>6}  {}  {:<24}{what:<24}{}  {}",
            r.id.0,
            r.at,
            r.layer.as_str(),
            o.author,
            o.source
        ));
    }
    Ok(())
}

/// Each version with the one before it.
fn each(versions: &[FeatureVersion]) -> impl Iterator<Item = (Option<&FeatureVersion>, &FeatureVersion)> {
    std::iter::once(None).chain(versions.iter().map(Some)).zip(versions)
}

/// A version in words: what it holds where it is new, else what differs from the one before.
fn told(
    def: &LayerDef,
    before: Option<&FeatureVersion>,
    now: &FeatureVersion,
    settings: &Settings,
) -> String {
    let Some(f) = &now.feature else { return say(settings.lang, "（已删除）", "(removed)").to_owned() };
    match before.and_then(|b| b.feature.as_ref()) {
        Some(was) => {
            let text = difference::line(&difference::between(def, &was.row, &f.row));
            say(settings.lang, &text.zh, &text.en).to_owned()
        }
        None => {
            let held = |(_, v): &(_, &Value)| !v.is_null();
            let pairs = def.fields.iter().zip(&f.row.values).filter(held);
            pairs.map(|(f, v)| format!("{}={v}", f.name)).collect::<Vec<_>>().join(" ")
        }
    }
}
