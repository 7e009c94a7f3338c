//! Well-known binary, the form in which stores and files hold a geometry (OGC 06-103r4 clause 8, ISO Z codes).

use crate::geometry::{Geometry, Shape};

/// Why bytes are not a well-known binary geometry that Ditu holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WkbError {
    /// The bytes end inside a value.
    #[error("the geometry ends at byte {0}, inside a value")]
    Truncated(usize),
    /// A type code Ditu does not hold: a curve, surface or collection.
    #[error("geometry type {0} cannot be stored; stroke curves and split collections first")]
    Unsupported(u32),
    /// A part of another kind inside a multi-geometry.
    #[error("geometry type {found} inside a geometry of type {outer}")]
    Mixed {
        /// Type code of the whole.
        outer: u32,
        /// Type code of the part.
        found: u32,
    },
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    little: bool,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WkbError> {
        let end = self.at + N;
        let slice = self.bytes.get(self.at..end).ok_or(WkbError::Truncated(self.bytes.len()))?;
        self.at = end;
        let mut out = [0; N];
        out.copy_from_slice(slice);
        Ok(out)
    }
    fn u32(&mut self) -> Result<u32, WkbError> {
        let b = self.take::<4>()?;
        Ok(if self.little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) })
    }
    fn f64(&mut self) -> Result<f64, WkbError> {
        let b = self.take::<8>()?;
        Ok(if self.little { f64::from_le_bytes(b) } else { f64::from_be_bytes(b) })
    }
    /// Reads byte order, type and (EWKB) SRID. Returns base type, has z, has m.
    fn header(&mut self) -> Result<(u32, bool, bool), WkbError> {
        self.little = self.take::<1>()?[0] == 1;
        let code = self.u32()?;
        if code & 0x2000_0000 != 0 {
            self.u32()?;
        }
        let (ewkb_z, ewkb_m) = (code & 0x8000_0000 != 0, code & 0x4000_0000 != 0);
        let iso = code & 0x0fff_ffff;
        let (base, dims) = (iso % 1000, iso / 1000);
        Ok((base, ewkb_z || dims == 1 || dims == 3, ewkb_m || dims == 2 || dims == 3))
    }
    /// A count, checked against the bytes that are left so that a lying header reserves nothing.
    fn count(&mut self, least_bytes: usize) -> Result<usize, WkbError> {
        let n = self.u32()? as usize;
        if n.saturating_mul(least_bytes) > self.bytes.len() - self.at {
            return Err(WkbError::Truncated(self.bytes.len()));
        }
        Ok(n)
    }
    fn coord(&mut self, g: &mut Geometry, z: bool, m: bool) -> Result<(), WkbError> {
        let xy = [self.f64()?, self.f64()?];
        g.coords.push(xy);
        if z {
            g.z.push(self.f64()?);
        }
        if m {
            self.f64()?;
        }
        Ok(())
    }
    fn ring(&mut self, g: &mut Geometry, z: bool, m: bool) -> Result<(), WkbError> {
        let n = self.count(16 + 8 * (usize::from(z) + usize::from(m)))?;
        g.coords.reserve(n);
        for _ in 0..n {
            self.coord(g, z, m)?;
        }
        g.rings.push(g.coords.len() as u32);
        Ok(())
    }
    fn body(&mut self, g: &mut Geometry, base: u32, z: bool, m: bool) -> Result<(), WkbError> {
        match base {
            1 => {
                self.coord(g, z, m)?;
                // An empty point is written as NaN, NaN.
                if g.coords.last().is_some_and(|c| c[0].is_nan() && c[1].is_nan()) {
                    g.coords.pop();
                    if z {
                        g.z.pop();
                    }
                }
            }
            2 => self.ring(g, z, m)?,
            3 => {
                let rings = self.count(4)?;
                for _ in 0..rings {
                    self.ring(g, z, m)?;
                }
                if rings > 0 {
                    g.end_part();
                }
            }
            4..=6 => {
                for _ in 0..self.count(9)? {
                    let (part, z, m) = self.header()?;
                    if part != base - 3 {
                        return Err(WkbError::Mixed { outer: base, found: part });
                    }
                    self.body(g, part, z, m)?;
                }
            }
            other => return Err(WkbError::Unsupported(other)),
        }
        Ok(())
    }
}

impl Geometry {
    /// Reads ISO WKB or PostGIS EWKB. A measure is read over and left out.
    ///
    /// *Errors*: [`WkbError`] for short bytes, curves, collections and mixed parts; never panics, never reserves more
    /// than the bytes can hold.
    pub fn from_wkb(bytes: &[u8]) -> Result<Geometry, WkbError> {
        let mut r = Reader { bytes, at: 0, little: true };
        let (base, z, m) = r.header()?;
        let shape = match base {
            1 | 4 => Shape::Point,
            2 | 5 => Shape::Line,
            3 | 6 => Shape::Polygon,
            other => return Err(WkbError::Unsupported(other)),
        };
        let mut g = Geometry::new(shape);
        r.body(&mut g, base, z, m)?;
        if g.z.len() != g.coords.len() {
            g.z.clear();
        }
        Ok(g)
    }

    /// Appends little-endian ISO WKB. `multi` writes the multi form whatever the number of parts; `srid` adds the
    /// EWKB SRID (and the EWKB height flag instead of the ISO code), as PostGIS `COPY` takes it.
    pub fn write_wkb(&self, multi: bool, srid: Option<u32>, out: &mut Vec<u8>) {
        let many = multi || self.part_count() != 1;
        let base = match self.shape {
            Shape::Point => 1,
            Shape::Line => 2,
            Shape::Polygon => 3,
        };
        let z = self.has_z();
        let code = |base: u32, srid: bool| match (z, srid) {
            (false, false) => base,
            (false, true) => base | 0x2000_0000,
            (true, true) => base | 0xa000_0000,
            (true, false) => base + 1000,
        };
        let part_code = if srid.is_some() && z { base | 0x8000_0000 } else { code(base, false) };
        out.push(1);
        out.extend(code(if many { base + 3 } else { base }, srid.is_some()).to_le_bytes());
        if let Some(srid) = srid {
            out.extend(srid.to_le_bytes());
        }
        if !many {
            return self.write_part(0, out);
        }
        out.extend((self.part_count() as u32).to_le_bytes());
        for part in 0..self.part_count() {
            out.push(1);
            out.extend(part_code.to_le_bytes());
            self.write_part(part, out);
        }
    }

    /// Little-endian ISO WKB with the multi form only where there is more than one part.
    pub fn to_wkb(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + self.coords.len() * 24);
        self.write_wkb(false, None, &mut out);
        out
    }

    fn write_part(&self, part: usize, out: &mut Vec<u8>) {
        match self.shape {
            Shape::Point => self.write_coords(part..part + 1, out),
            Shape::Line => self.write_ring(part, out),
            Shape::Polygon => {
                let rings = self.part(part);
                out.extend((rings.len() as u32).to_le_bytes());
                for ring in rings {
                    self.write_ring(ring, out);
                }
            }
        }
    }

    fn write_ring(&self, ring: usize, out: &mut Vec<u8>) {
        let start = if ring == 0 { 0 } else { self.rings[ring - 1] as usize };
        let end = self.rings[ring] as usize;
        out.extend(((end - start) as u32).to_le_bytes());
        self.write_coords(start..end, out);
    }

    fn write_coords(&self, range: std::ops::Range<usize>, out: &mut Vec<u8>) {
        for i in range {
            out.extend(self.coords[i][0].to_le_bytes());
            out.extend(self.coords[i][1].to_le_bytes());
            if self.has_z() {
                out.extend(self.z[i].to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(g: &Geometry) {
        assert_eq!(&Geometry::from_wkb(&g.to_wkb()).unwrap(), g);
        let mut ewkb = Vec::new();
        g.write_wkb(true, Some(4490), &mut ewkb);
        assert_eq!(&Geometry::from_wkb(&ewkb).unwrap(), g);
        for cut in 0..ewkb.len() {
            assert!(Geometry::from_wkb(&ewkb[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn every_shape_survives_a_round_trip_and_every_cut_is_an_error() {
        let square = |o: f64| vec![[o, o], [o + 1., o], [o + 1., o + 1.], [o, o + 1.], [o, o]];
        check(&Geometry::point(1., 2.));
        check(&Geometry { z: vec![7.], ..Geometry::point(1., 2.) });
        check(&Geometry::line(square(0.)));
        check(&Geometry { z: vec![1., 2., 3., 4., 5.], ..Geometry::line(square(0.)) });
        let mut multi = Geometry::polygon(vec![square(0.), square(0.25)]);
        multi.push_ring(&square(10.));
        multi.end_part();
        check(&multi);
    }

    #[test]
    fn a_lying_count_reserves_nothing() {
        let mut bytes = vec![1, 2, 0, 0, 0];
        bytes.extend(u32::MAX.to_le_bytes());
        assert_eq!(Geometry::from_wkb(&bytes), Err(WkbError::Truncated(9)));
    }
}
