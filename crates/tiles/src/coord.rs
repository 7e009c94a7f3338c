//! Tiles and the integer grid behind them.

use ditu_crs::mercator;
use ditu_model::Bounds;

/// Units along a side of a tile.
pub(crate) const EXTENT: i32 = 4096;
/// Units that a tile reaches over each edge.
pub(crate) const BUFFER: i32 = 64;
/// The zoom whose units are the finest grid: 2^30 along a side of the world, 3.7 cm at the equator.
pub(crate) const FINE: u8 = 18;
/// The deepest zoom that is answered.
pub(crate) const DEEPEST: u8 = 24;

/// A tile of the web-Mercator matrix; y counts from the north.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TileCoord {
    /// Zoom, 0 to 24.
    pub z: u8,
    /// Column from the west.
    pub x: u32,
    /// Row from the north.
    pub y: u32,
}

impl TileCoord {
    /// `None` outside zoom 0–24 or outside the matrix.
    pub fn new(z: u8, x: u32, y: u32) -> Option<TileCoord> {
        (z <= DEEPEST && x < 1 << z && y < 1 << z).then_some(TileCoord { z, x, y })
    }

    /// The tile's box without buffer, in degrees.
    pub fn bounds(&self) -> Bounds {
        let n = f64::from(1u32 << self.z);
        let corner = |x: u32, y: u32| mercator::from_world([f64::from(x) / n, f64::from(y) / n]);
        let (nw, se) = (corner(self.x, self.y), corner(self.x + 1, self.y + 1));
        Bounds::new(nw[0], se[1], se[0], nw[1])
    }
}

/// A point of a grid: units east and south of the north-west corner of the world.
pub(crate) type P = [i32; 2];

/// Degrees → the finest grid. `None` for what is not finite or lies outside the Mercator square.
pub(crate) fn to_grid(lonlat: [f64; 2]) -> Option<P> {
    let w = mercator::to_world(lonlat);
    let side = f64::from(1u32 << 30);
    let (x, y) = ((w[0] * side).round(), (w[1] * side).round());
    ((0.0..=side).contains(&x) && (0.0..=side).contains(&y)).then_some([x as i32, y as i32])
}

/// From one zoom's grid to a coarser one's, to the nearest unit.
#[inline]
pub(crate) fn coarser(p: P, shift: u32) -> P {
    if shift == 0 {
        return p;
    }
    // 2^30 plus half a unit still fits.
    let half = 1 << (shift - 1);
    [(p[0] + half) >> shift, (p[1] + half) >> shift]
}

/// Position along the Hilbert curve of order 16 over the finest grid.
pub(crate) fn hilbert(p: P) -> u32 {
    let (mut x, mut y) = ((p[0] >> 14) as u32, (p[1] >> 14) as u32);
    let (mut d, mut s) = (0u32, 1u32 << 15);
    while s > 0 {
        let (rx, ry) = (u32::from(x & s > 0), u32::from(y & s > 0));
        d = d.wrapping_add(s.wrapping_mul(s).wrapping_mul((3 * rx) ^ ry));
        if ry == 0 {
            if rx == 1 {
                x = (s.wrapping_mul(2) - 1).wrapping_sub(x & (s.wrapping_mul(2) - 1));
                y = (s.wrapping_mul(2) - 1).wrapping_sub(y & (s.wrapping_mul(2) - 1));
            }
            (x, y) = (y, x);
        }
        x &= s - 1;
        y &= s - 1;
        s >>= 1;
    }
    d
}
