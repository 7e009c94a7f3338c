mod shared;

use super::*;
use crate::tests::layers;

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
