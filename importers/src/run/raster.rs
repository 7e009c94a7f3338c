//! A raster's one row: its footprint, and the grid that holds its cells.

use super::RasterFile;
use crate::city::{cure, extent};
use crate::formats::{Refused, refused};
use crate::notes::both;
use crate::options::Options;
use crate::plan::Source;
use ditu_model::{Bounds, Geometry, Row, Value};
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
    /// Makes the grid in the scratch folder.
    ///
    /// # Errors
    /// Why the raster cannot be taken.
    pub(crate) fn make(number: usize, source: &Source, options: &Options) -> Result<RasterRow, Refused> {
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
        let info = options.worker.grid(&table.path, &path, epsg).map_err(|e| failed(e.to_string()))?;
        let sha256 = sha256(&path).map_err(|e| failed(e.to_string()))?;
        let [w, s, e, n] = info.bounds;
        if let Some(city) = options.city.as_ref().filter(|c| !c.bounds.intersects(&Bounds::new(w, s, e, n))) {
            let (name, there, other) = (city.described(), extent(&Bounds::new(w, s, e, n)), cure());
            return Err(refused(
                "geometry.outside_city",
                both(
                    format!("栅格在 {}，不在{}", there.zh, name.zh),
                    format!("the raster lies at {}: outside {}", there.en, name.en),
                ),
                both(
                    format!("核对坐标系（带号、中央经线）；{}", other.zh),
                    format!("check the CRS (zone, central meridian); {}", other.en),
                ),
            ));
        }
        let raster = table.raster.as_ref();
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
                "nodata" => raster.and_then(|r| r.nodata).map_or(Value::Null, Value::Real),
                _ => Value::Null,
            })
            .collect();
        let footprint = Geometry::polygon(vec![vec![[w, s], [e, s], [e, n], [w, n], [w, s]]]);
        Ok(RasterRow {
            row: Row { values, geometry: Some(footprint) },
            file: RasterFile { layer: source.layer.id.clone(), file: table.file.to_string(), path, sha256 },
        })
    }
}
