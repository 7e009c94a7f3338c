//! What is looked at when every table is known: whether they are whole together, and what need not be said twice.

use super::{Source, Work};
use crate::check;
use crate::notes::both;
use crate::table::ShapeSource;
use ditu_model::{LayerDef, LayerId, Row, Severity, Text};

impl Work<'_> {
    /// Tables that get their places from another layer need that layer beside them.
    pub(super) fn check_companions(&mut self, sources: &[Source]) {
        // A table about which something is asked may be the one that is missing.
        if !self.questions.is_empty() {
            return;
        }
        let needy = sources.iter().filter(|s| s.table.shapes == ShapeSource::None);
        let mut missing = Vec::new();
        for source in needy {
            for other in
                source.layer.checks.iter().filter(|c| c.rule == "ends").filter_map(|c| c.texts.get("layer"))
            {
                let here = sources.iter().any(|s| s.layer.id.as_str() == other);
                let there = self
                    .options
                    .present
                    .as_ref()
                    .zip(LayerId::new(other))
                    .is_some_and(|(p, id)| p.count(&id) > 0);
                if !here && !there {
                    missing.push((source.table.file.clone(), other.clone()));
                }
            }
        }
        for (file, other) in missing {
            self.note(
                "table.no_places",
                Severity::Error,
                &file,
                both(
                    format!("表里没有坐标，端点要到 {other} 里找，但同批和库里都没有它"),
                    format!("the table holds no coordinates; its ends are points of {other}, which is neither in the delivery nor in the store"),
                ),
                both("与点表一起导入", "import it together with the table of points"),
            );
        }
    }

    /// A layer of which nothing came would be emptied: that is said, not done.
    pub(super) fn check_emptiness(&mut self, sources: &[Source]) {
        for source in sources {
            let of_layer = || sources.iter().filter(|s| s.layer.id == source.layer.id);
            if of_layer().all(|s| s.table.features == Some(0)) {
                self.note(
                    "file.empty",
                    Severity::Error,
                    &source.table.file,
                    both("没有要素", "there are no features"),
                    both(
                        "不要用空文件替换图层；核对文件",
                        "a layer is not replaced by nothing; check the file",
                    ),
                );
            }
        }
    }

    /// The tables of one file often lack the same thing: one finding a rule, file and cure is enough.
    pub(super) fn say_once(&mut self) {
        let mut said: Vec<(&'static str, Option<String>, Text)> = Vec::new();
        self.findings.retain(|f| {
            // What has the same cure for all tables of a file is said once; what is left out is told table by table.
            let shared = f.rule.starts_with("crs.") || f.rule.starts_with("layer.");
            let what = if shared { f.cure.clone() } else { f.message.clone() };
            let this = (f.rule, f.place.file.clone(), what);
            let new = f.rule == "field.missing" || !said.contains(&this);
            if new {
                said.push(this);
            }
            new
        });
    }

    /// A rule that is declared wrongly is found before the first row.
    pub(super) fn check_definitions(&mut self, sources: &[Source]) {
        struct Nothing;
        impl check::Others for Nothing {
            fn rows(&self, _: &LayerId, _: &[&str], _: &mut dyn FnMut(&LayerDef, &Row)) -> bool {
                false
            }
        }
        let mut seen: Vec<&LayerId> = Vec::new();
        for source in sources {
            if !seen.contains(&&source.layer.id) {
                seen.push(&source.layer.id);
                if let Err(why) = check::make(&source.layer, &Nothing, &mut Vec::new()) {
                    let file = format!("layers/{}.toml", source.layer.theme.id);
                    self.note(
                        "check.definition",
                        Severity::Error,
                        &file,
                        both(why.clone(), why),
                        Text::default(),
                    );
                }
            }
        }
    }
}
