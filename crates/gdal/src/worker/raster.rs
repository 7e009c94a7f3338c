//! Rasters: warps the first band to EPSG:4490 and sends its cells.
#![allow(unsafe_code)]

use super::{GridShape, Out, c_string, last_error};
use crate::frame;
use crate::types::ReadOptions;
use gdal::Dataset;
use std::ffi::c_char;
use std::path::Path;
use std::ptr;

/// A grid no larger: 256 MB of cells.
const MOST_CELLS: usize = 64 << 20;

pub(super) fn grid(path: &Path, epsg: Option<u32>, out: &mut Out) -> Result<(), String> {
    let source = super::vector::open(path, &ReadOptions::default(), true, false)?;
    if source.raster_count() == 0 {
        return Err("the file holds no raster".into());
    }
    let (width, height) = source.raster_size();
    if width.saturating_mul(height) > MOST_CELLS {
        return Err(format!("{width} × {height} cells are more than {MOST_CELLS}; deliver it in sheets"));
    }
    let warped = warp(&source, epsg)?;
    let (width, height) = warped.raster_size();
    if width.saturating_mul(height) > MOST_CELLS {
        return Err(format!("{width} × {height} cells are more than {MOST_CELLS}; deliver it in sheets"));
    }
    let t = warped.geo_transform().map_err(|e| e.to_string())?;
    let bounds = [t[0], t[3] + t[5] * height as f64, t[0] + t[1] * width as f64, t[3]];
    let json = serde_json::to_vec(&GridShape { width, height, bounds }).map_err(|e| e.to_string())?;
    frame::write(out, frame::JSON, &json).map_err(|e| e.to_string())?;
    let band = warped.rasterband(1).map_err(|e| e.to_string())?;
    let nodata = band.no_data_value().map(|v| v as f32);
    let scale = band.scale().unwrap_or(1.0) as f32;
    let offset = band.offset().unwrap_or(0.0) as f32;
    let mut bytes = Vec::with_capacity(width * 4);
    for row in 0..height {
        let cells = band
            .read_as::<f32>((0, row as isize), (width, 1), (width, 1), None)
            .map_err(|_| last_error("a row of the raster cannot be read"))?;
        bytes.clear();
        for &v in cells.data() {
            // Heights beyond the earth's are voids that the file forgot to declare (-32768, 1e38).
            let empty =
                Some(v) == nodata || !v.is_finite() || !(-12_000.0..=9_000.0).contains(&(v * scale + offset));
            bytes.extend(if empty { f32::NAN } else { v * scale + offset }.to_le_bytes());
        }
        frame::write(out, frame::CELLS, &bytes).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn warp(source: &Dataset, epsg: Option<u32>) -> Result<Dataset, String> {
    let mut words: Vec<String> = [
        "-of",
        "MEM",
        "-t_srs",
        "EPSG:4490",
        "-r",
        "bilinear",
        "-ot",
        "Float32",
        "-dstnodata",
        "-32768",
        "-wm",
        "64",
    ]
    .map(String::from)
    .to_vec();
    words.extend(["-to".into(), "ALLOW_BALLPARK=NO".into()]);
    match epsg {
        Some(code) => words.extend(["-s_srs".into(), format!("EPSG:{code}")]),
        None if source.spatial_ref().is_err() => {
            return Err("the raster states no coordinate reference system".into());
        }
        None => {}
    }
    let texts: Vec<_> = words.iter().map(|w| c_string(w)).collect();
    let mut pointers: Vec<*mut c_char> = texts.iter().map(|t| t.as_ptr().cast_mut()).collect();
    pointers.push(ptr::null_mut());
    // SAFETY: GDAL copies the words; the source lives through the call; the result, if any, becomes ours alone.
    unsafe {
        let options = gdal_sys::GDALWarpAppOptionsNew(pointers.as_mut_ptr(), ptr::null_mut());
        if options.is_null() {
            return Err(last_error("the warp's options"));
        }
        let (mut sources, mut usage) = ([source.c_dataset()], 0);
        let empty = c_string("");
        let warped =
            gdal_sys::GDALWarp(empty.as_ptr(), ptr::null_mut(), 1, sources.as_mut_ptr(), options, &mut usage);
        gdal_sys::GDALWarpAppOptionsFree(options);
        if warped.is_null() {
            return Err(last_error("the raster cannot be reprojected"));
        }
        Ok(Dataset::from_c_dataset(warped))
    }
}
