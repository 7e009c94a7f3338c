//! Which datum heights are above: the user's word, what a column's name says, else the city's, and the report says so.
//!
//! The base map keeps heights above the 1985 national height datum (EPSG:5737). What lies between it and Yellow Sea 1956
//! (EPSG:5736) or a local datum differs from place to place, so the offset is the user's to state, never a constant here.

use super::nodata::{EARTH, Nothing};
use crate::formats::{Refused, refused};
use crate::notes::both;
use crate::options::Heights;
use crate::question::{Answer, Subject};
use crate::table::{ShapeSource, Table};
use ditu_model::{LayerDef, Text};
use std::ops::ControlFlow;

/// What a column's name says when its heights are above Yellow Sea 1956.
const OF_1956: [&str; 4] = ["1956", "56黄海", "黄海56", "56高程"];

/// The offset to add in metres, and what to say of the datum; nothing where the layer knows no heights.
///
/// # Errors
/// Heights above another datum without an offset, and grids, whose cells are not offset.
pub(crate) fn decide(
    table: &Table,
    layer: &LayerDef,
    mapping: &[Option<usize>],
    said: Option<&Heights>,
) -> Result<(f64, Option<Text>), Refused> {
    let raster = table.raster.is_some();
    if let Some(heights) = said {
        if raster && heights.offset_m != 0.0 {
            return Err(refused(
                "heights.raster",
                both("栅格的高程不能改正", "heights of a grid are not offset"),
                both(
                    "先改正格网（如 gdal_calc），再按 1985 国家高程基准导入",
                    "offset the grid first (gdal_calc, for one) and import it as above the 1985 datum",
                ),
            ));
        }
        return Ok((heights.offset_m, Some(heights.describe())));
    }
    let columns = layer.fields.iter().zip(mapping).filter(|(f, _)| f.elevation).filter_map(|(_, c)| *c);
    let older = columns.map(|c| &table.columns[c]).find(|name| says_1956(name));
    if let Some(name) = older {
        let misnamed = both("列名有误，实为 1985 国家高程基准", "the name is wrong: above the 1985 datum");
        return Err(refused(
            "heights.needs_offset",
            both(
                format!("“{name}”列是 1956 黄海高程，底图采用 1985 国家高程基准"),
                format!(
                    "the column {name} is above Yellow Sea 1956; the base map keeps heights above the 1985 datum"
                ),
            ),
            both(
                "用 --heights 1956:改正数 说明要加的米数（由当地水准点得出）",
                "say with --heights 1956:OFFSET how many metres to add (from the benchmarks of the place)",
            ),
        )
        .asking(Subject::Heights, vec![Answer::new("1985", misnamed)]));
    }
    if !raster && !layer.fields.iter().any(|f| f.elevation) {
        return Ok((0.0, None));
    }
    Ok((0.0, Some(both("文件未说明，按 1985 国家高程基准", "not stated; taken as above the 1985 datum"))))
}

fn says_1956(column: &str) -> bool {
    column.eq_ignore_ascii_case("h56") || OF_1956.iter().any(|word| column.contains(word))
}

/// What the Z of a table's shapes means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Z {
    /// The field that it is the value of.
    pub(crate) field: Option<usize>,
    /// What there is of it.
    pub(crate) seen: Seen,
    /// What stands for "no height".
    pub(crate) nothing: Nothing,
    /// Between which it may lie.
    pub(crate) range: [f64; 2],
}

/// What the Z of a table's shapes is, as far as it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// There is none, or nobody asked.
    Nothing,
    /// Nought all over, which programs write that know no height.
    Nought,
    /// Heights; nought among them is one.
    Heights,
}

/// Shapes without Z after which a table is taken as flat.
const FLAT: usize = 1_000;

/// What Z means: the height that the layer's field called Z holds. The shapes are looked at where no column fills it.
pub(crate) fn of_shapes(table: &Table, layer: &LayerDef, mapping: &[Option<usize>], nothing: Nothing) -> Z {
    let field = layer.fields.iter().position(|f| f.elevation && f.is_called("Z"));
    let range = field.and_then(|f| layer.fields[f].range).unwrap_or(EARTH);
    let mut z = Z { field, seen: Seen::Nothing, nothing, range };
    let by_shape = matches!(table.shapes, ShapeSource::File(_)) && table.raster.is_none();
    if !by_shape || field.is_none_or(|f| mapping[f].is_some()) {
        return z;
    }
    let mut flat = 0;
    // What is wrong with the file is said when its rows are read for good.
    let _ = table.reader.read(&vec![false; table.columns.len()], &mut |row| {
        match row.geometry {
            Some(Ok(g)) if g.has_z() => {
                z.seen = Seen::Nought;
                if g.z.iter().any(|h| *h != 0.0 && !nothing.is(*h, Some(range), true)) {
                    z.seen = Seen::Heights;
                    return ControlFlow::Break(());
                }
            }
            _ => flat += 1,
        }
        if flat >= FLAT && z.seen == Seen::Nothing {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    z
}

#[cfg(test)]
mod tests {
    use crate::CrsChoice;
    use crate::tests::*;
    use ditu_model::{LayerId, Value};
    use std::path::PathBuf;

    /// Spot heights with a value, in a file of a column's name.
    fn spots(dir: &std::path::Path, column: &str) -> PathBuf {
        let path = dir.join("高程点.csv");
        std::fs::write(&path, format!("编号,经度,纬度,{column}\n1,111.69,29.03,35.2\n2,111.70,29.04,36\n"))
            .unwrap();
        path
    }

    fn import(path: &PathBuf, heights: Option<&str>) -> Result<(Vec<f64>, String), Vec<&'static str>> {
        let (_scratch, plan) = planned(std::slice::from_ref(path), |o| {
            o.all().layer = LayerId::new("terrain.spot");
            o.all().crs = Some(CrsChoice::Epsg(4490));
            o.all().heights = heights.map(|h| h.parse().unwrap());
        });
        let plan = plan.map_err(|r| rules(&r))?;
        let stated = plan.datasets()[0].heights.clone().unwrap().en;
        let (rows, report) = drained(plan);
        let rows = &rows.unwrap()["terrain.spot"];
        assert_eq!(report.committed(), 2, "{}", report.to_json());
        let heights = rows.iter().map(|r| match value("terrain.spot", r, "elevation_m") {
            Value::Real(h) => h,
            other => panic!("{other:?}"),
        });
        Ok((heights.collect(), stated))
    }

    #[test]
    fn the_datum_is_stated_and_its_offset_added() {
        let dir = tempfile::tempdir().unwrap();
        let path = spots(dir.path(), "高程");
        assert_eq!(import(&path, None).unwrap().0, [35.2, 36.0]);
        assert!(import(&path, None).unwrap().1.contains("not stated"));
        let (heights, stated) = import(&path, Some("1956:-0.029")).unwrap();
        assert_eq!(heights, [35.171, 35.971]);
        assert!(stated.contains("1956, -0.029 m added"), "{stated}");
    }

    #[test]
    fn a_column_that_says_1956_is_not_taken_as_1985() {
        let dir = tempfile::tempdir().unwrap();
        for column in ["H56", "1956黄海高程"] {
            let path = spots(dir.path(), column);
            let (_scratch, plan) = planned(std::slice::from_ref(&path), |o| {
                o.all().layer = LayerId::new("terrain.spot");
                o.all().crs = Some(CrsChoice::Epsg(4490));
            });
            match plan {
                Err(r) => {
                    assert_eq!(rules(&r), ["heights.needs_offset"], "{column}");
                    assert_eq!((r.questions[0].subject, r.questions.len()), (Subject::Heights, 1));
                }
                Ok(plan) => panic!("{column}: {:?}", plan.datasets()[0].mapping),
            }
        }
    }

    #[test]
    fn heights_of_a_shape_are_offset_and_those_that_mean_nothing_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("高程点.csv");
        let rows = "编号,wkt,高程\n1,POINT Z (111.69 29.03 35.2),35.2\n2,POINT Z (111.7 29.04 0),36\n";
        std::fs::write(&path, rows).unwrap();
        let (_scratch, plan) = planned(&[path], |o| {
            o.all().layer = LayerId::new("terrain.spot");
            o.all().crs = Some(CrsChoice::Epsg(4490));
            o.all().heights = Some("1956:-0.1".parse().unwrap());
        });
        let (rows, _) = drained(plan.unwrap());
        let z: Vec<_> = rows.unwrap()["terrain.spot"].iter().map(|r| r.geometry.clone().unwrap().z).collect();
        assert!((z[0][0] - 35.1).abs() < 1e-9 && z[1].is_empty(), "{z:?}");
    }

    #[test]
    fn a_grid_is_not_offset() {
        let path = data("terrain/N42E001_crop300.asc");
        let (_scratch, plan) = planned(&[path], |o| {
            o.all().layer = LayerId::new("terrain.dem");
            o.all().crs = Some(CrsChoice::Epsg(4490));
            o.city = None;
            o.all().heights = Some("1956:-0.1".parse().unwrap());
        });
        assert_eq!(rules(&plan.unwrap_err()), ["heights.raster"]);
    }
}
