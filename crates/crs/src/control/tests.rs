//! Vectors, properties, and PROJ as the judge.

use super::geocentric::{to_lonlat, to_xyz};
use super::*;
use proptest::prelude::*;
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs points through a PROJ pipeline.
fn cct(pipeline: &str, points: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let mut child = Command::new("cct")
        .args(["-d", "9"])
        .args(pipeline.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cct (Debian package proj-bin)");
    let text: String = points.iter().map(|p| format!("{:.12} {:.12} {:.6} 0\n", p[0], p[1], p[2])).collect();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    let numbers = |l: &str| l.split_whitespace().map(|n| n.parse().unwrap()).collect::<Vec<f64>>();
    text.lines().map(numbers).map(|n| [n[0], n[1], n[2]]).collect()
}

fn grid(datum: Datum, cm: f64, zone: u32) -> Grid {
    Grid::of(&Crs::gauss_kruger(datum, cm, (zone > 0).then_some(zone))).unwrap()
}

fn point(name: &str, source: [f64; 3], target: [f64; 3]) -> ControlPoint {
    ControlPoint { name: name.into(), source, target, check: false }
}

/// DOMAIN §1.5: x, y are northing and easting.
fn published() -> Vec<ControlPoint> {
    [
        ([12973.0233, 18041.2647], [3212980.867, 568032.798]),
        ([15420.5, 21033.75], [3215427.575, 571026.019]),
        ([9875.25, 16520.125], [3209883.421, 566510.815]),
        ([14210.875, 24980.5], [3214216.892, 574972.522]),
        ([11002.0, 22001.0], [3211008.716, 571992.114]),
    ]
    .iter()
    .enumerate()
    .map(|(i, (s, t))| point(&format!("P{i}"), [s[1], s[0], f64::NAN], [t[1], t[0], f64::NAN]))
    .collect()
}

#[test]
fn the_published_plane_fit_comes_out_digit_by_digit() {
    let target = grid(Datum::Cgcs2000, 111.0, 0);
    let (control, report) = fit("甲", Source::Local, target, None, &published()).unwrap();
    let Model::Plane4(p) = control.model else { panic!() };
    for (found, wanted, tolerance) in [
        (p.dx, 3_200_012.357519, 5e-6),
        (p.dy, 549_987.686007, 5e-6),
        (p.a, 1.000022058724, 1e-9),
        (p.b, 0.000266778457, 1e-9),
        (p.scale_ppm(), 22.0943, 1e-3),
        (p.rotation_s(), 55.02579, 1e-4),
        (report.sigma0, 0.012342, 1e-6),
    ] {
        assert!((found - wanted).abs() <= tolerance, "{found} is not {wanted}");
    }
    let wanted = [[-13.03, 11.60], [11.32, -5.16], [-2.86, -5.08], [-10.27, 6.20], [14.82, -7.58]];
    for (r, w) in report.residuals.iter().zip(wanted) {
        assert!((r.north_mm - w[0]).abs() < 0.01 && (r.east_mm - w[1]).abs() < 0.01, "{r:?} {w:?}");
        assert_ne!(r.used, Used::Rejected);
    }
}

#[test]
fn the_conventions_differ_as_published() {
    let from = Datum::Beijing54.ellipsoid();
    let to = Datum::Cgcs2000.ellipsoid();
    let p = to_xyz(&from, [111.6985, 29.0316, 35.0]);
    let wanted = [-2063518.4384, 5185788.036, 3077035.7243];
    assert!((0..3).all(|i| (p[i] - wanted[i]).abs() < 1e-4), "{p:?}");
    let helmert = |convention| BursaWolf {
        convention,
        translation: [12.5, -110.25, -77.5],
        rotation_s: [0.5, -0.25, 0.75],
        scale_ppm: 1.5,
    };
    for (convention, lon, lat, h) in [
        (Convention::PositionVector, 111.699071449, 29.031581549, 22.0102),
        (Convention::CoordinateFrame, 111.698527005, 29.031374063, 21.9446),
    ] {
        let q = to_lonlat(&to, helmert(convention).apply(p));
        assert!(
            (q[0] - lon).abs() < 1e-9 && (q[1] - lat).abs() < 1e-9 && (q[2] - h).abs() < 1e-4,
            "{convention:?} {q:?}"
        );
    }
}

/// Points over the city in degrees with heights.
fn places() -> Vec<[f64; 3]> {
    (0..20)
        .map(|i| {
            [110.6 + f64::from(i % 5) * 0.35, 28.5 + f64::from(i / 5) * 0.45, 20.0 + 15.0 * f64::from(i)]
        })
        .collect()
}

#[test]
fn seven_parameters_agree_with_proj_to_a_tenth_of_a_millimetre() {
    for convention in [Convention::PositionVector, Convention::CoordinateFrame] {
        let helmert = BursaWolf {
            convention,
            translation: [12.5, -110.25, -77.5],
            rotation_s: [0.5, -0.25, 0.75],
            scale_ppm: 1.5,
        };
        let pipeline = format!(
            "+proj=pipeline +step +proj=cart +ellps=krass +step +proj=helmert +x=12.5 +y=-110.25 +z=-77.5 +rx=0.5 +ry=-0.25 +rz=0.75 +s=1.5 +convention={} +step +inv +proj=cart +ellps=GRS80",
            convention.name()
        );
        let control = Control {
            name: "t".into(),
            source: Source::Grid(grid(Datum::Beijing54, 111.0, 37)),
            target: grid(Datum::Cgcs2000, 111.0, 37),
            model: Model::BursaWolf(helmert),
            sigma0: 0.0,
            hull: Vec::new(),
        };
        let flat: Vec<[f64; 3]> = places().iter().map(|p| [p[0], p[1], 0.0]).collect();
        let way = control.way(Some(&Crs::new(Datum::Beijing54, Projection::Geographic))).unwrap();
        for (p, q) in flat.iter().zip(cct(&pipeline, &flat)) {
            let found = way.apply([p[0], p[1]]);
            // 1e-9 degrees are a tenth of a millimetre.
            assert!((found[0] - q[0]).abs() < 1e-9 && (found[1] - q[1]).abs() < 1e-9, "{found:?} {q:?}");
        }
    }
}

#[test]
fn a_plane_control_agrees_with_proj_to_a_tenth_of_a_millimetre_from_any_grid_of_its_datum() {
    let plane = Plane4 { dx: 12.345, dy: -67.89, a: 1.000012, b: 0.000031 };
    let control = Control {
        name: "t".into(),
        source: Source::Grid(grid(Datum::Xian80, 111.0, 0)),
        target: grid(Datum::Cgcs2000, 111.0, 37),
        model: Model::Plane4(Plane4 { dy: plane.dy + 37e6, ..plane }),
        sigma0: 0.0,
        hull: Vec::new(),
    };
    // PROJ: Xian 1980 degrees → its zone → the similarity as an affine step → off the CGCS2000 zone.
    let pipeline = format!(
        "+proj=pipeline +step +proj=tmerc +lat_0=0 +lon_0=111 +k=1 +x_0=500000 +a=6378140 +rf=298.257 +step +proj=affine +xoff={} +s11={} +s12={} +yoff={} +s21={} +s22={} +step +inv +proj=tmerc +lat_0=0 +lon_0=111 +k=1 +x_0=500000 +ellps=GRS80",
        plane.dy, plane.a, plane.b, plane.dx, -plane.b, plane.a
    );
    let flat: Vec<[f64; 3]> = places().iter().map(|p| [p[0], p[1], 0.0]).collect();
    let judged = cct(&pipeline, &flat);
    for from in [
        Crs::new(Datum::Xian80, Projection::Geographic),
        Crs::gauss_kruger(Datum::Xian80, 111.0, None),
        Crs::gauss_kruger(Datum::Xian80, 111.0, Some(37)),
        Crs::gauss_kruger(Datum::Xian80, 114.0, Some(38)),
    ] {
        let way = control.way(Some(&from)).unwrap();
        for (p, q) in flat.iter().zip(&judged) {
            let found = way.apply(from.project([p[0], p[1]]));
            assert!(
                (found[0] - q[0]).abs() < 1e-9 && (found[1] - q[1]).abs() < 1e-9,
                "{from:?} {found:?} {q:?}"
            );
        }
    }
    let own = control.way(None).unwrap();
    let same = control.way(Some(&Crs::gauss_kruger(Datum::Xian80, 111.0, None))).unwrap();
    assert_eq!(own.apply([568_000.0, 3_212_000.0]), same.apply([568_000.0, 3_212_000.0]));
    let other = control.way(Some(&Crs::gauss_kruger(Datum::Beijing54, 111.0, None))).unwrap_err();
    assert!(matches!(other, ControlError::Datum { wanted: Datum::Xian80, found: Datum::Beijing54, .. }));
}

/// Points as a model makes them, with noise (metres) from a fixed pattern.
fn made(source: &Grid, target: &Grid, model: &BursaWolf, noise: f64) -> Vec<ControlPoint> {
    let wave = |i: usize, k: f64| noise * (i as f64 * k).sin();
    places()
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let [e, n] = source.projection().project([p[0], p[1]]);
            let q =
                to_lonlat(&Datum::Cgcs2000.ellipsoid(), model.apply(to_xyz(&source.datum.ellipsoid(), *p)));
            let [x, y] = target.projection().project([q[0], q[1]]);
            point(&format!("{i}"), [e, n, p[2]], [x + wave(i, 7.3), y + wave(i, 3.1), q[2] + wave(i, 5.7)])
        })
        .collect()
}

#[test]
fn gross_errors_are_thrown_out_and_held_out_points_check_the_rest() {
    let (source, target) = (grid(Datum::Xian80, 111.0, 37), grid(Datum::Cgcs2000, 111.0, 37));
    let truth = BursaWolf {
        convention: Convention::CoordinateFrame,
        translation: [-20.0, 80.0, 35.0],
        rotation_s: [1.2, -0.7, 0.4],
        scale_ppm: -2.5,
    };
    for convention in [None, Some(Convention::CoordinateFrame), Some(Convention::PositionVector)] {
        let mut points = made(&source, &target, &truth, 0.01);
        points[3].target[0] += 1.5;
        points[11].target[1] -= 0.8;
        points[5].check = true;
        points[16].check = true;
        let (control, report) = fit("乙", Source::Grid(source), target, convention, &points).unwrap();
        let of = |u: Used| {
            report.residuals.iter().filter(|r| r.used == u).map(|r| r.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of(Used::Rejected), ["3", "11"], "{convention:?} {:?}", report.residuals);
        assert_eq!(of(Used::Check), ["5", "16"]);
        // A plane fit over a whole prefecture keeps some of the datum's curvature.
        let limit = if convention.is_some() { 40.0 } else { 200.0 };
        assert!(report.check_mm().unwrap() < limit && report.max_mm() < limit, "{convention:?} {report:?}");
        assert!(report.sigmas.iter().all(|s| s.1.is_finite() && s.1 >= 0.0));
        assert_eq!(control.share_outside(&[[111.0, 29.0], [120.0, 30.0]]), 0.5);
        assert!(
            !format!("{control:?} {}", control.describe()).contains("80.0"),
            "parameters are not printed"
        );
        let sealed = serde_json::to_string(&control).unwrap();
        let opened: Control = serde_json::from_str(&sealed).unwrap();
        let at = [37_568_041.0, 3_212_973.0];
        let (a, b) = (control.way(None).unwrap().apply(at), opened.way(None).unwrap().apply(at));
        assert!((a[0] - b[0]).abs() < 1e-12 && (a[1] - b[1]).abs() < 1e-12, "{a:?} {b:?}");
    }
}

#[test]
fn points_that_determine_nothing_are_refused() {
    let (source, target) = (Source::Local, grid(Datum::Cgcs2000, 111.0, 0));
    let one = published();
    assert_eq!(fit("x", source, target, None, &one[..1]), Err(FitError::TooFew { needed: 2, found: 1 }));
    let same = vec![one[0].clone(), one[0].clone(), one[0].clone()];
    assert_eq!(fit("x", source, target, None, &same), Err(FitError::Degenerate));
    assert_eq!(fit("x", source, target, Some(Convention::CoordinateFrame), &one), Err(FitError::Local));
    let mut bad = one.clone();
    bad[2].source[0] = f64::NAN;
    assert_eq!(fit("x", source, target, None, &bad), Err(FitError::Point("P2".into())));
    // X and Y of the target exchanged: 3,212 km east of a meridian is no place.
    let exchanged =
        |p: &ControlPoint| ControlPoint { target: [p.target[1], p.target[0], p.target[2]], ..p.clone() };
    let bad: Vec<_> = one.iter().map(exchanged).collect();
    assert!(matches!(fit("x", source, target, None, &bad), Err(FitError::Point(_))));
    let checked: Vec<_> = one.iter().map(|p| ControlPoint { check: true, ..p.clone() }).collect();
    assert!(matches!(fit("x", source, target, None, &checked), Err(FitError::TooFew { found: 0, .. })));
}

#[test]
fn what_looks_wrong_is_said() {
    let target = grid(Datum::Cgcs2000, 111.0, 0);
    let swapped: Vec<_> = published()
        .into_iter()
        .map(|p| ControlPoint { source: [p.source[1], p.source[0], p.source[2]], ..p })
        .collect();
    let (_, report) = fit("x", Source::Local, target, None, &swapped).unwrap();
    assert!(report.warnings.iter().any(|w| w[1].contains("X and Y")), "{:?}", report.warnings);
    let few = &published()[..3];
    let (_, report) = fit("x", Source::Local, target, None, few).unwrap();
    assert!(report.warnings.iter().any(|w| w[1].contains("too few")));
}

proptest! {
    #[test]
    fn a_fit_recovers_what_made_the_points(
        t in prop::array::uniform3(-150.0..150.0f64),
        r in prop::array::uniform3(-3.0..3.0f64),
        s in -10.0..10.0f64,
        vector in any::<bool>(),
        beijing in any::<bool>(),
    ) {
        let convention = if vector { Convention::PositionVector } else { Convention::CoordinateFrame };
        let datum = if beijing { Datum::Beijing54 } else { Datum::Xian80 };
        let truth = BursaWolf { convention, translation: t, rotation_s: r, scale_ppm: s };
        let (source, target) = (grid(datum, 111.0, 37), grid(Datum::Cgcs2000, 111.0, 37));
        let points = made(&source, &target, &truth, 0.0);
        let (control, report) = fit("p", Source::Grid(source), target, Some(convention), &points).unwrap();
        prop_assert!(report.sigma0 < 1e-6, "{}", report.sigma0);
        let Model::BursaWolf(found) = control.model else { panic!() };
        let turned = found.rotation_s.iter().zip(&r).all(|(a, b)| (a - b).abs() < 1e-4);
        prop_assert!(turned, "{found:?}");
        let way = control.way(None).unwrap();
        for p in &points {
            let place = way.apply([p.source[0], p.source[1]]);
            let [e, n] = target.projection().project(place);
            // Heights (here up to 305 m) count as zero on the way; that moves a place by a centimetre or two at most.
            prop_assert!((e - p.target[0]).hypot(n - p.target[1]) < 0.03);
        }
    }

    #[test]
    fn there_and_back_is_where_it_began(
        t in prop::array::uniform3(-150.0..150.0f64),
        r in prop::array::uniform3(-20.0..20.0f64),
        s in -50.0..50.0f64,
        lon in 100.0..120.0f64, lat in -80.0..80.0f64, h in -100.0..9000.0f64,
        a in 0.9..1.1f64, b in -0.5..0.5f64,
    ) {
        let helmert = BursaWolf { convention: Convention::CoordinateFrame, translation: t, rotation_s: r, scale_ppm: s };
        let e = Datum::Cgcs2000.ellipsoid();
        let p = to_xyz(&e, [lon, lat, h]);
        let q = helmert.invert(helmert.apply(p));
        prop_assert!((0..3).all(|i| (p[i] - q[i]).abs() < 1e-8), "{p:?} {q:?}");
        let back = to_lonlat(&e, p);
        prop_assert!((back[0] - lon).abs() < 1e-12 && (back[1] - lat).abs() < 1e-12 && (back[2] - h).abs() < 1e-7, "{back:?}");
        let plane = Plane4 { dx: t[0] * 1e4, dy: t[1] * 1e4, a, b };
        let back = plane.invert(plane.apply([3_212_973.0, 568_041.0]));
        prop_assert!((back[0] - 3_212_973.0).abs() < 1e-6 && (back[1] - 568_041.0).abs() < 1e-6);
    }
}
