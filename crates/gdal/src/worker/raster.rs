//! Rasters: takes what is no height out of the first band, warps the rest to EPSG:4490 and sends its cells.
#![allow(unsafe_code)]

use super::{GridShape, Out, c_string, last_error};
use crate::cells::Cells;
use crate::frame;
use crate::types::{GridOptions, ReadOptions};
use gdal::raster::Buffer;
use gdal::{Dataset, DriverManager};
use std::ffi::c_char;
use std::path::Path;
use std::ptr;

/// A grid no larger: 256 MB of cells.
const MOST_CELLS: usize = 64 << 20;
/// What cells without a height hold between here and the warp; far below any height.
const EMPTY: f32 = -32_768.0;

pub(super) fn grid(path: &Path, how: &GridOptions, out: &mut Out) -> Result<(), String> {
    let source = super::vector::open(path, &ReadOptions::default(), true, false)?;
    if source.raster_count() == 0 {
        return Err("the file holds no raster".into());
    }
    let too_many =
        |w: usize, h: usize| Err(format!("{w} × {h} cells are more than {MOST_CELLS}; deliver it in sheets"));
    let (width, height) = source.raster_size();
    if width.saturating_mul(height) > MOST_CELLS {
        return too_many(width, height);
    }
    let (heights, cells) = heights(&source, how)?;
    let warped = warp(&heights, how.epsg)?;
    drop(heights);
    let (width, height) = warped.raster_size();
    if width.saturating_mul(height) > MOST_CELLS {
        return too_many(width, height);
    }
    let t = warped.geo_transform().map_err(|e| e.to_string())?;
    let bounds = [t[0], t[3] + t[5] * height as f64, t[0] + t[1] * width as f64, t[3]];
    let json = serde_json::to_vec(&GridShape { width, height, bounds, cells }).map_err(|e| e.to_string())?;
    frame::write(out, frame::JSON, &json).map_err(|e| e.to_string())?;
    let band = warped.rasterband(1).map_err(|e| e.to_string())?;
    let mut bytes = Vec::with_capacity(width * 4);
    for row in 0..height {
        let cells = band
            .read_as::<f32>((0, row as isize), (width, 1), (width, 1), None)
            .map_err(|_| last_error("a row of the raster cannot be read"))?;
        bytes.clear();
        for &v in cells.data() {
            bytes.extend(if v == EMPTY { f32::NAN } else { v }.to_le_bytes());
        }
        frame::write(out, frame::CELLS, &bytes).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// The first band in memory as metres, [`EMPTY`] where it holds no height, and what its cells hold. What is no height must
/// be known before the warp, which else makes slopes of it to the heights beside it.
fn heights(source: &Dataset, how: &GridOptions) -> Result<(Dataset, Cells), String> {
    let text = |e: gdal::errors::GdalError| e.to_string();
    let (width, height) = source.raster_size();
    let band = source.rasterband(1).map_err(text)?;
    let declared = band.no_data_value().filter(|_| !how.undeclared);
    let flags = band.mask_flags().map_err(text)?;
    let mask = if flags.is_per_dataset() { Some(band.open_mask_band().map_err(text)?) } else { None };
    let (scale, offset) = (band.scale().unwrap_or(1.0), band.offset().unwrap_or(0.0));
    let (least, greatest) = (how.range[0], how.range[1]);
    // A number that is written with more digits than the cells have is the nearest that they can hold.
    let single = band.band_type() == gdal::raster::GdalDataType::Float32;
    let is = |v: f64, n: f64| v == n || single && v as f32 == n as f32;
    let memory = DriverManager::get_driver_by_name("MEM").map_err(text)?;
    let mut made = memory.create_with_band_type::<f32, _>("", width, height, 1).map_err(text)?;
    made.set_geo_transform(&source.geo_transform().map_err(text)?).map_err(text)?;
    if let Ok(srs) = source.spatial_ref() {
        made.set_spatial_ref(&srs).map_err(text)?;
    }
    let mut cells = Cells::default();
    let mut into = made.rasterband(1).map_err(text)?;
    into.set_no_data_value(Some(f64::from(EMPTY))).map_err(text)?;
    let mut line = vec![EMPTY; width];
    for row in 0..height as isize {
        let window = ((0, row), (width, 1));
        let numbers = band
            .read_as::<f64>(window.0, window.1, window.1, None)
            .map_err(|_| last_error("a row of the raster cannot be read"))?;
        let open = match &mask {
            Some(mask) => Some(mask.read_as::<u8>(window.0, window.1, window.1, None).map_err(text)?),
            None => None,
        };
        for (i, (&v, to)) in numbers.data().iter().zip(&mut line).enumerate() {
            *to = EMPTY;
            let masked = open.as_ref().is_some_and(|m| m.data()[i] == 0);
            if masked || v.is_nan() || [declared, how.nodata].iter().flatten().any(|n| is(v, *n)) {
                cells.empty += 1;
                continue;
            }
            let metres = (v * scale + offset) * how.metres;
            if metres >= least && metres <= greatest {
                *to = metres as f32;
                cells.add_height(v, metres);
            } else {
                cells.add_wild(v);
            }
        }
        let mut buffer = Buffer::new((width, 1), std::mem::take(&mut line));
        into.write(window.0, window.1, &mut buffer).map_err(text)?;
        line = buffer.into_shape_and_vec().1;
    }
    Ok((made, cells))
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
        "-srcnodata",
        "-32768",
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
