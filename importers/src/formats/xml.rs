//! XML formats: looked over for entities and hidden offsets before GDAL sees them.

use super::{Head, Refused, balloon, gdal, refused, unreadable, utf8};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::question::{Answer, Subject};
use crate::table::{Claim, Encoded, Table};
use ditu_crs::{Crs, Datum, Projection};
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Bytes that are kept between two pieces, so that a tag on the seam is seen.
const SEAM: usize = 64;

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
    /// Cells of tables, as descriptions have them.
    cells: bool,
    /// The words of all OvCoordType tags.
    systems: Vec<String>,
    /// A CRS is named in the form that wants its official order of axes.
    official: bool,
}

/// Names of CRSs by which GDAL takes the axes in the order of the register.
const OFFICIAL: [&[u8]; 4] = [
    b"srsName=\"urn:ogc:def:crs:",
    b"srsName='urn:ogc:def:crs:",
    b"srsName=\"http://www.opengis.net/def/crs/",
    b"srsName='http://www.opengis.net/def/crs/",
];

/// True for a CRS whose first axis is the northing (or latitude) in the register: degrees, and the zones of China.
fn northing_first(crs: &Crs) -> bool {
    crs.is_geographic()
        || (matches!(crs.projection(), Projection::TransverseMercator(_))
            && matches!(crs.datum(), Datum::Cgcs2000 | Datum::Xian80 | Datum::Beijing54))
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
        look.cells = look.cells || balloon::has_cells(&kept);
        look.official |= OFFICIAL.iter().any(|name| find(&kept, name).is_some());
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

/// The file as it is, or a copy in UTF-8 with what told its encoding. GDAL's parser knows UTF-8, UTF-16 and Latin 1.
fn readable(found: &Found, options: &Options) -> std::io::Result<Result<(Found, Option<Encoded>), Refused>> {
    let stated = declared(&found.path);
    if [Some(UTF_16LE), Some(UTF_16BE), Some(WINDOWS_1252)].contains(&stated) {
        return Ok(Ok((found.clone(), None)));
    }
    utf8::readable(found, options, stated, |out| {
        out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        Ok(Box::new(WithoutDeclaration { inner: out, held: Some(Vec::new()) }))
    })
}

/// Drops what comes first, up to the end of the XML declaration.
struct WithoutDeclaration<'a> {
    inner: &'a mut dyn Write,
    held: Option<Vec<u8>>,
}

impl Write for WithoutDeclaration<'_> {
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

/// What a renamed column is called, before its number.
const COLUMN: &str = "ditu_column_";
/// Bytes of a tag beyond which it names no column.
const TAG: u64 = 1 << 16;
/// Different names of columns.
const NAMES: usize = 2_000;

/// GDAL makes `_` of every character of a KML column's name that is not ASCII, so that all columns of as many characters
/// become one: a copy with numbers for names, and the names.
fn numbered(found: &Found, options: &Options) -> std::io::Result<Option<(Found, Vec<String>)>> {
    let suffix = format!(".{}", found.ending());
    let copy = tempfile::Builder::new().prefix("names-").suffix(&suffix).tempfile_in(&options.scratch)?;
    let mut file = BufReader::with_capacity(1 << 17, std::fs::File::open(&found.path)?);
    let mut out = BufWriter::with_capacity(1 << 17, copy.as_file());
    let (mut names, mut piece): (Vec<String>, Vec<u8>) = (Vec::new(), Vec::new());
    loop {
        piece.clear();
        if (&mut file).take(TAG).read_until(b'>', &mut piece)? == 0 {
            break;
        }
        // A `>` between quotes ends no tag.
        while in_quotes(&piece) && (piece.len() as u64) < TAG {
            if (&mut file).take(TAG).read_until(b'>', &mut piece)? == 0 {
                break;
            }
        }
        match column_name(&piece) {
            Some((at, name)) if names.len() < NAMES || names.contains(&name) => {
                let number = names.iter().position(|n| *n == name).unwrap_or(names.len());
                if number == names.len() {
                    names.push(name);
                }
                out.write_all(&piece[..at.start])?;
                write!(out, "{COLUMN}{number}")?;
                out.write_all(&piece[at.end..])?;
            }
            _ => out.write_all(&piece)?,
        }
    }
    out.flush()?;
    drop(out);
    if names.is_empty() {
        return Ok(None);
    }
    let (_, path) = copy.keep().map_err(|e| e.error)?;
    Ok(Some((Found { path, ..found.clone() }, names)))
}

/// True when a piece ends inside a quoted value of a `<Data` tag.
fn in_quotes(piece: &[u8]) -> bool {
    let Some(open) = piece.windows(5).rposition(|w| w == b"<Data") else { return false };
    let mut quote = None;
    for b in &piece[open..] {
        match quote {
            None if matches!(b, b'"' | b'\'') => quote = Some(*b),
            None if *b == b'>' => return false,
            Some(q) if q == *b => quote = None,
            _ => {}
        }
    }
    quote.is_some()
}

/// Where a piece that ends with a tag `<Data name="…">` has its name, and the name, where GDAL would not keep it.
fn column_name(piece: &[u8]) -> Option<(std::ops::Range<usize>, String)> {
    let open = piece.windows(5).rposition(|w| w == b"<Data")?;
    let tag = &piece[open..];
    if !tag.starts_with(b"<Data") || !tag.get(5)?.is_ascii_whitespace() {
        return None;
    }
    let name = find(tag, b"name=")? + 5;
    let quote = *tag.get(name).filter(|q| matches!(q, b'"' | b'\''))?;
    let end = name + 1 + tag[name + 1..].iter().position(|b| *b == quote)?;
    let text = std::str::from_utf8(&tag[name + 1..end]).ok()?;
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let text = quick_xml::escape::unescape(text).ok()?.into_owned();
    Some((open + name + 1..open + end, text))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, what)
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
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
            // Ovital shifts nothing outside China.
            let chinese = options.city.as_ref().is_none_or(|c| c.is_chinese());
            if chinese && options.crs(&found.name, None).is_none() {
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
    let is_kml = matches!(format, "KML" | "OVKML");
    let unfolded =
        if is_kml && look.cells { balloon::unfolded(found, options).map_err(unreadable)? } else { None };
    let found = unfolded.as_ref().unwrap_or(found);
    let numbered = if is_kml { numbered(found, options).map_err(unreadable)? } else { None };
    let (found, names) = numbered.as_ref().map_or((found, &[][..]), |(f, names)| (f, names.as_slice()));
    let mut tables = gdal::open(found, format, options)?;
    for table in &mut tables {
        for column in &mut table.columns {
            let number = column.strip_prefix(COLUMN).and_then(|n| n.parse::<usize>().ok());
            if let Some(name) = number.and_then(|n| names.get(n)) {
                column.clone_from(name);
            }
        }
        table.obfuscated = obfuscated;
        let named = table.claim.as_ref().and_then(|c| c.crs.as_ref().ok());
        table.turned = look.official && named.is_some_and(northing_first);
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

    /// GDAL makes one column of 宗地代码 and 宗地面积: both are `____` to it.
    #[test]
    fn columns_of_kml_keep_their_chinese_names() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("地名.kml");
        let data = |pairs: [(&str, &str); 4]| -> String {
            pairs.iter().map(|(n, v)| format!("<Data name=\"{n}\"><value>{v}</value></Data>")).collect()
        };
        let first =
            data([("标准名称", "武陵阁"), ("地名代码", "43070201"), ("A&amp;B > C", "x"), ("rank", "3")]);
        let second =
            data([("地名代码", "43070202"), ("标准名称", "诗墙公园"), ("A&amp;B > C", "y"), ("rank", "4")]);
        let placemark = |data: &str, lon: f64| {
            format!(
                "<Placemark><ExtendedData>{data}</ExtendedData><Point><coordinates>{lon},29.03</coordinates></Point></Placemark>"
            )
        };
        let body = placemark(&first, 111.69) + &placemark(&second, 111.70);
        std::fs::write(
            &path,
            format!("<kml xmlns=\"http://www.opengis.net/kml/2.2\"><Document>{body}</Document></kml>"),
        )
        .unwrap();
        let (_scratch, plan) = planned(&[path], |o| o.all().layer = LayerId::new("placename.place"));
        let plan = plan.unwrap_or_else(|e| panic!("{e}"));
        assert!(plan.datasets()[0].unused.iter().any(|c| c == "A&B > C"), "{:?}", plan.datasets()[0].unused);
        let rows = drained(plan).0.unwrap();
        let of = |field: &str| -> Vec<String> {
            rows["placename.place"].iter().map(|r| value("placename.place", r, field).to_string()).collect()
        };
        assert_eq!(of("name"), ["武陵阁", "诗墙公园"]);
        assert_eq!(of("code"), ["43070201", "43070202"]);
    }

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
