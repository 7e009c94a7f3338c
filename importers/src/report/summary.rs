//! The report as a few lines for a terminal.

use super::{Report, word};
use crate::Lang;
use ditu_model::{Finding, Severity};
use std::fmt::Write;

/// Groups that are written out; the rest is in the JSON and HTML report.
const SHOWN: usize = 20;

pub(super) fn write(report: &Report, lang: Lang) -> String {
    let zh = lang == Lang::Zh;
    let mut out = String::new();
    for (layer, c) in &report.layers {
        let _ = if zh {
            writeln!(out, "{layer}: 读入 {}，入库 {}，隔离 {}", c.read, c.committed, c.quarantined)
        } else {
            writeln!(
                out,
                "{layer}: read {}, committed {}, quarantined {}",
                c.read, c.committed, c.quarantined
            )
        };
    }
    let shown = report.groups.iter().filter(|g| g.severity != Severity::Note);
    for group in shown.clone().take(SHOWN) {
        let word = word(group.severity);
        let layer = group.layer.as_ref().map(|l| format!(" {l}")).unwrap_or_default();
        let _ =
            writeln!(out, "{} {}{layer} × {}", if zh { &word.zh } else { &word.en }, group.rule, group.count);
        if let Some(first) = group.examples.first() {
            let _ = writeln!(out, "    {}", line(first, lang));
        }
    }
    if let Some(more) = shown.count().checked_sub(SHOWN + 1) {
        let _ = if zh {
            writeln!(out, "…另有 {} 类", more + 1)
        } else {
            writeln!(out, "… {} more rules", more + 1)
        };
    }
    let (e, w, n) = (report.errors(), report.warnings(), report.notes());
    let _ = if zh {
        writeln!(out, "共 {e} 处错误，{w} 处警告，{n} 处提示")
    } else {
        writeln!(out, "{e} errors, {w} warnings, {n} notes")
    };
    out
}

/// A finding in one line: place, what, cure.
pub(crate) fn line(f: &Finding, lang: Lang) -> String {
    let zh = lang == Lang::Zh;
    let mut place: Vec<String> = f.place.file.iter().cloned().collect();
    if let Some(row) = f.place.row {
        place.push(if zh { format!("第 {row} 行") } else { format!("row {row}") });
    }
    place.extend(f.place.field.iter().cloned());
    place.extend(f.place.key.iter().map(|k| format!("[{k}]")));
    if let Some([x, y]) = f.place.at {
        place.push(format!("{x:.6},{y:.6}"));
    }
    let (what, cure) = if zh { (&f.message.zh, &f.cure.zh) } else { (&f.message.en, &f.cure.en) };
    let value = if f.value.is_null() { String::new() } else { format!(" “{}”", f.value) };
    let mut text = if place.is_empty() { String::new() } else { format!("{}: ", place.join(" ")) };
    text += what;
    text += &value;
    if !cure.is_empty() {
        text += if zh { "；" } else { "; " };
        text += cure;
    }
    text
}
