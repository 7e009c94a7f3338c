//! Arc/Info exchange files: GDAL reads them; the encoding of their texts is sought in the file itself, which names none.

use super::gdal::{self, Undecoded};
use super::{Head, Refused, refused, unreadable};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::Table;
use ditu_gdal::ReadOptions;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

/// Bytes in which texts are sought.
const SAMPLED: usize = 64 << 20;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"EXP ") && head.bytes.get(5).is_some_and(|b| b"01 ".contains(b))
}

/// What follows `EXP`: 0 for plain, 1 for compressed.
fn compressed(first: &[u8]) -> bool {
    first.get(3..).is_some_and(|rest| rest.trim_ascii_start().first() == Some(&b'1'))
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let mut file = BufReader::with_capacity(1 << 17, File::open(&found.path).map_err(unreadable)?);
    let (mut line, mut read, mut seen, mut samples) = (Vec::new(), 0, HashSet::new(), Vec::new());
    while read < SAMPLED && samples.len() < 2_000 {
        line.clear();
        let n = (&mut file).take(1 << 16).read_until(b'\n', &mut line).map_err(unreadable)?;
        if n == 0 {
            break;
        }
        if read == 0 && compressed(&line) {
            return Err(refused(
                "format.unsupported",
                both("压缩的 E00", "a compressed E00"),
                both(
                    "在 ArcGIS 中以 NONE（不压缩）重新 EXPORT，或转为 Shapefile",
                    "export it anew with the option NONE, or convert it to shapefile",
                ),
            ));
        }
        read += n;
        // Texts stand in columns of spaces; each is a sample of its own.
        for word in line.split(|b| b.is_ascii_whitespace()).filter(|w| !w.is_ascii()) {
            if samples.len() < 2_000 && seen.insert(word.to_vec()) {
                samples.push(word.to_vec());
            }
        }
    }
    let encoded =
        encoding::decide(&Evidence { user: options.encoding(&found.name), samples, ..Default::default() })
            .map_err(Refused::from)?;
    let text =
        Undecoded { encoding: encoded.encoding, evidence: Some(encoded.evidence), ..Undecoded::default() };
    gdal::open_with(found, format, options, &ReadOptions::default(), &text)
}

#[cfg(test)]
mod tests {
    use crate::tests::{drained, planned, rules, value};

    /// Labels of a coverage with a table, as Arc/Info writes them (double precision).
    fn coverage(names: &[&str], encoding: &'static encoding_rs::Encoding) -> Vec<u8> {
        let mut out: Vec<u8> = b"EXP  0 TEST.E00\nLAB  3\n".to_vec();
        for i in 0..names.len() {
            let (x, y) = (568_041.5 + i as f64 * 100.0, 3_212_973.25);
            let xy = format!("{}{}\n", real(x), real(y));
            out.extend(format!("{:10}{:10}{xy}{xy}{xy}", i + 1, i + 1).bytes());
        }
        out.extend(format!("{:10}{:10}{}{}\nIFO  3\n", -1, 0, real(0.0), real(0.0)).bytes());
        out.extend(format!("{:<32}XX{:4}{:4}{:4}{:10}\n", "TEST.PAT", 5, 5, 36, names.len()).bytes());
        for (n, field) in [
            "AREA              4-1   14-1  12 3 60-1  -1  -1-1",
            "PERIMETER         4-1   54-1  12 3 60-1  -1  -1-1",
            "TEST#             4-1   94-1   5-1 50-1  -1  -1-1",
            "TEST-ID           4-1  134-1   5-1 50-1  -1  -1-1",
            "NAME             20-1  174-1  20-1 20-1  -1  -1-1",
        ]
        .iter()
        .enumerate()
        {
            out.extend(format!("{field}{:20}-\n", n + 1).bytes());
        }
        for (i, name) in names.iter().enumerate() {
            out.extend(format!(" 0.0000000E+00 0.0000000E+00{:11}{:11}", i + 1, i + 1).bytes());
            let mut text = encoding.encode(name).0.into_owned();
            text.resize(20, b' ');
            out.extend(text);
            out.push(b'\n');
        }
        out.extend(b"EOI\nEOS\n");
        out
    }

    fn real(n: f64) -> String {
        let text = format!("{n:.14E}");
        let (digits, exponent) = text.split_once('E').unwrap();
        format!("{:>21}", format!("{digits}E+{:02}", exponent.parse::<i32>().unwrap()))
    }

    #[test]
    fn texts_of_a_coverage_are_decoded_by_what_their_bytes_show() {
        let names = ["穿紫河街道", "江南街道", "牛鼻滩镇"];
        for (encoding, expected) in [(encoding_rs::GBK, "gb18030"), (encoding_rs::UTF_8, "UTF-8")] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("地名.e00");
            std::fs::write(&path, coverage(&names, encoding)).unwrap();
            let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(crate::CrsChoice::Epsg(4546)));
            let plan = plan.unwrap_or_else(|r| panic!("{r}"));
            assert_eq!(plan.datasets()[0].format, "Arc E00");
            let said = plan.datasets()[0].encoding.clone().unwrap();
            assert!(said.eq_ignore_ascii_case(expected), "{said}");
            let rows = drained(plan).0.unwrap();
            let read: Vec<String> = rows["placename.place"]
                .iter()
                .map(|r| value("placename.place", r, "name").to_string())
                .collect();
            assert_eq!(read, names);
        }
    }

    #[test]
    fn a_compressed_coverage_is_refused_with_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("地名.e00");
        let mut bytes = coverage(&["a"], encoding_rs::GBK);
        bytes[5] = b'1';
        std::fs::write(&path, bytes).unwrap();
        let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(crate::CrsChoice::Epsg(4546)));
        let refused = plan.unwrap_err();
        assert_eq!(rules(&refused), ["format.unsupported"]);
        assert!(refused.to_string().contains("NONE"), "{refused}");
    }
}
