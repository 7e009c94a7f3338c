//! XML formats: looked over for entities and hidden offsets before GDAL sees them.

use super::gdal;
use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::question::{Answer, Subject};
use crate::recognise::encoding::{self, Evidence};
use crate::table::{Claim, Encoded, Table};
use ditu_crs::Crs;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::{BufWriter, Read, Write};
use std::path::Path;

/// Bytes that are kept between two pieces, so that a tag on the seam is seen.
const SEAM: usize = 64;
/// Bytes in which texts are sought.
const SAMPLED: u64 = 4 << 20;

pub(super) fn is_ovkml(head: &Head<'_>) -> bool {
    head.ending == "ovkml" || (head.holds("<kml") && (head.holds("<OvCoordType") || head.holds("<OvAttr")))
}

pub(super) fn is_kml(head: &Head<'_>) -> bool {
    head.holds("<kml") || (head.ending == "kml" && head.begins("<"))
}

pub(super) fn is_gpx(head: &Head<'_>) -> bool {
    head.holds("<gpx")
}

pub(super) fn is_gml(head: &Head<'_>) -> bool {
    head.begins("<")
        && (head.holds("opengis.net/gml") || head.ending == "gml")
        && !head.holds("<xs:schema")
        && head.ending != "xsd"
        && head.ending != "gfs"
}

/// What a look over the file found.
#[derive(Default)]
struct Look {
    entities: bool,
    /// The words of all OvCoordType tags.
    systems: Vec<String>,
}

fn look_over(found: &Found) -> std::io::Result<Look> {
    let mut file = std::fs::File::open(&found.path)?;
    let mut look = Look::default();
    let (mut buffer, mut kept) = (vec![0; 1 << 16], Vec::new());
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(look);
        }
        kept.extend_from_slice(&buffer[..n]);
        look.entities |= find(&kept, b"<!DOCTYPE").or_else(|| find(&kept, b"<!ENTITY")).is_some();
        let mut at = 0;
        while let Some(i) = find(&kept[at..], b"<OvCoordType>") {
            let begin = at + i + 13;
            let Some(end) = find(&kept[begin..], b"<") else { break };
            let word = String::from_utf8_lossy(&kept[begin..begin + end]).trim().to_uppercase();
            if !look.systems.contains(&word) && look.systems.len() < 16 {
                look.systems.push(word);
            }
            at = begin + end;
        }
        let keep = kept.len().saturating_sub(SEAM).max(at);
        kept.drain(..keep.min(kept.len()));
    }
}

/// The encoding that the first line declares.
pub(super) fn declared(path: &Path) -> Option<&'static Encoding> {
    let mut head = Vec::new();
    std::fs::File::open(path).and_then(|f| f.take(256).read_to_end(&mut head)).ok()?;
    let text = String::from_utf8_lossy(&head).into_owned();
    let (_, after) = text.split_once("encoding=")?;
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Encoding::for_label(after[1..].split(quote).next()?.as_bytes())
}

/// Which encoding must be turned into UTF-8 before GDAL's parser sees the file, which knows UTF-8, UTF-16 and Latin 1.
fn foreign(found: &Found, options: &Options) -> std::io::Result<Result<Option<Encoded>, Refused>> {
    let stated = declared(&found.path);
    if [Some(UTF_16LE), Some(UTF_16BE), Some(WINDOWS_1252)].contains(&stated) {
        return Ok(Ok(None));
    }
    // UTF-8, says the file or the standard; programs write what they have under that name. Where it is so, nobody's word
    // about the encoding of a whole delivery is meant for this file.
    let foreign = stated.filter(|e| *e != UTF_8);
    if foreign.is_none() && transcode(&found.path, UTF_8, &mut std::io::sink())? {
        return Ok(Ok(None));
    }
    let decided = encoding::decide(&Evidence {
        user: options.encoding(&found.name),
        declared: foreign.map(|e| e.name().to_owned()),
        samples: texts(&found.path)?,
        ..Default::default()
    });
    Ok(decided.map(|e| Some(e).filter(|e| e.encoding != UTF_8)).map_err(Refused::from))
}

/// Some texts that are not ASCII.
fn texts(path: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(SAMPLED).read_to_end(&mut bytes)?;
    let pieces = bytes.split(|b| matches!(b, b'<' | b'>' | b'"' | b'\n'));
    let mut seen = std::collections::HashSet::new();
    let new = pieces.filter(|p| !p.is_ascii() && p.len() < 1_000 && seen.insert(*p));
    Ok(new.take(500).map(|p| p.trim_ascii().to_vec()).collect())
}

/// Writes a file as UTF-8; whether every byte fitted the encoding.
fn transcode(path: &Path, encoding: &'static Encoding, out: &mut dyn Write) -> std::io::Result<bool> {
    let mut file = std::fs::File::open(path)?;
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let (mut bytes, mut text) = (vec![0; 1 << 16], vec![0; 1 << 18]);
    let mut whole = true;
    loop {
        let n = file.read(&mut bytes)?;
        let mut from = 0;
        loop {
            let (result, read, written, broken) = decoder.decode_to_utf8(&bytes[from..n], &mut text, n == 0);
            out.write_all(&text[..written])?;
            whole &= !broken;
            from += read;
            if result == encoding_rs::CoderResult::InputEmpty {
                break;
            }
        }
        if n == 0 {
            return Ok(whole);
        }
    }
}

/// Drops what comes first, up to the end of the XML declaration.
struct WithoutDeclaration<W> {
    inner: W,
    held: Option<Vec<u8>>,
}

impl<W: Write> Write for WithoutDeclaration<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let Some(mut held) = self.held.take() else { return self.inner.write(bytes) };
        held.extend_from_slice(bytes);
        let rest = match find(&held, b"?>") {
            _ if !held.trim_ascii_start().starts_with(b"<?xml") => &held[..],
            Some(end) => &held[end + 2..],
            None => return Err(std::io::Error::other("the XML declaration does not end")),
        };
        self.inner.write_all(rest)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// The file as it is, or a copy in UTF-8 with what told its encoding.
fn readable(found: &Found, options: &Options) -> std::io::Result<Result<(Found, Option<Encoded>), Refused>> {
    let encoded = match foreign(found, options)? {
        Ok(Some(encoded)) => encoded,
        Ok(None) => return Ok(Ok((found.clone(), None))),
        Err(unclear) => return Ok(Err(unclear)),
    };
    let suffix = format!(".{}", found.ending());
    let copy = tempfile::Builder::new().prefix("utf8-").suffix(&suffix).tempfile_in(&options.scratch)?;
    let mut out = BufWriter::with_capacity(1 << 17, copy.as_file());
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let mut rest = WithoutDeclaration { inner: &mut out, held: Some(Vec::new()) };
    transcode(&found.path, encoded.encoding, &mut rest)?;
    out.flush()?;
    drop(out);
    let (_, path) = copy.keep().map_err(|e| e.error)?;
    Ok(Ok((Found { path, ..found.clone() }, Some(encoded))))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let unreadable = |e: std::io::Error| {
        refused(
            "file.unreadable",
            both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})")),
            both("检查文件", "check the file"),
        )
    };
    let (found, encoded) = &readable(found, options).map_err(unreadable)??;
    let look = look_over(found).map_err(unreadable)?;
    if look.entities {
        return Err(refused(
            "format.entities",
            both("XML 里有 DOCTYPE 或 ENTITY 声明", "the XML declares a DOCTYPE or entities"),
            both("测绘数据不需要它们；去掉后再导入", "no survey data needs them; take them out"),
        ));
    }
    let mut obfuscated = false;
    let mut crs = None;
    match look.systems.as_slice() {
        // The archive's name says whose it is, whatever the file inside is called.
        [] if format == "OVKML" || found.name.to_lowercase().contains(".ovkmz/") => {
            if options.crs(&found.name, None).is_none() {
                let answers = vec![
                    Answer::new("EPSG:4490", both("CGCS2000（或 WGS 84）", "CGCS2000 (or WGS 84)")),
                    Answer::new(
                        "GCJ-02",
                        both("GCJ-02：奥维免费版导出", "GCJ-02: what the free edition exports"),
                    ),
                ];
                return Err(refused(
                    "crs.unclear",
                    both(
                        "奥维文件没有写明坐标类型（OvCoordType）",
                        "the Ovital file does not state its coordinate type (OvCoordType)",
                    ),
                    both(
                        "在奥维中以 CGCS2000 导出；若确为 CGCS2000，用 --crs EPSG:4490；若为 GCJ-02，用 --crs GCJ-02",
                        "export it as CGCS2000; if it is, use --crs EPSG:4490; if it is GCJ-02, use --crs GCJ-02",
                    ),
                )
                .asking(Subject::Crs, answers));
            }
        }
        [] => {}
        [one] if one == "CGCS2000" => crs = Some(Crs::CGCS2000),
        [one] if one == "WGS84" => crs = Crs::from_epsg(4326),
        [one] if one.starts_with("GCJ") => obfuscated = true,
        words => {
            return Err(refused(
                "crs.unclear",
                both(
                    format!("奥维坐标类型 {} 无法处理", words.join("、")),
                    format!("the Ovital coordinate type {} cannot be handled", words.join(", ")),
                ),
                both("在奥维中统一以 CGCS2000 导出", "export everything as CGCS2000"),
            ));
        }
    }
    let mut tables = gdal::open(found, format, options)?;
    for table in &mut tables {
        table.obfuscated = obfuscated;
        table.encoded = encoded.clone().or(table.encoded.take());
        if let Some(crs) = crs {
            table.claim = Some(Claim { by: "OvCoordType".into(), crs: Ok(crs) });
        }
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use crate::tests::{drained, planned, rules, value};
    use ditu_model::LayerId;

    const KML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document>\
        <name>桥梁</name><Placemark><name>常德沅江一桥</name><LineString><coordinates>111.69,29.02 111.69,29.03</coordinates>\
        </LineString></Placemark></Document></kml>";

    /// Programs write the system's encoding, and say so, or say that it is UTF-8.
    #[test]
    fn xml_in_gbk_reads_as_the_same_in_utf8_whatever_it_declares() {
        let dir = tempfile::tempdir().unwrap();
        let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
        let big5 = KML.replace("常德沅江一桥", "沅江大橋").replace("桥梁", "常德市橋樑與隧道的位置圖");
        let big5 = big5.replace("UTF-8", "Big5");
        let big5 = encoding_rs::BIG5.encode(&big5).0.into_owned();
        let bare = KML.split_once("?>").unwrap().1;
        for (name, bytes, said, evidence) in [
            ("utf8", KML.as_bytes().to_vec(), None, None),
            // A word for the whole delivery makes no nonsense of this file.
            ("utf8-said", KML.as_bytes().to_vec(), Some("GBK"), None),
            ("gb2312", gbk(&KML.replace("UTF-8", "GB2312")), None, Some("declaration")),
            ("gb18030", gbk(&KML.replace("\"UTF-8\"", "'gb18030'")), None, Some("declaration")),
            ("lie", gbk(KML), None, Some("decode as GB18030")),
            ("silent", gbk(bare), None, Some("常德沅江一桥")),
            ("said", gbk(KML), Some("GBK"), Some("by the user")),
            ("big5", big5, None, Some("declaration")),
        ] {
            let path = dir.path().join(format!("{name}.kml"));
            std::fs::write(&path, bytes).unwrap();
            let (_scratch, plan) = planned(&[path], |o| {
                o.all().layer = LayerId::new("transport.bridge");
                o.all().encoding = said.map(str::to_owned);
            });
            let plan = plan.unwrap_or_else(|e| panic!("{name}: {e}"));
            let told = plan.datasets()[0].encoding_evidence.clone().map(|e| e.en);
            assert_eq!(told.is_some(), evidence.is_some(), "{name} {told:?}");
            assert!(evidence.is_none_or(|e| told.as_ref().is_some_and(|t| t.contains(e))), "{name} {told:?}");
            let rows = drained(plan).0.unwrap();
            let bridge = &rows["transport.bridge"][0];
            let wanted = if name == "big5" { "沅江大橋" } else { "常德沅江一桥" };
            assert_eq!(value("transport.bridge", bridge, "name").to_string(), wanted, "{name}");
        }
        // Neither the one nor the other: asked about.
        let path = dir.path().join("broken.kml");
        std::fs::write(&path, b"<kml><Document><name>\xff\xfe\xa1</name></Document></kml>").unwrap();
        let (_scratch, refused) = planned(&[path], |_| {});
        assert_eq!(rules(&refused.unwrap_err()), ["encoding.unclear"]);
    }
}
