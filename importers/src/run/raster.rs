//! A raster's one row: its footprint, and the grid that holds its cells.

use super::{RasterFile, cells};
use crate::formats::{Refused, refused};
use crate::notes::{both, of_file};
use crate::options::{NoData, Options};
use crate::plan::Source;
use crate::recognise::nodata::EARTH;
use crate::recognise::units;
use ditu_gdal::{GdalError, GridOptions};
use ditu_model::{Bounds, Finding, Geometry, Row, Severity, Value};
use sha2::{Digest, Sha256};
use std::io::Read;

/// What a raster becomes.
#[derive(Clone, Debug)]
pub(crate) struct RasterRow {
    pub(crate) row: Row,
    pub(crate) file: RasterFile,
}

fn sha256(path: &std::path::Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect());
        }
        hash.update(&buffer[..n]);
    }
}

impl RasterRow {
    /// Makes the grid in the scratch folder; what is to be said of its cells beside it.
    ///
    /// # Errors
    /// Why the raster cannot be taken, or what it leaves open.
    pub(crate) fn make(
        number: usize,
        source: &Source,
        options: &Options,
    ) -> Result<(RasterRow, Vec<Finding>), Refused> {
        let table = &source.table;
        let path = options.scratch.join(format!("grid-{number}.ditugrid"));
        let failed = |why: String| {
            refused(
                "raster.grid",
                both(
                    format!("无法转换到 EPSG:4490（{why}）"),
                    format!("it cannot be brought to EPSG:4490 ({why})"),
                ),
                both("转换为 EPSG:4490 的 GeoTIFF 后再导入", "convert it to a GeoTIFF in EPSG:4490 first"),
            )
        };
        if source.decision.swapped {
            return Err(refused(
                "raster.axes",
                both(
                    "栅格原点的第一个数是北坐标，与格式约定相反",
                    "the first number of the raster's origin is the northing, against the format's convention",
                ),
                both(
                    "把文件头里的 X0、Y0（或 XLLCORNER、YLLCORNER）对调，或按约定重新导出",
                    "exchange X0 and Y0 (or XLLCORNER and YLLCORNER) in the head of the file, or export it anew",
                ),
            ));
        }
        // What the file states itself needs no telling; the rest was decided here.
        let stated = table.claim.is_some() && options.crs(&table.file, Some(&table.name)).is_none();
        let epsg = source.dataset.epsg.filter(|_| !stated);
        let raster = table.raster.as_ref();
        let mut findings = Vec::new();
        let said = source.z.nothing.said;
        let range = source.layer.fields.iter().find(|f| f.elevation).and_then(|f| f.range).unwrap_or(EARTH);
        let how = GridOptions {
            epsg,
            range,
            nodata: said.and_then(|n| if let NoData::Value(n) = n { Some(n) } else { None }),
            undeclared: said == Some(NoData::None),
            metres: raster.map_or(1.0, |r| metres(&r.unit, &table.file, &mut findings)),
        };
        let info = options.worker.grid(&table.path, &path, &how).map_err(|e| match e {
            GdalError::NoHeights(held) => cells::no_heights(&held, range),
            other => failed(other.to_string()),
        })?;
        findings.extend(cells::judge(&info.cells, range, &table.file, said)?);
        let sha256 = sha256(&path).map_err(|e| failed(e.to_string()))?;
        let [w, s, e, n] = info.bounds;
        if options.city.is_some_and(|city| !city.intersects(&Bounds::new(w, s, e, n))) {
            return Err(refused(
                "geometry.outside_city",
                both(
                    format!("栅格在 {w:.4}～{e:.4}°E、{s:.4}～{n:.4}°N，不在本市"),
                    format!("the raster lies at {w:.4} to {e:.4}°E, {s:.4} to {n:.4}°N: outside the city"),
                ),
                both("核对坐标系（带号、中央经线）", "check the CRS (zone, central meridian)"),
            ));
        }
        let spacing = raster.map_or(0.0, |r| {
            crate::formats::raster_spacing(r, source.decision.crs.as_ref(), info.bounds, info.width)
        });
        let values = source
            .layer
            .fields
            .iter()
            .map(|f| match f.name.as_str() {
                "name" => Value::text(table.name.as_str()),
                "file" => Value::text(sha256.as_str()),
                "resolution_m" => Value::Real((spacing * 1000.0).round() / 1000.0),
                "min_m" => Value::Real(f64::from(info.min)),
                "max_m" => Value::Real(f64::from(info.max)),
                "nodata" => {
                    let declared = raster.and_then(|r| r.nodata).filter(|n| n.is_finite() && !how.undeclared);
                    how.nodata.or(declared).map_or(Value::Null, Value::Real)
                }
                _ => Value::Null,
            })
            .collect();
        let footprint = Geometry::polygon(vec![vec![[w, s], [e, s], [e, n], [w, n], [w, s]]]);
        let row = RasterRow {
            row: Row { values, geometry: Some(footprint) },
            file: RasterFile { layer: source.layer.id.clone(), file: table.file.to_string(), path, sha256 },
        };
        Ok((row, findings))
    }
}

/// How many metres the unit of a raster's heights is; told unless it is the metre.
fn metres(unit: &str, file: &str, findings: &mut Vec<Finding>) -> f64 {
    let factor = if unit.trim().is_empty() { Some(1.0) } else { units::metres(unit) };
    match factor {
        Some(1.0) => return 1.0,
        Some(n) => findings.push(of_file(
            "unit.converted",
            Severity::Note,
            file,
            both(
                format!("高程的单位是 {unit}，已乘以 {n:.6}"),
                format!("heights are in {unit}: multiplied by {n:.6}"),
            ),
            both("请核对几个值", "please check some values"),
        )),
        None => findings.push(of_file(
            "unit.other",
            Severity::Warning,
            file,
            both(format!("不认识高程的单位“{unit}”"), format!("{unit} is no unit of heights that is known")),
            both("按米处理，请核对", "taken as metres; please check"),
        )),
    }
    factor.unwrap_or(1.0)
}
