//! The first rows of a table, as far as is needed to tell whether another table holds the same things.

use super::stage::Stage;
use crate::check::{self, Seen};
use crate::plan::Source;
use crate::table::Raw;
use ditu_model::{Date, Geometry, LayerDef, Row, Value};
use std::ops::ControlFlow;
use std::time::{SystemTime, UNIX_EPOCH};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Places that are kept.
const PLACES: usize = 300;

/// What was seen of a table.
#[derive(Default)]
pub(crate) struct Probe {
    /// The rows that can be told apart.
    pub(crate) rows: Vec<Probed>,
    /// True when there are no others.
    pub(crate) whole: bool,
    /// The latest day that stands in it and is not in the future.
    pub(crate) newest: Option<Date>,
    /// Places of some rows, longitude and latitude.
    pub(crate) sample: Vec<[f64; 2]>,
}

/// One row.
pub(crate) struct Probed {
    /// The hash of its key; where it has none, of its shape to about a centimetre, whatever vertex it begins with.
    pub(crate) hash: u128,
    /// Without a key, a hash of each value, 0 for NULL: things of one shape may be two.
    values: Box<[u32]>,
}

impl Probed {
    fn of(layer: &LayerDef, row: &Row) -> Option<Probed> {
        if let Some(hash) = row.key_hash(&layer.key) {
            return Some(Probed { hash, values: Box::default() });
        }
        let hash = shape(row.geometry.as_ref()?);
        let values = row.values.iter().map(|v| match v {
            Value::Null => 0,
            v => xxh3_64(v.to_string().as_bytes()) as u32 | 1,
        });
        Some(Probed { hash, values: values.collect() })
    }

    /// True when it is known by its key.
    pub(crate) fn is_keyed(&self) -> bool {
        self.values.is_empty()
    }

    /// True when rows of one hash are the same thing: where shapes alone say so, most values that both have agree too.
    pub(crate) fn is(&self, other: &Probed) -> bool {
        let both = || self.values.iter().zip(&other.values).filter(|(a, b)| **a != 0 && **b != 0);
        self.hash == other.hash && both().filter(|(a, b)| a == b).count() * 2 >= both().count()
    }
}

fn shape(g: &Geometry) -> u128 {
    let mut places: Vec<[i64; 2]> = g.coords.iter().map(|c| c.map(|v| (v * 1e7).round() as i64)).collect();
    places.sort_unstable();
    places.dedup();
    let mut h = Xxh3::new();
    for n in places.iter().flatten() {
        h.update(&n.to_le_bytes());
    }
    h.digest128()
}

/// Reads so many rows at most. What is wrong with the file is said when it is read for good.
pub(crate) fn probe(source: &Source, most: usize) -> Probe {
    let mut probe = Probe::default();
    let layer = &source.layer;
    if let Some(raster) = &source.table.raster {
        // A grid is where its cells are.
        if let Some([w, s, e, n]) = raster.extent {
            let mut h = Xxh3::new();
            h.update(source.dataset.crs.as_bytes());
            [w, s, e, n].iter().for_each(|v| h.update(&((v * 1e3).round() as i64).to_le_bytes()));
            probe.rows.push(Probed { hash: h.digest128(), values: Box::default() });
        }
        return Probe { whole: true, ..probe };
    }
    let mut stage = Stage::new(source, None, None);
    let mut fills = check::make_fills(layer);
    let (mut read, mut findings) = (0, Vec::new());
    let today = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() / 86_400);
    let today = i32::try_from(today).ok().and_then(Date::from_days);
    let wanted = vec![true; source.table.columns.len()];
    let names = stage.names.clone();
    let done = source.table.reader.read(&wanted, &mut |raw| {
        if read == most {
            return ControlFlow::Break(());
        }
        read += 1;
        let days = raw.values.iter().filter_map(day).filter(|d| Some(*d) <= today);
        probe.newest = probe.newest.max(days.max());
        let number = raw.row;
        if let Some(mut row) = stage.bare(raw) {
            for fill in &mut fills {
                let file = &source.table.file;
                fill.row(
                    &mut row,
                    &mut Seen {
                        layer,
                        file,
                        row: number,
                        names: &names,
                        source: None,
                        findings: &mut findings,
                    },
                );
            }
            findings.clear();
            if probe.sample.len() < PLACES {
                probe.sample.extend(row.geometry.as_ref().and_then(|g| g.coords.first()));
            }
            probe.rows.extend(Probed::of(layer, &row));
        }
        ControlFlow::Continue(())
    });
    Probe { whole: done.is_ok() && read < most, ..probe }
}

/// The day of a value that is a date, or a text that is written as one.
fn day(raw: &Raw) -> Option<Date> {
    match raw {
        Raw::Date(d) => Some(*d),
        Raw::DateTime(t) => Date::from_days(i32::try_from(t.0.div_euclid(86_400_000)).ok()?),
        Raw::Text(t) => {
            let b = t.as_bytes();
            let century = matches!(b.get(..2), Some(b"19" | b"20"));
            // Digits alone may be a code.
            let parted = matches!(b.get(4), Some(b'-' | b'/' | b'.')) || t.get(4..7) == Some("年");
            if !century || !parted {
                return None;
            }
            Date::parse(t.split([' ', 'T']).next()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ditu_model::Shape;

    fn ring(coords: &[[f64; 2]]) -> u128 {
        shape(&Geometry { coords: coords.to_vec(), ..Geometry::new(Shape::Polygon) })
    }

    #[test]
    fn a_shape_is_the_same_from_another_vertex_and_the_other_way_round() {
        let a = [[111.0, 29.0], [111.1, 29.0], [111.1, 29.1], [111.0, 29.0]];
        let b = [[111.1, 29.1], [111.1, 29.0], [111.0, 29.0], [111.1, 29.1]];
        assert_eq!(ring(&a), ring(&b));
        assert_ne!(ring(&a), ring(&[[111.0, 29.0], [111.1, 29.0], [111.2, 29.1], [111.0, 29.0]]));
        let noise = a.map(|c| [c[0] + 1e-10, c[1] - 1e-10]);
        assert_eq!(ring(&a), ring(&noise));
    }

    #[test]
    fn rows_of_one_shape_are_the_same_where_most_of_what_both_say_agrees() {
        let row = |values: &[u32]| Probed { hash: 1, values: values.into() };
        assert!(row(&[3, 5, 7]).is(&row(&[3, 5, 9])));
        assert!(row(&[3, 0, 0]).is(&row(&[0, 5, 0])));
        assert!(!row(&[3, 5, 7]).is(&row(&[3, 9, 9])));
    }

    #[test]
    fn a_day_is_told_from_a_code() {
        let text = |t: &str| day(&Raw::text(t)).map(|d| d.to_string());
        assert_eq!(text("2024-05-01T08:00:00"), Some("2024-05-01".into()));
        assert_eq!(text("2024/5/1 8:00"), Some("2024-05-01".into()));
        assert_eq!(text("20240501"), None);
        assert_eq!(text("430702001001GB00001"), None);
    }
}
