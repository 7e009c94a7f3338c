//! 测量控制: control points as a CASS .dat.

use super::{Folder, io_at};
use crate::SampleError;
use crate::city::City;
use crate::formats::text::{Charset, TextFile};
use crate::plane::{P, ZONE_PREFIX, mm};
use crate::rng::Rng;

/// Grade, CASS code, prefix of point numbers, share of all points.
const GRADES: &[(&str, &str, &str, f64)] = &[
    ("B级", "133000", "B", 0.04),
    ("C级", "133000", "C", 0.14),
    ("D级", "133000", "D", 0.24),
    ("三等", "131100", "SJ", 0.06),
    ("二等", "132100", "BM", 0.10),
    ("三等", "132100", "BM", 0.14),
    ("一级", "131500", "I", 0.18),
    ("图根", "131700", "T", 0.10),
];

pub(super) fn write(city: &City, folder: &mut Folder<'_>) -> Result<(), SampleError> {
    let mut rng = Rng::new(city.seed, &[201]);
    let wanted = (260.0 * city.scale.sqrt()) as usize;
    let name = "01测量控制/控制点.dat";
    let path = folder.path(name)?;
    let mut dat = TextFile::create(&path, Charset::Gbk).map_err(io_at(&path))?;
    for (grade, code, prefix, share) in GRADES {
        for k in 0..(wanted as f64 * share).ceil() as usize {
            let p = place(city, &mut rng, *prefix == "I" || *prefix == "T");
            let number =
                format!("{prefix}{:03}", k + 1 + if *grade == "三等" && *prefix == "BM" { 500 } else { 0 });
            let h = city.terrain.at(p);
            dat.put(&format!("{number},{code},{:.3},{:.3},{h:.3}\r\n", p[0] + ZONE_PREFIX, p[1]))
                .map_err(io_at(&path))?;
        }
    }
    let count: u64 = GRADES.iter().map(|g| (wanted as f64 * g.3).ceil() as u64).sum();
    dat.finish().map_err(io_at(&path))?;
    folder.note(name, "control.point", count);
    Ok(())
}

/// A place for a point: anywhere in the prefecture, or in the city for the lower grades.
fn place(city: &City, rng: &mut Rng, urban: bool) -> P {
    loop {
        let centre = if urban {
            city.sites[rng.below(8)].centre
        } else {
            city.sites[rng.below(city.sites.len())].centre
        };
        let reach = if urban { 2500.0 } else { 9000.0 };
        let p = mm([centre[0] + rng.range(-reach, reach), centre[1] + rng.range(-reach, reach)]);
        if city.partition.village_at(p).is_some() && city.water.clearance(p) > 20.0 {
            return p;
        }
    }
}
