//! The theme files' examples: a row as an office writes it becomes the feature, zoom and label that stand beside it.
//!
//! `<theme>.examples.toml` lists `[[example]]`: its name, layer and geometry kind; `source`, the row by column name as
//! written; `ignored`, columns that are no field (coordinates, row numbers); `expect.values`, the feature's fields that
//! are not NULL; `expect.min_zoom`, the lowest zoom at which it shows; `expect.label`, "" for none.

use super::*;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

pub(super) fn project(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}

pub(super) fn declared() -> Layers {
    Layers::read_dir(&project("layers")).unwrap_or_else(|e| panic!("{e}"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    example: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    name: String,
    layer: String,
    geometry: String,
    source: BTreeMap<String, toml::Value>,
    #[serde(default)]
    ignored: Vec<String>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    values: BTreeMap<String, toml::Value>,
    min_zoom: u8,
    label: String,
}

fn examples(theme: &str) -> Vec<Example> {
    let path = project(&format!("layers/{theme}.examples.toml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    toml::from_str::<Examples>(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())).example
}

/// A scalar as text, trimmed.
fn text(written: &toml::Value) -> String {
    match written {
        toml::Value::String(s) => s.trim().to_owned(),
        toml::Value::Integer(i) => i.to_string(),
        toml::Value::Float(f) => f.to_string(),
        toml::Value::Boolean(b) => b.to_string(),
        other => panic!("{other:?} is no scalar"),
    }
}

/// A source's value as the field keeps it; texts that mean nothing are NULL.
fn value(field: &Field, written: &toml::Value) -> Option<toml::Value> {
    let text = text(written);
    if text.is_empty() {
        return None;
    }
    let coded = match &field.codes {
        Some(list) => {
            list.find(&text).unwrap_or_else(|| panic!("{text} is not in {}", list.name)).code.clone()
        }
        None => text,
    };
    if let Some(pattern) = &field.pattern {
        assert!(pattern.is_match(&coded), "{} {coded} does not look right", field.name);
    }
    let number = |n: f64| {
        let [least, greatest] = field.range.unwrap_or([f64::MIN, f64::MAX]);
        assert!((least..=greatest).contains(&n), "{} {n} is out of range", field.name);
    };
    Some(match field.kind {
        FieldType::Integer => {
            let n: i64 = coded.parse().unwrap_or_else(|e| panic!("{}: {coded}: {e}", field.name));
            number(n as f64);
            toml::Value::Integer(n)
        }
        FieldType::Real => {
            let n: f64 = coded.parse().unwrap_or_else(|e| panic!("{}: {coded}: {e}", field.name));
            number(n);
            toml::Value::Float(n)
        }
        FieldType::Boolean => toml::Value::Boolean(["是", "1", "true", "Y"].contains(&coded.as_str())),
        _ => {
            assert!(
                field.width.is_none_or(|w| coded.chars().count() <= w as usize),
                "{} is too long",
                field.name
            );
            toml::Value::String(coded)
        }
    })
}

/// What is written on the map: the title of a code, the text of anything else.
fn label(layer: &LayerDef, values: &BTreeMap<String, toml::Value>) -> String {
    let of = |i: usize| {
        let field = &layer.fields[i];
        let text = text(values.get(&field.name)?);
        Some(field.codes.as_ref().and_then(|c| c.find(&text)).map_or(text, |c| c.title.zh.clone()))
    };
    let Some(label) = &layer.label else { return String::new() };
    of(label.field).or_else(|| of(label.fallback?)).unwrap_or_default()
}

fn min_zoom(layer: &LayerDef, values: &BTreeMap<String, toml::Value>) -> u8 {
    let by = layer.display.by.and_then(|b| values.get(&layer.fields[b].name)?.as_str().map(str::to_owned));
    by.and_then(|v| layer.display.by_value.get(&v).copied())
        .unwrap_or(layer.display.default)
        .max(*layer.display.zooms.start())
}

#[test]
fn every_example_becomes_the_feature_zoom_and_label_beside_it() {
    let layers = declared();
    for theme in layers.themes() {
        for example in examples(&theme.id) {
            let at = format!("{}: {}", example.layer, example.name);
            let layer = layers.named(&example.layer).unwrap_or_else(|| panic!("{at}: no such layer"));
            let kind = match layer.kind {
                Kind::Raster => "raster",
                Kind::Vector(Shape::Point) => "point",
                Kind::Vector(Shape::Line) => "line",
                Kind::Vector(Shape::Polygon) => "polygon",
            };
            assert_eq!(example.geometry, kind, "{at}");
            let mut values = BTreeMap::new();
            for (column, written) in &example.source {
                let meant: Vec<&Field> = layer.fields.iter().filter(|f| f.is_called(column)).collect();
                if example.ignored.contains(column) {
                    let names: Vec<&str> = meant.iter().map(|f| f.name.as_str()).collect();
                    assert!(meant.is_empty(), "{at}: {column} means {names:?}");
                    continue;
                }
                assert_eq!(meant.len(), 1, "{at}: {column} means {} fields", meant.len());
                if let Some(v) = value(meant[0], written) {
                    let before = values.insert(meant[0].name.clone(), v);
                    assert!(before.is_none(), "{at}: two columns mean {}", meant[0].name);
                }
            }
            assert_eq!(values, example.expect.values, "{at}");
            assert_eq!(min_zoom(layer, &values), example.expect.min_zoom, "{at}");
            assert_eq!(label(layer, &values), example.expect.label, "{at}");
        }
    }
}

#[test]
fn every_layer_has_three_examples() {
    let layers = declared();
    for layer in layers.iter() {
        let n = examples(&layer.theme.id).iter().filter(|e| e.layer == layer.id.as_str()).count();
        assert!(n >= 3, "{} has {n}", layer.id);
    }
}

#[test]
fn the_nine_themes_hold_the_layers_of_the_design() {
    let layers = declared();
    assert_eq!(layers.themes().len(), 9);
    for id in [
        "control.point",
        "terrain.contour",
        "terrain.spot",
        "terrain.dem",
        "landform.feature",
        "placename.place",
        "transport.road",
        "transport.railway",
        "transport.bridge",
        "transport.stop",
        "water.area",
        "water.line",
        "boundary.area",
        "boundary.line",
        "cadastre.parcel",
        "cadastre.building",
        "cadastre.boundary_point",
        "pipeline.line",
        "pipeline.node",
    ] {
        assert!(layers.named(id).is_some(), "{id}");
    }
}

#[test]
fn no_name_means_two_fields_of_a_layer_and_no_text_two_codes_of_a_list() {
    for layer in declared().iter() {
        for field in &layer.fields {
            let names = field.aliases.iter().chain([&field.name, &field.title.zh, &field.title.en]);
            for name in names {
                let meant: Vec<&str> =
                    layer.fields.iter().filter(|f| f.is_called(name)).map(|f| f.name.as_str()).collect();
                assert_eq!(meant, [field.name.as_str()], "{}: {name}", layer.id);
            }
            let Some(list) = &field.codes else { continue };
            let mut seen = BTreeSet::new();
            for code in &list.codes {
                let texts: BTreeSet<String> = code
                    .aliases
                    .iter()
                    .chain([&code.code, &code.title.zh, &code.title.en])
                    .map(|t| t.to_lowercase())
                    .collect();
                for text in texts {
                    assert!(
                        seen.insert(text.clone()),
                        "{} {}: {text} stands for two codes",
                        layer.id,
                        list.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_file_or_drawing_layer_name_and_a_shape_lead_to_one_layer() {
    use Shape::{Line, Point, Polygon};
    let layers = declared();
    for (name, shape, id) in [
        ("控制点", Point, "control.point"),
        ("KZD", Point, "control.point"),
        ("CPTP", Point, "control.point"),
        ("等高线", Line, "terrain.contour"),
        ("DGX", Line, "terrain.contour"),
        ("高程点", Point, "terrain.spot"),
        ("gcd", Point, "terrain.spot"),
        ("DMTZ", Line, "landform.feature"),
        ("地貌", Line, "landform.feature"),
        ("地名点", Point, "placename.place"),
        ("道路中心线", Line, "transport.road"),
        ("DLSS", Line, "transport.road"),
        ("LRDL", Line, "transport.road"),
        ("铁路", Line, "transport.railway"),
        ("LRRL", Line, "transport.railway"),
        ("桥梁", Line, "transport.bridge"),
        ("公交站点", Point, "transport.stop"),
        ("水域", Polygon, "water.area"),
        ("水系面", Polygon, "water.area"),
        ("SXSS", Polygon, "water.area"),
        ("SXSS", Line, "water.line"),
        ("水系线", Line, "water.line"),
        ("HYDL", Line, "water.line"),
        ("行政区", Polygon, "boundary.area"),
        ("BOUA", Polygon, "boundary.area"),
        ("境界线", Line, "boundary.line"),
        ("JJ", Line, "boundary.line"),
        ("宗地", Polygon, "cadastre.parcel"),
        ("ZDJBXX", Polygon, "cadastre.parcel"),
        ("JZD", Polygon, "cadastre.parcel"),
        ("JZD", Point, "cadastre.boundary_point"),
        ("界址点", Point, "cadastre.boundary_point"),
        ("房屋", Polygon, "cadastre.building"),
        ("JMD", Polygon, "cadastre.building"),
        ("建筑物", Polygon, "cadastre.building"),
        ("RESA", Polygon, "cadastre.building"),
        ("管线点成果表", Point, "pipeline.node"),
        ("管线点表", Point, "pipeline.node"),
        ("JSPoint", Point, "pipeline.node"),
        ("管线段成果表", Line, "pipeline.line"),
        ("管线表", Line, "pipeline.line"),
        ("WSLine", Line, "pipeline.line"),
        ("GXYZ", Line, "pipeline.line"),
        ("pipeline_node", Point, "pipeline.node"),
    ] {
        let called = |l: &&Arc<LayerDef>| l.kind == Kind::Vector(shape) && l.is_called(name);
        let meant: Vec<&str> = layers.iter().filter(called).map(|l| l.id.as_str()).collect();
        assert_eq!(meant, [id], "{name} {shape:?}");
    }
}

#[test]
fn restricted_things_are_not_open_and_what_law_hides_is_sensitive() {
    let layers = declared();
    for (id, sharing) in [
        ("control.point", Sharing::Private),
        ("terrain.dem", Sharing::Private),
        ("terrain.contour", Sharing::Restricted),
        ("pipeline.line", Sharing::Private),
        ("pipeline.node", Sharing::Private),
        ("cadastre.parcel", Sharing::Restricted),
        ("boundary.area", Sharing::Restricted),
        ("transport.road", Sharing::Open),
        ("water.area", Sharing::Open),
        ("placename.place", Sharing::Open),
    ] {
        assert_eq!(layers.named(id).unwrap().sharing, sharing, "{id}");
    }
    for (id, field) in [
        ("cadastre.parcel", "owner"),
        ("cadastre.parcel", "owner_id"),
        ("cadastre.building", "owner"),
        ("control.point", "north_m"),
        ("control.point", "height_m"),
        ("pipeline.line", "start_depth_m"),
        ("pipeline.line", "size"),
        ("pipeline.line", "pressure"),
        ("pipeline.node", "ground_m"),
        ("transport.bridge", "load_t"),
        ("water.area", "capacity_m3"),
    ] {
        let layer = layers.named(id).unwrap();
        assert!(layer.fields[layer.field(field).unwrap()].sensitive, "{id} {field}");
    }
}
