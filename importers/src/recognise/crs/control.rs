//! Coordinates that fitted control brings to CGCS2000.

use super::{Decision, Guess, Undecided, undecided};
use crate::city::{City, MARGIN};
use crate::notes::both;
use crate::table::{Claim, ShapeSource, Table};
use ditu_crs::control::Control;
use ditu_crs::{Crs, Transform};
use ditu_model::{Bounds, Severity, Text};
use std::sync::Arc;

/// Data of which more than this share lies outside the control's points are worth a warning.
const OUTSIDE: f64 = 0.05;

/// Decides for a table whose coordinates the user wants to go by a control.
pub(super) fn decide(
    table: &Table,
    name: &str,
    controls: &[Arc<Control>],
    city: Option<&City>,
) -> Result<Decision, Undecided> {
    let Some(control) = controls.iter().find(|c| c.name == name) else {
        let known: Vec<&str> = controls.iter().map(|c| c.name.as_str()).collect();
        return Err(undecided(
            "crs.no_control",
            both(format!("没有名为 {name} 的转换参数"), format!("there is no control called {name}")),
            both(
                format!("可用的有：{}；用 ditu crs fit 拟合", known.join("、")),
                format!("there are: {}; fit one with ditu crs fit", known.join(", ")),
            ),
        ));
    };
    if table.raster.is_some() {
        return Err(undecided(
            "crs.raster",
            both("栅格不能用拟合的参数转换", "a raster cannot go by fitted control"),
            both("先转换为 CGCS2000 的 GeoTIFF", "convert it to a GeoTIFF on CGCS2000 first"),
        ));
    }
    let crs = source_crs(table, control, city);
    let transform = match Transform::by_control(crs.as_ref(), control) {
        Ok(transform) => transform,
        Err(e) => {
            return Err(undecided(
                "crs.control_datum",
                both(format!("参数 {name} 不适用于这个文件（{e}）"), format!("{e}")),
                both("选用与文件基准一致的参数", "choose control for the datum that the file states"),
            ));
        }
    };
    let evidence = both(
        format!("由使用者指定参数：{}", control.describe()),
        format!("control named by the user: {}", control.describe()),
    );
    let mut decision = Decision { control: Some(control.clone()), ..Decision::plain(crs, evidence) };
    let Some(n) = table.numbers else { return Ok(decision) };
    let corners = |swapped: bool| {
        let mut all: Vec<[f64; 2]> = (0..25)
            .map(|i| {
                let (u, v) = (f64::from(i % 5) / 4.0, f64::from(i / 5) / 4.0);
                let p = [n[0] + (n[2] - n[0]) * u, n[1] + (n[3] - n[1]) * v];
                if swapped { [p[1], p[0]] } else { p }
            })
            .collect();
        transform.apply(&mut all);
        all.retain(|p| p[0].is_finite());
        all
    };
    let placed = |swapped: bool| -> Option<Vec<[f64; 2]>> {
        let all = corners(swapped);
        let mut b = Bounds::EMPTY;
        all.iter().for_each(|p| b.add(*p));
        let on_the_city = city.is_none_or(|c| !b.is_empty() && c.meets(&b));
        (on_the_city && !all.is_empty()).then_some(all)
    };
    // Small numbers of a city grid fit both ways round. In tables X is the northing, as on Chinese survey sheets; in
    // files with shapes the first number is the easting.
    let sheet = !matches!(table.shapes, ShapeSource::File(_));
    let places = match (placed(false), placed(true)) {
        (Some(_), Some(p)) if sheet => {
            decision.swapped = true;
            decision.remarks.push((
                "crs.axes_assumed",
                Severity::Note,
                both("两种坐标顺序都落在本市", "both orders of the axes fall on the city"),
                both("按测绘习惯：X 为北，Y 为东", "taken as on survey sheets: X north, Y east"),
            ));
            p
        }
        (Some(p), _) => p,
        (None, Some(p)) => {
            super::swap(table, &mut decision);
            p
        }
        (None, None) => {
            let extent = format!("{:.3} … {:.3}, {:.3} … {:.3}", n[0], n[2], n[1], n[3]);
            let city = city.map(City::described).unwrap_or_default();
            return Err(undecided(
                "crs.outside",
                both(
                    format!("按参数 {name} 转换后，坐标 {extent} 不在{}（外扩 {MARGIN}°）", city.zh),
                    format!("by the control {name} the coordinates {extent} are not in {}", city.en),
                ),
                both("核对坐标与参数是否对应", "check that coordinates and control belong together"),
            ));
        }
    };
    let outside = control.share_outside(&places);
    if outside > OUTSIDE {
        let percent = (outside * 100.0).round();
        decision.remarks.push((
            "crs.control_outside",
            Severity::Warning,
            both(
                format!("约 {percent}% 的范围在拟合参数所用控制点的凸包之外"),
                format!("about {percent} % of the extent lie outside the hull of the control points"),
            ),
            both(
                "凸包之外是外推，精度没有保证；补充控制点后重新拟合",
                "outside it the fit extrapolates and promises nothing; add points and fit again",
            ),
        ));
    }
    Ok(decision)
}

/// The CRS that the file states on the control's datum, or the one that its numbers show; `None` for the control's own.
fn source_crs(table: &Table, control: &Control, city: Option<&City>) -> Option<Crs> {
    if let Some(Claim { crs: Ok(crs), .. }) = &table.claim {
        return Some(*crs);
    }
    let datum = control.datum()?;
    let found = city?.candidates(table.numbers?);
    Some(found.first()?.crs.on(datum))
}

/// Adds the controls that could help to a question about the CRS.
pub(super) fn offer(mut undecided: Undecided, table: &Table, controls: &[Arc<Control>]) -> Undecided {
    if !matches!(undecided.rule, "crs.needs_control" | "crs.unclear" | "crs.unknown") {
        return undecided;
    }
    let stated = match &table.claim {
        Some(Claim { crs: Ok(crs), .. }) => Some(crs.datum()),
        _ => None,
    };
    let fits = |c: &&Arc<Control>| match (stated, c.datum()) {
        (Some(a), Some(b)) => a == b,
        (Some(_), None) => false,
        (None, _) => true,
    };
    for control in controls.iter().filter(fits).take(6) {
        let label: Text = both(
            format!("用拟合的参数：{}", control.describe()),
            format!("by fitted control: {}", control.describe()),
        );
        undecided.guesses.extend(Guess::by_control(control, table, label));
    }
    undecided
}
