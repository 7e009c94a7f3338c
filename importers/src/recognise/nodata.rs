//! Numbers that programs write where there is no value, and when one is taken for such.
//!
//! A number is "no value" by convention only where it cannot be one: outside the range that the layer declares. What is
//! left out by it is always said.

use crate::options::NoData;

/// Least and greatest height in metres that land on earth has, with room: the Dead Sea lies at −430, Everest is 8849.
pub(crate) const EARTH: [f64; 2] = [-500.0, 9000.0];

/// From here on a number is a mark, whatever it measures: 1e20 and 9.97e36 (netCDF, CF conventions 2.5.1 and `netcdf.h`),
/// 1e30, 1.70141e38 (Surfer's blank), anything below −1e38 (shapefile, ESRI white paper of 1998, page 2), ±3.4e38 and ±1.8e308
/// (the ends of 32 and 64 bit floating point, which raster and database programs fill with).
const ENDLESS: f64 = 1e20;

/// Ends of whole numbers, and what stands a step beside: −32768 (SRTM), −32767 (DTED, MIL-PRF-89020B 3.13.3; USGS DEM), 16 and
/// 32 bits, signed and not.
const ENDS: [f64; 8] = [
    -32_768.0,
    -32_767.0,
    32_767.0,
    65_535.0,
    -2_147_483_648.0,
    -2_147_483_647.0,
    2_147_483_647.0,
    4_294_967_295.0,
];

/// True for what programs write where they have no value; a row of nines among them: −9999 (ESRI ASCII grid), −99999
/// (GB/T 17798), −999, 99999, 9999.99 (typed in by hand).
pub(crate) fn is_conventional(v: f64) -> bool {
    is_endless(v) || ENDS.contains(&v) || is_nines(v.abs())
}

/// True for what no quantity is: the ends of floating point, infinities, NaN.
pub(crate) fn is_endless(v: f64) -> bool {
    v.is_nan() || v.abs() >= ENDLESS
}

/// Nines only, three at least before the point.
fn is_nines(v: f64) -> bool {
    let nines = |v: f64| {
        let (whole, mut power) = (v.round(), 1000.0);
        while power < whole {
            power *= 10.0;
        }
        // As near as 32 bits come to it.
        (v - whole).abs() < (whole * 1e-7).max(1e-3) && whole + 1.0 == power
    };
    v > 998.0 && v < 1e12 && [1.0, 10.0, 100.0, 1000.0].iter().any(|scale| nines(v * scale))
}

/// What stands for "no value" in one table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Nothing {
    /// What the caller says of heights.
    pub(crate) said: Option<NoData>,
}

impl Nothing {
    /// True when a number, as the file has it, is none for a field of that range; `height` when it is one that the caller's
    /// word is about.
    pub(crate) fn is(self, v: f64, range: Option<[f64; 2]>, height: bool) -> bool {
        if let (Some(NoData::Value(n)), true) = (self.said, height)
            && same(v, n)
        {
            return true;
        }
        match range {
            Some([least, greatest]) if least <= v && v <= greatest => false,
            Some(_) if self.said != Some(NoData::None) => is_conventional(v),
            _ => is_endless(v),
        }
    }
}

/// The same number, also where one of them went through 32 bits.
pub(crate) fn same(v: f64, n: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "to compare as 32 bits have it")]
    let short = |v: f64| v as f32;
    v == n || (short(v) == short(n) && (v == f64::from(short(v)) || n == f64::from(short(n))))
}

/// A number for people: the ends of floating point by their power.
pub(crate) fn written(v: f64) -> String {
    if v.is_finite() && v.abs() >= 1e15 { format!("{v:e}") } else { v.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIGHTS: Option<[f64; 2]> = Some([-200.0, 9000.0]);
    const DEPTHS: Option<[f64; 2]> = Some([-30.0, 15.0]);

    #[test]
    fn marks_are_known_and_numbers_that_only_look_odd_are_not() {
        let float = f64::from(f32::MIN);
        for mark in [
            -9999.0,
            -99999.0,
            -999.0,
            999.9,
            -9999.99,
            99999.0,
            -32767.0,
            -32768.0,
            65535.0,
            f64::MAX,
            f64::MIN,
            float,
            1e20,
            1e30,
            9.969_209_968_386_869e36,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            assert!(is_conventional(mark), "{mark}");
        }
        for number in [0.0, -1.0, 99.0, 998.0, 9998.0, -1234.5, 99998.0, 1_000.0, 3.3e9, 999.25, 989.9] {
            assert!(!is_conventional(number), "{number}");
        }
    }

    #[test]
    fn a_mark_that_may_be_a_value_is_one() {
        let by_file = Nothing::default();
        assert!(!by_file.is(999.0, HEIGHTS, true) && by_file.is(-999.0, HEIGHTS, true));
        assert!(by_file.is(999.0, DEPTHS, false) && by_file.is(-9999.0, DEPTHS, false));
        assert!(!by_file.is(9500.0, HEIGHTS, true), "too high, but no mark");
        assert!(!by_file.is(-9999.0, None, false) && by_file.is(f64::MIN, None, false));
    }

    #[test]
    fn the_caller_says_what_is_no_height() {
        let none = Nothing { said: Some(NoData::None) };
        assert!(!none.is(-9999.0, HEIGHTS, true) && none.is(f64::MAX, HEIGHTS, true));
        let nought = Nothing { said: Some(NoData::Value(0.0)) };
        assert!(
            nought.is(0.0, HEIGHTS, true)
                && !nought.is(0.0, DEPTHS, false)
                && nought.is(-9999.0, HEIGHTS, true)
        );
        let tenth = Nothing { said: Some(NoData::Value(0.1)) };
        assert!(tenth.is(f64::from(0.1f32), HEIGHTS, true) && !tenth.is(0.100_000_000_1, HEIGHTS, true));
    }
}
