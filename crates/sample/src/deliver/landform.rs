//! 地貌: dykes along the great rivers, cliffs and scarps in the hills, as a CASS drawing.

use super::{Folder, io_at};
use crate::SampleError;
use crate::city::City;
use crate::formats::dxf::Drawing;
use crate::plane::{P, ZONE_PREFIX, add, left, mm, scale};
use crate::rng::{Rng, noise};

/// Name, CASS code, least and greatest steepness of the ground where it lies, share.
const KINDS: &[(&str, &str, f64, f64, f64)] = &[
    ("陡崖", "203201", 0.35, 9.0, 0.22),
    ("陡坎", "204201", 0.10, 0.6, 0.30),
    ("斜坡", "204101", 0.08, 0.5, 0.22),
    ("梯田坎", "204300", 0.10, 0.35, 0.16),
    ("冲沟", "750400", 0.20, 0.9, 0.10),
];

pub(super) fn write(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let name = "03地貌/地貌.dxf";
    let path = folder.path(name)?;
    let mut dxf = Drawing::create(&path, &[("DMTZ", 3)]).map_err(io_at(&path))?;
    let mut put = |line: &[P], z: f64, code: &str, kind: &str| {
        let line: Vec<P> = line.iter().map(|p| [p[0] + ZONE_PREFIX, p[1]]).collect();
        dxf.polyline("DMTZ", &line, Some((z * 10.0).round() / 10.0), false, 3, &[code, kind])
            .map_err(io_at(&path))
    };
    for river in city.water.rivers.iter().filter(|r| r.class <= 2) {
        let piece = 16;
        for from in (0..river.line.len() - 1).step_by(piece) {
            let to = (from + piece).min(river.line.len() - 1);
            // Dykes guard the plain, not the gorges.
            if city.terrain.at(river.line[from]) > 75.0 {
                continue;
            }
            for side in 0..2 {
                let line: Vec<P> = (from..=to)
                    .map(|i| {
                        let banks = river.banks(i, if river.class == 1 { 45.0 } else { 22.0 });
                        if side == 0 { banks.0 } else { banks.1 }
                    })
                    .collect();
                let inland = city.partition.village_at(line[0]).is_some()
                    && city.partition.village_at(line[line.len() - 1]).is_some();
                if inland && line.iter().all(|p| city.water.clearance(*p) > 8.0) {
                    let (code, kind) =
                        if river.class == 1 { ("270101", "干堤") } else { ("270102", "一般堤") };
                    put(&line, river.level[from] + 6.5, code, kind)?;
                }
            }
        }
    }
    let mut rng = Rng::new(city.seed, &[203]);
    let wanted = (1100.0 * city.scale.powf(0.5)) as usize;
    for (kind, code, least, most, share) in KINDS {
        let mut made = 0;
        let mut tries = 0;
        while made < (wanted as f64 * share) as usize && tries < 400_000 {
            tries += 1;
            let village = &city.partition.villages[rng.below(city.partition.villages.len())];
            let p = [
                village.place[0] + rng.range(-5000.0, 5000.0),
                village.place[1] + rng.range(-5000.0, 5000.0),
            ];
            let (slope, up) = city.terrain.slope(p);
            if slope < *least || slope > *most || city.partition.village_at(p).is_none() {
                continue;
            }
            // Along the slope's contour; gullies run down it.
            let way = if *kind == "冲沟" { scale(up, -1.0) } else { left(up) };
            let long = rng.range(120.0, 620.0);
            let n = (long / 25.0) as usize;
            let seed = rng.next();
            let line: Vec<P> = (0..=n)
                .map(|i| {
                    let t = i as f64 * 25.0;
                    let off = 26.0 * noise(seed, t / 130.0, 0.0) + 7.0 * noise(seed, t / 37.0, 5.0);
                    mm(add(p, add(scale(way, t), scale(left(way), off))))
                })
                .collect();
            if line.iter().any(|q| city.water.clearance(*q) < 10.0) {
                continue;
            }
            put(&line, city.terrain.at(p), code, kind)?;
            made += 1;
        }
    }
    let count = dxf.finish().map_err(io_at(&path))?;
    folder.note(name, "landform.feature", count);
    Ok(())
}
