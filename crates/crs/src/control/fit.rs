//! Finding the parameters, throwing out what does not fit, and saying how good the rest is.

use super::geocentric::{to_lonlat, to_xyz};
use super::solve::least_squares;
use super::{BursaWolf, Control, Convention, Grid, Model, Plane4, Source};
use crate::ellipsoid::Datum;

/// A point known in both systems.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlPoint {
    /// Its name.
    pub name: String,
    /// Easting, northing and height (NaN when not known) in the source, metres.
    pub source: [f64; 3],
    /// The same in the target.
    pub target: [f64; 3],
    /// Held out of the fit, to check it.
    pub check: bool,
}

/// What became of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// In the fit.
    Fit,
    /// Held out to check it.
    Check,
    /// In the fit, but more than twice the standard deviation off.
    Doubtful,
    /// Thrown out: more than three times off.
    Rejected,
}

/// Computed minus given, in millimetres.
#[derive(Clone, Debug, PartialEq)]
pub struct Residual {
    /// The point's name.
    pub name: String,
    /// What became of it.
    pub used: Used,
    /// Northward.
    pub north_mm: f64,
    /// Eastward.
    pub east_mm: f64,
    /// Upward; `None` for a plane fit or where heights are not known.
    pub up_mm: Option<f64>,
}

impl Residual {
    /// In the plane.
    pub fn point_mm(&self) -> f64 {
        self.north_mm.hypot(self.east_mm)
    }
}

/// How good a fit is. Parameters are state secrets and stand only in the [`Control`]; here are their uncertainties.
#[derive(Clone, Debug, PartialEq)]
pub struct FitReport {
    /// Names and standard deviations of the parameters: metres, seconds of arc, ppm, as named.
    pub sigmas: Vec<(&'static str, f64)>,
    /// Standard deviation of one coordinate, metres.
    pub sigma0: f64,
    /// Every point.
    pub residuals: Vec<Residual>,
    /// What somebody should look at, in Chinese and English.
    pub warnings: Vec<[String; 2]>,
}

impl FitReport {
    /// The greatest plane residual of the points in the fit, millimetres.
    pub fn max_mm(&self) -> f64 {
        let used = self.residuals.iter().filter(|r| matches!(r.used, Used::Fit | Used::Doubtful));
        used.map(Residual::point_mm).fold(0.0, f64::max)
    }

    /// Root mean square of the plane residuals of held-out points, millimetres.
    pub fn check_mm(&self) -> Option<f64> {
        let all: Vec<f64> =
            self.residuals.iter().filter(|r| r.used == Used::Check).map(Residual::point_mm).collect();
        (!all.is_empty()).then(|| (all.iter().map(|v| v * v).sum::<f64>() / all.len() as f64).sqrt())
    }
}

/// Why there is no fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// Too few points.
    #[error("the model needs {needed} points at least, there are {found}")]
    TooFew {
        /// Points that the model needs.
        needed: usize,
        /// Points that are there, without those held out.
        found: usize,
    },
    /// The points lie in one place or on one line.
    #[error("the points lie in one place or on one line and do not determine the parameters")]
    Degenerate,
    /// A coordinate is not finite, or outside its grid.
    #[error("the coordinates of {0} are no coordinates of their grid")]
    Point(String),
    /// Seven parameters need a source grid on a datum.
    #[error("seven parameters need a source grid on a datum; a local grid can only be fitted in the plane")]
    Local,
}

/// Least residuals (metres) that count as an outlier's: a millimetre is how coordinates are written.
const FLOOR: f64 = 0.001;

/// Fits a control. `convention` asks for seven parameters in that convention, `None` for four in the plane.
///
/// # Errors
/// When the points do not determine the parameters.
pub fn fit(
    name: &str,
    source: Source,
    target: Grid,
    convention: Option<Convention>,
    points: &[ControlPoint],
) -> Result<(Control, FitReport), FitError> {
    for p in points {
        if !p.source[..2].iter().chain(&p.target[..2]).all(|v| v.is_finite()) {
            return Err(FitError::Point(p.name.clone()));
        }
    }
    let problem = Problem { source, target, convention, points };
    let needed = if convention.is_some() { 3 } else { 2 };
    let mut used: Vec<usize> = (0..points.len()).filter(|&i| !points[i].check).collect();
    if used.len() < needed {
        return Err(FitError::TooFew { needed, found: used.len() });
    }
    let mut rejected = Vec::new();
    // The worst point goes if the others, fitted without it, put it more than three deviations off. One at a time:
    // one gross error spoils the residuals of its neighbours.
    while used.len() > needed + 1 {
        let all = problem.solve(&used)?;
        let off = |i: &usize| {
            let [n, e, _] = problem.residual(&all.model, *i);
            n.hypot(e)
        };
        let Some(worst) = used.iter().copied().max_by(|a, b| off(a).total_cmp(&off(b))) else { break };
        let others: Vec<usize> = used.iter().copied().filter(|i| *i != worst).collect();
        let Ok(without) = problem.solve(&others) else { break };
        let [n, e, _] = problem.residual(&without.model, worst);
        let limit = 3.0 * (without.sigma0 * std::f64::consts::SQRT_2).max(FLOOR);
        // With hardly more points than unknowns deviations say little; then nothing is thrown out.
        if others.len() <= needed + 1
            || n.hypot(e) <= limit
            || n.hypot(e) <= 3.0 * all.sigma0.max(FLOOR) * 0.5
        {
            break;
        }
        rejected.push(worst);
        used = others;
    }
    let solved = problem.solve(&used)?;
    let limit = 2.0 * (solved.sigma0 * std::f64::consts::SQRT_2).max(FLOOR);
    let residuals: Vec<Residual> = (0..points.len())
        .map(|i| {
            let [n, e, u] = problem.residual(&solved.model, i);
            let fate = match (points[i].check, rejected.contains(&i)) {
                (true, _) => Used::Check,
                (_, true) => Used::Rejected,
                _ if n.hypot(e) > limit => Used::Doubtful,
                _ => Used::Fit,
            };
            let up = (convention.is_some() && u.is_finite()).then_some(u * 1e3);
            Residual {
                name: points[i].name.clone(),
                used: fate,
                north_mm: n * 1e3,
                east_mm: e * 1e3,
                up_mm: up,
            }
        })
        .collect();
    let places: Vec<[f64; 2]> = used.iter().map(|&i| problem.place(i)).collect();
    // Where X and Y are exchanged the target lies in no place at all, and neither would any data.
    if let Some(&i) = used.iter().find(|&&i| !problem.place(i).iter().all(|v| v.is_finite())) {
        return Err(FitError::Point(points[i].name.clone()));
    }
    let warnings = problem.warnings(&solved, &used);
    let control = Control {
        name: name.to_owned(),
        source,
        target,
        model: solved.model,
        sigma0: solved.sigma0,
        hull: hull(places),
    };
    Ok((control, FitReport { sigmas: solved.sigmas, sigma0: solved.sigma0, residuals, warnings }))
}

struct Problem<'a> {
    source: Source,
    target: Grid,
    convention: Option<Convention>,
    points: &'a [ControlPoint],
}

struct Solved {
    model: Model,
    sigma0: f64,
    sigmas: Vec<(&'static str, f64)>,
}

impl Problem<'_> {
    fn solve(&self, used: &[usize]) -> Result<Solved, FitError> {
        match self.convention {
            None => self.plane(used),
            Some(c) => self.geocentric(used, c),
        }
    }

    fn plane(&self, used: &[usize]) -> Result<Solved, FitError> {
        let n = used.len() as f64;
        let mean =
            |f: &dyn Fn(&ControlPoint) -> f64| used.iter().map(|&i| f(&self.points[i])).sum::<f64>() / n;
        let (xm, ym) = (mean(&|p| p.source[1]), mean(&|p| p.source[0]));
        let (um, vm) = (mean(&|p| p.target[1]), mean(&|p| p.target[0]));
        let (mut s, mut sa, mut sb) = (0.0, 0.0, 0.0);
        for &i in used {
            let p = &self.points[i];
            let (x, y) = (p.source[1] - xm, p.source[0] - ym);
            let (u, v) = (p.target[1] - um, p.target[0] - vm);
            s += x * x + y * y;
            sa += x * u + y * v;
            sb += x * v - y * u;
        }
        if s < 1.0 {
            return Err(FitError::Degenerate);
        }
        let (a, b) = (sa / s, sb / s);
        let plane = Plane4 { dx: um - a * xm + b * ym, dy: vm - b * xm - a * ym, a, b };
        let model = Model::Plane4(plane);
        let vv: f64 = used
            .iter()
            .map(|&i| {
                let [n, e, _] = self.residual(&model, i);
                n * n + e * e
            })
            .sum();
        let freedom = 2.0 * n - 4.0;
        let sigma0 = if freedom > 0.0 { (vv / freedom).sqrt() } else { 0.0 };
        let of_ab = sigma0 / s.sqrt();
        let of_shift = sigma0 * (1.0 / n + (xm * xm + ym * ym) / s).sqrt();
        let m = a.hypot(b);
        Ok(Solved {
            model,
            sigma0,
            sigmas: vec![
                ("dx m", of_shift),
                ("dy m", of_shift),
                ("scale ppm", of_ab * 1e6),
                ("rotation ″", (of_ab / m).to_degrees() * 3600.0),
            ],
        })
    }

    /// Geocentric coordinates of a point in source and target.
    fn both(&self, i: usize) -> Result<[[f64; 3]; 2], FitError> {
        let Source::Grid(g) = self.source else { return Err(FitError::Local) };
        let p = &self.points[i];
        let height = |h: f64| if h.is_finite() { h } else { 0.0 };
        let xyz = |g: &Grid, c: [f64; 3]| {
            let [lon, lat] = g.projection().unproject([c[0], c[1]]);
            to_xyz(&g.datum.ellipsoid(), [lon, lat, height(c[2])])
        };
        let found = [xyz(&g, p.source), xyz(&self.target, p.target)];
        if found.iter().flatten().all(|v| v.is_finite()) {
            Ok(found)
        } else {
            Err(FitError::Point(p.name.clone()))
        }
    }

    fn geocentric(&self, used: &[usize], convention: Convention) -> Result<Solved, FitError> {
        let pairs: Vec<[[f64; 3]; 2]> = used.iter().map(|&i| self.both(i)).collect::<Result<_, _>>()?;
        let n = pairs.len() as f64;
        let mut c = [0.0; 3];
        pairs.iter().for_each(|[p, _]| (0..3).for_each(|k| c[k] += p[k] / n));
        // Unknowns: shift at the centroid, (1+m)·rotations in the coordinate-frame sense, m.
        let mut rows: Vec<([f64; 7], f64)> = Vec::with_capacity(3 * pairs.len());
        for [p, q] in &pairs {
            let [x, y, z] = [0, 1, 2].map(|k| p[k] - c[k]);
            rows.push(([1.0, 0.0, 0.0, 0.0, -z, y, x], q[0] - p[0]));
            rows.push(([0.0, 1.0, 0.0, z, 0.0, -x, y], q[1] - p[1]));
            rows.push(([0.0, 0.0, 1.0, -y, x, 0.0, z], q[2] - p[2]));
        }
        let (u, cofactors) = least_squares(&rows).ok_or(FitError::Degenerate)?;
        let vv: f64 = rows
            .iter()
            .map(|(row, v)| (row.iter().zip(&u).map(|(a, b)| a * b).sum::<f64>() - v).powi(2))
            .sum();
        let freedom = 3.0 * n - 7.0;
        let sigma0 = if freedom > 0.0 { (vv / freedom).sqrt() } else { 0.0 };
        let m = u[6];
        let e = [u[3], u[4], u[5]].map(|r| r / (1.0 + m));
        // The shift at the earth's centre: what the turn and the scale do to the centroid is taken back.
        let [cx, cy, cz] = c;
        let turn = [[0.0, -cz, cy, cx], [cz, 0.0, -cx, cy], [-cy, cx, 0.0, cz]];
        let translation = [0, 1, 2].map(|k| u[k] - (0..4).map(|j| turn[k][j] * u[3 + j]).sum::<f64>());
        let sigma_shift = |k: usize| {
            let mut row = [0.0; 7];
            row[k] = 1.0;
            (0..4).for_each(|j| row[3 + j] = -turn[k][j]);
            let var: f64 =
                (0..7).map(|i| (0..7).map(|j| row[i] * cofactors[i][j] * row[j]).sum::<f64>()).sum();
            sigma0 * var.max(0.0).sqrt()
        };
        let sign = if convention == Convention::CoordinateFrame { 1.0 } else { -1.0 };
        let second = |r: f64| r.to_degrees() * 3600.0;
        let model = BursaWolf {
            convention,
            translation,
            rotation_s: e.map(|r| sign * second(r)),
            scale_ppm: m * 1e6,
        };
        let of = |k: usize| sigma0 * cofactors[k][k].max(0.0).sqrt();
        Ok(Solved {
            model: Model::BursaWolf(model),
            sigma0,
            sigmas: vec![
                ("TX m", sigma_shift(0)),
                ("TY m", sigma_shift(1)),
                ("TZ m", sigma_shift(2)),
                ("RX ″", second(of(3))),
                ("RY ″", second(of(4))),
                ("RZ ″", second(of(5))),
                ("scale ppm", of(6) * 1e6),
            ],
        })
    }

    /// Computed minus given: north, east, up in metres; up is NaN where a height is not known.
    fn residual(&self, model: &Model, i: usize) -> [f64; 3] {
        let p = &self.points[i];
        match model {
            Model::Plane4(plane) => {
                let [n, e] = plane.apply([p.source[1], p.source[0]]);
                [n - p.target[1], e - p.target[0], f64::NAN]
            }
            Model::BursaWolf(helmert) => {
                let Ok([from, _]) = self.both(i) else { return [f64::NAN; 3] };
                let [lon, lat, h] = to_lonlat(&self.target.datum.ellipsoid(), helmert.apply(from));
                let [e, n] = self.target.projection().project([lon, lat]);
                let known = p.source[2].is_finite() && p.target[2].is_finite();
                [n - p.target[1], e - p.target[0], if known { h - p.target[2] } else { f64::NAN }]
            }
        }
    }

    /// Where a point lies, longitude and latitude.
    fn place(&self, i: usize) -> [f64; 2] {
        let t = self.points[i].target;
        self.target.projection().unproject([t[0], t[1]])
    }

    fn warnings(&self, solved: &Solved, used: &[usize]) -> Vec<[String; 2]> {
        let mut all = Vec::new();
        let mut say = |zh: String, en: String| all.push([zh, en]);
        let scale = match solved.model {
            Model::Plane4(p) => p.scale_ppm(),
            Model::BursaWolf(b) => b.scale_ppm,
        };
        if scale.abs() > 500.0 {
            say(
                format!("尺度变化 {scale:.0} ppm，过大：核对两套坐标是否对应、X/Y 是否颠倒、是否同一投影"),
                format!(
                    "the scale changes by {scale:.0} ppm: do the two sets belong together, are X and Y exchanged, is it one projection?"
                ),
            );
        }
        if let Model::Plane4(p) = solved.model
            && self.source != Source::Local
            && p.rotation_s().abs() > 600.0
        {
            let minutes = p.rotation_s() / 60.0;
            say(
                format!("两个高斯平面之间转了 {minutes:.1}′，不合常理：核对中央经线"),
                format!(
                    "the planes of two Gauss–Krüger grids are turned by {minutes:.1}′: check the central meridian"
                ),
            );
        }
        if matches!(self.source, Source::Grid(g) if matches!(g.datum, Datum::Xian80 | Datum::Beijing54)) {
            // Published maps of the shift stay within these (DOMAIN tables): beyond, something else is wrong.
            let most = 200.0;
            let worst = used.iter().map(|&i| self.shift(i)).fold(0.0, f64::max);
            if worst > most {
                say(
                    format!(
                        "与 CGCS2000 相差 {worst:.0} m，一般不超过 {most:.0} m：核对坐标系、带号、中央经线"
                    ),
                    format!(
                        "{worst:.0} m from CGCS2000 where {most:.0} m is usual at most: check CRS, zone and meridian"
                    ),
                );
            }
        }
        if self.convention.is_some()
            && used
                .iter()
                .any(|&i| !self.points[i].source[2].is_finite() || !self.points[i].target[2].is_finite())
        {
            say(
                "有的点没有大地高，按 0 计：七参数的平面结果影响很小，高程不可用".to_owned(),
                "some points have no ellipsoidal height and count as 0: little harm in the plane, none of use for heights".to_owned(),
            );
        }
        if used.len() <= if self.convention.is_some() { 4 } else { 3 } {
            say(
                "公共点太少，粗差查不出来".to_owned(),
                "there are too few points to find a gross error among them".to_owned(),
            );
        }
        all
    }

    /// How far source and target lie apart as longitude and latitude, metres.
    fn shift(&self, i: usize) -> f64 {
        let Source::Grid(g) = self.source else { return 0.0 };
        let s = self.points[i].source;
        let (a, b) = (g.projection().unproject([s[0], s[1]]), self.place(i));
        let east = (b[0] - a[0]) * b[1].to_radians().cos();
        east.hypot(b[1] - a[1]) * 111_195.0
    }
}

/// The convex hull, counter-clockwise, by Andrew's monotone chain (1979).
fn hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    if points.len() < 3 {
        return points;
    }
    let half = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut chain: Vec<[f64; 2]> = Vec::new();
        for p in points {
            while chain.len() >= 2 && side(chain[chain.len() - 2], chain[chain.len() - 1], p) <= 0.0 {
                chain.pop();
            }
            chain.push(p);
        }
        chain.pop();
        chain
    };
    let mut all = half(&mut points.iter().copied());
    all.extend(half(&mut points.iter().rev().copied()));
    all
}

fn side(a: [f64; 2], b: [f64; 2], p: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
}

/// The share of places outside a hull; all of them when it has no area.
pub(super) fn share_outside(hull: &[[f64; 2]], places: &[[f64; 2]]) -> f64 {
    if places.is_empty() {
        return 0.0;
    }
    if hull.len() < 3 {
        return 1.0;
    }
    let inside =
        |p: &[f64; 2]| (0..hull.len()).all(|i| side(hull[i], hull[(i + 1) % hull.len()], *p) >= -1e-12);
    places.iter().filter(|p| !inside(p)).count() as f64 / places.len() as f64
}
