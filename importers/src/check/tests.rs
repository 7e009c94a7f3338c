//! Each rule on rows made to break it, beside rows that keep it.

use super::*;
use crate::geometry::measure::metres_per_degree;
use crate::tests::layers;
use ditu_model::{Bounds, Geometry, Layers};
use std::sync::Arc;

/// Rows of another layer, given by hand, and a plain that rises by a metre in a hundred to the east.
struct Given(Vec<(&'static str, Row)>);

impl Others for Given {
    fn rows(&self, layer: &LayerId, _: &[&str], take: &mut dyn FnMut(&LayerDef, &Row)) -> bool {
        let layers = layers();
        let def = layers.get(layer).unwrap();
        let of_layer = self.0.iter().filter(|(l, _)| *l == layer.as_str());
        of_layer.map(|(_, row)| take(def, row)).count() > 0
    }

    fn grids(&self) -> Vec<Arc<Grid>> {
        let (low, high) = (at(-1_000.0, -1_000.0), at(1_000.0, 1_000.0));
        let cells = (0..40 * 40).map(|i| 30.0 + ((i % 40) as f32 + 0.5) * 0.5).collect();
        Vec::from_iter(Grid::new(40, 40, Bounds::new(low[0], low[1], high[0], high[1]), cells).map(Arc::new))
    }
}

/// A layer's row with some values.
fn row(layer: &LayerDef, values: &[(&str, Value)], geometry: Option<Geometry>) -> Row {
    let mut row = Row { values: vec![Value::Null; layer.fields.len()], geometry };
    for (name, value) in values {
        row.values[layer.field(name).unwrap()] = value.clone();
    }
    row
}

/// Metres east and north of a place in the city.
fn at(x: f64, y: f64) -> [f64; 2] {
    let m = metres_per_degree(29.0);
    [111.7 + x / m[0], 29.0 + y / m[1]]
}

fn square(x: f64, y: f64, size: f64) -> Geometry {
    let r = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]];
    Geometry::polygon(vec![r.iter().map(|p| at(p[0], p[1])).collect()])
}

fn line(points: &[[f64; 2]]) -> Geometry {
    Geometry::line(points.iter().map(|p| at(p[0], p[1])).collect())
}

fn text(t: &str) -> Value {
    Value::text(t)
}

/// Verdicts for rows one after the other, and the findings of one rule.
fn judge(layer: &LayerDef, rows: &mut [Row], others: &Given, rule: &str) -> (Vec<Verdict>, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut checks = make(layer, others, &mut findings).unwrap();
    let names = ["JSLine".to_owned()];
    let mut verdicts = Vec::new();
    for (i, row) in rows.iter_mut().enumerate() {
        let mut verdict = Verdict::Keep;
        for check in &mut checks {
            let mut seen = Seen {
                layer,
                file: "f",
                row: i as u64 + 1,
                names: &names,
                source: None,
                findings: &mut findings,
            };
            verdict = verdict.max(check.row(row, &mut seen));
        }
        verdicts.push(verdict);
    }
    checks.iter_mut().for_each(|c| c.end(&mut findings));
    findings.retain(|f| f.rule == rule);
    (verdicts, findings)
}

fn of(layers: &Arc<Layers>, id: &str) -> Arc<LayerDef> {
    Arc::clone(layers.named(id).unwrap())
}

const NONE: Given = Given(Vec::new());

#[test]
fn every_rule_that_a_layer_declares_can_be_made() {
    for layer in layers().iter() {
        make(layer, &NONE, &mut Vec::new()).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn u10_parcels_may_touch_and_not_overlap() {
    let layer = of(&layers(), "cadastre.parcel");
    let mut rows = [
        square(0., 0., 20.),
        square(20., 0., 20.),  // a neighbour with a whole side
        square(20., 20., 10.), // touches in a corner and along half a side
        square(39.9, 0., 10.), // a decimetre into the second
        square(5., 5., 5.),    // inside the first
        square(0., 0., 20.),   // the first once more
        square(100., 100., 20.),
    ]
    .map(|g| row(&layer, &[], Some(g)));
    let (verdicts, findings) = judge(&layer, &mut rows, &NONE, "check.overlap");
    use Verdict::{Keep, Quarantine};
    assert_eq!(verdicts, [Keep, Keep, Keep, Quarantine, Quarantine, Quarantine, Keep]);
    let areas: Vec<f64> = findings.iter().map(|f| f.value.as_f64().unwrap().round()).collect();
    assert_eq!(areas, [1.0, 25.0, 400.0]);
}

#[test]
fn polygons_overlap_through_common_vertices_too() {
    let layer = of(&layers(), "cadastre.parcel");
    // A diamond whose corners are the middles of the square's sides: no edges cross in their insides.
    let ring: Vec<[f64; 2]> =
        [[10., 0.], [20., 10.], [10., 20.], [0., 10.], [10., 0.]].iter().map(|p| at(p[0], p[1])).collect();
    let mut rows = [square(0., 0., 20.), Geometry::polygon(vec![ring])].map(|g| row(&layer, &[], Some(g)));
    let (verdicts, _) = judge(&layer, &mut rows, &NONE, "check.overlap");
    assert_eq!(verdicts, [Verdict::Keep, Verdict::Quarantine]);
}

#[test]
fn areas_leave_no_gap_within_a_level() {
    let layer = of(&layers(), "boundary.area");
    let level = |l: &str, g| row(&layer, &[("level", text(l))], Some(g));
    // Eight squares around a hole, and one of another level that does not fill it.
    let mut rows: Vec<Row> = (0..9)
        .filter(|i| *i != 4)
        .map(|i| level("village", square(f64::from(i % 3) * 100., f64::from(i / 3) * 100., 100.)))
        .collect();
    rows.push(level("county", square(100., 100., 100.)));
    let (_, findings) = judge(&layer, &mut rows, &NONE, "check.gap");
    assert_eq!(findings.len(), 1);
    assert!((findings[0].value.as_f64().unwrap() - 10_000.0).abs() < 20.0);
    let place = findings[0].place.at.unwrap();
    assert!((place[0] - at(150., 150.)[0]).abs() < 1e-3);
    rows.push(level("village", square(100., 100., 100.)));
    assert!(judge(&layer, &mut rows, &NONE, "check.gap").1.is_empty());
}

#[test]
fn ends_that_all_but_meet_a_road_are_found_and_true_ends_are_not() {
    let layer = of(&layers(), "transport.road");
    let mut rows = [
        line(&[[0., 0.], [100., 0.]]),
        line(&[[100., 0.], [100., 80.]]),    // meets the end of the first
        line(&[[50., 0.], [50., -80.]]),     // meets the middle of the first
        line(&[[30., 0.3], [30., 90.]]),     // misses it by 30 cm
        line(&[[300., 300.], [400., 300.]]), // far from all
        line(&[[70., 2.], [70., 40.]]),      // two metres off: a street that ends there
        line(&[[80., 50.], [80.2, 0.1], [80.2, -0.4]]), // runs over it by 40 cm
    ]
    .map(|g| row(&layer, &[], Some(g)));
    let (verdicts, findings) = judge(&layer, &mut rows, &NONE, "check.connected");
    assert!(verdicts.iter().all(|v| *v == Verdict::Keep));
    assert_eq!(findings.iter().map(|f| f.place.row).collect::<Vec<_>>(), [Some(4), Some(7)]);
    assert!((findings[0].value.as_f64().unwrap() - 0.3).abs() < 0.003);
    assert!((findings[1].value.as_f64().unwrap() - 0.4).abs() < 0.003);
    assert!(findings[0].message.en.contains("misses") && findings[1].message.en.contains("over"));
}

#[test]
fn pipes_end_in_points_of_their_kind_and_get_their_shape_from_there() {
    let layers = layers();
    let (layer, nodes) = (of(&layers, "pipeline.line"), of(&layers, "pipeline.node"));
    let node = |kind: &str, no: &str, p: [f64; 2]| {
        (
            "pipeline.node",
            row(
                &nodes,
                &[("kind", text(kind)), ("point_no", text(no))],
                Some(Geometry::point(at(p[0], p[1])[0], at(p[0], p[1])[1])),
            ),
        )
    };
    let given =
        Given(vec![node("water", "1", [0., 0.]), node("water", "2", [30., 0.]), node("gas", "2", [0., 30.])]);
    let pipe = |kind: &str, a: &str, b: &str, g: Option<Geometry>| {
        row(&layer, &[("kind", text(kind)), ("start_no", text(a)), ("end_no", text(b))], g)
    };
    let mut rows = [
        pipe("water", "1", "2", None),
        pipe("", "1", "2", None), // the kind comes from the table's name, JSLine
        pipe("gas", "1", "2", None),
        pipe("water", "1", "2", Some(line(&[[0., 0.], [30., 0.02]]))),
        pipe("water", "1", "2", Some(line(&[[0., 0.], [30., 2.]]))),
    ];
    let (verdicts, findings) = judge(&layer, &mut rows, &given, "check.ends");
    use Verdict::{Keep, Quarantine};
    assert_eq!(verdicts, [Keep, Keep, Quarantine, Keep, Quarantine]);
    assert_eq!(findings.len(), 2);
    let shape = rows[0].geometry.as_ref().unwrap();
    assert_eq!(shape.coords, [at(0., 0.), at(30., 0.)]);
    assert_eq!(rows[1].values[layer.field("kind").unwrap()], text("water"));
}

#[test]
fn lengths_areas_levels_and_slopes_are_judged_by_their_tolerance() {
    let layers = layers();
    let pipes = of(&layers, "pipeline.line");
    let pipe = |kind: &str, from: f64, to: f64, flow: &str, length: f64| {
        let values = [
            ("kind", text(kind)),
            ("start_height_m", Value::Real(from)),
            ("end_height_m", Value::Real(to)),
            ("flow", text(flow)),
        ];
        row(&pipes, &values, Some(line(&[[0., 0.], [length, 0.]])))
    };
    let mut rows = [
        pipe("sewage", 30.0, 29.8, "0", 40.),
        pipe("sewage", 30.0, 30.2, "0", 40.), // uphill
        pipe("sewage", 30.0, 30.2, "1", 40.),
        pipe("water", 30.0, 30.2, "0", 40.),  // under pressure
        pipe("sewage", 30.0, 29.8, "0", 90.), // long
    ];
    let slopes = judge(&pipes, &mut rows.clone(), &NONE, "check.slope").1;
    assert_eq!(slopes.iter().map(|f| f.place.row).collect::<Vec<_>>(), [Some(2)]);
    let lengths = judge(&pipes, &mut rows, &NONE, "check.length").1;
    assert_eq!(lengths.iter().map(|f| f.place.row).collect::<Vec<_>>(), [Some(5)]);
    let parcels = of(&layers, "cadastre.parcel");
    let parcel =
        |stated: f64, x: f64| row(&parcels, &[("area_m2", Value::Real(stated))], Some(square(x, 0., 20.)));
    let mut rows = [parcel(400.0, 0.), parcel(403.0, 50.), parcel(450.0, 100.)];
    let areas = judge(&parcels, &mut rows, &NONE, "check.area").1;
    assert_eq!(areas.iter().map(|f| f.place.row).collect::<Vec<_>>(), [Some(3)]);
    let nodes = of(&layers, "pipeline.node");
    let node = |height: f64, x: f64| {
        let values = [
            ("height_m", Value::Real(height)),
            ("ground_m", Value::Real(35.0)),
            ("depth_m", Value::Real(1.2)),
        ];
        row(&nodes, &values, Some(Geometry::point(at(x, 0.)[0], at(x, 0.)[1])))
    };
    let mut rows = [node(33.8, 0.), node(33.75, 10.), node(33.7, 20.)];
    let levels = judge(&nodes, &mut rows, &NONE, "check.level").1;
    assert_eq!(levels.iter().map(|f| f.place.row).collect::<Vec<_>>(), [Some(3)]);
}

#[test]
fn points_on_one_spot_and_codes_out_of_line_are_found() {
    let layers = layers();
    let control = of(&layers, "control.point");
    let point = |name: &str, x: f64| {
        row(&control, &[("name", text(name))], Some(Geometry::point(at(x, 0.)[0], at(x, 0.)[1])))
    };
    let mut rows = [point("a", 0.), point("b", 0.04), point("c", 0.2)];
    let (_, findings) = judge(&control, &mut rows, &NONE, "check.coincident");
    assert_eq!(findings.iter().map(|f| f.place.row).collect::<Vec<_>>(), [Some(2)]);
    // The number of a point without one is its name.
    assert_eq!(rows[0].values[control.field("point_no").unwrap()], text("a"));
    let areas = of(&layers, "boundary.area");
    let area =
        |code: &str, parent: &str| row(&areas, &[("code", text(code)), ("parent_code", text(parent))], None);
    let mut rows = [area("430702", "430700"), area("430702001", "430702"), area("430703", "431700")];
    let findings = judge(&areas, &mut rows, &NONE, "check.prefix").1;
    assert_eq!(findings.iter().map(|f| f.place.row).collect::<Vec<_>>(), [Some(3)]);
}

#[test]
fn a_point_of_a_parcel_that_is_not_there_is_found_when_parcels_are() {
    let layers = layers();
    let (points, parcels) = (of(&layers, "cadastre.boundary_point"), of(&layers, "cadastre.parcel"));
    let mut rows = [
        row(&points, &[("parcel_code", text("A"))], None),
        row(&points, &[("parcel_code", text("B"))], None),
    ];
    let given = Given(vec![("cadastre.parcel", row(&parcels, &[("code", text("A"))], None))]);
    let findings = judge(&points, &mut rows, &given, "check.parent").1;
    assert_eq!(findings.iter().map(|f| f.place.row).collect::<Vec<_>>(), [Some(2)]);
    // Without them the check says that it was not made.
    let findings = judge(&points, &mut rows, &NONE, "check.parent").1;
    assert_eq!(findings.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Note]);
}

#[test]
fn a_parcel_lies_in_the_county_that_its_code_begins_with() {
    let layers = layers();
    let parcel = of(&layers, "cadastre.parcel");
    let area = of(&layers, "boundary.area");
    let county = |code: &str, x: f64| {
        ("boundary.area", row(&area, &[("code", text(code))], Some(square(x, 0.0, 1000.0))))
    };
    let counties = Given(vec![county("430702", 0.0), county("430703", 1000.0)]);
    let at = |code: &str, x: f64, size: f64| {
        row(
            &parcel,
            &[("code", text(code)), ("area_m2", Value::Real(size * size))],
            Some(square(x, 10.0, size)),
        )
    };
    let mut rows = [
        at("430702001001GB00001", 10.0, 50.0),
        at("430703001001GB00001", 1010.0, 50.0),
        // On the common border, and a hand's breadth over it.
        at("430702001001GB00002", 950.0, 50.0),
        at("430702001001GB00003", 900.07, 100.0),
        // Two metres over, in the wrong county, of a county that is not here.
        at("430702001001GB00004", 952.0, 50.0),
        at("430703001001GB00005", 300.0, 20.0),
        at("430781001001GB00001", 400.0, 20.0),
    ];
    let (_, found) = judge(&parcel, &mut rows, &counties, "check.within");
    let rows: Vec<u64> = found.iter().map(|f| f.place.row.unwrap()).collect();
    assert_eq!(rows, [5, 6], "{found:?}");
    assert!((found[0].value.as_f64().unwrap() - 2.0).abs() < 0.01, "{:?}", found[0]);
    assert!(
        found[1].message.en.contains("does not lie in 430703") || found[1].value.as_f64().unwrap() > 600.0
    );
}

#[test]
fn counties_cover_their_city_and_nothing_else() {
    let layers = layers();
    let area = of(&layers, "boundary.area");
    let division = |code: &str, level: &str, g: Geometry| {
        row(&area, &[("code", text(code)), ("level", text(level))], Some(g))
    };
    let rect = |x: f64, w: f64| {
        let r = [[x, 0.0], [x + w, 0.0], [x + w, 1000.0], [x, 1000.0], [x, 0.0]];
        Geometry::polygon(vec![r.iter().map(|p| at(p[0], p[1])).collect()])
    };
    let city = || division("430700", "prefecture", square(0.0, 0.0, 1000.0));
    let judge = |rows: &mut [Row]| judge(&area, rows, &NONE, "check.covers").1;
    let whole = &mut [
        city(),
        division("430702", "county", rect(0.0, 400.0)),
        division("430703", "county", rect(400.0, 600.0)),
    ];
    assert!(judge(whole).is_empty());
    let short = judge(&mut [
        city(),
        division("430702", "county", rect(0.0, 400.0)),
        division("430703", "county", rect(400.0, 590.0)),
    ]);
    assert_eq!(short.len(), 1);
    assert!(
        (short[0].value.as_f64().unwrap() - 10.0).abs() < 0.05 && short[0].message.en.contains("4307"),
        "{short:?}"
    );
    let over = judge(&mut [
        city(),
        division("430702", "county", rect(0.0, 400.0)),
        division("430703", "county", rect(400.0, 625.0)),
    ]);
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(
        (over[0].value.as_f64().unwrap() - 25.0).abs() < 0.05
            && over[0].place.key.as_deref() == Some("430703"),
        "{over:?}"
    );
}

#[test]
fn contours_that_cross_or_touch_are_found_and_those_of_one_height_may() {
    let layers = layers();
    let contour = of(&layers, "terrain.contour");
    let contour_of =
        |h: f64, points: &[[f64; 2]]| row(&contour, &[("elevation_m", Value::Real(h))], Some(line(points)));
    let wave = |y: f64| {
        (0..200).map(|i| [f64::from(i) * 5.0, y + 20.0 * (f64::from(i) / 9.0).sin()]).collect::<Vec<_>>()
    };
    let mut rows = vec![
        contour_of(30.0, &wave(0.0)),
        contour_of(35.0, &wave(60.0)),
        contour_of(40.0, &wave(120.0)),
        // The same height may meet itself where sheets join.
        contour_of(35.0, &[[995.0, 60.0], [1100.0, 60.0]]),
        contour_of(45.0, &[[500.0, 90.0], [500.0, 300.0]]),
        contour_of(50.0, &[[0.0, 400.0], [100.0, 400.0]]),
        // Touches the line above with its end only.
        contour_of(55.0, &[[50.0, 400.0], [50.0, 500.0]]),
    ];
    let (_, found) = judge(&contour, &mut rows, &NONE, "check.contours");
    let numbers: Vec<u64> = found.iter().map(|f| f.place.row.unwrap()).collect();
    assert_eq!(numbers, [5, 7], "{found:?}");
    assert!(found[0].message.en.contains("40 m in row 3"), "{}", found[0].message.en);
}

#[test]
fn spots_agree_with_the_nearest_contour_to_the_interval() {
    let layers = layers();
    let (spot, contour) = (of(&layers, "terrain.spot"), of(&layers, "terrain.contour"));
    let contours = (0..6).map(|i| {
        let (h, y) = (30.0 + f64::from(i) * 5.0, f64::from(i) * 100.0);
        (
            "terrain.contour",
            row(&contour, &[("elevation_m", Value::Real(h))], Some(line(&[[-500.0, y], [500.0, y]]))),
        )
    });
    let given = Given(contours.collect());
    let at = |y: f64, h: f64| {
        row(&spot, &[("elevation_m", Value::Real(h))], Some(Geometry::point(at(3.0, y)[0], at(3.0, y)[1])))
    };
    let mut rows = [
        at(50.0, 32.4),
        at(50.0, 36.5),
        at(250.0, 62.0),
        at(0.0, 30.0),
        at(520.0, 58.0),
        at(90_000.0, 900.0),
    ];
    let (_, found) = judge(&spot, &mut rows, &given, "check.spots");
    let numbers: Vec<u64> = found.iter().map(|f| f.place.row.unwrap()).collect();
    // 62 between 40 and 45 is more than three intervals off; a spot far from every contour says nothing.
    assert_eq!(numbers, [3], "{found:?}");
}

#[test]
fn contours_and_spots_agree_with_the_elevation_model_to_tolerance_and_slope() {
    let layers = layers();
    let (spot, contour) = (of(&layers, "terrain.spot"), of(&layers, "terrain.contour"));
    let none = Given(Vec::new());
    // The model's height at `x` metres east.
    let model = |x: f64| 40.0 + x / 100.0;
    let spot_at = |x: f64, h: f64| {
        row(&spot, &[("elevation_m", Value::Real(h))], Some(Geometry::point(at(x, 0.0)[0], at(x, 0.0)[1])))
    };
    let mut rows = [
        spot_at(0.0, model(0.0)),
        // A cell rises by half a metre: 5.4 m off are still within 5 m and the slope, 5.6 m are not.
        spot_at(200.0, model(200.0) + 5.4),
        spot_at(200.0, model(200.0) - 5.6),
        // Outside the model nothing is said.
        spot_at(5_000.0, 900.0),
    ];
    let (_, found) = judge(&spot, &mut rows, &none, "check.dem");
    let numbers: Vec<u64> = found.iter().map(|f| f.place.row.unwrap()).collect();
    assert_eq!(numbers, [3], "{found:?}");
    let contour_at = |x: f64, h: f64, strays: usize| {
        let points: Vec<[f64; 2]> = (0..40)
            .map(|i| [if i < strays { x - 800.0 } else { x }, f64::from(i as u32) * 20.0 - 400.0])
            .collect();
        row(&contour, &[("elevation_m", Value::Real(h))], Some(line(&points)))
    };
    // Right; labelled 10 m too low; right but for a few vertices, which may be the model's fault; half of it astray.
    let mut rows = [
        contour_at(100.0, 41.0, 0),
        contour_at(100.0, 31.0, 0),
        contour_at(100.0, 41.0, 3),
        contour_at(100.0, 41.0, 20),
    ];
    let (_, found) = judge(&contour, &mut rows, &none, "check.dem");
    let numbers: Vec<u64> = found.iter().map(|f| f.place.row.unwrap()).collect();
    assert_eq!(numbers, [2, 4], "{found:?}");
    assert!(found[0].message.en.contains("40 of 40"), "{}", found[0].message.en);
}

#[test]
fn pipes_of_two_kinds_beside_each_other_keep_their_distance_and_may_cross() {
    let layers = layers();
    let pipe = of(&layers, "pipeline.line");
    let of_kind = |kind: &str, points: &[[f64; 2]]| row(&pipe, &[("kind", text(kind))], Some(line(points)));
    let mut rows = [
        of_kind("water", &[[0.0, 0.0], [50.0, 0.0]]),
        // Close enough beside it; far enough; across; of the same kind; end to end.
        of_kind("gas", &[[0.0, 0.3], [50.0, 0.3]]),
        of_kind("power", &[[0.0, 2.0], [50.0, 2.0]]),
        of_kind("gas", &[[25.0, -10.0], [25.0, 10.0]]),
        of_kind("water", &[[0.0, 0.1], [50.0, 0.1]]),
        of_kind("gas", &[[50.5, 0.0], [80.0, 0.0]]),
    ];
    let (_, found) = judge(&pipe, &mut rows, &NONE, "check.clearance");
    let numbers: Vec<u64> = found.iter().map(|f| f.place.row.unwrap()).collect();
    assert_eq!(numbers, [2, 5], "{found:?}");
    assert!((found[0].value.as_f64().unwrap() - 0.3).abs() < 0.002);
}

/// A layer with one more check, as a city may declare it.
fn with(layer: &LayerDef, rule: &str, texts: &[(&str, &str)]) -> LayerDef {
    let mut layer = layer.clone();
    layer.checks = vec![Check {
        rule: rule.to_owned(),
        severity: Severity::Warning,
        policy: Policy::Quarantine,
        numbers: Default::default(),
        texts: texts.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
    }];
    layer
}

#[test]
fn the_same_shape_twice_is_found_whichever_way_it_is_drawn() {
    let layers = layers();
    let road = with(&of(&layers, "transport.road"), "duplicate", &[]);
    let of_line = |points: &[[f64; 2]]| row(&road, &[], Some(line(points)));
    let mut rows = [
        of_line(&[[0.0, 0.0], [10.0, 5.0], [20.0, 0.0]]),
        of_line(&[[20.0, 0.0], [10.0, 5.0], [0.0, 0.0]]),
        of_line(&[[0.0, 0.0], [10.0, 5.002], [20.0, 0.0]]),
    ];
    let (_, found) = judge(&road, &mut rows, &NONE, "check.duplicate");
    assert_eq!(found.iter().map(|f| f.place.row.unwrap()).collect::<Vec<_>>(), [2]);
    // The same line as a railway already has it.
    let both = with(&road, "duplicate", &[("with", "water.line transport.railway")]);
    let railway = of(&layers, "transport.railway");
    let laid = line(&[[20.0, 0.0], [10.0, 5.002], [0.0, 0.0]]);
    let given = Given(vec![("transport.railway", row(&railway, &[], Some(laid)))]);
    let (_, found) = judge(&both, &mut rows, &given, "check.duplicate");
    assert_eq!(found.iter().map(|f| f.place.row.unwrap()).collect::<Vec<_>>(), [2, 3]);
    assert!(found[1].message.zh.contains("铁路"), "{}", found[1].message.zh);
    let parcel = with(&of(&layers, "cadastre.parcel"), "duplicate", &[]);
    let ring = |from: usize, back: bool| {
        let mut p = [[0.0, 0.0], [30.0, 0.0], [30.0, 20.0], [5.0, 25.0]];
        p.rotate_left(from);
        if back {
            p.reverse();
        }
        let mut p: Vec<[f64; 2]> = p.iter().map(|p| at(p[0], p[1])).collect();
        p.push(p[0]);
        row(&parcel, &[], Some(Geometry::polygon(vec![p])))
    };
    let mut rows = [ring(0, false), ring(2, false), ring(1, true)];
    let (_, found) = judge(&parcel, &mut rows, &NONE, "check.duplicate");
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn dates_in_the_future_and_out_of_order_are_found() {
    let layers = layers();
    let pipe = of(&layers, "pipeline.line");
    let dated: Vec<&str> = pipe
        .fields
        .iter()
        .filter(|f| f.kind == ditu_model::FieldType::Date)
        .map(|f| f.name.as_str())
        .collect();
    let [first, ..] = dated[..] else { return };
    let second = dated.last().copied().unwrap();
    let checked = with(&pipe, "dates", &[("field", second), ("after", first)]);
    let of_dates = |a: &str, b: &str| {
        let date = |t| ditu_model::Date::parse(t).map_or(Value::Null, Value::Date);
        row(&checked, &[(first, date(a)), (second, date(b))], Some(line(&[[0.0, 0.0], [9.0, 0.0]])))
    };
    let mut rows = [
        of_dates("2001-05-06", "2010-01-01"),
        of_dates("2001-05-06", "3000-01-01"),
        of_dates("2011-05-06", "2010-01-01"),
    ];
    let (_, found) = judge(&checked, &mut rows, &NONE, "check.dates");
    let expected: &[u64] = if first == second { &[2] } else { &[2, 3] };
    assert_eq!(found.iter().map(|f| f.place.row.unwrap()).collect::<Vec<_>>(), expected);
}

#[test]
fn slivers_and_tiny_holes_are_found_and_parcels_are_not() {
    let layers = layers();
    let parcel = of(&layers, "cadastre.parcel");
    let ring = |x: f64, y: f64, w: f64, h: f64| {
        [[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]
            .iter()
            .map(|p| at(p[0], p[1]))
            .collect::<Vec<_>>()
    };
    let of_rings = |rings: Vec<Vec<[f64; 2]>>| row(&parcel, &[], Some(Geometry::polygon(rings)));
    let mut rows = [
        of_rings(vec![ring(0.0, 0.0, 20.0, 30.0)]),
        of_rings(vec![ring(100.0, 0.0, 200.0, 0.04)]),
        of_rings(vec![ring(400.0, 0.0, 20.0, 30.0), ring(410.0, 10.0, 0.2, 0.2)]),
        of_rings(vec![ring(500.0, 0.0, 1.0, 2.0)]),
    ];
    let (_, found) = judge(&parcel, &mut rows, &NONE, "check.sliver");
    assert_eq!(found.iter().map(|f| f.place.row.unwrap()).collect::<Vec<_>>(), [2, 3], "{found:?}");
}

#[test]
fn a_height_is_in_the_shape_or_beside_it() {
    let layers = layers();
    let spot = with(&of(&layers, "terrain.spot"), "height", &[("field", "elevation_m")]);
    let flat = || Geometry::point(111.7, 29.0);
    let tall = Geometry { z: vec![31.5], ..flat() };
    let mut rows = [
        row(&spot, &[("elevation_m", Value::Real(31.5))], Some(flat())),
        row(&spot, &[], Some(tall)),
        row(&spot, &[], Some(flat())),
    ];
    let (_, found) = judge(&spot, &mut rows, &NONE, "check.height");
    assert_eq!(found.iter().map(|f| f.place.row.unwrap()).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_shape_and_its_own_coordinate_fields_agree_in_whatever_zone_they_are() {
    let layers = layers();
    let point = of(&layers, "control.point");
    let place = [111.7, 29.0];
    let fields = |north: f64, east: f64| {
        let values = [("north_m", Value::Real(north)), ("east_m", Value::Real(east))];
        row(&point, &values, Some(Geometry::point(place[0], place[1])))
    };
    for code in [4546, 4525, 4547, 4545, 4508, 4497, 4498, 32649] {
        let [e, n] = ditu_crs::Crs::from_epsg(code).unwrap().project(place);
        let mut rows = [fields(n, e), fields(n + 0.9, e), fields(n - 45.0, e + 62.0), fields(e, n)];
        let (verdicts, found) = judge(&point, &mut rows, &NONE, "check.agrees");
        assert_eq!(verdicts, [Verdict::Keep; 4]);
        assert_eq!(found.len(), 2, "EPSG:{code} {found:?}");
        assert!(
            found[0].message.zh.contains("76.6") && found[1].message.en.contains("exchanged"),
            "{found:?}"
        );
    }
    let mut rows = [fields(29.0, 111.7), fields(12_973.0, 18_041.0), fields(29.0, 111.701)];
    let (_, found) = judge(&point, &mut rows, &NONE, "check.agrees");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].message.en.contains("no coordinates of where"), "{found:?}");
}
