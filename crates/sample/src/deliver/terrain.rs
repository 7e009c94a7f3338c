//! 地形: DEM as GeoTIFF, contours and spot heights as CASS drawings.

use super::{Folder, io_at};
use crate::SampleError;
use crate::city::City;
use crate::contours::{self, INTERVAL};
use crate::facts::HILLS;
use crate::formats::dxf::Drawing;
use crate::formats::geotiff;
use crate::plane::{ZONE_PREFIX, from_lonlat, key, mm};
use crate::rng::Rng;
use crate::terrain::{COLUMNS, ROWS, node};

pub(super) fn write(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let terrain = &city.terrain;
    let within: Vec<bool> = (0..COLUMNS * ROWS)
        .map(|i| city.partition.village_at(node(i % COLUMNS, i / COLUMNS)).is_some())
        .collect();
    let is_in = |c: usize, r: usize| within[r * COLUMNS + c];

    let name = "02地形/数字高程模型.tif";
    let path = folder.path(name)?;
    geotiff::write(&path, terrain, is_in).map_err(io_at(&path))?;
    folder.note(name, "terrain.dem", 1);

    let name = "02地形/等高线.dxf";
    let path = folder.path(name)?;
    let mut dxf = Drawing::create(&path, &[("DGX", 2)]).map_err(io_at(&path))?;
    for c in contours::trace(terrain, is_in) {
        let index = (c.height / INTERVAL).round() as i64 % 5 == 0;
        let closed = key(c.line[0]) == key(c.line[c.line.len() - 1]);
        let mut line: Vec<_> = c.line.iter().map(|p| [p[0] + ZONE_PREFIX, p[1]]).collect();
        if closed {
            line.pop();
        }
        let code = if index { "201102" } else { "201101" };
        dxf.polyline("DGX", &line, Some(c.height), closed, 2, &[code]).map_err(io_at(&path))?;
    }
    let count = dxf.finish().map_err(io_at(&path))?;
    folder.note(name, "terrain.contour", count);

    let name = "02地形/高程点.dxf";
    let path = folder.path(name)?;
    let mut dxf = Drawing::create(&path, &[("GCD", 1)]).map_err(io_at(&path))?;
    let mut rng = Rng::new(city.seed, &[202]);
    let mut put = |p: [f64; 2]| {
        dxf.point("GCD", [p[0] + ZONE_PREFIX, p[1]], terrain.at(p), &["202101"]).map_err(io_at(&path))
    };
    for hill in HILLS {
        put(mm(from_lonlat([hill.1, hill.2])))?;
    }
    let mut left = (2600.0 * city.scale.powf(0.6)) as usize;
    while left > 0 {
        let (c, r) = (rng.below(COLUMNS), rng.below(ROWS));
        let p = node(c, r);
        if is_in(c, r) && city.water.clearance(p) > 10.0 {
            put(mm([p[0] + rng.range(-90.0, 90.0), p[1] + rng.range(-90.0, 90.0)]))?;
            left -= 1;
        }
    }
    let count = dxf.finish().map_err(io_at(&path))?;
    folder.note(name, "terrain.spot", count);
    Ok(())
}
