//! The report as one page: Chinese first, English beside it, a map of the problems drawn as SVG.

use super::{Report, word};
use ditu_model::{Finding, Severity, Text};
use std::fmt::Write;

const STYLE: &str = "body{font:15px/1.6 'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif;margin:2rem auto;\
max-width:72rem;padding:0 1rem;color:#1d2733;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}\
.en{color:#5b6b7b;font-size:.88em}table{border-collapse:collapse;width:100%;font-size:.92em}th,td{text-align:left;\
padding:.35rem .6rem;border-bottom:1px solid #dfe5eb;vertical-align:top}th{background:#f3f6f9;font-weight:600}\
.n{text-align:right;font-variant-numeric:tabular-nums}.error{color:#b3261e}.warning{color:#8a5a00}.note{color:#3b6ea5}\
.cards{display:flex;gap:1rem;flex-wrap:wrap}.card{border:1px solid #dfe5eb;border-radius:8px;padding:.6rem 1.1rem;\
min-width:8rem}.card b{display:block;font-size:1.5rem}svg{width:100%;height:auto;max-height:34rem;border:1px solid #dfe5eb;\
border-radius:8px;background:#f8fafc}details{margin:.6rem 0;border:1px solid #dfe5eb;border-radius:8px;padding:.4rem .8rem}\
summary{cursor:pointer}code{background:#f3f6f9;padding:0 .25em;border-radius:3px}\
@media (prefers-color-scheme:dark){body{background:#12171d;color:#dde5ee}th,code{background:#1d252e}svg{background:#171d24}\
th,td,.card,svg,details{border-color:#2c3742}.en{color:#93a4b5}.error{color:#ff8a80}.warning{color:#f2b84b}.note{color:#8fbcf0}}";

pub(super) fn write(report: &Report) -> String {
    let mut out = String::with_capacity(1 << 16);
    let _ = write!(
        out,
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>入库检查报告 Import check report</title><style>{STYLE}</style></head><body>\
         <h1>入库检查报告 <span class=\"en\">Import check report</span></h1>"
    );
    out += "<div class=\"cards\">";
    for (zh, en, n) in [
        ("入库", "committed", report.committed()),
        ("隔离", "quarantined", report.quarantined()),
        ("错误", "errors", report.errors()),
        ("警告", "warnings", report.warnings()),
        ("提示", "notes", report.notes()),
    ] {
        let _ = write!(out, "<div class=\"card\"><b>{n}</b>{zh} <span class=\"en\">{en}</span></div>");
    }
    out += "</div>";
    map(&mut out, report);
    layers(&mut out, report);
    findings(&mut out, report);
    datasets(&mut out, report);
    out += "</body></html>\n";
    out
}

fn both(t: &Text) -> String {
    if t.zh.is_empty() && t.en.is_empty() {
        return String::new();
    }
    format!("{}<br><span class=\"en\">{}</span>", escape(&t.zh), escape(&t.en))
}

fn layers(out: &mut String, report: &Report) {
    out.push_str(
        "<h2>图层 <span class=\"en\">Layers</span></h2><table><tr><th>图层 <span class=\"en\">layer</span></th>\
         <th class=\"n\">读入 <span class=\"en\">read</span></th><th class=\"n\">入库 <span class=\"en\">committed</span></th>\
         <th class=\"n\">隔离 <span class=\"en\">quarantined</span></th></tr>",
    );
    for (id, c) in &report.layers {
        let _ = write!(
            out,
            "<tr><td><code>{id}</code></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            c.read, c.committed, c.quarantined
        );
    }
    out.push_str("</table>");
}

fn datasets(out: &mut String, report: &Report) {
    out.push_str(
        "<h2>文件 <span class=\"en\">Files</span></h2><table><tr><th>文件 <span class=\"en\">file</span></th>\
         <th>格式 <span class=\"en\">format</span></th><th>图层 <span class=\"en\">layer</span></th>\
         <th>编码 <span class=\"en\">encoding</span></th><th>坐标系 <span class=\"en\">CRS</span></th>\
         <th>字段 <span class=\"en\">fields</span></th></tr>",
    );
    for d in &report.datasets {
        let fields: Vec<String> =
            d.mapping.iter().map(|m| format!("{} → <code>{}</code>", escape(&m.column), m.field)).collect();
        let unused = match d.unused.as_slice() {
            [] => String::new(),
            names => format!(
                "<br><span class=\"en\">未用 unused: {}</span>",
                names.iter().map(|n| escape(n)).collect::<Vec<_>>().join("、")
            ),
        };
        let table = if d.table == d.file { String::new() } else { format!("<br>{}", escape(&d.table)) };
        let heights =
            d.heights.as_ref().map(|h| format!("<br>高程 heights: {}", both(h))).unwrap_or_default();
        let coordinates = d
            .coordinates
            .as_ref()
            .map(|c| format!("<br>坐标列 coordinates: {}", both(c)))
            .unwrap_or_default();
        let _ = write!(
            out,
            "<tr><td>{}{table}</td><td>{}</td><td><code>{}</code></td><td>{}<br>{}</td><td>{}<br>{}<br>\
             <span class=\"en\">{}</span>{heights}{coordinates}</td><td>{}{unused}</td></tr>",
            escape(&d.file),
            escape(d.format),
            d.layer,
            escape(d.encoding.as_deref().unwrap_or("—")),
            d.encoding_evidence.as_ref().map(both).unwrap_or_default(),
            escape(&d.crs),
            both(&d.crs_evidence),
            escape(&d.transformation),
            fields.join("<br>")
        );
    }
    out.push_str("</table>");
}

fn findings(out: &mut String, report: &Report) {
    out.push_str("<h2>问题 <span class=\"en\">Findings</span></h2>");
    if report.groups.is_empty() {
        out.push_str("<p>没有发现问题。 <span class=\"en\">Nothing was found.</span></p>");
    }
    for group in &report.groups {
        let w = word(group.severity);
        let layer = group.layer.as_ref().map(|l| format!(" <code>{l}</code>")).unwrap_or_default();
        let open = if group.severity == Severity::Error { " open" } else { "" };
        let _ = write!(
            out,
            "<details{open}><summary><span class=\"{}\">{} {}</span> <code>{}</code>{layer} × {}</summary><table>\
             <tr><th>位置 <span class=\"en\">where</span></th><th>问题 <span class=\"en\">what</span></th>\
             <th>处理 <span class=\"en\">what to do, what was done</span></th></tr>",
            w.en, w.zh, w.en, group.rule, group.count
        );
        for f in &group.examples {
            let value = match f.value.to_string() {
                v if v.is_empty() => String::new(),
                v => format!("<br><code>{}</code>", escape(&v)),
            };
            let _ = write!(
                out,
                "<tr><td>{}</td><td>{}{value}</td><td>{}</td></tr>",
                place(f),
                both(&f.message),
                both(&f.cure)
            );
        }
        out.push_str("</table>");
        if let Some(more) = group.count.checked_sub(group.examples.len() as u64 + 1) {
            let _ = write!(out, "<p class=\"en\">另有 {0} 处 · {0} more</p>", more + 1);
        }
        out.push_str("</details>");
    }
}

fn place(f: &Finding) -> String {
    let p = &f.place;
    let mut parts: Vec<String> = p.file.iter().map(|t| escape(t)).collect();
    parts.extend(p.row.map(|r| format!("第 {r} 行")));
    parts.extend(p.field.iter().map(|t| escape(t)));
    parts.extend(p.key.iter().map(|t| format!("<code>{}</code>", escape(t))));
    parts.extend(p.at.map(|[x, y]| format!("{x:.6}, {y:.6}")));
    parts.join("<br>")
}

/// A plain map: degrees scaled for the latitude, a grid, a dot a place, errors last so that they lie on top.
fn map(out: &mut String, report: &Report) {
    let mut box_ = ditu_model::Bounds::EMPTY;
    report.groups.iter().flat_map(|g| &g.places).for_each(|p| box_.add(*p));
    if box_.is_empty() {
        return;
    }
    let pad = ((box_.max[0] - box_.min[0]).max(box_.max[1] - box_.min[1]) * 0.06).max(0.002);
    let (west, east) = (box_.min[0] - pad, box_.max[0] + pad);
    let (south, north) = (box_.min[1] - pad, box_.max[1] + pad);
    let k = ((south + north) / 2.0).to_radians().cos().max(0.1);
    let scale = 960.0 / ((east - west) * k);
    let height = ((north - south) * scale).clamp(160.0, 1600.0);
    let x = |lon: f64| (lon - west) * k * scale;
    let y = |lat: f64| (north - lat) / (north - south) * height;
    let _ = write!(
        out,
        "<h2>问题分布 <span class=\"en\">Where the problems are</span></h2><svg viewBox=\"0 0 960 {height:.0}\" \
         role=\"img\" aria-label=\"问题分布图 map of problems\">"
    );
    let step = step((east - west).max(north - south) / 6.0);
    let lines = |from: f64, to: f64| {
        (0..).map(move |i| ((from / step).ceil() + f64::from(i)) * step).take_while(move |v| *v <= to)
    };
    for lon in lines(west, east) {
        let _ = write!(
            out,
            "<path d=\"M{0:.1} 0V{height:.0}\" stroke=\"#8aa\" stroke-width=\".4\"/><text x=\"{1:.1}\" y=\"{2:.0}\" \
             font-size=\"11\" fill=\"#678\">{lon:.3}°</text>",
            x(lon),
            x(lon) + 3.0,
            height - 4.0
        );
    }
    for lat in lines(south, north) {
        let _ = write!(
            out,
            "<path d=\"M0 {0:.1}H960\" stroke=\"#8aa\" stroke-width=\".4\"/><text x=\"3\" y=\"{1:.1}\" \
             font-size=\"11\" fill=\"#678\">{lat:.3}°</text>",
            y(lat),
            y(lat) - 3.0
        );
    }
    for group in report.groups.iter().rev() {
        let (colour, radius) = match group.severity {
            Severity::Error => ("#c5221f", 4.0),
            Severity::Warning => ("#e09b00", 3.2),
            Severity::Note => ("#4a86c8", 2.4),
        };
        let _ = write!(out, "<g fill=\"{colour}\" fill-opacity=\".75\">");
        for p in &group.places {
            let _ = write!(
                out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\"><title>{}</title></circle>",
                x(p[0]),
                y(p[1]),
                group.rule
            );
        }
        out.push_str("</g>");
    }
    out.push_str("</svg>");
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1e-6).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= least).unwrap_or(10.0 * power)
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_file_cannot_become_markup() {
        assert_eq!(escape("<script>'&\"\u{7}"), "&lt;script&gt;&#39;&amp;&quot; ");
    }

    #[test]
    fn grid_steps_are_round() {
        for (least, expected) in [(0.03, 0.05), (0.011, 0.02), (0.1, 0.1), (0.6, 1.0)] {
            assert!((step(least) - expected).abs() < 1e-12, "{least}");
        }
    }
}
