//! Elevation models: GeoTIFF, ASCII grid, SRTM tiles. Their cells become a grid file; the layer keeps the footprint.

use super::gdal::{claim, failed};
use super::{Head, Refused, refused};
use crate::delivery::Found;
use crate::notes::{both, of_file};
use crate::options::Options;
use crate::table::{Claim, Reader, ShapeSource, Sink, Table};
use ditu_crs::Crs;
use ditu_model::{Severity, Shape};
use std::sync::Arc;

pub(super) fn is_tiff(head: &Head<'_>) -> bool {
    matches!(head.bytes.get(..4), Some(b"II*\0" | b"MM\0*" | b"II+\0" | b"MM\0+"))
}

pub(super) fn is_netcdf(head: &Head<'_>) -> bool {
    matches!(head.bytes.get(..3), Some(b"CDF")) || (head.ending == "nc" && head.bytes.starts_with(b"\x89HDF"))
}

pub(super) fn is_ascii_grid(head: &Head<'_>) -> bool {
    head.begins("ncols") && head.holds("nrows")
}

/// SRTM tiles have no magic: the name says where, the size how fine.
pub(super) fn is_hgt(head: &Head<'_>) -> bool {
    head.ending == "hgt" && [1201 * 1201 * 2, 3601 * 3601 * 2, 3601 * 1801 * 2].contains(&head.length)
}

pub(super) fn open(found: &Found, format: &'static str, options: &Options) -> Result<Vec<Table>, Refused> {
    let description = options.worker.describe(&found.path).map_err(|e| failed(&e))?;
    let Some(raster) = description.raster else {
        return Err(refused(
            "file.damaged",
            both("文件里没有栅格", "there is no raster in the file"),
            both("核对文件", "check the file"),
        ));
    };
    if raster.bands != 1 {
        return Err(refused(
            "raster.bands",
            both(
                format!("有 {} 个波段，不是高程模型", raster.bands),
                format!("has {} bands, which no elevation model has", raster.bands),
            ),
            both("影像请登记为切片服务", "register imagery as a tile service"),
        ));
    }
    if raster.palette {
        return Err(refused(
            "raster.bands",
            both("格网值是颜色编号，不是高程", "its cells are numbers of colours, not heights"),
            both("影像请登记为切片服务", "register imagery as a tile service"),
        ));
    }
    let Some(extent) = raster.extent else {
        return Err(refused(
            "crs.unknown",
            both("栅格没有坐标，或被旋转", "the raster has no place, or is rotated"),
            both("配准后再导入", "georeference it first"),
        ));
    };
    let claimed = raster.srs.as_ref().filter(|s| !s.wkt.is_empty()).map(|s| claim(s, format));
    let mut findings = Vec::new();
    if matches!(raster.kind.as_str(), "Byte" | "UInt8") {
        findings.push(of_file(
            "raster.bytes",
            Severity::Warning,
            &found.name,
            both("格网值是 0～255 的整数，像灰度图（如晕渲图）", "its cells are whole numbers from 0 to 255, as those of a grey picture (hill shading, for one)"),
            both("按高程（米）处理，请核对", "taken as heights in metres; please check"),
        ));
    }
    let projected =
        matches!(&claimed, Some(Claim { crs: Err(_), .. })) && options.crs(&found.name, None).is_none();
    Ok(vec![Table {
        name: found.stem(),
        other_names: Vec::new(),
        file: found.name.as_str().into(),
        path: found.path.clone(),
        format,
        columns: Vec::new(),
        shapes: ShapeSource::File(Some(Shape::Polygon)),
        features: Some(1),
        claim: claimed,
        // What PROJ reprojects is not in degrees yet.
        numbers: (!projected).then_some(extent),
        encoded: None,
        projected,
        obfuscated: false,
        raster: Some(raster),
        findings,
        reader: Arc::new(NoRows),
    }])
}

/// The spacing of a raster's cells in metres, from its columns over its extent.
pub(crate) fn spacing(
    raster: &ditu_gdal::RasterInfo,
    crs: Option<&Crs>,
    bounds: [f64; 4],
    width: usize,
) -> f64 {
    match (crs, raster.extent) {
        (Some(crs), Some(e)) if !crs.is_geographic() => (e[2] - e[0]) / raster.width as f64,
        _ => {
            let m = crate::geometry::measure::metres_per_degree((bounds[1] + bounds[3]) / 2.0);
            (bounds[2] - bounds[0]) * m[0] / width as f64
        }
    }
}

/// A raster's one row is made when its grid is.
struct NoRows;

impl Reader for NoRows {
    fn read(&self, _: &[bool], _: &mut Sink<'_>) -> Result<(), Refused> {
        Ok(())
    }
}
