//! Drawings: their codes and heights, and their curves against GDAL's, a hundred times as fine.

use super::*;
use crate::tests::options;

#[test]
fn the_first_south_string_is_the_code() {
    assert_eq!(south("(3:1001 SOUTH,1000 141111,1000 砼)"), ["141111", "砼"]);
    assert_eq!(south("(4:1001 ACAD,1000 x,1001 SOUTH,1000 204201)"), ["204201"]);
    assert_eq!(south("(4:1001 SOUTH,1000 1,1001 OTHER,1000 2)"), ["1"]);
    assert!(south("(1:330 5)").is_empty());
}

#[test]
fn heights_beside_symbols_are_found_where_there_is_one() {
    assert_eq!(attribute_height("(2:no 7,height 35.2)"), Some(35.2));
    assert_eq!(attribute_height("(1:高程 36)"), Some(36.0));
    assert_eq!(attribute_height("(2:no 7,name 35.2)"), None);
    assert_eq!(attribute_height("(1:height n/a)"), None);
}

/// The lines of a drawing of these entities, as imported and as GDAL gives them by steps of a two-hundredth of a degree, and
/// what is found.
fn lines(version: &str, entities: &str) -> (Vec<Geometry>, Vec<Geometry>, usize) {
    let text = format!(
        "0 SECTION 2 HEADER 9 $ACADVER 1 {version} 0 ENDSEC 0 SECTION 2 ENTITIES {entities} 0 ENDSEC 0 EOF"
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.dxf");
    std::fs::write(&path, text.split_whitespace().map(|w| format!("{w}\n")).collect::<String>()).unwrap();
    let options = options(dir.path());
    let found = Found { name: "a.dxf".into(), path: path.clone(), explicit: true };
    let tables = open(&found, "DXF", &options).unwrap_or_else(|e| panic!("{:?}", e.message));
    let mut own = Vec::new();
    tables[0]
        .reader
        .read(&[], &mut |row| {
            own.push(row.geometry.unwrap().unwrap());
            ControlFlow::Continue(())
        })
        .unwrap_or_else(|e| panic!("{:?}", e.message));
    let fine = ReadOptions {
        config: ["OGR_ARC_STEPSIZE", "DXF_INLINE_BLOCKS"]
            .map(String::from)
            .into_iter()
            .zip(["0.005", "FALSE"].map(String::from))
            .collect(),
        ..ReadOptions::default()
    };
    let rows = options.worker.read(&path, "entities", &fine).unwrap();
    let fine = rows.map(|r| r.unwrap().geometry.unwrap().unwrap()).collect();
    (own, fine, tables[0].findings.iter().filter(|f| f.rule == "dxf.curves").count())
}

/// How far every place of one line lies from another, at most.
fn away(places: impl Iterator<Item = [f64; 2]>, line: &[[f64; 2]]) -> f64 {
    places.map(|p| crate::formats::curves::away(p, line)).fold(0.0, f64::max)
}

#[test]
fn curves_lie_within_a_centimetre_of_where_gdal_has_them() {
    let (x, y) = (568_000.0, 3_212_000.0);
    let bulge = |degrees: f64| (degrees.to_radians() / 4.0).tan();
    let lw = |radius: f64, flags: u8, bulges: [f64; 3], more: &str| {
        let points = [[radius, 0.0], [0.0, radius], [-0.3 * radius, 0.2 * radius]];
        let places: String = points
            .iter()
            .zip(bulges)
            .map(|(p, b)| format!("10 {} 20 {} 42 {b} ", x + p[0], y + p[1]))
            .collect();
        format!("0 LWPOLYLINE HANDLE 8 L 100 AcDbPolyline 90 3 70 {flags} {more} {places}")
    };
    let vertex = |p: [f64; 2], b: f64, flags: u8| {
        format!("0 VERTEX 8 L 10 {} 20 {} 30 12.5 42 {b} 70 {flags} ", x + p[0], y + p[1])
    };
    let old = |flags: u8| {
        let all = [
            vertex([0.0, 0.0], 0.4, 0),
            vertex([9.0, 99.0], 0.0, 16),
            vertex([50.0, 0.0], -1.5, 0),
            vertex([80.0, 40.0], 0.0, 0),
        ];
        format!(
            "0 POLYLINE HANDLE 8 L 66 1 70 {flags} 10 0 20 0 30 12.5 {} 0 SEQEND HANDLE 8 L ",
            all.concat()
        )
    };
    let circle = |radius: f64, more: &str| {
        format!("0 CIRCLE HANDLE 8 L 100 AcDbCircle 10 {x} 20 {y} 30 3 40 {radius} {more} ")
    };
    let arc = |radius: f64, from: f64, to: f64, more: &str| {
        format!(
            "0 ARC HANDLE 8 L 100 AcDbCircle 10 {x} 20 {y} 40 {radius} {more} 100 AcDbArc 50 {from} 51 {to} "
        )
    };
    let ellipse = |ratio: f64, from: f64, to: f64, more: &str| {
        format!(
            "0 ELLIPSE HANDLE 8 L 100 AcDbEllipse 10 {x} 20 {y} 11 300 21 400 {more} 40 {ratio} 41 {from} 42 {to} "
        )
    };
    // A quadratic and rational one: three quarters of a circle of 200 m.
    let places = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1)];
    let points: String = places
        .iter()
        .map(|(i, j)| format!("10 {} 20 {} 30 50 ", x + 200.0 * f64::from(*i), y + 200.0 * f64::from(*j)))
        .collect();
    let weights: String = (0..7)
        .map(|i| format!("41 {} ", if i % 2 == 1 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 }))
        .collect();
    let spline = format!(
        "0 SPLINE HANDLE 8 L 100 AcDbSpline 70 12 71 2 72 10 73 7 74 0 40 0 40 0 40 0 40 1 40 1 40 2 40 2 40 3 40 3 40 3 {weights} {points}"
    );
    let below = "210 0 220 0 230 -1";
    let cases = [
        lw(5.0, 0, [bulge(90.0), 0.0, 0.0], ""),
        lw(30_000.0, 0, [bulge(90.0), 0.0, 0.0], "38 51.5"),
        lw(40.0, 1, [-0.3, 2.2, 0.7], ""),
        lw(40.0, 1, [-0.3, 0.0, 0.7], below),
        lw(1_060.0, 0, [bulge(90.0), -bulge(200.0), 0.0], ""),
        "0 LINE HANDLE 8 L 100 AcDbLine 10 1 20 2 11 5 21 9 ".into(),
        old(0),
        old(1),
        circle(0.3, ""),
        circle(2_500.0, ""),
        circle(8.0, below),
        arc(120.0, 300.0, 40.0, ""),
        arc(12_000.0, 10.0, 30.0, ""),
        arc(120.0, 20.0, 310.0, below),
        ellipse(0.3, 0.0, std::f64::consts::TAU, ""),
        ellipse(0.3, 0.5, 2.5, ""),
        ellipse(0.6, 5.5, 7.5, below),
        spline,
    ];
    for version in ["AC1009", "AC1015"] {
        let entities: String = cases
            .iter()
            .enumerate()
            .map(|(i, case)| {
                let handle = if version == "AC1015" { format!("5 A{i:X}") } else { String::new() };
                case.replace("HANDLE", &handle)
            })
            .collect();
        let (own, fine, told) = lines(version, &entities);
        assert_eq!((own.len(), fine.len(), told), (cases.len(), cases.len(), 0), "{version}");
        for ((own, fine), case) in own.iter().zip(&fine).zip(&cases) {
            let middles = own.coords.windows(2).map(|w| [0, 1].map(|i| (w[0][i] + w[1][i]) / 2.0));
            let out = away(own.coords.iter().copied().chain(middles), &fine.coords);
            let back = away(fine.coords.iter().copied(), &own.coords);
            let spline = case.contains("SPLINE");
            assert!((out < 0.010_5 || spline) && back < 0.010_5, "{version}, {out} and {back}: {case}");
            let length = |g: &Geometry| -> f64 {
                g.coords.windows(2).map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1])).sum()
            };
            assert!((length(own) / length(fine) - 1.0).abs() < 0.02, "{version}: {case}");
            assert_eq!(height(own), if spline { Some(50.0) } else { height(fine) }, "{version}: {case}");
            assert!((own.coords[0][0] - fine.coords[0][0]).abs() < 1e-3, "its direction stays: {case}");
        }
        // A manhole's cover has no more vertices than it needs.
        assert!(own[8].coords.len() < 40, "{}", own[8].coords.len());
    }
}

#[test]
fn curves_against_the_rules_stay_as_gdal_strokes_them_and_are_told() {
    let (own, fine, told) = lines(
        "AC1015",
        "0 SPLINE 5 A1 8 L 100 AcDbSpline 70 8 71 3 72 8 73 4 74 0 40 0 40 0 40 0 40 1 40 1 40 1 40 1 40 1 \
         10 0 20 0 10 20 20 9 10 40 20 0 10 60 20 9",
    );
    assert_eq!((own.len(), told), (1, 1));
    assert_eq!(own[0].coords, fine[0].coords);
}

/// A chord has the ends of its arc; in R12 nothing else tells them apart.
#[test]
fn a_line_with_the_ends_of_an_arc_stays_a_line() {
    let (x, y) = (568_000.0, 3_212_000.0);
    let chord = format!("0 LINE 8 L 10 {x} 20 {y} 30 50 11 {} 21 {y} 31 50 ", x + 100.0);
    let old = format!(
        "0 POLYLINE 8 L 66 1 70 0 10 0 20 0 30 60 0 VERTEX 8 L 10 {x} 20 {y} 30 60 42 1 0 VERTEX 8 L 10 {} 20 {y} 30 60 0 SEQEND 8 L ",
        x + 100.0
    );
    let arc = format!("0 ARC 8 L 10 {} 20 {y} 40 50 50 0 51 180 ", x + 50.0);
    for (entities, at) in [
        (format!("{chord}{old}"), 0),
        (format!("{old}{chord}"), 1),
        (format!("{chord}{arc}"), 0),
        (format!("{chord}{chord}{arc}{old}"), 0),
    ] {
        let (own, fine, told) = lines("AC1009", &entities);
        assert_eq!((own[at].coords.len(), height(&own[at])), (2, Some(50.0)), "{entities}");
        for (own, fine) in own.iter().zip(&fine).filter(|(o, _)| o.coords.len() > 2) {
            assert!(own.coords.len() < 100 && away(fine.coords.iter().copied(), &own.coords) < 0.010_5);
            assert_eq!(height(own), height(fine));
        }
        assert_eq!(told, 0, "{entities}");
    }
}

#[test]
fn curves_in_degrees_are_as_fine_as_those_in_metres() {
    let bulge = (std::f64::consts::FRAC_PI_2 / 4.0).tan();
    let entities = format!(
        "0 CIRCLE 5 A1 8 L 10 111.7 20 29.03 40 0.01 \
         0 LWPOLYLINE 5 A2 8 L 90 2 70 0 10 111.71 20 29.03 42 {bulge} 10 111.7 20 29.04 \
         0 ELLIPSE 5 A3 8 L 10 111.7 20 29.03 11 0.003 21 0.004 40 0.3 41 0.5 42 2.5 "
    );
    for version in ["AC1015", "AC1009"] {
        let entities = if version == "AC1009" {
            entities.replace("5 A1 ", "").replace("5 A2 ", "")
        } else {
            entities.clone()
        };
        let (own, fine, told) = lines(version, &entities);
        assert_eq!((own.len(), told), (3, 0));
        for (own, fine) in own.iter().zip(&fine) {
            let out = away(fine.coords.iter().copied(), &own.coords);
            assert!(out < 1.05e-7, "{out}");
            assert!(own.coords.len() < 3_000, "{}", own.coords.len());
        }
    }
}

#[test]
fn heights_along_a_curve_are_kept() {
    // Straight in plan, up and down on the way.
    let spline = "0 SPLINE 5 A1 8 L 100 AcDbSpline 70 8 71 3 72 8 73 4 74 0 40 0 40 0 40 0 40 0 40 1 40 1 40 1 40 1 \
         10 568000 20 3212000 30 50 10 568020 20 3212000 30 80 10 568040 20 3212000 30 80 10 568060 20 3212000 30 50 ";
    let vertex = |x: f64, z: f64, bulge: f64| {
        format!("0 VERTEX 8 L 10 {} 20 3212000 30 {z} 42 {bulge} ", 568_000.0 + x)
    };
    let old = format!(
        "0 POLYLINE 5 A2 8 L 66 1 70 0 10 0 20 0 30 0 {}{}{}0 SEQEND 8 L ",
        vertex(0.0, 50.0, 0.5),
        vertex(40.0, 60.0, 0.0),
        vertex(80.0, 70.0, 0.0)
    );
    let (own, _, told) = lines("AC1015", &format!("{spline}{old}"));
    assert_eq!(told, 0);
    let highest = own[0].z.iter().copied().fold(f64::MIN, f64::max);
    assert!((highest - 72.5).abs() < 0.01 && own[0].z.len() > 9, "{highest}");
    assert_eq!((own[1].z.first(), own[1].z.last()), (Some(&50.0), Some(&70.0)));
    assert!(own[1].z.windows(2).all(|w| w[0] <= w[1]) && own[1].z.contains(&60.0));
}
