//! `ditu history`: revisions of a layer, or versions of one feature.

use super::{Failure, layer, open_existing, operator, print, say};
use crate::settings::Settings;

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
        let def = settings.layers.get(id);
        let versions = store.feature_history(&view, id, feature).await?;
        if versions.is_empty() {
            let (zh, en) = (format!("{id} 没有要素 {feature}"), format!("{id} has no feature {feature}"));
            return Err(Failure::Refused(say(settings.lang, &zh, &en).to_owned()));
        }
        for v in versions {
            let text = match (&v.feature, def) {
                (Some(f), Some(def)) => {
                    let pairs = def.fields.iter().zip(&f.row.values).filter(|(_, v)| !v.is_null());
                    pairs.map(|(f, v)| format!("{}={v}", f.name)).collect::<Vec<_>>().join(" ")
                }
                _ => say(settings.lang, "（已删除）", "(removed)").to_owned(),
            };
            print(&format!("{:>6}  {text}", v.revision.0));
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
