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
    let tags = ["no", "height", "高程", "name"].map(String::from).into();
    let height = |list: &str| attribute_height(&attributes(list, &tags));
    assert_eq!(height("no 7,height 35.2"), Some(35.2));
    assert_eq!(height("高程 36"), Some(36.0));
    assert_eq!(height("no 7,name 35.2"), None);
    assert_eq!(height("height n/a"), None);
    // A comma in a value is none between two; codes are read.
    let read = attributes("name \\U+67F3,height 3 %%d,no 7", &tags);
    assert_eq!(read.len(), 3);
    let read = attributes("name a,b c,no 7%%d", &tags);
    let of = |i: usize| (read[i].0.as_str(), read[i].1.as_str());
    assert_eq!((of(0), of(1)), (("name", "a,b c"), ("no", "7°")));
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

/// A drawing of these sections, with its tables' findings. Words are lines.
fn opened(blocks: &str, entities: &str) -> (tempfile::TempDir, Result<Vec<Table>, Refused>) {
    let text = format!(
        "0 SECTION 2 HEADER 9 $ACADVER 1 AC1015 0 ENDSEC 0 SECTION 2 BLOCKS {blocks} 0 ENDSEC 0 SECTION 2 ENTITIES {entities} 0 ENDSEC 0 EOF"
    );
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("图.dxf");
    std::fs::write(&path, text.split_whitespace().map(|w| format!("{w}\n")).collect::<String>()).unwrap();
    let options = Options { layers: Some(crate::tests::layers()), ..options(dir.path()) };
    let tables = open(&Found { name: "图.dxf".into(), path, explicit: true }, "DXF", &options);
    (dir, tables)
}

fn rows(table: &Table) -> Vec<SourceRow> {
    let mut all = Vec::new();
    let read = table.reader.read(&[], &mut |row| {
        all.push(row);
        ControlFlow::Continue(())
    });
    read.unwrap_or_else(|e| panic!("{:?}", e.message));
    all
}

/// Two entities, a straight one and a curved one, of a layer of their own.
const INNER: &str = "0 BLOCK 5 B1 8 0 2 INNER 70 0 10 3 20 4 30 1 \
     0 LWPOLYLINE 5 B2 8 JMD 100 AcDbPolyline 90 3 70 1 38 2 10 0 20 0 10 12 20 0 10 12 20 8 \
     0 LWPOLYLINE 5 B3 8 JMD 100 AcDbPolyline 90 2 70 1 10 1 20 1 42 0.5 10 9 20 2 42 1 \
     0 CIRCLE 5 B4 8 JMD 100 AcDbCircle 10 4 20 4 30 0 40 3 210 0 220 0 230 -1 \
     0 ELLIPSE 5 B5 8 JMD 100 AcDbEllipse 10 5 20 5 30 0 11 3 21 4 31 0 40 0.4 41 0 42 4 \
     0 ENDBLK 5 B6 8 0 ";

#[test]
fn shapes_in_blocks_stand_where_gdal_draws_them() {
    let outer = "0 BLOCK 5 C1 8 0 2 OUTER 70 0 10 7 20 -2 30 0 \
         0 INSERT 5 C2 8 0 2 INNER 10 50 20 60 30 5 41 2 42 3 43 1 50 37 70 2 71 2 44 40 45 30 0 ENDBLK 5 C3 8 0 ";
    let inserts = [
        "2 INNER 10 568000 20 3212000 30 0",
        "2 INNER 10 568000 20 3212000 30 7 41 2.5 42 2.5 43 2.5 50 30",
        "2 INNER 10 568000 20 3212000 30 7 41 -1 42 1 43 1 50 90",
        "2 INNER 10 568000 20 3212000 30 7 41 20 42 -3 43 1 50 200",
        "2 INNER 10 -568000 20 3212000 30 0 41 1 42 2 43 1 50 30 210 0 220 0 230 -1",
        "2 INNER 10 568000 20 3212000 30 0 70 3 71 2 44 40 45 60 50 15",
        "2 OUTER 10 568000 20 3212000 30 0 41 -2 42 0.5 43 1 50 300",
        "2 inner 10 568000 20 3212000 30 0",
    ];
    for insert in inserts {
        let (dir, tables) = opened(&format!("{INNER}{outer}"), &format!("0 INSERT 5 E1 8 0 {insert}"));
        let tables = tables.unwrap_or_else(|e| panic!("{:?}", e.message));
        let own: Vec<Geometry> = rows(&tables[0]).into_iter().map(|r| r.geometry.unwrap().unwrap()).collect();
        assert!(tables[0].name == "JMD" && tables.len() == 1, "{insert}");
        let fine = ReadOptions {
            config: [
                ("OGR_ARC_STEPSIZE", "0.05"),
                ("DXF_INLINE_BLOCKS", "TRUE"),
                ("DXF_MERGE_BLOCK_GEOMETRIES", "FALSE"),
            ]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .to_vec(),
            ..ReadOptions::default()
        };
        // GDAL's names of blocks are the same in one writing only.
        let text = std::fs::read_to_string(dir.path().join("图.dxf")).unwrap();
        std::fs::write(dir.path().join("图.dxf"), text.replace("inner", "INNER")).unwrap();
        let rows = options(dir.path()).worker.read(&dir.path().join("图.dxf"), "entities", &fine).unwrap();
        let fine: Vec<Geometry> = rows.map(|r| r.unwrap().geometry.unwrap().unwrap()).collect();
        assert_eq!(own.len(), fine.len(), "{insert}");
        for (own, fine) in own.iter().zip(&fine) {
            let middles = own.coords.windows(2).map(|w| [0, 1].map(|i| (w[0][i] + w[1][i]) / 2.0));
            let out = away(own.coords.iter().copied().chain(middles), &fine.coords);
            let back = away(fine.coords.iter().copied(), &own.coords);
            assert!(out < 0.010_5 && back < 0.010_5, "{insert}: {out} {back}");
            let z = |g: &Geometry| g.z.iter().copied().fold(f64::MIN, f64::max);
            // GDAL lifts no shape that it has without heights.
            assert!(fine.z.is_empty() || (z(own) - z(fine)).abs() < 1e-6, "{insert}: {}", z(own));
        }
    }
}

#[test]
fn a_flat_shape_stands_at_the_height_of_its_insert_above_the_base_point() {
    let insert = "0 INSERT 5 E1 8 0 2 INNER 10 568000 20 3212000 30 7 41 2 42 2 43 2";
    let (_dir, tables) = opened(INNER, insert);
    let tables = tables.unwrap_or_else(|e| panic!("{:?}", e.message));
    let heights: Vec<_> =
        rows(&tables[0]).into_iter().map(|r| height(&r.geometry.unwrap().unwrap())).collect();
    assert_eq!(heights, [Some(9.0), Some(5.0), Some(5.0), Some(5.0)]);
}

#[test]
fn symbols_stay_points_and_drawings_are_drawn() {
    let symbol = "0 BLOCK 5 A1 8 0 2 gc200 70 0 10 0 20 0 30 0 0 CIRCLE 5 A2 8 0 10 0 20 0 40 0.4 0 LINE 5 A3 8 0 10 0 20 0 11 1 21 0 \
         0 ATTDEF 5 A4 8 0 10 1 20 0 1 x 3 p 2 height 0 ENDBLK 5 A5 8 0 ";
    let house = "0 BLOCK 5 F1 8 0 2 FW 70 0 10 0 20 0 30 0 \
         0 LWPOLYLINE 5 F2 8 0 90 4 70 1 10 0 20 0 10 1 20 0 10 1 20 1 10 0 20 1 0 ENDBLK 5 F3 8 0 ";
    let sheet = "0 BLOCK 5 D1 8 0 2 SHEET 70 0 10 0 20 0 30 0 \
         0 INSERT 5 D2 8 GCD 66 1 2 gc200 10 568000 20 3212000 30 36.5 0 ATTRIB 5 D3 8 GCD 10 0 20 0 1 36.5 2 height 0 SEQEND 5 D4 8 GCD \
         0 INSERT 5 D5 8 JMD 2 FW 10 568000 20 3212000 30 0 41 12 42 8 0 ENDBLK 5 D6 8 0 ";
    let entities = "0 INSERT 5 E1 8 GCD 66 1 2 gc200 10 568100 20 3212000 30 0 41 0.5 42 0.5 43 0.5 \
         0 ATTRIB 5 E2 8 GCD 10 0 20 0 1 35.2 2 height 0 SEQEND 5 E3 8 GCD \
         0 INSERT 5 E4 8 JMD 66 1 2 FW 10 568200 20 3212000 30 0 41 10 42 6 43 1 1001 SOUTH 1000 141111 \
         0 ATTRIB 5 E5 8 JMD 10 0 20 0 1 砖 2 结构 0 SEQEND 5 E6 8 JMD \
         0 INSERT 5 E7 8 0 2 SHEET 10 300 20 0 30 0 \
         0 INSERT 5 E8 8 DLDW 2 gc200 10 568300 20 3212000 30 0 \
         0 INSERT 5 EA 8 JMD 2 gc200 10 568500 20 3212000 30 0 \
         0 INSERT 5 E9 8 GCD 2 NOWHERE 10 568400 20 3212000 30 33";
    let (_dir, tables) = opened(&format!("{symbol}{house}{sheet}"), entities);
    let tables = tables.unwrap_or_else(|e| panic!("{:?}", e.message));
    let found: Vec<(&str, ShapeSource, u64)> =
        tables.iter().map(|t| (t.name.as_str(), t.shapes, t.features.unwrap())).collect();
    assert_eq!(
        found,
        [
            ("DLDW", ShapeSource::File(Some(Shape::Point)), 1),
            ("GCD", ShapeSource::File(Some(Shape::Point)), 3),
            // A door's sign is no house.
            ("JMD", ShapeSource::File(Some(Shape::Point)), 1),
            ("JMD", ShapeSource::File(Some(Shape::Line)), 2),
        ]
    );
    let heights: Vec<Raw> = rows(&tables[1]).into_iter().map(|r| r.values[1].clone()).collect();
    assert_eq!(heights, [Raw::Real(35.2), Raw::Real(36.5), Raw::Real(33.0)]);
    let houses = rows(&tables[3]);
    let at = tables[3].columns.iter().position(|c| c == "结构").unwrap();
    assert_eq!((&houses[0].values[0], &houses[0].values[at]), (&Raw::text("141111"), &Raw::text("砖")));
    let area = |r: &SourceRow| {
        let c = &r.geometry.as_ref().unwrap().as_ref().unwrap().coords;
        c.windows(2).map(|w| w[0][0] * (w[1][1] - w[0][1])).sum::<f64>().abs()
    };
    assert!((area(&houses[0]) - 60.0).abs() < 1e-6 && (area(&houses[1]) - 96.0).abs() < 1e-6);
    let rules: Vec<&str> = tables.iter().flat_map(|t| &t.findings).map(|f| f.rule).collect();
    assert_eq!(rules, ["dxf.blocks", "dxf.undefined"]);
}

#[test]
fn what_is_passed_over_is_counted() {
    let block = "0 BLOCK 5 A1 8 0 2 B 70 0 10 0 20 0 30 0 0 LINE 5 A2 8 JMD 10 568000 20 3212000 11 568100 21 3212000 0 3DSOLID 5 A3 8 JMD 0 ENDBLK 5 A4 8 0 \
         0 BLOCK 5 X1 8 0 2 外部 70 4 10 0 20 0 30 0 1 b.dwg 0 ENDBLK 5 X2 8 0 \
         0 BLOCK 5 D1 8 0 2 *D1 70 1 10 0 20 0 30 0 0 LINE 5 D2 8 0 10 1 20 2 11 11 21 2 0 ENDBLK 5 D3 8 0 \
         0 BLOCK 5 P1 8 0 2 *Paper_Space0 70 0 10 0 20 0 30 0 0 LINE 5 P2 8 JMD 10 1 20 2 11 11 21 2 0 ENDBLK 5 P3 8 0 ";
    let entities = "0 INSERT 5 E1 8 0 2 B 10 0 20 0 30 0 0 INSERT 5 E2 8 0 2 外部 10 0 20 0 30 0 0 LINE 5 E3 8 JMD 67 1 10 1 20 2 11 3 21 4 \
         0 DIMENSION 5 E4 8 JMD 100 AcDbEntity 100 AcDbDimension 2 *D1 10 1 20 2 30 0 11 1 21 2 70 0 100 AcDbAlignedDimension 13 1 23 1 14 5 24 1 \
         0 ACAD_PROXY_ENTITY 5 E5 8 JMD 0 ACAD_PROXY_ENTITY 5 E6 8 JMD";
    let (_dir, tables) = opened(block, entities);
    let tables = tables.unwrap_or_else(|e| panic!("{:?}", e.message));
    let said: BTreeMap<&str, &str> =
        tables.iter().flat_map(|t| &t.findings).map(|f| (f.rule, f.message.en.as_str())).collect();
    assert!(said["dxf.paper"].starts_with("2 entities"), "{said:?}");
    assert!(said["dxf.passed"].ends_with("3DSOLID 1, ACAD_PROXY_ENTITY 2, DIMENSION 1"), "{said:?}");
    assert!(
        said["dxf.undefined"].contains("1 inserts") && said["dxf.undefined"].contains("外部"),
        "{said:?}"
    );
    let lines: Vec<_> = tables.iter().filter(|t| t.name == "JMD").map(|t| t.features).collect();
    assert_eq!(lines, [Some(1)]);
}

#[test]
fn hostile_blocks_are_bounded() {
    let line = "0 LINE 5 A2 8 JMD 10 0 20 0 11 9 21 9";
    let block =
        |name: &str, held: &str| format!("0 BLOCK 8 0 2 {name} 70 0 10 0 20 0 30 0 {held} 0 ENDBLK 8 0 ");
    let insert = |of: &str, more: &str| format!("0 INSERT 8 0 2 {of} 10 568000 20 3212000 30 0 {more} ");
    // An array of nine hundred million, in the drawing and in a block.
    let array = "70 30000 71 30000 44 1 45 1";
    for (blocks, entities) in [
        (block("A", line), insert("A", array)),
        (block("A", line) + &block("B", &insert("A", array)), insert("B", "")),
        // Ten of ten of ten … of a line.
        (
            block("B0", line)
                + &(1..12)
                    .map(|i| block(&format!("B{i}"), &insert(&format!("B{}", i - 1), "").repeat(10)))
                    .collect::<String>(),
            insert("B11", ""),
        ),
    ] {
        let (_dir, refused) = opened(&blocks, &entities);
        assert_eq!(refused.map(|t| t.len()).unwrap_err().rule, "file.too_complex");
    }
    // A block in itself, two in one another, and a chain of a thousand.
    let circles = block("A", &format!("{line} {}", insert("A", "")))
        + &block("B", &format!("{line} {}", insert("C", "")))
        + &block("C", &format!("{line} {}", insert("B", "")))
        + &block("D0", line)
        + &(1..1000)
            .map(|i| block(&format!("D{i}"), &insert(&format!("D{}", i - 1), "")))
            .collect::<String>();
    let (_dir, tables) = opened(&circles, &["A", "B", "C", "D999"].map(|n| insert(n, "")).concat());
    let tables = tables.unwrap_or_else(|e| panic!("{:?}", e.message));
    assert!(tables.iter().flat_map(|t| &t.findings).any(|f| f.rule == "dxf.circular"));
    assert!(tables.iter().any(|t| t.name == "JMD" && t.features >= Some(3)));
}

#[test]
fn codes_are_read_in_texts_attributes_and_names() {
    let block =
        "0 BLOCK 5 A1 8 0 2 符\\U+53F7 70 0 10 0 20 0 30 0 0 POINT 5 A2 8 0 10 0 20 0 0 ENDBLK 5 A3 8 0 ";
    let entities = "0 TEXT 5 E1 8 地\\M+5C3FB 10 568000 20 3212000 40 1 1 \\U+67F3\\U+53F6\\M+5BAFE%%c3 \
         0 MTEXT 5 E2 8 地\\U+540D 10 568000 20 3212000 40 1 71 1 3 {\\fSimSun|b0;\\H2.5x; 1 德山}\\S1/2;\\~\\U+6E56 \
         0 INSERT 5 E4 8 管点 66 1 2 符\\U+53F7 10 568000 20 3212000 30 0 0 ATTRIB 5 E5 8 管点 10 1 20 1 40 1 1 DN%%d\\U+67F3 2 \\U+540D称 70 0 0 SEQEND 5 E6 8 管点";
    let (_dir, tables) = opened(block, entities);
    let tables = tables.unwrap_or_else(|e| panic!("{:?}", e.message));
    let names: Vec<&str> = tables.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["地名", "管点"]);
    let texts: Vec<Raw> = rows(&tables[0]).into_iter().map(|r| r.values[2].clone()).collect();
    assert_eq!(texts, [Raw::text("柳叶湖⌀3"), Raw::text("德山1/2 湖")]);
    let point = &rows(&tables[1])[0];
    assert_eq!((&point.values[3], &point.values[6]), (&Raw::text("符号"), &Raw::text("DN°柳")));
    assert_eq!(tables[1].columns[6], "名称");
}
