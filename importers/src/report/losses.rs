//! What the store says a delivery takes away, as findings.

use super::ReportHandle;
use crate::notes::{both, finding};
use ditu_model::loss::{Ask, Loss};
use ditu_model::{Finding, Place, Revision, Severity, Text};

/// What to do where something needs consent, in words of the command line.
pub fn ways_on(ask: &Ask) -> Text {
    match ask {
        Ask::Removal => both(
            "只是图层的一部分：用 --part FIELD=VALUE 或 --part area；只更新不删除：用 --mode upsert；确实要删除：用 --allow-removal",
            "if it is a part of the layer: --part FIELD=VALUE or --part area; to update and remove nothing: --mode upsert; if they are to go: --allow-removal",
        ),
        Ask::Emptying(field) => both(
            format!("去掉该列则保留库中原值；确实要清空：用 --allow-emptying {field}"),
            format!("without that column the values stay; if they are to go: --allow-emptying {field}"),
        ),
        Ask::Reverting => both(
            "核对是不是拿错了旧文件；确实要撤回：用 --allow-reverting",
            "see whether it is an old file; if the edits are to go: --allow-reverting",
        ),
    }
}

impl ReportHandle {
    /// Takes in what a commit or a preview said; `revisions` name who made the edits that are taken back.
    pub fn take_losses(&self, losses: &[Loss], revisions: &[Revision]) {
        for loss in losses {
            self.add(Some(&loss.layer), findings(loss, revisions));
        }
    }
}

fn findings(loss: &Loss, revisions: &[Revision]) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut say = |rule, severity, at: Option<[f64; 2]>, message, cure| {
        all.push(finding(rule, severity, Place { at, ..Place::default() }, message, cure));
    };
    let place = |examples: &[ditu_model::loss::Example]| examples.first().and_then(|e| e.at);
    let others = loss.present - loss.inside;
    if let Some(part) = loss.part.as_ref().filter(|_| others > 0) {
        say(
            "delivery.part",
            Severity::Note,
            None,
            both(
                format!("这批数据只是图层的一部分：{}（现有 {} 个要素）", part.zh, loss.inside),
                format!("the delivery is a part of the layer: {} ({} features there)", part.en, loss.inside),
            ),
            both(
                format!("只替换这一部分，其余 {others} 个要素不动；要替换整层用 --part all"),
                format!(
                    "only that is replaced, the other {others} features stay; --part all replaces the layer"
                ),
            ),
        );
    }
    if loss.removed > loss.replaced {
        let asked = loss.asks.contains(&Ask::Removal);
        let severity = if asked { Severity::Error } else { Severity::Note };
        let cure = if asked {
            ways_on(&Ask::Removal)
        } else {
            both("可用 ditu rollback 退回", "ditu rollback brings them back")
        };
        say("delivery.removal", severity, place(&loss.examples), loss.text(&Ask::Removal), cure);
    }
    for f in &loss.fields {
        let name = &f.field;
        if f.kept > 0 {
            say(
                "field.kept",
                Severity::Warning,
                None,
                both(
                    format!("文件没有“{}”（{name}）列：库中 {} 个值保留", f.title.zh, f.kept),
                    format!("the file has no columns for: {} ({name}); {} values stay", f.title.en, f.kept),
                ),
                both("要清空，请给出该列并留空", "to empty the field, deliver the column with nothing in it"),
            );
        }
        if f.emptied > 0 {
            let ask = Ask::Emptying(name.clone());
            let asked = loss.asks.contains(&ask);
            let severity = if asked { Severity::Error } else { Severity::Warning };
            say("delivery.emptying", severity, place(&f.examples), loss.text(&ask), ways_on(&ask));
        }
    }
    let asked = loss.asks.contains(&Ask::Reverting);
    for r in &loss.reverted {
        let by = revisions.iter().find(|o| o.id == r.revision && o.layer == loss.layer);
        let by = by.map(|o| {
            let each = [o.origin.author.as_str(), &o.origin.message, &o.origin.source];
            each.into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(", ")
        });
        let by = by.filter(|b| !b.is_empty());
        let (zh_by, en_by) = match &by {
            Some(by) => (format!("（{by}）"), format!(" by {by}")),
            None => (String::new(), String::new()),
        };
        let names: Vec<&str> = r.examples.iter().map(|e| e.name.as_str()).collect();
        let (n, id) = (r.rows, r.revision);
        say(
            "delivery.reverting",
            if asked { Severity::Error } else { Severity::Warning },
            place(&r.examples),
            both(
                format!("撤回版本 {id}{zh_by}的 {n} 处修改，如 {}", names.join("、")),
                format!("takes back {n} edits of revision {id}{en_by}, such as {}", names.join(", ")),
            ),
            ways_on(&Ask::Reverting),
        );
    }
    all
}
