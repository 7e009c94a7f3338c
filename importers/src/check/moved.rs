//! Not declared, always on: a delivery that lies beside what the store holds under the same keys, all of it by the same
//! way, is in another CRS than was thought. One finding, with the way and what it resembles. Another where lines in the
//! store end at features that moved.

use super::plane::Map;
use super::{RowCheck, Seen, Verdict};
use crate::extent::{Extent, Rule};
use crate::geometry::measure::metres_per_degree;
use crate::normal;
use crate::notes::{both, finding};
use crate::present::Present;
use ditu_crs::obfuscated::{wgs84_to_bd09, wgs84_to_gcj02};
use ditu_model::{Bounds, Finding, Geometry, LayerDef, Part, Place, Row, Severity, Text, Value};

/// Features of the store beyond which a layer is not compared: its rows are all read for it.
const MOST: u64 = 300_000;
/// Features that must be there under the same key.
const FEWEST: usize = 5;
/// Ways that are remembered.
const WAYS: usize = 20_000;
/// Metres below which nothing moved by a wrong CRS.
const LEAST: f64 = 2.0;
/// Metres below which a point lies where it was.
const SAME: f64 = 0.01;
/// Share of the way by which most features may differ from it.
const SPREAD: f64 = 0.2;

pub(crate) struct Moved {
    /// Where each key's feature lies in the store, in degrees.
    there: Map<u128, [f64; 2]>,
    /// Metres east and north from there to here.
    ways: Vec<[f64; 2]>,
    /// A place there.
    at: Option<[f64; 2]>,
    /// Titles of the store's layers whose lines end at features of this one and do not come along.
    leaning: Vec<Text>,
    /// Features that lie elsewhere than they did, and one of them.
    elsewhere: u64,
    one: Option<Place>,
    /// Features that are not delivered go, all or those of the part that the delivery covers: those that were are taken out
    /// of `there`.
    replaced: Option<Extent>,
    /// To which part each key belongs, where the layer is delivered in parts.
    texts: Map<u128, Box<str>>,
}

/// The check, where the store holds enough of the layer to compare with, and not too much. `leaning` are the layers whose
/// lines end at features of this one (`ends`) and that the delivery does not bring along; `replaced` says of
/// which part goes what the delivery leaves out.
pub(crate) fn against(
    present: &dyn Present,
    layer: &LayerDef,
    leaning: &[&LayerDef],
    replaced: Option<&Rule>,
) -> Option<Box<dyn RowCheck>> {
    let count = present.count(&layer.id);
    let leaning: Vec<Text> =
        leaning.iter().filter(|l| present.count(&l.id) > 0).map(|l| l.title.clone()).collect();
    let fewest = if leaning.is_empty() { FEWEST as u64 } else { 1 };
    if layer.key.is_empty() || !(fewest..=MOST).contains(&count) {
        return None;
    }
    let (mut there, mut texts) = (Map::default(), Map::default());
    // What cannot be read cannot be compared; the commit will meet the same fault and say it.
    let _ = present.rows(&layer.id, &mut |row| {
        if let (Some(key), Some(g)) = (normal::key_hash(layer, row), &row.geometry) {
            there.insert(key, centre(g));
            if let Some(Rule::Held { field, prefix }) = replaced.filter(|_| !leaning.is_empty())
                && let Some(text) = Part::text_of(&row.values[*field], *prefix)
            {
                texts.insert(key, text.into());
            }
        }
    });
    let replaced = replaced.map(Extent::new);
    Some(Box::new(Moved {
        there,
        ways: Vec::new(),
        at: None,
        leaning,
        elsewhere: 0,
        one: None,
        replaced,
        texts,
    }))
}

fn centre(g: &Geometry) -> [f64; 2] {
    let b = g.bounds();
    [0, 1].map(|i| f64::midpoint(b.min[i], b.max[i]))
}

fn way(from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    let m = metres_per_degree(from[1]);
    [0, 1].map(|i| (to[i] - from[i]) * m[i])
}

fn median(mut all: Vec<f64>) -> f64 {
    let middle = all.len() / 2;
    *all.select_nth_unstable_by(middle, f64::total_cmp).1
}

fn resembles(at: [f64; 2], [east, north]: [f64; 2], length: f64) -> Text {
    for (name, there) in [("GCJ-02", wgs84_to_gcj02(at)), ("BD-09", wgs84_to_bd09(at))] {
        let w = way(at, there);
        if (w[0] - east).hypot(w[1] - north) < SPREAD * length {
            return both(
                format!("与 {name} 的偏移一致；用 --crs {name} 重新导入，或改正后再导入"),
                format!("that is the offset of {name}; import again with --crs {name}, or correct the data"),
            );
        }
    }
    both(
        "像是基准面、带号或转换参数不对；核对坐标系后再提交",
        "the datum, the zone or the control may be another one; check the CRS before it is committed",
    )
}

impl RowCheck for Moved {
    fn row(&mut self, row: &mut Row, seen: &mut Seen<'_>) -> Verdict {
        if let Some(extent) = self.replaced.as_mut().filter(|_| !self.leaning.is_empty()) {
            extent.take(row);
        }
        if (self.ways.len() < WAYS || !self.leaning.is_empty())
            && let (Some(key), Some(g)) = (row.key_hash(&seen.layer.key), &row.geometry)
            && let Some(there) = self.there.get(&key).copied()
        {
            if self.replaced.is_some() && !self.leaning.is_empty() {
                self.there.remove(&key);
            }
            let here = centre(g);
            let way = way(there, here);
            if !self.leaning.is_empty() && way[0].hypot(way[1]) > SAME {
                self.elsewhere += 1;
                self.one.get_or_insert_with(|| seen.place(row, Some(here)));
            }
            if self.ways.len() < WAYS {
                self.ways.push(way);
            }
            self.at.get_or_insert(there);
        }
        Verdict::Keep
    }

    fn end(&mut self, findings: &mut Vec<Finding>) {
        let part = self.replaced.take().filter(|_| !self.leaning.is_empty()).map(Extent::part);
        let goes = |(key, at): &(&u128, &[f64; 2])| match &part {
            None => false,
            Some(Part::All) => true,
            Some(Part::Values { values, .. }) => self.texts.get(*key).is_some_and(|t| values.contains(&**t)),
            Some(area) => area.contains(&Bounds::new(at[0], at[1], at[0], at[1])),
        };
        let gone = self.there.iter().filter(goes).count() as u64;
        if self.one.is_some() || gone > 0 {
            let place = self
                .one
                .take()
                .unwrap_or_else(|| Place { at: self.there.values().next().copied(), ..Place::default() });
            let titles = |zh: bool| -> String {
                let each = self.leaning.iter().map(|t| if zh { t.zh.as_str() } else { t.en.as_str() });
                each.collect::<Vec<_>>().join(if zh { "、" } else { ", " })
            };
            let n = self.elsewhere;
            let message = both(
                format!("{n} 个点的位置变了，{gone} 个点不再有，库中的“{}”仍连在旧位置上", titles(true)),
                format!(
                    "{n} points lie elsewhere than before and {gone} are gone; {} in the store still end where they were",
                    titles(false)
                ),
            );
            let cure = both(
                "把线表与点表放在同一批里导入",
                "import the table of lines together with the table of points",
            );
            findings.push(finding("ends.moved", Severity::Warning, place, message, cure));
        }
        let (Some(at), true) = (self.at, self.ways.len() >= FEWEST) else { return };
        let [east, north] = [0, 1].map(|i| median(self.ways.iter().map(|w| w[i]).collect()));
        let length = east.hypot(north);
        let spread = median(self.ways.iter().map(|w| (w[0] - east).hypot(w[1] - north)).collect());
        if length < LEAST || spread > SPREAD * length {
            return;
        }
        let n = self.ways.len();
        let message = both(
            format!("库中已有的 {n} 个要素整体偏移 {length:.1} m（向东 {east:.1} m，向北 {north:.1} m）"),
            format!(
                "the {n} features that are there already all moved {length:.1} m ({east:.1} m east, {north:.1} m north)"
            ),
        );
        let place = Place { at: Some(at), ..Place::default() };
        let value = Value::Real((length * 10.0).round() / 10.0);
        let cure = resembles(at, [east, north], length);
        findings.push(Finding { value, ..finding("crs.moved", Severity::Warning, place, message, cure) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CrsChoice;
    use crate::tests::*;
    use ditu_model::LayerId;
    use std::sync::Arc;

    struct Kept(Vec<Row>);

    impl Present for Kept {
        fn count(&self, layer: &LayerId) -> u64 {
            if layer.as_str() == "placename.place" { self.0.len() as u64 } else { 0 }
        }

        fn rows(&self, _: &LayerId, take: &mut dyn FnMut(&Row)) -> Result<(), String> {
            self.0.iter().for_each(take);
            Ok(())
        }

        fn grids(&self) -> Vec<Arc<ditu_terrain::Grid>> {
            Vec::new()
        }
    }

    const PLACES: usize = 12;

    fn place(i: usize) -> [f64; 2] {
        [111.6 + 0.013 * i as f64, 29.0 + 0.007 * (i * 5 % PLACES) as f64]
    }

    /// An import of places over a store that holds some.
    fn import(at: impl Fn(usize) -> [f64; 2], kept: Vec<Row>) -> (Vec<Row>, crate::Report) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("地名.csv");
        let mut text = "地名代码,名称,经度,纬度\n".to_owned();
        for i in 0..PLACES {
            let [lon, lat] = at(i);
            text += &format!("4307{i:08},村{i},{lon:?},{lat:?}\n");
        }
        std::fs::write(&path, text).unwrap();
        let (_scratch, plan) = planned(&[path], |o| {
            o.all().layer = LayerId::new("placename.place");
            o.all().crs = Some(CrsChoice::Epsg(4490));
            o.present = Some(Arc::new(Kept(kept)));
        });
        let (rows, report) = drained(plan.unwrap());
        let rows = rows.unwrap().remove("placename.place").unwrap();
        assert_eq!(rows.len(), PLACES, "{}", report.to_json());
        (rows, report)
    }

    /// What it finds over the places where they are: messages and cures.
    fn found(moved: impl Fn(usize) -> [f64; 2]) -> Vec<(String, String)> {
        let (_, report) = import(moved, import(place, Vec::new()).0);
        let groups = report.groups.iter().filter(|g| g.rule == "crs.moved");
        groups.flat_map(|g| &g.examples).map(|f| (f.message.en.clone(), f.cure.en.clone())).collect()
    }

    #[test]
    fn a_delivery_beside_what_is_there_is_told_with_the_datum_that_it_resembles() {
        let said = found(|i| wgs84_to_gcj02(place(i)));
        assert!(said[0].0.contains("12 features") && said[0].1.contains("--crs GCJ-02"), "{said:?}");
        let said = found(|i| wgs84_to_bd09(place(i)));
        assert!(said[0].1.contains("--crs BD-09"), "{said:?}");
        // As Beijing 54 taken for CGCS2000 would.
        let said = found(|i| [place(i)[0] + 0.0006, place(i)[1] + 0.0002]);
        assert!(said[0].1.contains("datum"), "{said:?}");
    }

    struct Pipes(Vec<Row>);

    impl Present for Pipes {
        fn count(&self, layer: &LayerId) -> u64 {
            match layer.as_str() {
                "pipeline.node" => self.0.len() as u64,
                "pipeline.line" => 2,
                _ => 0,
            }
        }

        fn rows(&self, layer: &LayerId, take: &mut dyn FnMut(&Row)) -> Result<(), String> {
            self.0.iter().filter(|_| layer.as_str() == "pipeline.node").for_each(take);
            Ok(())
        }

        fn grids(&self) -> Vec<Arc<ditu_terrain::Grid>> {
            Vec::new()
        }
    }

    /// Lines take their ends from the points: points that move without them leave them behind.
    #[test]
    fn points_that_move_without_the_lines_of_the_store_are_told() {
        let nodes = |dx: f64, kept: Vec<Row>| {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("给水管点.csv");
            let text =
                format!("物探点号,管类,经度,纬度\nJS1,给水,111.69,29.02\nJS2,给水,{},29.02\n", 111.6901 + dx);
            std::fs::write(&path, text).unwrap();
            let (_scratch, plan) = planned(&[path], |o| {
                o.all().layer = LayerId::new("pipeline.node");
                o.all().crs = Some(CrsChoice::Epsg(4490));
                o.present = Some(Arc::new(Pipes(kept)));
            });
            let (rows, report) = drained(plan.unwrap());
            (rows.unwrap().remove("pipeline.node").unwrap(), report)
        };
        let before = nodes(0.0, Vec::new()).0;
        assert_eq!(count(&nodes(0.0, before.clone()).1, "ends.moved"), 0);
        // A point that is not delivered any more.
        let mut third = before.clone();
        third.push(before[1].clone());
        let key = layers().named("pipeline.node").unwrap().field("point_no").unwrap();
        third[2].values[key] = Value::text("JS3");
        let (_, report) = nodes(0.0, third);
        let told = report.groups.iter().find(|g| g.rule == "ends.moved").unwrap();
        assert!(told.examples[0].message.en.contains("1 are gone"), "{:?}", told.examples);
        let (_, report) = nodes(1e-5, before);
        let told = report.groups.iter().find(|g| g.rule == "ends.moved").unwrap();
        let said = &told.examples[0];
        assert!(said.message.en.starts_with("1 points"), "{said:?}");
        assert_eq!(said.place.key.as_deref(), Some("water JS2"));
        assert!(said.message.zh.contains("“管线”"), "{said:?}");
    }

    #[test]
    fn features_that_stay_or_move_each_their_own_way_are_no_other_crs() {
        assert!(found(place).is_empty());
        // A new survey: a third moved, here and there.
        assert!(found(|i| [place(i)[0] + if i % 3 == 0 { 1e-3 } else { 0.0 }, place(i)[1]]).is_empty());
        let round = |i: usize| (i as f64).sin_cos();
        assert!(found(|i| [place(i)[0] + 1e-3 * round(i).0, place(i)[1] + 1e-3 * round(i).1]).is_empty());
    }
}
