//! ESRI shapefiles, read as a stream: `.shp` with its `.shx` and `.dbf`, headers believed only as far as the files
//! bear them out (ESRI white paper, July 1998; dBASE III table format).

mod dbf;
mod memo;
mod patch;
mod shp;

use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::{Claim, Encoded, Reader, ShapeSource, Sink, SourceRow, Table, bulk};
use dbf::{Dbf, Sampled};
use ditu_crs::Crs;
use ditu_model::{Finding, Severity, Text};
use shp::Shp;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) fn sniff(head: &Head<'_>) -> bool {
    // File code 9994; an index has the same but is no data.
    head.bytes.starts_with(&[0, 0, 0x27, 0x0a]) && head.bytes.len() >= 100 && head.ending != "shx"
}

/// The file beside another with the same stem and another ending, whatever its case.
pub(crate) fn beside(path: &Path, ending: &str) -> Option<PathBuf> {
    let stem = path.file_stem()?;
    let entries = std::fs::read_dir(path.parent()?).ok()?;
    let fits = |p: &PathBuf| {
        p.file_stem() == Some(stem) && p.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
    };
    let mut all: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(fits).collect();
    all.sort();
    all.into_iter().next()
}

fn small_text(path: &Path) -> Option<String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(1 << 16).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned())
}

/// A file that is broken beyond reading.
fn broken(zh: String, en: String) -> Refused {
    refused("file.damaged", both(zh, en), both("向提供单位重新索取", "ask whoever sent it for another copy"))
}

pub(crate) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut note = |rule, severity, message: Text, cure: Text| {
        findings.push(of_file(rule, severity, &found.name, message, cure));
    };
    let Some(dbf_path) = beside(&found.path, "dbf") else {
        return Err(refused(
            "file.incomplete",
            both("缺少 .dbf（属性表）", "the .dbf (attribute table) is missing"),
            both(
                "把同名的 .shp、.shx、.dbf 一起导入",
                "import the .shp, .shx and .dbf of the same name together",
            ),
        ));
    };
    let dbf = Dbf::open(&dbf_path)?;
    let shp = Shp::open(&found.path, beside(&found.path, "shx"), dbf.count, &mut note)?;
    if shp.count() != dbf.count {
        return Err(broken(
            format!(".shp 有 {} 个图形，.dbf 有 {} 行，对不上", shp.count(), dbf.count),
            format!(
                "the .shp has {} shapes, the .dbf {} rows: which belongs to which is unknown",
                shp.count(),
                dbf.count
            ),
        ));
    }
    let cpg = beside(&found.path, "cpg").and_then(|p| small_text(&p));
    let Sampled { samples, deleted, lost } = dbf.samples()?;
    if lost > 0 {
        let (_, there) = dbf.memos();
        let message = if there {
            both(
                format!("{lost} 个备注型（memo）值在 .dbt/.fpt 里找不到或不完整"),
                format!("{lost} memo texts are not in the .dbt or .fpt, or not whole"),
            )
        } else {
            both(
                format!("{lost} 个备注型（memo）值无法读取：缺少同名的 .dbt 或 .fpt，或它已损坏"),
                format!(
                    "{lost} memo texts cannot be read: the .dbt or .fpt of this name is missing or damaged"
                ),
            )
        };
        let cure = both(
            "这些值按空值处理；补上同名的 .dbt/.fpt 后重新导入",
            "these values are taken as empty; put the .dbt or .fpt of the same name beside it and import again",
        );
        note("shapefile.memo", Severity::Warning, message, cure);
    }
    if deleted > 0 {
        note(
            "shapefile.deleted",
            Severity::Note,
            both(format!("{deleted} 行标记为已删除"), format!("{deleted} rows are marked as deleted")),
            both("未读取", "they are not read"),
        );
    }
    let user = options.encoding(&found.name);
    let evidence = Evidence { user, cpg, ldid: Some(dbf.language), samples, ..Evidence::default() };
    let encoded = encoding::decide(&evidence).map_err(Refused::from)?;
    let columns = dbf.names(encoded.encoding);
    let count = dbf.count - deleted;
    let shapes = ShapeSource::File(shp.shape());
    let numbers = bulk(&shp.sample()?);
    let claim = beside(&found.path, "prj")
        .and_then(|p| small_text(&p))
        .filter(|t| !t.trim().is_empty())
        .map(|wkt| Claim { by: ".prj".into(), crs: Crs::from_wkt(&wkt).map_err(|e| e.to_string()) });
    if shp.has_measures() {
        note(
            "geometry.measures",
            Severity::Note,
            both("图形带 M 值", "the shapes carry measures"),
            both("M 值未保留", "measures are not kept"),
        );
    }
    let has_memos = dbf.memos().0;
    let mut table = Table {
        name: found.stem(),
        other_names: Vec::new(),
        file: found.name.as_str().into(),
        path: found.path.clone(),
        format,
        columns,
        shapes,
        features: Some(count),
        claim,
        numbers,
        first: Arc::default(),
        encoded: Some(encoded.clone()),
        projected: false,
        obfuscated: false,
        raster: None,
        findings,
        reader: Arc::new(ShapefileReader { shp, dbf, encoded }),
    };
    // GDAL knows no memo fields.
    if !has_memos
        && matches!(&table.claim, Some(Claim { crs: Err(_), .. }))
        && options.crs(&found.name, None).is_none()
    {
        super::gdal::reproject_by_proj(&mut table, options);
    }
    Ok(vec![table])
}

struct ShapefileReader {
    shp: Shp,
    dbf: Dbf,
    encoded: Encoded,
}

impl Reader for ShapefileReader {
    fn read(&self, wanted: &[bool], sink: &mut Sink<'_>) -> Result<(), Refused> {
        let mut shapes = self.shp.shapes().map_err(|e| e.message)?;
        let mut rows = self.dbf.rows(self.encoded.encoding, wanted).map_err(|e| e.message)?;
        for row in 1..=self.dbf.count {
            let geometry = shapes.next().map_err(|e| e.message)?;
            let Some(values) = rows.next().map_err(|e| e.message)? else { continue };
            if let ControlFlow::Break(()) = sink(SourceRow { row, values, geometry }) {
                return Ok(());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
