//! To which decimal a file states its coordinates, as its own numbers show.

use ditu_model::{Geometry, Stated};

/// Metres a degree.
const DEGREE_M: f64 = 111_320.0;
/// Numbers that are looked at.
const LOOK: u32 = 20_000;
/// One number in so many may have more decimals: a computed point among measured ones.
const FEW: u32 = 20;
/// Decimals that are told apart.
const PLACES: usize = 11;

/// What the numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Lengths in a plane.
    Lengths,
    /// Degrees.
    Degrees,
    /// Something computed on the way: their decimals say nothing.
    Computed,
}

/// How many numbers have how many decimals.
#[derive(Clone, Copy, Debug, Default)]
struct Decimals {
    seen: u32,
    /// Numbers that need so many decimals.
    need: [u32; PLACES],
}

impl Decimals {
    fn take(&mut self, n: f64, scale: f64) {
        if n == 0.0 || !n.is_finite() || self.seen >= LOOK {
            return;
        }
        self.seen += 1;
        let mut scaled = n * scale;
        for count in &mut self.need {
            // The last bits are what binary fractions and a format's own grid leave of a decimal.
            if (scaled - scaled.round()).abs() <= scaled.abs() * 2e-15 + 1e-9 {
                *count += 1;
                return;
            }
            scaled *= 10.0;
        }
    }

    /// Decimals within which nearly all numbers keep.
    fn places(&self) -> Option<i32> {
        let mut within = 0;
        (0..).zip(&self.need).find_map(|(places, n)| {
            within += n;
            (self.seen > 0 && (self.seen - within) * FEW <= self.seen).then_some(places)
        })
    }

    fn unit(&self) -> f64 {
        self.places().map_or(0.0, |p| 10f64.powi(-p))
    }
}

/// Looks at the numbers of a file's shapes as they pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Precision {
    numbers: Numbers,
    plane: Decimals,
    /// Of degrees: in seconds.
    seconds: Decimals,
    heights: Decimals,
}

impl Precision {
    pub(super) fn new(numbers: Numbers) -> Precision {
        let none = Decimals::default();
        Precision { numbers, plane: none, seconds: none, heights: none }
    }

    /// Takes a shape in the file's own numbers.
    pub(super) fn take(&mut self, g: &Geometry) {
        if self.numbers != Numbers::Computed && self.plane.seen < LOOK {
            for n in g.coords.iter().flatten() {
                self.plane.take(*n, 1.0);
                if self.numbers == Numbers::Degrees {
                    self.seconds.take(*n, 3600.0);
                }
            }
        }
        if self.heights.seen < LOOK {
            g.z.iter().for_each(|z| self.heights.take(*z, 1.0));
        }
    }

    /// The last decimal on the ground.
    pub(super) fn stated(&self) -> Stated {
        let plane_m = match self.numbers {
            Numbers::Lengths => self.plane.unit(),
            // Degrees that are written in seconds look endless in decimals, and the other way round.
            Numbers::Degrees => self.plane.unit().max(self.seconds.unit() / 3600.0) * DEGREE_M,
            Numbers::Computed => 0.0,
        };
        Stated { plane_m, height_m: self.heights.unit() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(numbers: Numbers, of: impl Fn(f64) -> [f64; 2]) -> Stated {
        let mut p = Precision::new(numbers);
        for i in 0..400 {
            let [x, y] = of(f64::from(i) * 37.123_456_789_012_34);
            p.take(&Geometry::point(x, y));
        }
        p.stated()
    }

    #[test]
    fn decimals_are_counted_as_they_were_written() {
        let to = |n: f64, unit: f64| (n / unit).round() * unit;
        for unit in [1.0, 0.1, 0.01, 0.001, 0.0001] {
            let s = stated(Numbers::Lengths, |i| [to(38_500_000.0 + i, unit), to(3_208_000.0 + i, unit)]);
            assert!((s.plane_m / unit - 1.0).abs() < 1e-9, "{unit}: {s:?}");
            // A grid that does not begin at nought, as file geodatabases have it.
            let grid = |n: f64| (n / unit).round() * unit - 5_123_200.0;
            let s = stated(Numbers::Lengths, |i| [grid(5_623_200.0 + i), grid(8_331_200.0 + i)]);
            assert!((s.plane_m / unit - 1.0).abs() < 1e-9, "{unit}: {s:?}");
        }
        let s = stated(Numbers::Degrees, |i| [to(111.5 + i * 1e-5, 1e-9), to(29.0 + i * 1e-5, 1e-9)]);
        assert!((s.plane_m / 1.1132e-4 - 1.0).abs() < 1e-6, "{s:?}");
        let seconds = |n: f64| to(n * 3600.0, 1e-4) / 3600.0;
        let s = stated(Numbers::Degrees, |i| [seconds(111.5 + i * 1e-5), seconds(29.0 + i * 1e-5)]);
        assert!((s.plane_m - 0.003_09).abs() < 1e-4, "{s:?}");
    }

    #[test]
    fn endless_and_computed_numbers_state_nothing_and_a_few_odd_ones_do_not_hide_the_rest() {
        assert_eq!(stated(Numbers::Lengths, |i| [500_000.0 + i * 0.7, (i + 3.2e6).sqrt()]).plane_m, 0.0);
        assert_eq!(stated(Numbers::Computed, |i| [i.round(), i.round()]).plane_m, 0.0);
        let odd = |i: f64| if (i / 37.12).round() % 50.0 == 0.0 { i } else { (i * 1e3).round() / 1e3 };
        assert!((stated(Numbers::Lengths, |i| [5e5 + odd(i), 3e6 + odd(i)]).plane_m - 0.001).abs() < 1e-9);
    }
}
