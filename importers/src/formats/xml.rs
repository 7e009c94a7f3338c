//! XML formats: looked over for entities and hidden offsets before GDAL sees them.

use super::gdal;
use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::both;
use crate::options::Options;
use crate::question::{Answer, Subject};
use crate::table::{Claim, Table};
use ditu_crs::Crs;
use std::io::Read;

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

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let look = look_over(found).map_err(|e| {
        refused(
            "file.unreadable",
            both(format!("文件无法读取（{e}）"), format!("the file cannot be read ({e})")),
            both("检查文件", "check the file"),
        )
    })?;
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
        if let Some(crs) = crs {
            table.claim = Some(Claim { by: "OvCoordType".into(), crs: Ok(crs) });
        }
    }
    Ok(tables)
}
