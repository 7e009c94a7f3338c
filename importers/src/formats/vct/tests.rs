//! Files written here by a writer of its own, in every version and topology, and read back.

use super::*;
use ditu_model::Geometry;
use proptest::prelude::*;
use std::fmt::Write;
use std::ops::ControlFlow;

type Ring = Vec<[f64; 2]>;

/// What a test file holds: points, lines, polygons of rings (the first the outer one), with one text each.
#[derive(Clone, Debug, Default)]
struct Content {
    points: Vec<([f64; 2], String)>,
    lines: Vec<(Ring, String)>,
    polygons: Vec<(Vec<Ring>, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    V1,
    V2 { topology: u8 },
    V3 { topology: bool },
}

/// Writes VCT line by line, after the grammar and not after the reader.
fn vct(content: &Content, style: Style, newline: &str) -> Vec<u8> {
    let mut t = String::new();
    let mut line = |s: &str| {
        t.push_str(s);
        t.push_str(newline);
    };
    let v3 = matches!(style, Style::V3 { .. });
    let by_lines = matches!(style, Style::V2 { topology: 1.. } | Style::V3 { topology: true });
    line("HeadBegin");
    match style {
        Style::V1 => {
            for s in [
                "DataMark:CNSDTF-VCT",
                "Version:1.0",
                "Unit:M",
                "Dim:2",
                "Topo:0",
                "Spheroid:CGCS2000",
                "Meridinan:111",
            ] {
                line(s);
            }
        }
        Style::V2 { topology } => {
            for s in ["Datamark: LANDUSE.VCT", "Version: 2.0", "Unit: M", "Dim: 2"] {
                line(s);
            }
            line(&format!("Topo: {topology}"));
            line("Spheroid: CGCS2000");
            line("Meridinan: 111");
        }
        Style::V3 { .. } => {
            for s in [
                "DataMark:LANDUSE-VCT",
                "Version:3.0",
                "CoordinateSystemType:P",
                "Dim:2",
                "Spheroid:CGCS2000,6378137.0,298.257222101",
                "Parameters:111,1,37500000,0,3,37",
            ] {
                line(s);
            }
        }
    }
    line("Separator:,");
    line("HeadEnd");
    line("");
    line("FeatureCodeBegin");
    for (code, name, kind, table) in [
        ("1001", "控制点", "Point", "KZD"),
        ("2001", "道路", "Line", "DL"),
        ("3001", "图斑", "Polygon", "TB"),
    ] {
        let middle = match style {
            Style::V1 => "0,",
            Style::V2 { .. } => "0,0,255,",
            Style::V3 { .. } => "",
        };
        line(&format!("{code},{name},{kind},{middle}{table}"));
    }
    line("FeatureCodeEnd");
    line("TableStructureBegin");
    for table in ["KZD", "DL", "TB"] {
        line(&format!("{table},3"));
        for f in ["BSM,Int4", "MC,Char,50", "MJ,Double,15,2"] {
            line(f);
        }
        if v3 {
            line("0");
        }
    }
    line("TableStructureEnd");
    let end = if v3 { Some("0") } else { None };
    let xy = |p: &[f64; 2]| format!("{:.4},{:.4}", p[0], p[1]);

    line("PointBegin");
    for (i, (p, _)) in content.points.iter().enumerate() {
        for s in [(i + 1).to_string(), "1001".into(), "unknown".into(), "1".into()] {
            line(&s);
        }
        if i % 2 == 1 {
            // Some writers put a count before a single point.
            line("1");
        }
        line(&xy(p));
        end.into_iter().for_each(&mut line);
    }
    line("PointEnd");

    let path = |line: &mut dyn FnMut(&str), id: usize, code: &str, points: &[[f64; 2]]| {
        for s in [id.to_string(), code.into(), "unknown".into(), "1".into()] {
            line(&s);
        }
        if v3 {
            line("1");
            line("11");
        }
        line(&points.len().to_string());
        points.iter().for_each(|p| line(&xy(p)));
        if style == (Style::V2 { topology: 2 }) {
            ["0", "0", "0", "0"].into_iter().for_each(&mut *line);
        }
        end.into_iter().for_each(&mut *line);
    };
    // Border lines: each ring in two halves, the second one written backwards.
    let mut border: Vec<(usize, Ring)> = Vec::new();
    let mut refs: Vec<String> = Vec::new();
    for (rings, _) in &content.polygons {
        let mut ids: Vec<String> = Vec::new();
        for ring in rings {
            let half = ring.len() / 2;
            let (a, b) = (ring[..=half].to_vec(), ring[half..].iter().rev().copied().collect());
            let first = 5_000 + border.len();
            border.push((first, a));
            border.push((first + 1, b));
            if !ids.is_empty() {
                ids.push("0".into());
            }
            ids.extend([first.to_string(), format!("-{}", first + 1)]);
        }
        let rows: Vec<String> = ids.chunks(8).map(|c| c.join(",")).collect();
        refs.push(format!("{}\n{}", ids.len(), rows.join("\n")));
    }
    line("LineBegin");
    for (i, (points, _)) in content.lines.iter().enumerate() {
        path(&mut line, i + 1, "2001", points);
    }
    if by_lines {
        for (id, points) in &border {
            path(&mut line, *id, "1099000000", points);
        }
    }
    line("LineEnd");

    line("PolygonBegin");
    for (i, (rings, _)) in content.polygons.iter().enumerate() {
        for s in [(i + 1).to_string(), "3001".into(), "unknown".into()] {
            line(&s);
        }
        let label = xy(&rings[0][0]);
        match style {
            Style::V3 { topology: true } => {
                for s in ["100", &label, "21"] {
                    line(s);
                }
                refs[i].lines().for_each(&mut line);
            }
            Style::V3 { topology: false } => {
                line("1");
                line(&label);
                line(&rings.len().to_string());
                for r in rings {
                    line("11");
                    line(&r.len().to_string());
                    r.iter().for_each(|p| line(&xy(p)));
                }
            }
            Style::V2 { topology: 1.. } => {
                line(&label);
                refs[i].lines().for_each(&mut line);
            }
            Style::V1 | Style::V2 { .. } => {
                line(&label);
                line(&rings.iter().map(Vec::len).sum::<usize>().to_string());
                rings.iter().flatten().for_each(|p| line(&xy(p)));
            }
        }
        end.into_iter().for_each(&mut line);
    }
    line("PolygonEnd");
    line("AnnotationBegin");
    line("AnnotationEnd");
    line("AttributeBegin");
    let names = |all: &mut dyn Iterator<Item = &String>| all.cloned().collect::<Vec<_>>();
    let tables = [
        ("KZD", names(&mut content.points.iter().map(|p| &p.1))),
        ("DL", names(&mut content.lines.iter().map(|p| &p.1))),
        ("TB", names(&mut content.polygons.iter().map(|p| &p.1))),
    ];
    for (table, names) in tables {
        line(table);
        for (i, name) in names.iter().enumerate() {
            line(&format!("{},{},{name},", i + 1, i + 1));
        }
        line("TableEnd");
    }
    line("AttributeEnd");
    encoding_rs::GB18030.encode(&t).0.into_owned()
}

/// Code, values, shape.
type Read = (String, Vec<String>, Result<Geometry, Text>);

/// Every row of every code.
fn read(bytes: &[u8]) -> Result<Vec<Read>, Text> {
    let vct = Vct::read(Input::Memory(bytes.into()))?;
    let mut all = Vec::new();
    for (c, _) in vct.used() {
        rows::read(&vct.input, &vct.index, &c.code, c.kind, &c.table, &mut |f| {
            let decode = |v: Vec<u8>| encoding_rs::GB18030.decode(&v).0.into_owned();
            let values = f.values.unwrap_or_default().into_iter().map(decode).collect();
            all.push((
                String::from_utf8_lossy(&c.code).into_owned(),
                values,
                f.geometry.unwrap_or_else(|| Err(both("没有图形", "no object"))),
            ));
            ControlFlow::Continue(())
        })?;
    }
    Ok(all)
}

fn ring(at: [f64; 2], size: f64, n: usize) -> Ring {
    let turn = |i: usize| std::f64::consts::TAU * (i % n) as f64 / n as f64;
    (0..=n)
        .map(|i| {
            [at[0] + size * turn(i).cos(), at[1] + size * turn(i).sin()].map(|v| (v * 1e4).round() / 1e4)
        })
        .collect()
}

fn area(g: &Geometry) -> f64 {
    use geo::Area;
    g.to_geo().unsigned_area()
}

fn content() -> impl Strategy<Value = Content> {
    let place = (37_500_000.0..37_600_000.0f64, 3_150_000.0..3_300_000.0f64)
        .prop_map(|(x, y)| [(x * 1e3).round() / 1e3, (y * 1e3).round() / 1e3]);
    let name = "[一-龥]{1,6}";
    let polygon =
        (place.clone(), 4usize..40, any::<bool>(), any::<bool>()).prop_map(|(at, n, hole, turned)| {
            let mut rings = vec![ring(at, 100.0, n)];
            if hole {
                rings.push(ring(at, 20.0, n.max(5)));
            }
            if turned {
                // The direction of rings is not to be relied on.
                rings.iter_mut().for_each(|r| r.reverse());
            }
            rings
        });
    (
        prop::collection::vec((place.clone(), name), 0..6),
        prop::collection::vec((prop::collection::vec(place, 2..12), name), 0..5),
        prop::collection::vec((polygon, name), 0..5),
    )
        .prop_map(|(points, lines, polygons)| Content { points, lines, polygons })
}

const STYLES: [Style; 6] = [
    Style::V1,
    Style::V2 { topology: 0 },
    Style::V2 { topology: 1 },
    Style::V2 { topology: 2 },
    Style::V3 { topology: false },
    Style::V3 { topology: true },
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_written_in_any_version_reads_back_the_same(c in content(), windows in any::<bool>()) {
        for style in STYLES {
            let bytes = vct(&c, style, if windows { "\r\n" } else { "\n" });
            let rows = read(&bytes).unwrap_or_else(|e| panic!("{style:?}: {e:?}"));
            prop_assert_eq!(rows.len(), c.points.len() + c.lines.len() + c.polygons.len());
            let of = |code: &str| rows.iter().filter(|r| r.0 == code).collect::<Vec<_>>();
            for ((p, name), row) in c.points.iter().zip(of("1001")) {
                prop_assert_eq!(&row.2.as_ref().unwrap().coords, &vec![*p]);
                prop_assert_eq!(&row.1[1], name);
                // The empty last value is kept.
                prop_assert_eq!(row.1.len(), 3);
            }
            for ((l, name), row) in c.lines.iter().zip(of("2001")) {
                prop_assert_eq!(&row.2.as_ref().unwrap().coords, l);
                prop_assert_eq!(&row.1[1], name);
            }
            for ((rings, name), row) in c.polygons.iter().zip(of("3001")) {
                let g = row.2.as_ref().unwrap();
                prop_assert_eq!(g.rings.len(), rings.len());
                prop_assert_eq!(g.part_count(), 1);
                let expected = area(&Geometry::polygon(vec![rings[0].clone()]))
                    - rings.get(1).map_or(0.0, |r| area(&Geometry::polygon(vec![r.clone()])));
                prop_assert!((area(g) - expected).abs() < 1e-3 * expected, "{} {}", area(g), expected);
                prop_assert_eq!(&row.1[1], name);
            }
        }
    }

    #[test]
    fn bytes_that_are_changed_anywhere_break_nothing(c in content(), style in 0usize..6, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = vct(&c, STYLES[style], "\n");
        for (at, byte) in edits {
            let i = at.index(bytes.len());
            bytes[i] = byte;
        }
        fuzz(&bytes);
    }
}

fn small() -> Content {
    Content {
        points: vec![([37_500_000.0, 3_200_000.0], "点".into())],
        lines: vec![(vec![[37_500_000.0, 3_200_000.0], [37_500_010.0, 3_200_010.0]], "线".into())],
        polygons: vec![(
            vec![ring([37_500_000.0, 3_200_000.0], 100.0, 6), ring([37_500_000.0, 3_200_000.0], 20.0, 5)],
            "面".into(),
        )],
    }
}

#[test]
fn a_file_cut_anywhere_is_refused_with_line_and_byte_or_was_whole_so_far() {
    for style in STYLES {
        let bytes = vct(&small(), style, "\r\n");
        let lines: Vec<usize> =
            bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i + 1).collect();
        for cut in lines.iter().copied().chain((0..bytes.len()).step_by(7)) {
            match Vct::read(Input::Memory(bytes[..cut].into())) {
                Ok(_) => {
                    // Only between sections.
                    let text = String::from_utf8_lossy(&bytes[..cut]);
                    let last = text.trim_end().lines().last().unwrap_or_default().to_lowercase();
                    assert!(last.ends_with("end"), "{style:?} {cut} {last}");
                }
                Err(why) => {
                    assert!(why.zh.contains("行") && why.zh.contains("字节"), "{}", why.zh);
                    assert!(why.en.contains("line ") && why.en.contains("byte"), "{}", why.en);
                }
            }
        }
    }
}

#[test]
fn counts_that_lie_are_refused_where_they_stand_and_take_no_memory() {
    let text = encoding_rs::GB18030.decode(&vct(&small(), Style::V3 { topology: true }, "\n")).0.into_owned();
    for (from, to) in [
        ("11\n2\n37500000", "11\n99999999999\n37500000"),
        ("11\n2\n37500000", "11\n-5\n37500000"),
        ("21\n5\n", "21\n18446744073709551615\n"),
        ("21\n5\n", "21\n3\n"),
        ("KZD,3\n", "KZD,4000000000\n"),
        ("\n1\n1\n11\n", "\n1\n77\n11\n"),
    ] {
        let bad = text.replacen(from, to, 1);
        assert_ne!(bad, text, "{from}");
        let why = read(bad.as_bytes()).unwrap_err();
        assert!(why.en.starts_with("line "), "{from}: {}", why.en);
    }
}

#[test]
fn a_fault_is_named_by_its_line_and_byte() {
    let text =
        encoding_rs::GB18030.decode(&vct(&small(), Style::V3 { topology: false }, "\n")).0.into_owned();
    let bad = text.replacen(
        "37500000.0000,3200000.0000\n0\nPointEnd",
        "37500000.0000;3200000.0000\n0\nPointEnd",
        1,
    );
    let at = bad.find(";3200000").unwrap();
    let line = bad[..at].matches('\n').count() + 1;
    let gbk = encoding_rs::GB18030.encode(&bad).0.into_owned();
    let byte = gbk.windows(8).position(|w| w == b";3200000").unwrap() - "37500000.0000".len();
    let why = read(&gbk).unwrap_err();
    assert!(why.en.starts_with(&format!("line {line} (byte {byte}): ")), "{} {line} {byte}", why.en);
}

#[test]
fn rows_with_broken_topology_are_told_one_by_one_and_others_are_kept() {
    let mut c = small();
    c.polygons.push((vec![ring([37_510_000.0, 3_200_000.0], 50.0, 8)], "好".into()));
    let text = encoding_rs::GB18030.decode(&vct(&c, Style::V3 { topology: true }, "\n")).0.into_owned();
    for (from, to, said) in [
        ("5000,-5001,0,", "5000,-7777,0,", "7777"),
        ("5000,-5001,0,", "5000,-5003,0,", "meet"),
        ("5\n5000,-5001,0,", "4\n5000,0,", "close"),
    ] {
        let bad = text.replacen(from, to, 1);
        assert_ne!(bad, text);
        let rows = read(encoding_rs::GB18030.encode(&bad).0.as_ref()).unwrap();
        let polygons: Vec<_> = rows.iter().filter(|r| r.0 == "3001").collect();
        let why = polygons[0].2.as_ref().unwrap_err();
        assert!(why.en.contains(said), "{from}: {}", why.en);
        assert!(polygons[1].2.is_ok());
    }
    // A forgotten sign is seen from where the lines meet.
    let unsigned = text.replacen("5000,-5001", "5000,5001", 1);
    let rows = read(encoding_rs::GB18030.encode(&unsigned).0.as_ref()).unwrap();
    assert!(rows.iter().all(|r| r.2.is_ok()));
}

#[test]
fn dialects_comments_text_ids_curves_and_polygons_of_polygons_are_read() {
    let mut t = String::from(
        "commentbegin\nanything 随便\nCOMMENTEND\nHEADBEGIN\nDataMark:LANDUSE-VCT\nVersion:3.0\nCoordinateSystemType:P\nDim:3\nOffset:10,20\nHeadEnd\n",
    );
    t += "FeatureCodeBegin\nA1,面甲,Polygon,\nA2,面乙,Polygon,\nP1,点,Point,\nL1,线,Line,\nFeatureCodeEnd\n";
    t += "TableStructureBegin\n\nTableStructureEnd\n";
    // A directed point, a group, an exponent with D, a height.
    t += "PointBegin\n430702199001010000001234\nP1\ns\n3\n1.5D+02,2.0d2,31.5\n0,1,0\n0\n2\nP1\ns\n4\n2\n1,1,1\n2,2,2\n0\nPointEnd\n";
    t += "LineBegin\n7\nL1\ns\n1\n2\n11\n2\n0,0,0\n0,10,0\n12\n3\n0,10,0\n5,15,0\n10,10,0\n0\n8\nL1\ns\n1\n1\n16\n4\n0,0,0\n1,1,0\n2,0,0\n3,1,0\n0\n9\nL1\ns\n100\n1\n7\n0\nLineEnd\n";
    t += "PolygonBegin\n1\nA1\ns\n1\n0,0,0\n1\n13\n100,100,0\n25\n0\n2\nA1\ns\n1\n0,0,0\n1\n12\n3\n10,0,0\n0,10,0\n-10,0,0\n0\n3\nA2\ns\n100\n0,0,0\n22\n2\n1,2\n0\n4\nA2\ns\n100\n0,0,0\n22\n1\n4\n0\nPolygonEnd\n";
    let rows = read(t.as_bytes()).unwrap();
    let of = |code: &str| rows.iter().filter(|r| r.0 == code).map(|r| &r.2).collect::<Vec<_>>();
    let points = of("P1");
    let first = points[0].as_ref().unwrap();
    assert_eq!((first.coords.clone(), first.z.clone()), (vec![[160.0, 220.0]], vec![31.5]));
    assert_eq!(points[1].as_ref().unwrap().coords.len(), 2);
    let lines = of("L1");
    let arc = lines[0].as_ref().unwrap();
    let top = arc.coords.iter().map(|c| c[1]).fold(f64::MIN, f64::max);
    assert!((top - 35.0).abs() < 0.011, "{top}");
    let spline = lines[1].as_ref().unwrap();
    let ends = [spline.coords[0], spline.coords[spline.coords.len() - 1]];
    assert_eq!(ends, [[10.0, 20.0], [13.0, 21.0]]);
    assert_eq!(lines[2].as_ref().unwrap().coords, arc.coords);
    let circle = of("A1");
    let pi = std::f64::consts::PI;
    assert!((area(circle[0].as_ref().unwrap()) / (pi * 625.0) - 1.0).abs() < 1e-3);
    assert!((area(circle[1].as_ref().unwrap()) / (pi * 100.0) - 1.0).abs() < 3e-3);
    let made = of("A2");
    assert_eq!(made[0].as_ref().unwrap().part_count(), 2);
    assert!(made[1].as_ref().unwrap_err().en.contains("circle"), "a polygon of itself");
}

/// A 3.0 file of one line of these segments; its shape.
fn line_of(segments: &str) -> Result<Geometry, Text> {
    let head = "HeadBegin\nDataMark:LANDUSE-VCT\nVersion:3.0\nCoordinateSystemType:P\nDim:2\nHeadEnd\n\
        FeatureCodeBegin\nL1,线,Line,\nFeatureCodeEnd\nLineBegin\n7\nL1\ns\n1\n";
    let rows = read(format!("{head}{segments}0\nLineEnd\n").as_bytes()).unwrap();
    rows[0].2.clone()
}

#[test]
fn arcs_by_angles_are_taken_only_as_they_meet_their_neighbours() {
    // A quarter turn from (10, 0) to (0, 10) about the origin, in every way of writing it.
    // East to north counter-clockwise in degrees and radians, north to east clockwise.
    for (angles, after) in [("0\n90\n", ""), ("0,90\n", ""), ("0,1.5707963\n", "11\n2\n0,10\n0,10.000001\n")]
    {
        let n = if after.is_empty() { 2 } else { 3 };
        let before = format!("{n}\n11\n2\n20,0\n10,0\n13\n0,0\n10\n{angles}{after}");
        let line = line_of(&before).unwrap_or_else(|e| panic!("{angles}: {e:?}"));
        let end = line.coords[line.coords.len() - 1];
        assert!(end[0].abs() < 1e-5 && (end[1] - 10.0).abs() < 1e-5, "{angles} {end:?}");
        assert!(line.coords.iter().skip(1).all(|c| (c[0].hypot(c[1]) - 10.0).abs() < 1e-5), "{angles}");
    }
    // Backwards, between two lines, with a count and all numbers in one row.
    let both = line_of("3\n11\n2\n0,20\n0,10\n13\n1\n0,0\n10,0,90\n11\n2\n10,0\n20,0\n").unwrap();
    assert_eq!((both.coords[1], both.coords[both.coords.len() - 2]), ([0.0, 10.0], [10.0, 0.0]));
    // An ellipse's quarter, long axis to the north.
    let ellipse = line_of("2\n11\n2\n0,40\n0,30\n14\n0,0\n0,30\n0.5\n0\n90\n").unwrap();
    let end = ellipse.coords[ellipse.coords.len() - 1];
    assert!((end[0] + 15.0).abs() < 1e-6 && end[1].abs() < 1e-6, "{end:?}");
    // A B-spline begins and ends at its outer points.
    let spline = line_of("2\n11\n2\n-9,0\n0,0\n16\n5\n0,0\n3,9\n6,-9\n9,9\n12,0\n").unwrap();
    assert_eq!((spline.coords[1], spline.coords[spline.coords.len() - 1]), ([0.0, 0.0], [12.0, 0.0]));
    assert!(spline.coords.iter().all(|c| c[1].abs() < 6.0), "its control points are not on it");
    // Alone, or meeting nothing: not guessed.
    for lone in [
        "1\n13\n0,0\n10\n0\n90\n",
        "2\n11\n2\n20,0\n11,0\n13\n0,0\n10\n0\n90\n",
        "3\n11\n2\n20,0\n10,0\n13\n0,0\n10\n0\n90\n11\n2\n5,5\n6,6\n",
        // Degrees or radians: both begin at (10, 0).
        "2\n11\n2\n20,0\n10,0\n13\n0,0\n10\n0\n1.5\n",
    ] {
        assert!(line_of(lone).unwrap_err().en.contains("arcs"), "{lone}");
    }
    let bezier = line_of("1\n17\n4\n0,0\n0,10\n10,10\n10,0\n").unwrap();
    assert!(bezier.coords.iter().any(|c| (c[1] - 7.5).abs() < 1e-2));
}

/// Twenty bytes of an arc make twenty thousand vertices: of a line of such arcs neither the memory nor the answer grows
/// with them.
#[test]
fn many_great_arcs_in_one_object_are_refused_and_take_no_memory() {
    let great = |i: usize| {
        format!("{},0\n{},600000\n{},0\n", i * 2_000_000, i * 2_000_000 + 1_000_000, (i + 1) * 2_000_000)
    };
    let n = 5_000;
    let arcs: String = (0..n).map(|i| format!("12\n3\n{}", great(i))).collect();
    assert!(line_of(&format!("{n}\n{arcs}")).unwrap_err().en.contains("too many"));
    let angles: String =
        (0..n).map(|i| format!("13\n{},0\n1000000,180,0\n", (2 * i + 1) * 1_000_000)).collect();
    let said = line_of(&format!("{}\n11\n2\n-9,0\n0,0\n{angles}", n + 1)).unwrap_err();
    assert!(said.en.contains("too many"), "{}", said.en);
    let points: String = (0..=3 * n).map(|i| format!("{},{}\n", i * 100_000, (i % 3) * 900_000)).collect();
    assert!(line_of(&format!("1\n17\n{}\n{points}", 3 * n + 1)).unwrap_err().en.contains("Bézier"));
    let rings: String = (0..n).map(|i| format!("13\n{},0\n900000\n", i * 2_000_000)).collect();
    let head = "HeadBegin\nDataMark:LANDUSE-VCT\nVersion:3.0\nCoordinateSystemType:P\nDim:2\nHeadEnd\nFeatureCodeBegin\nA1,面,Polygon,\nFeatureCodeEnd\n";
    let polygon = format!("{head}PolygonBegin\n1\nA1\ns\n1\n0,0\n{n}\n{rings}0\nPolygonEnd\n");
    let rows = read(polygon.as_bytes()).unwrap();
    assert!(rows[0].2.as_ref().unwrap_err().en.contains("too many"));
    // Polygons of such lines, one a line.
    let mut t = format!("{head}LineBegin\n");
    for i in 0..2_500 {
        let _ = write!(t, "{}\nx\ns\n1\n1\n12\n3\n{}0\n", i + 1, great(i));
    }
    t += "LineEnd\nPolygonBegin\n1\nA1\ns\n100\n0,0\n21\n1\n1\n0\nPolygonEnd\n";
    assert!(read(t.as_bytes()).unwrap_err().en.contains("too many"));
}

#[test]
fn lines_of_1999_are_curves_by_their_kind_and_nodes_name_their_lines() {
    let mut t = String::from("HeadBegin\nDataMark:CNSDTF-VCT\nVersion:1.0\nUnit:M\nDim:2\nTopo:2\nHeadEnd\n");
    t += "FeatureCodeBegin\nP1,点,Point,0,\nL1,线,Line,0,\nT1,注记,Annotation,0,\nFeatureCodeEnd\n";
    t += "PointBegin\n1\nP1\nc\n2\n5,5\n9\n11,12,13,14,15,16,17,18\n19\n2\nP1\nc\n1\n6,6\nPointEnd\nLineBegin\n";
    // The ends of the axes of an ellipse, in whatever order; then the corners of a rectangle.
    let curves = [
        (2, "0,0\n5,5\n10,0\n"),
        (3, "10,0\n0,10\n-10,0\n"),
        (5, "0,0\n5,1\n10,0\n"),
        (4, "10,0\n0,4\n-10,0\n0,-4\n"),
        (4, "3,4\n-3,-4\n8,-6\n-8,6\n"),
        (4, "0,0\n8,0\n8,3\n0,3\n"),
    ];
    for (i, (kind, points)) in curves.into_iter().enumerate() {
        let n = points.lines().count();
        let _ = write!(t, "{}\nL1\nc\n{kind}\n{n}\n{points}0\n0\n0\n0\n", i + 1);
    }
    t += "LineEnd\nAnnotationBegin\n31\nT1\nc\n宋体\n0\n400,0,F\n3,3\n0\n武陵区\n2\n7,8,0\n9,8,0\nAnnotationEnd\n";
    let bytes = encoding_rs::GB18030.encode(&t).0.into_owned();
    let rows = read(&bytes).unwrap();
    let of = |code: &str| rows.iter().filter(|r| r.0 == code).map(|r| &r.2).collect::<Vec<_>>();
    assert_eq!(
        of("P1").iter().map(|g| g.as_ref().unwrap().coords[0]).collect::<Vec<_>>(),
        [[5.0, 5.0], [6.0, 6.0]]
    );
    let lines = of("L1");
    assert!(lines[0].as_ref().unwrap().coords.len() > 8, "an arc");
    let circle = lines[1].as_ref().unwrap();
    assert_eq!(circle.coords[0], circle.coords[circle.coords.len() - 1]);
    assert_eq!(lines[2].as_ref().unwrap().coords.len(), 3);
    for (line, square) in [(&lines[3], 10.0 * 4.0), (&lines[4], 10.0 * 5.0)] {
        let ring = Geometry::polygon(vec![line.as_ref().unwrap().coords.clone()]);
        assert!((area(&ring).abs() / (std::f64::consts::PI * square) - 1.0).abs() < 5e-3);
    }
    assert!(lines[5].as_ref().unwrap_err().en.contains("four points"));
    assert_eq!(of("T1")[0].as_ref().unwrap().coords, [[7.0, 8.0]]);
    let vct = Vct::read(Input::Memory(bytes.into())).unwrap();
    assert_eq!((vct.index.assumed, vct.index.annotations.clone()), ([1, 2, 0], None));
}

#[test]
fn annotations_are_points_with_their_text_and_broken_ones_cost_nothing_else() {
    let mut c = small();
    c.points.push(([37_500_001.0, 3_200_001.0], "乙".into()));
    let text = encoding_rs::GB18030.decode(&vct(&c, Style::V3 { topology: false }, "\n")).0.into_owned();
    let text = text.replacen("2001,道路", "9001,注记,Annotation,\n2001,道路", 1);
    let with = |body: &str| {
        let whole = text.replacen("AnnotationBegin\n", &format!("AnnotationBegin\n{body}"), 1);
        encoding_rs::GB18030.encode(&whole).0.into_owned()
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("注记.vct");
    let at = "37500000.5,3200000.5";
    let good = format!(
        "1\n9001\ns\n1\n沅江, 大桥\n{at},45\n0\n2\n9001\ns\n2\n武陵\n2\n{at},0\n37500003,3200000,0\n0\n"
    );
    std::fs::write(&path, with(&good)).unwrap();
    let found = Found { path: path.clone(), name: "注记.vct".into(), explicit: true };
    let options = crate::tests::options(dir.path());
    let tables = open(&found, "VCT", &options).unwrap_or_else(|e| panic!("{:?}", e.message));
    let table = tables.iter().find(|t| t.name == "注记").unwrap();
    assert_eq!(table.columns.last().map(String::as_str), Some(TEXT));
    let mut said = Vec::new();
    table
        .reader
        .read(&[true; 3], &mut |row| {
            assert_eq!(row.geometry.unwrap().unwrap().coords, [[37_500_000.5, 3_200_000.5]]);
            said.push(row.values.last().unwrap().clone());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(said, [Raw::text("沅江, 大桥"), Raw::text("武陵")]);
    for bad in ["1\n9001\ns\n7\n什么\n1,1\n0\n", "1\n9001\ns\n1\n37500000,3200000\n", "1\n9001\n"] {
        std::fs::write(&path, with(bad)).unwrap();
        let tables = open(&found, "VCT", &options).unwrap_or_else(|e| panic!("{:?}", e.message));
        assert_eq!(tables.len(), 3, "{bad}");
        assert!(tables[0].findings.iter().any(|f| f.rule == "vct.annotation"), "{bad}");
    }
}

#[test]
fn a_value_with_a_separator_inside_is_told_and_does_not_shift_columns() {
    let text =
        encoding_rs::GB18030.decode(&vct(&small(), Style::V3 { topology: false }, "\n")).0.into_owned();
    let bad = text.replacen("1,1,点,", "1,1,点,甲,", 1);
    let rows = read(encoding_rs::GB18030.encode(&bad).0.as_ref()).unwrap();
    let point = rows.iter().find(|r| r.0 == "1001").unwrap();
    assert!(point.1.is_empty());
    assert!(point.2.as_ref().unwrap_err().en.contains("separator"));
    assert!(rows.iter().filter(|r| r.0 != "1001").all(|r| r.2.is_ok()));
}

#[test]
fn a_million_lines_are_not_kept_in_memory() {
    // The index grows with codes and tables, not with objects.
    let mut t = encoding_rs::GB18030
        .decode(&vct(&Content::default(), Style::V3 { topology: false }, "\n"))
        .0
        .into_owned();
    let mut points = String::from("PointBegin\n");
    for i in 1..=200_000 {
        let _ = write!(points, "{i}\n1001\ns\n1\n37500000.5,3200000.5\n0\n");
    }
    t = t.replacen("PointBegin\n", &points, 1);
    let vct = Vct::read(Input::Memory(t.into_bytes().into())).unwrap();
    assert_eq!(vct.used().map(|(_, n)| n).sum::<u64>(), 200_000);
    assert!(vct.index.points.capacity() * 16 < 4 << 20);
}

/// Rows of a table that belong to no object come once, without a shape, whichever codes and kinds the table serves.
#[test]
fn rows_of_a_table_without_an_object_are_read_as_rows_without_a_shape() {
    let mut t = String::from(
        "HeadBegin\nDataMark:LANDUSE-VCT\nVersion:3.0\nCoordinateSystemType:P\nDim:2\nHeadEnd\nFeatureCodeBegin\n\
         P0,空,Point,T\nP1,点,Point,T\nL1,线,Line,T\nP2,井,Point,U\nFeatureCodeEnd\nTableStructureBegin\n\
         T,1\nMC,Char,9\n0\nU,1\nMC,Char,9\n0\nTableStructureEnd\n\
         PointBegin\n1\nP1\ns\n1\n5,5\n0\n2\nP2\ns\n1\n6,6\n0\nPointEnd\n\
         LineBegin\n3\nL1\ns\n1\n1\n11\n2\n0,0\n9,9\n0\nLineEnd\nAttributeBegin\n",
    );
    // The object of U does not make the row of T a point's.
    t += "T\n1,a\n9,no\n3,c\n2,no too\nTableEnd\nU\n2,b\nTableEnd\nAttributeEnd\n";
    let rows = read(t.as_bytes()).unwrap();
    let told: Vec<(&str, &str, bool)> =
        rows.iter().map(|r| (r.0.as_str(), r.1[0].as_str(), r.2.is_ok())).collect();
    let wanted = [
        ("P1", "a", true),
        ("P1", "no", false),
        ("P1", "no too", false),
        ("P2", "b", true),
        ("L1", "c", true),
    ];
    let sorted = |mut all: Vec<_>| {
        all.sort_unstable();
        all
    };
    assert_eq!(sorted(told), sorted(wanted.to_vec()));
    // A table that has rows and no object at all is told.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.vct");
    let text = t.replace("2\nP2\ns\n1\n6,6\n0\n", "");
    std::fs::write(&path, text).unwrap();
    let found = Found { path, name: "a.vct".into(), explicit: true };
    let tables =
        open(&found, "VCT", &crate::tests::options(dir.path())).unwrap_or_else(|e| panic!("{:?}", e.message));
    let said: Vec<&str> = tables.iter().flat_map(|t| &t.findings).map(|f| f.message.en.as_str()).collect();
    assert!(said.iter().any(|m| m.contains("U has 1 rows and no shapes")), "{said:?}");
}
