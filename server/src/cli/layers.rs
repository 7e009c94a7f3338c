//! `ditu layers`: what the store holds.

use super::{Failure, layer, open_existing, operator, print, say};
use crate::settings::Settings;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// One layer, with its fields
    id: Option<String>,
}

pub(crate) async fn run(args: Args, settings: Settings) -> Result<(), Failure> {
    let one = args.id.as_deref().map(|id| layer(&settings, id)).transpose()?;
    let store = open_existing(&settings).await?;
    let reader = store.reader(operator(&settings));
    let failed = |e: ditu_model::SourceError| Failure::Environment(e.to_string());
    let mut rows = Vec::new();
    for def in settings.layers.iter().filter(|d| one.as_ref().is_none_or(|id| *id == d.id)) {
        let count = reader.count(&def.id).await.map_err(failed)?;
        let revision = reader.revision(&def.id).await.map_err(failed)?;
        rows.push((def, count, revision));
    }
    if settings.json {
        let list: Vec<_> = rows
            .iter()
            .map(|(d, n, r)| {
                serde_json::json!({"id": d.id.as_str(), "title": {"zh": d.title.zh, "en": d.title.en}, "count": n,
                    "revision": r.0, "sharing": format!("{:?}", d.sharing).to_lowercase()})
            })
            .collect();
        print(&serde_json::Value::from(list).to_string());
        return Ok(());
    }
    let head = say(settings.lang, "图层 / 要素数 / 版本 / 名称", "layer / features / revision / title");
    print(head);
    for (def, count, revision) in &rows {
        let title = say(settings.lang, &def.title.zh, &def.title.en);
        print(&format!("{:<28}{count:>10}{:>6}  {title}", def.id.as_str(), revision.0));
    }
    if one.is_some() {
        for f in rows.iter().flat_map(|(d, ..)| &d.fields) {
            let unit = f.unit.as_ref().map(|u| format!(" [{u}]")).unwrap_or_default();
            print(&format!(
                "  {:<26}{:?}{unit}  {}",
                f.name,
                f.kind,
                say(settings.lang, &f.title.zh, &f.title.en)
            ));
        }
    }
    Ok(())
}
