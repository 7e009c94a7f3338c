//! Differences between two revisions, or what a delivery would change, as a page that stands alone: a map and a table.

use crate::difference::{self, Change};
use ditu_model::{Bounds, Difference, Geometry, LayerDef, Preview, Shape, Value};
use std::fmt::Write;

/// Picture size in pixels.
const SIZE: [f64; 2] = [1120.0, 620.0];
/// Rows of the table.
const ROWS: usize = 1_000;

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1f2933;--paper:#fff;--line:#d5dbe1;--add:#1a7f37;--change:#b35900;--gone:#c62828}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaee;--paper:#171c21;--line:#3a444e;--add:#3fb950;--change:#e3a03a;--gone:#f2706b}}
body{font:15px/1.6 system-ui,'Microsoft YaHei','Noto Sans CJK SC',sans-serif;margin:2rem auto;max-width:1160px;padding:0 20px;color:var(--ink);background:var(--paper)}
svg{width:100%;height:auto;border:1px solid var(--line);border-radius:6px}
.add{stroke:var(--add);fill:var(--add)}.change{stroke:var(--change);fill:var(--change)}.gone{stroke:var(--gone);fill:var(--gone)}
.was{stroke-dasharray:4 3;opacity:.7}path{stroke-width:1.4;fill-opacity:.18;vector-effect:non-scaling-stroke}path.line{fill:none}
table{border-collapse:collapse;width:100%;margin:1rem 0 2.5rem}td,th{border-bottom:1px solid var(--line);padding:5px 8px;text-align:left;vertical-align:top}
td:first-child{white-space:nowrap;font-weight:600}.en{opacity:.7;font-size:.88em}
.key span{display:inline-block;margin-right:1.4em}.key i{display:inline-block;width:14px;height:14px;border-radius:3px;vertical-align:-2px;margin-right:.4em}
del{opacity:.65}ins{text-decoration:none;font-weight:600}";

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c => out.push(c),
        }
    }
    out
}

/// Where degrees fall in the picture.
struct Frame {
    origin: [f64; 2],
    scale: [f64; 2],
}

impl Frame {
    fn around(shapes: &[&Geometry]) -> Option<Frame> {
        let mut b = Bounds::EMPTY;
        shapes.iter().for_each(|g| b = b.union(&g.bounds()));
        if b.is_empty() {
            return None;
        }
        let middle = [(b.min[0] + b.max[0]) / 2.0, (b.min[1] + b.max[1]) / 2.0];
        let squeeze = middle[1].to_radians().cos();
        // A single point still has a surrounding of some hundred metres.
        let width = ((b.max[0] - b.min[0]) * squeeze).max(0.002);
        let height = (b.max[1] - b.min[1]).max(0.002);
        let k = ((SIZE[0] - 60.0) / width).min((SIZE[1] - 60.0) / height);
        let scale = [k * squeeze, k];
        Some(Frame {
            origin: [middle[0] - SIZE[0] / 2.0 / scale[0], middle[1] + SIZE[1] / 2.0 / scale[1]],
            scale,
        })
    }

    fn at(&self, p: [f64; 2]) -> [f64; 2] {
        [(p[0] - self.origin[0]) * self.scale[0], (self.origin[1] - p[1]) * self.scale[1]]
    }

    fn draw(&self, g: &Geometry, class: &str, out: &mut String) {
        if g.shape == Shape::Point {
            for p in &g.coords {
                let [x, y] = self.at(*p);
                let _ = write!(out, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>");
            }
            return;
        }
        let mut path = String::new();
        for ring in g.rings() {
            let mut last = [f64::NAN; 2];
            for (i, p) in ring.iter().enumerate() {
                let at = self.at(*p);
                // What falls on the same spot of the picture is not drawn twice.
                if i > 0
                    && (at[0] - last[0]).abs() < 0.3
                    && (at[1] - last[1]).abs() < 0.3
                    && i + 1 < ring.len()
                {
                    continue;
                }
                let _ = write!(path, "{}{:.1} {:.1}", if i == 0 { 'M' } else { 'L' }, at[0], at[1]);
                last = at;
            }
            if g.shape == Shape::Polygon {
                path.push('Z');
            }
        }
        let kind = if g.shape == Shape::Line { " line" } else { "" };
        let _ = write!(out, "<path class=\"{class}{kind}\" fill-rule=\"evenodd\" d=\"{path}\"/>");
    }
}

fn shape(f: &Option<ditu_model::Feature>) -> Option<&Geometry> {
    f.as_ref()?.row.geometry.as_ref()
}

fn row(def: &LayerDef, d: &Difference, out: &mut String) {
    let (class, zh, en) = match (&d.before, &d.after) {
        (None, _) => ("add", "新增", "added"),
        (_, None) => ("gone", "删除", "removed"),
        _ => ("change", "修改", "changed"),
    };
    let _ = write!(
        out,
        "<tr><td style=\"color:var(--{class})\">{zh} <span class=\"en\">{en}</span></td><td>{}</td><td>",
        d.after
            .as_ref()
            .or(d.before.as_ref())
            .map_or_else(String::new, |f| escape(&difference::name(def, f, None).zh))
    );
    let values = |f: &ditu_model::Feature| -> Vec<Value> { f.row.values.clone() };
    match (&d.before, &d.after) {
        (Some(a), Some(b)) => {
            for change in difference::between(def, &a.row, &b.row) {
                match change {
                    Change::Field { field, from, to } => {
                        let (x, y) = (escape(&from.to_string()), escape(&to.to_string()));
                        let title = escape(&field.title.zh);
                        let _ = write!(out, "{title}：<del>{x}</del> → <ins>{y}</ins><br>");
                    }
                    other => {
                        let text = other.text();
                        let (zh, en) = (escape(&text.zh), escape(&text.en));
                        let _ = write!(out, "图形：{zh} <span class=\"en\">{en}</span><br>");
                    }
                }
            }
        }
        (Some(f), None) | (None, Some(f)) => {
            let named = def.fields.iter().zip(values(f)).filter(|(_, v)| !v.is_null()).take(6);
            let text: Vec<String> =
                named.map(|(f, v)| format!("{}：{}", f.title.zh, v)).map(|t| escape(&t)).collect();
            out.push_str(&text.join("；"));
        }
        (None, None) => {}
    }
    out.push_str("</td></tr>");
}

/// The page. Layers are drawn one after the other.
pub(crate) fn write(title: [&str; 2], layers: &[(&LayerDef, &Preview)]) -> String {
    let mut body = String::new();
    for (def, p) in layers {
        let _ = write!(
            body,
            "<h2>{} <span class=\"en\">{} · {}</span></h2><p>新增 {} · 修改 {} · 删除 {} <span class=\"en\">{} added, {} changed, {} removed</span></p>",
            escape(&def.title.zh),
            escape(&def.title.en),
            def.id,
            p.added,
            p.changed,
            p.removed,
            p.added,
            p.changed,
            p.removed
        );
        let shapes: Vec<&Geometry> =
            p.differences.iter().flat_map(|d| [shape(&d.before), shape(&d.after)]).flatten().collect();
        if let Some(frame) = Frame::around(&shapes) {
            let _ = write!(
                body,
                "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"变化位置图\">",
                SIZE[0], SIZE[1]
            );
            for d in &p.differences {
                match (shape(&d.before), shape(&d.after)) {
                    (None, Some(g)) => frame.draw(g, "add", &mut body),
                    (Some(g), None) => frame.draw(g, "gone", &mut body),
                    (Some(a), Some(b)) => {
                        if a != b {
                            frame.draw(a, "change was", &mut body);
                        }
                        frame.draw(b, "change", &mut body);
                    }
                    (None, None) => {}
                }
            }
            body += "</svg><p class=\"key\"><span><i style=\"background:var(--add)\"></i>新增 added</span><span><i style=\"background:var(--change)\"></i>修改 changed（虚线为原形 dashed: before）</span><span><i style=\"background:var(--gone)\"></i>删除 removed</span></p>";
        }
        body += "<table><thead><tr><th>变化 <span class=\"en\">change</span></th><th>要素 <span class=\"en\">feature</span></th><th>内容 <span class=\"en\">what</span></th></tr></thead><tbody>";
        p.differences.iter().take(ROWS).for_each(|d| row(def, d, &mut body));
        body += "</tbody></table>";
        let all = p.added + p.changed + p.removed;
        let shown = p.differences.len().min(ROWS) as u64;
        if shown < all {
            let _ = write!(
                body,
                "<p>共 {all} 处变化，列出 {shown} 处 <span class=\"en\">{shown} of {all} shown</span></p>"
            );
        }
    }
    if layers.is_empty() {
        body += "<p>没有变化 <span class=\"en\">nothing would change</span></p>";
    }
    let [zh, en] = title.map(escape);
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{zh}</title><style>{STYLE}</style></head><body><h1>{zh} <span class=\"en\">{en}</span></h1>{body}</body></html>"
    )
}
