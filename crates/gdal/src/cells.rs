//! What the cells of a raster hold, before a grid is made of them: heights, and what is none.

use serde::{Deserialize, Serialize};

/// Different numbers outside the range that are counted one by one.
const WILD: usize = 16;

/// A raster's cells by what they hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cells {
    /// Cells with a height.
    pub heights: u64,
    /// Cells that are empty by the word of the file or the caller, and NaN.
    pub empty: u64,
    /// Cells outside the range, by their number; at most some numbers.
    pub wild: Vec<Wild>,
    /// How many cells outside the range have further numbers.
    pub wild_others: u64,
    /// Cells whose height is exactly nought.
    pub noughts: u64,
    /// How near to nought another height comes, in metres.
    pub near_nought: Option<f64>,
    /// The lowest height; `None` when there is no height at all.
    pub lowest: Option<End>,
    /// The highest.
    pub highest: Option<End>,
}

/// A number outside the range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wild {
    /// As the file has it; may be infinite.
    #[serde(with = "bits")]
    pub number: f64,
    /// How many cells have it.
    pub cells: u64,
}

/// The lowest or the highest height of a raster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// As the file has it.
    #[serde(with = "bits")]
    pub number: f64,
    /// In metres.
    pub metres: f64,
    /// How many cells have it.
    pub cells: u64,
    /// The height next to it, in metres; its own where all are the same.
    pub next: f64,
}

impl Cells {
    /// Cells outside the range.
    pub fn outside(&self) -> u64 {
        self.wild.iter().map(|w| w.cells).sum::<u64>() + self.wild_others
    }

    pub(crate) fn add_wild(&mut self, number: f64) {
        match self.wild.iter().position(|w| w.number == number) {
            Some(at) => self.wild[at].cells += 1,
            None if self.wild.len() < WILD => self.wild.push(Wild { number, cells: 1 }),
            None => self.wild_others += 1,
        }
    }

    pub(crate) fn add_height(&mut self, number: f64, metres: f64) {
        self.heights += 1;
        if metres == 0.0 {
            self.noughts += 1;
        } else if self.near_nought.is_none_or(|n| metres.abs() < n) {
            self.near_nought = Some(metres.abs());
        }
        reach(&mut self.lowest, number, metres, |a, b| a < b);
        reach(&mut self.highest, number, metres, |a, b| a > b);
    }
}

/// Takes a height into one of the ends.
fn reach(end: &mut Option<End>, number: f64, metres: f64, further: fn(f64, f64) -> bool) {
    match end {
        None => *end = Some(End { number, metres, cells: 1, next: metres }),
        Some(e) if metres == e.metres => e.cells += 1,
        Some(e) if further(metres, e.metres) => *e = End { number, metres, cells: 1, next: e.metres },
        Some(e) if e.next == e.metres || further(metres, e.next) => e.next = metres,
        Some(_) => {}
    }
}

/// Numbers that JSON has no word for, or that it would round: by their bits.
pub(crate) mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(v: &f64, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(v.to_bits())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        u64::deserialize(d).map(f64::from_bits)
    }

    /// The same of what may be absent.
    pub(crate) mod option {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        pub(crate) fn serialize<S: Serializer>(v: &Option<f64>, s: S) -> Result<S::Ok, S::Error> {
            v.map(f64::to_bits).serialize(s)
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f64>, D::Error> {
            Ok(Option::<u64>::deserialize(d)?.map(f64::from_bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(heights: &[f64]) -> Cells {
        let mut cells = Cells::default();
        heights.iter().for_each(|h| cells.add_height(h * 10.0, *h));
        cells
    }

    #[test]
    fn the_ends_are_known_with_what_stands_next_to_them_in_any_order() {
        let lowest = Some(End { number: -990.0, metres: -99.0, cells: 2, next: 30.0 });
        let highest = Some(End { number: 600.0, metres: 60.0, cells: 1, next: 31.0 });
        for heights in [
            [-99.0, 30.0, 60.0, -99.0, 31.0],
            [60.0, 31.0, 30.0, -99.0, -99.0],
            [31.0, -99.0, -99.0, 60.0, 30.0],
        ] {
            let cells = of(&heights);
            assert_eq!((cells.lowest, cells.highest), (lowest, highest), "{heights:?}");
        }
        let flat = of(&[5.0, 5.0]).lowest.unwrap();
        assert_eq!((flat.cells, flat.next), (2, 5.0));
        let sea = of(&[0.0, 7.0, 0.0, -3.0]);
        assert_eq!((sea.noughts, sea.near_nought), (2, Some(3.0)));
    }

    #[test]
    fn numbers_that_json_does_not_know_come_through() {
        let mut cells = Cells::default();
        [f64::MAX, f64::MIN, f64::INFINITY, f64::from(f32::MIN), f64::MAX]
            .iter()
            .for_each(|n| cells.add_wild(*n));
        (0..40).for_each(|i| cells.add_wild(10_000.0 + f64::from(i)));
        assert_eq!((cells.wild[0].cells, cells.wild_others, cells.outside()), (2, 28, 45));
        let text = serde_json::to_string(&cells).unwrap();
        assert_eq!(serde_json::from_str::<Cells>(&text).unwrap(), cells);
    }
}
