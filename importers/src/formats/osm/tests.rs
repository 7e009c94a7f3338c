mod shared;

use super::*;
use crate::tests::{count, drained, layers, planned, rules, value};
use std::process::Command;

#[test]
fn every_layer_field_and_code_of_the_table_exists() {
    let layers = layers();
    for theme in THEMES {
        let layer = layers.named(theme.layer).unwrap_or_else(|| panic!("{}", theme.layer));
        assert_eq!(layer.kind.shape(), theme.shape, "{}", theme.layer);
        for (name, take) in theme.columns {
            let field = &layer.fields[layer.field(name).unwrap_or_else(|| panic!("{} {name}", theme.layer))];
            let codes: Vec<&str> = match take {
                Take::Code => theme.rules.iter().map(|r| r.code).collect(),
                Take::Words(_, list) if field.codes.is_some() => list.iter().map(|w| w.0).collect(),
                Take::Level => vec!["bridge", "tunnel", "ground"],
                _ => continue,
            };
            let list = field.codes.as_ref().unwrap();
            for code in codes {
                assert!(list.find(code).is_some_and(|c| c.code == code), "{} {name} {code}", theme.layer);
            }
        }
    }
}

/// A blob of a kind with these bytes, packed.
fn blob(kind: &str, bytes: &[u8]) -> Vec<u8> {
    let number = |field: u8, n: usize, out: &mut Vec<u8>| {
        out.push(field);
        let mut n = n;
        while n > 127 {
            out.push(n as u8 | 128);
            n >>= 7;
        }
        out.push(n as u8);
    };
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, bytes).unwrap();
    let packed = packed.finish().unwrap();
    let (mut body, mut head) = (Vec::new(), Vec::new());
    number(0x10, bytes.len(), &mut body);
    number(0x1a, packed.len(), &mut body);
    body.extend(packed);
    number(0x0a, kind.len(), &mut head);
    head.extend(kind.bytes());
    number(0x18, body.len(), &mut head);
    [&(head.len() as u32).to_be_bytes()[..], &head, &body].concat()
}

#[test]
fn a_file_that_unpacks_to_too_much_or_wants_too_much_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.osm.pbf");
    let header = blob("OSMHeader", b"\x22\x0eOsmSchema-V0.6");
    let zeros = blob("OSMData", &vec![0; 30 << 20]);
    let other = blob("Something", b"x");
    let bomb = [&header, &zeros, &other, &zeros, &other, &zeros, &other, &zeros].map(Vec::as_slice).concat();
    std::fs::write(&path, bomb).unwrap();
    assert_eq!(Index::make(&path).err().map(|w| w.rule), Some("archive.bomb"));
    std::fs::write(&path, blob("OSMHeader", b"\x22\x15HistoricalInformation")).unwrap();
    assert_eq!(Index::make(&path).err().map(|w| w.rule), Some("format.unsupported"));
    std::fs::write(&path, &zeros).unwrap();
    assert_eq!(Index::make(&path).err().map(|w| w.rule), Some("file.damaged"));
}

fn varint(mut n: u64, out: &mut Vec<u8>) {
    while n > 127 {
        out.push(n as u8 | 128);
        n >>= 7;
    }
    out.push(n as u8);
}

/// A field of bytes.
fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(number << 3 | 2, &mut out);
    varint(bytes.len() as u64, &mut out);
    [out, bytes.to_vec()].concat()
}

/// A field of numbers, one after the other; none where there are none.
fn packed(number: u64, list: &[u64]) -> Vec<u8> {
    if list.is_empty() {
        return Vec::new();
    }
    let mut bytes = Vec::new();
    list.iter().for_each(|n| varint(*n, &mut bytes));
    field(number, &bytes)
}

/// A field of differences, with their signs in the last bit.
fn deltas(number: u64, list: &[i64]) -> Vec<u8> {
    let mut before = 0;
    let signed = |n: &i64| {
        let d = n - std::mem::replace(&mut before, *n);
        ((d << 1) ^ (d >> 63)) as u64
    };
    packed(number, &list.iter().map(signed).collect::<Vec<_>>())
}

/// What a test's extract holds, written after the description of the format and not after the reader.
#[derive(Default)]
struct Extract {
    texts: Vec<String>,
    nodes: Vec<[i64; 3]>,
    ways: Vec<u8>,
    relations: Vec<u8>,
}

type Pairs<'a> = &'a [(&'a str, &'a str)];

impl Extract {
    fn text(&mut self, text: &str) -> u64 {
        let at = self.texts.iter().position(|t| t == text).unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        });
        at as u64 + 1
    }

    /// A node by longitude and latitude in ten-millionths of a degree; its number.
    fn node(&mut self, lon: i64, lat: i64) -> i64 {
        let id = self.nodes.len() as i64 + 1;
        self.nodes.push([id, lon, lat]);
        id
    }

    fn tags(&mut self, pairs: Pairs<'_>) -> Vec<u8> {
        let keys: Vec<u64> = pairs.iter().map(|p| self.text(p.0)).collect();
        let values: Vec<u64> = pairs.iter().map(|p| self.text(p.1)).collect();
        [packed(2, &keys), packed(3, &values)].concat()
    }

    fn way(&mut self, id: u64, nodes: &[i64], pairs: Pairs<'_>) {
        let mut body = vec![8];
        varint(id, &mut body);
        body.extend(self.tags(pairs));
        body.extend(deltas(8, nodes));
        self.ways.extend(field(3, &body));
    }

    fn relation(&mut self, id: u64, ways: &[(i64, &str)], pairs: Pairs<'_>) {
        let mut body = vec![8];
        varint(id, &mut body);
        body.extend(self.tags(pairs));
        let roles: Vec<u64> = ways.iter().map(|w| self.text(w.1)).collect();
        body.extend(packed(8, &roles));
        body.extend(deltas(9, &ways.iter().map(|w| w.0).collect::<Vec<_>>()));
        body.extend(packed(10, &vec![1; ways.len()]));
        self.relations.extend(field(4, &body));
    }

    fn bytes(&self) -> Vec<u8> {
        let texts: Vec<u8> = std::iter::once("")
            .chain(self.texts.iter().map(String::as_str))
            .flat_map(|t| field(1, t.as_bytes()))
            .collect();
        let of = |i: usize| self.nodes.iter().map(|n| n[i]).collect::<Vec<_>>();
        let dense = [deltas(1, &of(0)), deltas(8, &of(2)), deltas(9, &of(1))].concat();
        let groups = [field(2, &field(2, &dense)), field(2, &self.ways), field(2, &self.relations)].concat();
        let header = [field(4, b"OsmSchema-V0.6"), field(4, b"DenseNodes")].concat();
        [blob("OSMHeader", &header), blob("OSMData", &[field(1, &texts), groups].concat())].concat()
    }
}

/// A quarter of a town: ten streets, forty houses, one with a court, a railway of which nodes lie outside.
fn quarter() -> Vec<u8> {
    let mut e = Extract::default();
    let at = |i: i64| (1_117_000_000 + i % 20 * 4_000, 290_300_000 + i / 20 * 4_000);
    let square = |e: &mut Extract, lon: i64, lat: i64, side: i64| {
        let corners = [[0, 0], [side, 0], [side, side], [0, side]];
        let mut ring: Vec<i64> = corners.map(|[x, y]| e.node(lon + x, lat + y)).into();
        ring.push(ring[0]);
        ring
    };
    let streets: Vec<Vec<i64>> = (0..10)
        .map(|s| (0..12).map(|i| e.node(1_117_000_000 + i * 9_000, 290_200_000 + s * 7_000)).collect())
        .collect();
    let houses: Vec<Vec<i64>> = (0..40).map(|i| square(&mut e, at(i).0, at(i).1, 1_500)).collect();
    let (outer, inner) = (
        square(&mut e, 1_118_000_000, 290_400_000, 9_000),
        square(&mut e, 1_118_003_000, 290_403_000, 3_000),
    );
    let rails: Vec<i64> = (0..5).map(|i| e.node(1_116_500_000 + i * 20_000, 290_100_000)).collect();
    for (i, nodes) in streets.iter().enumerate() {
        let name = format!("朗州{i}路");
        e.way(100 + i as u64, nodes, &[("highway", ["primary", "residential"][i % 2]), ("name", &name)]);
    }
    for (i, ring) in houses.iter().enumerate() {
        e.way(200 + i as u64, ring, &[("building", "yes")]);
    }
    e.way(300, &outer, &[]);
    e.way(301, &inner, &[]);
    e.way(302, &[&rails[..], &[900_001, 900_002]].concat(), &[("railway", "rail"), ("name", "石长铁路")]);
    e.relation(
        400,
        &[(300, "outer"), (301, "inner")],
        &[("type", "multipolygon"), ("building", "apartments")],
    );
    e.bytes()
}

#[test]
fn an_extract_gives_as_many_features_as_gdal_counts_with_names_holes_and_what_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("城区.osm.pbf");
    std::fs::write(&path, quarter()).unwrap();
    let gdal_counts = |table: &str, condition: &str| -> u64 {
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
        let out = Command::new("ogrinfo").args(["-q", "-sql", &sql]).arg(&path).output().unwrap();
        let text = String::from_utf8(out.stdout).unwrap();
        text.split("n (Integer) = ")
            .nth(1)
            .and_then(|n| n.trim().parse().ok())
            .unwrap_or_else(|| panic!("{text}"))
    };
    let (_scratch, plan) = planned(std::slice::from_ref(&path), |_| {});
    let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
    let rows = rows.unwrap_or_else(|why| panic!("{why}\n{}", report.summary(crate::Lang::En)));
    let (buildings, roads) = (&rows["cadastre.building"], &rows["transport.road"]);
    assert_eq!((buildings.len(), roads.len()), (41, 10));
    assert_eq!(gdal_counts("multipolygons", "building IS NOT NULL"), 41);
    assert_eq!(gdal_counts("lines", "highway IS NOT NULL"), 10);
    let courts = buildings.iter().filter(|b| b.geometry.as_ref().unwrap().rings.len() == 2).count();
    assert_eq!(courts, 1);
    for (i, row) in roads.iter().enumerate() {
        assert_eq!(value("transport.road", row, "name").to_string(), format!("朗州{i}路"));
        assert_eq!(value("transport.road", row, "code").to_string(), format!("way/{}", 100 + i));
        assert!(!value("transport.road", row, "class").is_null());
        assert_eq!(row.geometry.as_ref().unwrap().coords.len(), 12);
    }
    // The railway is drawn as far as its nodes go, and that is said.
    assert_eq!(rows["transport.railway"][0].geometry.as_ref().unwrap().coords.len(), 5);
    assert_eq!(count(&report, "osm.clipped"), 1, "{}", report.summary(crate::Lang::En));
}

#[test]
fn an_extract_cut_or_changed_anywhere_is_answered_and_says_at_which_byte() {
    let whole = quarter();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.osm.pbf");
    for n in [20, 60, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..n]).unwrap();
        let wrong = Index::make(&path).err();
        assert!(wrong.is_some_and(|w| w.message.en.starts_with("at byte")), "{n}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut changed = whole.clone();
        changed[at] ^= 0x5a;
        std::fs::write(&path, &changed).unwrap();
        if let Ok(index) = Index::make(&path) {
            let themes: Vec<usize> = (0..THEMES.len()).collect();
            let _ = Maker::all(&index, &path, &themes, &mut |_| ControlFlow::Continue(()));
        }
    }
}

#[test]
fn blocks_packed_in_a_way_that_is_not_unpacked_are_refused_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.osm.pbf");
    for (number, name) in [(4, "LZMA"), (6, "LZ4"), (7, "Zstandard")] {
        let mut body = vec![0x10, 40];
        body.extend(field(number, &[7; 20]));
        let mut head = field(1, b"OSMHeader");
        head.extend([0x18, body.len() as u8]);
        std::fs::write(&path, [&(head.len() as u32).to_be_bytes()[..], &head, &body].concat()).unwrap();
        let (_scratch, plan) = planned(std::slice::from_ref(&path), |_| {});
        let refused = plan.unwrap_err();
        assert_eq!(rules(&refused), ["format.unsupported"], "{name}");
        assert!(refused.to_string().contains(name), "{refused}");
    }
}
