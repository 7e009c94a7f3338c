//! The report of a fit: everything but the parameters, which are secret.

use ditu_crs::control::{Control, FitReport, Model, Used};
use serde_json::{Value, json};
use std::fmt::Write;

fn word(used: Used) -> [&'static str; 2] {
    match used {
        Used::Fit => ["参与", "fit"],
        Used::Check => ["检查点", "check"],
        Used::Doubtful => ["可疑（>2σ）", "doubtful"],
        Used::Rejected => ["剔除（>3σ）", "rejected"],
    }
}

/// For programs.
pub(super) fn json(control: &Control, report: &FitReport, who: &str) -> Value {
    let convention = match control.model {
        Model::BursaWolf(b) => Some(b.convention.name()),
        Model::Plane4(_) => None,
    };
    json!({
        "name": control.name,
        "what": control.describe(),
        "convention": convention,
        "operator": who,
        "at": jiff::Timestamp::now().to_string(),
        "sigma0_m": report.sigma0,
        "max_mm": report.max_mm(),
        "check_rms_mm": report.check_mm(),
        "sigmas": report.sigmas.iter().map(|(n, s)| json!({ "parameter": n, "sigma": s })).collect::<Vec<_>>(),
        "points": report.residuals.iter().map(|r| json!({
            "name": r.name, "used": word(r.used)[1], "vn_mm": r.north_mm, "ve_mm": r.east_mm, "vh_mm": r.up_mm, "vp_mm": r.point_mm(),
        })).collect::<Vec<_>>(),
        "hull": control.hull,
        "warnings": report.warnings.iter().map(|[zh, en]| json!({ "zh": zh, "en": en })).collect::<Vec<_>>(),
    })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// For people: a page that stands alone.
pub(super) fn html(control: &Control, report: &FitReport, who: &str) -> String {
    let mut rows = String::new();
    for r in &report.residuals {
        let up = r.up_mm.map_or_else(|| "–".to_owned(), |u| format!("{u:.1}"));
        let [zh, en] = word(r.used);
        let _ = write!(
            rows,
            "<tr class=\"{en}\"><td>{}</td><td>{zh} <small>{en}</small></td><td>{:.1}</td><td>{:.1}</td><td>{up}</td><td>{:.1}</td></tr>",
            escape(&r.name),
            r.north_mm,
            r.east_mm,
            r.point_mm()
        );
    }
    let sigmas: String =
        report.sigmas.iter().map(|(n, s)| format!("<tr><td>{n}</td><td>±{s:.6}</td></tr>")).collect();
    let warnings: String = report
        .warnings
        .iter()
        .map(|[zh, en]| format!("<li>{} <small>{}</small></li>", escape(zh), escape(en)))
        .collect();
    let check =
        report.check_mm().map_or_else(String::new, |c| format!(" · 检查点中误差 check RMS {c:.1} mm"));
    let sign = match control.model {
        Model::BursaWolf(b) => format!(" · {}", b.convention.name()),
        Model::Plane4(_) => String::new(),
    };
    format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>转换参数拟合报告 {name}</title><style>
body{{font:15px/1.6 system-ui,'Microsoft YaHei','Noto Sans CJK SC',sans-serif;max-width:900px;margin:2rem auto;padding:0 20px;color-scheme:light dark}}
table{{border-collapse:collapse;margin:1rem 0}}td,th{{padding:4px 14px;border-bottom:1px solid #bbb;text-align:right}}td:first-child,th:first-child,td:nth-child(2){{text-align:left}}
.rejected{{color:#c62828}}.doubtful{{color:#b35900}}small{{opacity:.7}}</style></head><body>
<h1>转换参数拟合报告 <small>control fit</small></h1>
<p>{what}{sign}</p><p>σ0 = {sigma0:.4} m · 最大残差 max {max:.1} mm{check}</p>
<p><small>{who} · {at} · 参数按国家秘密管理，加密保存，不在本报告中列出 the parameters are secret and not in this report</small></p>
<ul>{warnings}</ul>
<h2>残差 <small>residuals, computed − given, mm</small></h2>
<table><thead><tr><th>点 point</th><th></th><th>vN</th><th>vE</th><th>vH</th><th>vP</th></tr></thead><tbody>{rows}</tbody></table>
<h2>参数中误差 <small>standard deviations</small></h2><table><tbody>{sigmas}</tbody></table></body></html>",
        name = escape(&control.name),
        what = escape(&control.describe()),
        sigma0 = report.sigma0,
        max = report.max_mm(),
        who = escape(who),
        at = jiff::Timestamp::now(),
    )
}
