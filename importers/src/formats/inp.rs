//! Networks of EPANET and SWMM (`.inp`): nodes with coordinates, links between them with bends. Elevations and diameters
//! are brought to metres and millimetres from the file's own unit system.
//!
//! Sections and units after the EPANET 2.2 and SWMM 5.1 users' manuals (US EPA).

use super::lines::{Fault, Lines, real};
use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::{Encoded, Raw, Reader, ShapeSource, Sink, SourceRow, Table, bulk};
use ditu_model::{Finding, Geometry, Severity, Shape, Text};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::sync::Arc;

const FOOT: f64 = 0.3048;
const INCH_MM: f64 = 25.4;

/// Kinds of nodes and links: section, whether a link, what is written into the layer's column, in both programs.
const SECTIONS: [(&str, bool, &str); 14] = [
    ("JUNCTIONS", false, ""),
    ("RESERVOIRS", false, ""),
    ("TANKS", false, ""),
    ("OUTFALLS", false, "进出水口"),
    ("STORAGE", false, ""),
    ("DIVIDERS", false, ""),
    ("PIPES", true, ""),
    ("PUMPS", true, "泵"),
    ("VALVES", true, "阀门"),
    ("CONDUITS", true, ""),
    ("ORIFICES", true, "孔口"),
    ("WEIRS", true, "堰"),
    ("OUTLETS", true, "出口"),
    ("XSECTIONS", true, ""),
];

pub(super) fn sniff(head: &Head<'_>) -> bool {
    head.is_text()
        && (head.ending == "inp" || head.begins("[TITLE]"))
        && (head.holds("[TITLE]") || head.holds("[OPTIONS]") || head.holds("[JUNCTIONS]"))
}

#[derive(Debug)]
struct Node {
    line: u64,
    name: Vec<u8>,
    section: usize,
    elevation: Option<f64>,
    /// From the bottom to the ground, where the file has it.
    depth: Option<f64>,
}

#[derive(Debug)]
struct Link {
    line: u64,
    name: Vec<u8>,
    section: usize,
    from: Vec<u8>,
    to: Vec<u8>,
    /// In the file's unit; of SWMM links it stands in another section.
    diameter: Option<f64>,
    /// Above the bottoms of the ends.
    offsets: [f64; 2],
}

/// A network as read.
#[derive(Debug, Default)]
struct Network {
    swmm: bool,
    us: bool,
    /// Whether the file says so itself.
    units: bool,
    nodes: Vec<Node>,
    links: Vec<Link>,
    places: HashMap<Vec<u8>, [f64; 2]>,
    bends: HashMap<Vec<u8>, Vec<[f64; 2]>>,
    sizes: HashMap<Vec<u8>, (Vec<u8>, f64, f64)>,
    /// Elevations of link offsets instead of depths.
    absolute: bool,
}

impl Network {
    fn read<R: BufRead>(lines: &mut Lines<R>) -> Result<Network, Fault> {
        let mut net = Network { us: true, ..Network::default() };
        let mut section: Vec<u8> = Vec::new();
        let mut known = false;
        while lines.advance()? {
            let (line, _) = lines.place();
            let text = lines.text().to_vec();
            let text = text.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
            if let Some(name) = text.strip_prefix(b"[") {
                section = name.split(|b| *b == b']').next().unwrap_or_default().to_ascii_uppercase();
                known = true;
                if section == b"END" {
                    break;
                }
                continue;
            }
            if text.is_empty() {
                continue;
            }
            if !known {
                return Err(lines.expected("段名，如 [JUNCTIONS]", "a section such as [JUNCTIONS]"));
            }
            let tokens: Vec<&[u8]> = text.split(u8::is_ascii_whitespace).filter(|t| !t.is_empty()).collect();
            net.line(lines, &section, line, &tokens)?;
        }
        Ok(net)
    }

    fn line<R: BufRead>(
        &mut self,
        lines: &Lines<R>,
        section: &[u8],
        line: u64,
        t: &[&[u8]],
    ) -> Result<(), Fault> {
        let number = |i: usize| t.get(i).and_then(|v| real(v));
        let needs = |n: usize| {
            let name = String::from_utf8_lossy(section).into_owned();
            match t.len() >= n {
                true => Ok(()),
                false => Err(lines.fault(
                    format!("[{name}] 的一行至少要有 {n} 项，只有 {} 项", t.len()),
                    format!("a line of [{name}] has {n} items at least, this one has {}", t.len()),
                )),
            }
        };
        let coordinate = || match (number(1), number(2)) {
            (Some(x), Some(y)) => Ok([x, y]),
            _ => Err(lines.expected("“编号 X Y”", "name, X, Y")),
        };
        match section {
            b"OPTIONS" => {
                let key = t[0].to_ascii_uppercase();
                let value = t.get(1).map(|v| v.to_ascii_uppercase()).unwrap_or_default();
                self.swmm |= key == b"FLOW_UNITS" || key == b"FLOW_ROUTING" || key == b"LINK_OFFSETS";
                if key == b"UNITS" || key == b"FLOW_UNITS" {
                    self.units = true;
                    self.us = matches!(value.as_slice(), b"CFS" | b"GPM" | b"MGD" | b"IMGD" | b"AFD");
                }
                self.absolute |= key == b"LINK_OFFSETS" && value == b"ELEVATION";
            }
            b"COORDINATES" => {
                needs(3)?;
                self.places.insert(t[0].to_vec(), coordinate()?);
            }
            b"VERTICES" => {
                needs(3)?;
                self.bends.entry(t[0].to_vec()).or_default().push(coordinate()?);
            }
            b"XSECTIONS" => {
                needs(3)?;
                self.swmm = true;
                let sizes =
                    (t[1].to_ascii_uppercase(), number(2).unwrap_or(f64::NAN), number(3).unwrap_or(0.0));
                self.sizes.insert(t[0].to_vec(), sizes);
            }
            _ => {
                let Some(i) = SECTIONS.iter().position(|s| s.0.as_bytes() == section) else { return Ok(()) };
                if !SECTIONS[i].1 {
                    needs(2)?;
                    let depth = matches!(section, b"JUNCTIONS" | b"STORAGE" | b"DIVIDERS")
                        .then(|| number(2))
                        .flatten();
                    self.nodes.push(Node {
                        line,
                        name: t[0].to_vec(),
                        section: i,
                        elevation: number(1),
                        depth,
                    });
                    return Ok(());
                }
                needs(3)?;
                self.swmm |= matches!(section, b"CONDUITS" | b"ORIFICES" | b"WEIRS" | b"OUTLETS");
                let diameter = match section {
                    b"PIPES" => number(4),
                    b"VALVES" => number(3),
                    _ => None,
                };
                let offset = |i| number(i).filter(|_| section == b"CONDUITS").unwrap_or(0.0);
                self.links.push(Link {
                    line,
                    name: t[0].to_vec(),
                    section: i,
                    from: t[1].to_vec(),
                    to: t[2].to_vec(),
                    diameter,
                    offsets: [offset(5), offset(6)],
                });
            }
        }
        Ok(())
    }

    fn metres(&self, v: f64) -> f64 {
        // A tenth of a millimetre is more than any of these is good for.
        let m = if self.us { v * FOOT } else { v };
        (m * 1e4).round() / 1e4
    }

    /// Millimetres, or width by height.
    fn size(&self, link: &Link) -> Option<String> {
        let whole = |mm: f64| format!("{}", (mm * 10.0).round() / 10.0);
        if let Some(d) = link.diameter {
            return Some(whole(if self.us { d * INCH_MM } else { d }));
        }
        let (shape, height, width) = self.sizes.get(&link.name)?;
        let mm = |v: f64| (if self.us { v * FOOT } else { v }) * 1000.0;
        if !height.is_finite() || *height <= 0.0 {
            return None;
        }
        let round = matches!(shape.as_slice(), b"CIRCULAR" | b"FORCE_MAIN" | b"FILLED_CIRCULAR");
        Some(if round || *width <= 0.0 {
            whole(mm(*height))
        } else {
            format!("{}X{}", whole(mm(*width)), whole(mm(*height)))
        })
    }

    /// Water mains, or drains.
    fn kind(&self) -> &'static str {
        if self.swmm { "PS" } else { "JS" }
    }

    fn path(&self, link: &Link) -> Result<Geometry, Text> {
        let end = |name: &[u8]| {
            self.places.get(name).copied().ok_or_else(|| {
                let name = String::from_utf8_lossy(name).into_owned();
                both(format!("端点 {name} 没有坐标"), format!("its end {name} has no coordinates"))
            })
        };
        let mut all = vec![end(&link.from)?];
        all.extend(self.bends.get(&link.name).into_iter().flatten());
        all.push(end(&link.to)?);
        Ok(Geometry::line(all))
    }
}

/// Which of the two tables.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Nodes,
    Links,
}

const NODE_COLUMNS: [&str; 7] =
    ["管线类型", "管线点号", "管点特征", "附属物", "管线高程", "地面高程", "井深"];
const LINK_COLUMNS: [&str; 7] =
    ["管线类型", "起点点号", "终点点号", "管径", "起点管线高程", "终点管线高程", "备注"];

struct Inp {
    net: Arc<Network>,
    part: Part,
    encoded: Encoded,
    elevations: Arc<HashMap<Vec<u8>, f64>>,
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let file = File::open(&found.path).map_err(|e| {
        let why = both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})"));
        refused("file.unreadable", why, both("检查文件", "check the file"))
    })?;
    let net = Network::read(&mut Lines::new(BufReader::new(file), 1, 0)).map_err(|f| {
        refused("file.damaged", f.text(), both("未导入；核对文件", "not imported; check the file"))
    })?;
    if net.nodes.is_empty() && net.links.is_empty() {
        let why = both("管网是空的：没有节点和管段", "the network is empty: there are no nodes and no links");
        return Err(refused("file.empty", why, both("核对文件", "check the file")));
    }
    let samples = net.nodes.iter().map(|n| &n.name).filter(|n| !n.is_ascii()).take(2_000).cloned().collect();
    let encoded =
        encoding::decide(&Evidence { user: options.encoding(&found.name), samples, ..Default::default() })
            .map_err(Refused::from)?;
    let points: Vec<[f64; 2]> = net.places.values().take(100_000).copied().collect();
    let numbers = bulk(&points);
    let findings = dangling(&net, &found.name);
    let elevations = net.nodes.iter().filter_map(|n| Some((n.name.clone(), n.elevation?))).collect();
    let (net, elevations) = (Arc::new(net), Arc::new(elevations));
    let table = |part: Part| {
        let nodes = part == Part::Nodes;
        Table {
            name: if nodes { "管线点" } else { "管线段" }.to_owned(),
            other_names: vec![found.stem()],
            file: found.name.as_str().into(),
            path: found.path.clone(),
            format,
            columns: if nodes { NODE_COLUMNS } else { LINK_COLUMNS }.map(str::to_owned).to_vec(),
            shapes: ShapeSource::File(Some(if nodes { Shape::Point } else { Shape::Line })),
            features: Some(if nodes { net.nodes.len() } else { net.links.len() } as u64),
            claim: None,
            numbers,
            first: Arc::default(),
            encoded: Some(encoded.clone()),
            projected: false,
            obfuscated: false,
            raster: None,
            findings: if nodes { findings.clone() } else { Vec::new() },
            reader: Arc::new(Inp {
                net: net.clone(),
                part,
                encoded: encoded.clone(),
                elevations: Arc::clone(&elevations),
            }),
        }
    };
    let mut tables = Vec::new();
    if !net.nodes.is_empty() {
        tables.push(table(Part::Nodes));
    }
    if !net.links.is_empty() {
        tables.push(table(Part::Links));
    }
    Ok(tables)
}

/// Links whose ends are no node of the file, and nodes that are there twice.
fn dangling(net: &Network, file: &str) -> Vec<Finding> {
    let mut seen: HashMap<&[u8], u64> = HashMap::new();
    let mut all = Vec::new();
    let mut say = |rule: &'static str, line: u64, message: Text| {
        if all.len() < 200 {
            let cure = both("核对模型文件", "check the model");
            let mut f = of_file(rule, Severity::Warning, file, message, cure);
            f.place.row = Some(line);
            all.push(f);
        }
    };
    if !net.units {
        say(
            "inp.units",
            1,
            both(
                "文件没有写单位（UNITS 或 FLOW_UNITS），按规定是美制，已从英尺、英寸换算；如果本来是米制，高程和管径就都错了",
                "no units are stated (UNITS or FLOW_UNITS): by the rules they are US ones and were converted from feet and inches; if they are metric, heights and sizes are wrong",
            ),
        );
    }
    for n in &net.nodes {
        if let Some(first) = seen.insert(&n.name, n.line) {
            let name = String::from_utf8_lossy(&n.name);
            say(
                "inp.twice",
                n.line,
                both(
                    format!("节点 {name} 在第 {first} 行已有"),
                    format!("the node {name} stands in line {first} already"),
                ),
            );
        }
    }
    for l in &net.links {
        for end in [&l.from, &l.to] {
            if !seen.contains_key(end.as_slice()) {
                let (link, end) = (String::from_utf8_lossy(&l.name), String::from_utf8_lossy(end));
                say(
                    "inp.no_node",
                    l.line,
                    both(
                        format!("管段 {link} 的端点 {end} 不是文件里的节点"),
                        format!("the end {end} of the link {link} is no node of the file"),
                    ),
                );
            }
        }
    }
    all
}

impl Reader for Inp {
    fn read(&self, _: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let net = &*self.net;
        let text = |b: &[u8]| encoding::decode(self.encoded.encoding, b);
        let metres = |v: Option<f64>| v.map_or(Raw::Null, |v| Raw::Real(net.metres(v)));
        if self.part == Part::Nodes {
            for n in &net.nodes {
                let (name, _, feature) = SECTIONS[n.section];
                let appendage = match name {
                    "STORAGE" | "TANKS" | "RESERVOIRS" => Raw::Null,
                    _ if net.swmm && name == "JUNCTIONS" => Raw::text("检查井"),
                    _ => Raw::Null,
                };
                let ground = n.elevation.zip(n.depth.filter(|d| net.swmm && *d > 0.0)).map(|(e, d)| e + d);
                let values = vec![
                    Raw::text(net.kind()),
                    text(&n.name),
                    Raw::text(feature),
                    appendage,
                    metres(n.elevation),
                    metres(ground),
                    metres(n.depth.filter(|d| net.swmm && *d > 0.0)),
                ];
                let geometry = net.places.get(&n.name).map(|p| Ok(Geometry::point(p[0], p[1])));
                if let ControlFlow::Break(()) = sink(SourceRow { row: n.line, values, geometry }) {
                    break;
                }
            }
            return Ok(());
        }
        for l in &net.links {
            let height = |end: &[u8], offset: f64| {
                if !net.swmm || SECTIONS[l.section].0 != "CONDUITS" {
                    return Raw::Null;
                }
                let bottom = self.elevations.get(end).copied();
                metres(if net.absolute && offset != 0.0 { Some(offset) } else { bottom.map(|b| b + offset) })
            };
            let values = vec![
                Raw::text(net.kind()),
                text(&l.from),
                text(&l.to),
                net.size(l).map_or(Raw::Null, |s| Raw::text(&s)),
                height(&l.from, l.offsets[0]),
                height(&l.to, l.offsets[1]),
                Raw::text(&format!("{} {}", SECTIONS[l.section].2, String::from_utf8_lossy(&l.name))),
            ];
            if let ControlFlow::Break(()) =
                sink(SourceRow { row: l.line, values, geometry: Some(net.path(l)) })
            {
                break;
            }
        }
        Ok(())
    }
}

/// Reads bytes as a network, whatever they are.
pub(crate) fn fuzz(bytes: &[u8]) {
    if let Ok(net) = Network::read(&mut Lines::new(bytes, 1, 0)) {
        for l in net.links.iter().take(1_000) {
            let _ = (net.path(l), net.size(l));
        }
        dangling(&net, "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CrsChoice;
    use crate::tests::*;
    use proptest::prelude::*;

    /// Data lines of a section, counted without the reader.
    fn lines_of(text: &str, section: &str) -> usize {
        let mut inside = false;
        let mut n = 0;
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                inside = line.trim_matches(['[', ']']).eq_ignore_ascii_case(section);
            } else if inside && !line.is_empty() && !line.starts_with(';') {
                n += 1;
            }
        }
        n
    }

    const SMALL: &str = "[TITLE]\n测试\n[OPTIONS]\nUNITS LPS\n[JUNCTIONS]\n;ID Elev\nJ1 30.5 0\nJ2 28.25 1 ;\n[RESERVOIRS]\nR1 50\n[PIPES]\nP1 J1 J2 100 300 120 0 Open\nP2 J2 R1 100 200 120 0 Open\nP3 J2 NOWHERE 1 100 1\n[COORDINATES]\nJ1 568041 3212973\nJ2 568141 3212973\nR1 568141 3213073\n[VERTICES]\nP1 568091 3213000\n[END]\nrubbish\n";

    fn import(text: &str) -> (std::collections::BTreeMap<String, Vec<ditu_model::Row>>, crate::Report) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("给水.inp");
        std::fs::write(&path, text).unwrap();
        let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
        let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
        (rows.unwrap(), report)
    }

    #[test]
    fn a_water_network_becomes_points_and_pipes_with_bends_and_millimetres() {
        let (rows, report) = import(SMALL);
        let (nodes, pipes) = (&rows["pipeline.node"], &rows["pipeline.line"]);
        assert_eq!((nodes.len(), pipes.len()), (3, 2));
        assert_eq!(value("pipeline.node", &nodes[0], "height_m").as_f64(), Some(30.5));
        assert_eq!(value("pipeline.line", &pipes[0], "size").to_string(), "300");
        assert_eq!(pipes[0].geometry.as_ref().unwrap().coords.len(), 3);
        assert_eq!(count(&report, "inp.no_node"), 1);
        // US units: feet and inches.
        let (rows, _) = import(&SMALL.replace("LPS", "GPM"));
        assert_eq!(value("pipeline.node", &rows["pipeline.node"][0], "height_m").as_f64(), Some(9.2964));
        assert_eq!(value("pipeline.line", &rows["pipeline.line"][0], "size").to_string(), "7620");
        assert_eq!(count(&report, "inp.units"), 0);
        // Without a word they are US units, which is hardly meant.
        let (rows, report) = import(&SMALL.replace("UNITS LPS", "HEADLOSS H-W"));
        assert_eq!(value("pipeline.node", &rows["pipeline.node"][0], "height_m").as_f64(), Some(9.2964));
        assert_eq!(count(&report, "inp.units"), 1);
    }

    #[test]
    fn a_drain_has_its_section_and_the_heights_of_its_ends() {
        let text = "[OPTIONS]\nFLOW_UNITS CMS\n[JUNCTIONS]\nA 30 3 0 0 0\nB 29 2.5 0 0 0\n[OUTFALLS]\nO 28 FREE\n[CONDUITS]\nC1 A B 50 0.013 0.1 0.05 0 0\nC2 B O 50 0.013 0 0 0 0\n[XSECTIONS]\nC1 CIRCULAR 0.6 0 0 0 1\nC2 RECT_CLOSED 1.2 2 0 0 1\n[COORDINATES]\nA 568041 3212973\nB 568091 3212973\nO 568141 3212973\n";
        let (rows, _) = import(text);
        let pipes = &rows["pipeline.line"];
        assert_eq!(value("pipeline.line", &pipes[0], "size").to_string(), "600");
        assert_eq!(value("pipeline.line", &pipes[1], "size").to_string(), "2000X1200");
        let at = |i: usize, f: &str| value("pipeline.line", &pipes[i], f).as_f64().unwrap();
        assert_eq!(
            (at(0, "start_height_m"), at(0, "end_height_m"), at(1, "end_height_m")),
            (30.1, 29.05, 28.0)
        );
        let node = &rows["pipeline.node"][0];
        assert_eq!(value("pipeline.node", node, "ground_m").as_f64(), Some(33.0));
    }

    #[test]
    fn lines_that_are_short_or_no_numbers_are_named() {
        for (from, to, said) in [
            ("P1 J1 J2 100 300 120 0 Open", "P1 J1", "line 12 (byte"),
            ("J1 568041 3212973", "J1 568041 north", "line 16 (byte"),
            ("[TITLE]\n测试\n", "junk\n", "line 1 (byte 0)"),
        ] {
            let bad = SMALL.replacen(from, to, 1);
            let why = Network::read(&mut Lines::new(bad.as_bytes(), 1, 0)).unwrap_err().text();
            assert!(why.en.contains(said), "{}", why.en);
        }
    }

    proptest! {
        #[test]
        fn changed_bytes_break_nothing(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut bytes = SMALL.as_bytes().to_vec();
            let i = at.index(bytes.len());
            bytes[i] = byte;
            fuzz(&bytes);
            fuzz(&bytes[..cut.index(bytes.len())]);
        }
    }

    /// Over real files, which are no part of the project.
    mod shared {
        use super::*;
        use crate::tests::shared::data;

        #[test]
        fn every_shared_network_gives_all_its_nodes_and_links_or_says_why_not() {
            for (file, outcome) in [
                ("water/Net3.inp", Ok((97, 119))),
                ("water/Net6.inp", Ok((3_356, 3_892))),
                ("water/ky4.inp", Ok((964, 1_158))),
                ("water/ky10.inp", Ok((935, 1_061))),
                ("water/L-TOWN.inp", Ok((785, 909))),
                ("water/BWSN_Network_2.inp", Ok((12_527, 14_831))),
                ("drainage/Example1.inp", Ok((14, 13))),
                ("drainage/Pump_Control_Model.inp", Ok((34, 33))),
                ("drainage/model_state_plane.inp", Ok((45, 44))),
                ("drainage/model_full_features_network_xy.inp", Ok((9, 9))),
                ("drainage/test_inlet_drains.inp", Ok((20, 23))),
                ("drainage/invalid_model.inp", Ok((9, 11))),
                ("drainage/model-with-infiltration-parse-failure.inp", Ok((6, 3))),
                ("drainage/model_blank.inp", Err("file.empty")),
            ] {
                let path = data(&format!("network/{file}"));
                let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                let found = Found { name: file.to_owned(), path, explicit: true };
                let scratch = tempfile::tempdir().unwrap();
                let opened = open(&found, "INP", &options(scratch.path()));
                match (opened, outcome) {
                    (Err(r), Err(rule)) => assert_eq!(r.rule, rule, "{file}"),
                    (Ok(tables), Ok(counts)) => {
                        let n = |link: bool| -> usize {
                            SECTIONS
                                .iter()
                                .filter(|s| s.1 == link && s.0 != "XSECTIONS")
                                .map(|s| lines_of(&text, s.0))
                                .sum()
                        };
                        assert_eq!((n(false), n(true)), counts, "{file}");
                        for (table, expected) in tables.iter().zip([n(false), n(true)]) {
                            let mut rows = 0;
                            table
                                .reader
                                .read(&[], &mut |_| {
                                    rows += 1;
                                    ControlFlow::Continue(())
                                })
                                .unwrap();
                            assert_eq!(rows, expected, "{file} {}", table.name);
                            assert_eq!(table.features, Some(expected as u64));
                        }
                    }
                    (opened, outcome) => {
                        panic!("{file}: {:?} {outcome:?}", opened.map(|t| t.len()).map_err(|r| r.message))
                    }
                }
            }
        }
    }
}
