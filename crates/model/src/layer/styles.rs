//! Every style names only layers, fields, codes, zooms, colours, fonts and icons that exist.

use super::examples::{declared, project};
use super::*;
use serde_json::Value;
use std::collections::BTreeSet;

/// Each style with the column of `tokens.json` that its colours come from.
const STYLES: [(&str, &str); 2] = [("light", "day"), ("dark", "night")];
const FONTS: [&str; 2] = ["Noto Sans CJK SC Regular", "Noto Sans CJK SC Bold"];

fn json(path: &str) -> Value {
    let path = project(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The style layers that draw vector data, with the declared layer of each.
fn drawn<'a>(style: &'a Value, layers: &Layers) -> Vec<(&'a str, &'a Value, Arc<LayerDef>)> {
    let of = |l: &'a Value| {
        let id = l["id"].as_str().unwrap();
        let source_layer = l.get("source-layer")?.as_str().unwrap();
        let def = layers.named(source_layer).unwrap_or_else(|| panic!("{id}: no layer {source_layer}"));
        Some((id, l, def.clone()))
    };
    style["layers"].as_array().unwrap().iter().filter_map(of).collect()
}

/// Calls `f` with every value inside, itself first.
fn walk<'a>(value: &'a Value, f: &mut dyn FnMut(&'a Value)) {
    f(value);
    match value {
        Value::Array(a) => a.iter().for_each(|v| walk(v, f)),
        Value::Object(o) => o.values().for_each(|v| walk(v, f)),
        _ => {}
    }
}

/// The field that `["get", field]` or `["has", field]` names, through `coalesce` and `slice`.
fn field_of(expression: &Value) -> Option<&str> {
    let a = expression.as_array()?;
    match a.first()?.as_str()? {
        "get" | "has" => a.get(1)?.as_str(),
        "coalesce" => field_of(a.get(1)?),
        _ => None,
    }
}

/// What a property's expression can give: the texts in the places of results.
fn results(expression: &Value) -> Vec<&str> {
    if let Some(text) = expression.as_str() {
        return vec![text];
    }
    let a = expression.as_array().unwrap();
    let places: Vec<&Value> = match a[0].as_str().unwrap() {
        "match" => a[3..].iter().step_by(2).chain(a.last()).collect(),
        "step" => a[2..].iter().step_by(2).collect(),
        other => panic!("{other} is not read by this test; teach it"),
    };
    places.into_iter().flat_map(results).collect()
}

#[test]
fn every_style_layer_draws_a_declared_layer_of_its_shape_within_its_zooms() {
    let layers = declared();
    for (name, _) in STYLES {
        let style = json(&format!("styles/{name}/style.json"));
        assert_eq!(style["version"], 8);
        let mut seen = BTreeSet::new();
        for layer in style["layers"].as_array().unwrap() {
            assert!(seen.insert(layer["id"].as_str().unwrap()), "{name}: {} twice", layer["id"]);
        }
        for (id, layer, def) in drawn(&style, &layers) {
            assert_eq!(layer["source"], "ditu", "{id}");
            let Kind::Vector(shape) = def.kind else { panic!("{id} draws a raster") };
            let fits = match layer["type"].as_str().unwrap() {
                "fill" => shape == Shape::Polygon,
                "line" => shape != Shape::Point,
                "circle" => shape == Shape::Point,
                "symbol" => shape != Shape::Line || layer["layout"].get("symbol-placement").is_some(),
                other => panic!("{id}: {other}"),
            };
            assert!(fits, "{name} {id}: a {} of {}", layer["type"], def.id);
            let min = layer["minzoom"].as_f64().unwrap_or_else(|| panic!("{id} says no minzoom"));
            let zooms = &def.display.zooms;
            assert!(
                (f64::from(*zooms.start())..=f64::from(*zooms.end())).contains(&min),
                "{name} {id}: {min}"
            );
            assert!(layer.get("maxzoom").is_none_or(|m| m.as_f64().unwrap() > min), "{name} {id}");
        }
    }
}

#[test]
fn every_declared_vector_layer_is_drawn() {
    let layers = declared();
    for (name, _) in STYLES {
        let style = json(&format!("styles/{name}/style.json"));
        let drawn = drawn(&style, &layers);
        // Areas are named by places and bounded by lines; they are there to be asked, not to be painted.
        for layer in layers.iter().filter(|l| l.kind != Kind::Raster && l.id.as_str() != "boundary.area") {
            assert!(drawn.iter().any(|(_, _, d)| d.id == layer.id), "{name} does not draw {}", layer.id);
        }
    }
}

#[test]
fn every_property_is_a_field_in_tiles_and_every_value_a_code_of_its_list() {
    let layers = declared();
    for (name, _) in STYLES {
        let style = json(&format!("styles/{name}/style.json"));
        for (id, layer, def) in drawn(&style, &layers) {
            let field = |f: &str| {
                let at = def.field(f).unwrap_or_else(|| panic!("{name} {id}: {} has no field {f}", def.id));
                assert!(def.fields[at].in_tiles, "{name} {id}: {f} is not in tiles");
                &def.fields[at]
            };
            walk(layer, &mut |v| {
                if let Some(f) = field_of(v) {
                    field(f);
                }
                let Some(a) = v.as_array() else { return };
                let (Some(what), Some(f)) = (a.first().and_then(Value::as_str), a.get(1).and_then(field_of))
                else {
                    return;
                };
                let values: Vec<&Value> = match what {
                    "match" => a[2..a.len() - 1].iter().step_by(2).collect(),
                    "==" | "!=" => vec![&a[2]],
                    "in" => vec![&a[2][1]],
                    _ => return,
                };
                let Some(codes) = &field(f).codes else { return };
                for value in values.into_iter().flat_map(|v| v.as_array().cloned().unwrap_or(vec![v.clone()]))
                {
                    let known = codes.codes.iter().any(|c| value == c.code.as_str());
                    assert!(known, "{name} {id}: {value} is no code of {}", codes.name);
                }
            });
        }
    }
}

#[test]
fn every_label_has_a_fallback_and_a_font_that_is_served() {
    for (name, _) in STYLES {
        let style = json(&format!("styles/{name}/style.json"));
        for layer in style["layers"].as_array().unwrap() {
            let Some(text) = layer["layout"].get("text-field") else { continue };
            let safe = text.to_string().contains("coalesce") || layer["filter"][0] == "has";
            assert!(safe, "{name} {}: {text} may be nothing", layer["id"]);
            let fonts = layer["layout"]["text-font"].as_array().unwrap();
            assert!(
                fonts.iter().all(|f| FONTS.contains(&f.as_str().unwrap())),
                "{name} {}: {fonts:?}",
                layer["id"]
            );
        }
    }
}

#[test]
fn every_icon_is_drawn_and_every_drawing_is_used() {
    let there: BTreeSet<String> = std::fs::read_dir(project("styles/sprites"))
        .unwrap()
        .map(|f| f.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    for (name, _) in STYLES {
        let style = json(&format!("styles/{name}/style.json"));
        let mut used = BTreeSet::new();
        for layer in style["layers"].as_array().unwrap() {
            let icons =
                layer["layout"].get("icon-image").into_iter().chain(layer["paint"].get("line-pattern"));
            used.extend(icons.flat_map(results).filter(|n| !n.is_empty()).map(str::to_owned));
        }
        assert_eq!(used, there, "{name}");
    }
}

#[test]
fn the_styles_differ_in_colours_only_and_each_colour_is_a_token() {
    let tokens = json("styles/tokens.json");
    let plain = STYLES.map(|(name, column)| {
        let of = |t: &Value| t[column].as_str().unwrap().to_owned();
        let known: BTreeSet<String> = tokens["colours"].as_object().unwrap().values().map(of).collect();
        let style = json(&format!("styles/{name}/style.json"));
        let mut layers = style["layers"].clone();
        blank(&mut layers, &|colour| {
            assert!(known.contains(colour), "{name}: {colour} is not in tokens.json under {column}");
        });
        assert_eq!(style["glyphs"], "/fonts/{fontstack}/{range}.pbf");
        assert_eq!(style["sprite"], "/sprites/ditu");
        assert_eq!(style["sources"]["ditu"]["url"], "/tiles/basemap");
        (layers, style["sources"].clone())
    });
    let [(light, light_sources), (dark, dark_sources)] = plain;
    assert_eq!(light_sources, dark_sources);
    for (a, b) in light.as_array().unwrap().iter().zip(dark.as_array().unwrap()) {
        assert_eq!(a, b);
    }
    assert_eq!(light.as_array().unwrap().len(), dark.as_array().unwrap().len());
    for (token, colour) in tokens["colours"].as_object().unwrap() {
        for key in ["zh", "en", "day", "night", "wall"] {
            assert!(colour[key].as_str().is_some_and(|t| !t.is_empty()), "{token} has no {key}");
        }
    }
}

/// Shows `see` every colour and writes "colour" in its place.
fn blank(value: &mut Value, see: &dyn Fn(&str)) {
    match value {
        Value::String(s) if s.starts_with('#') || s.starts_with("rgb") || s.starts_with("hsl") => {
            see(s);
            *s = "colour".into();
        }
        Value::Array(a) => a.iter_mut().for_each(|v| blank(v, see)),
        Value::Object(o) => o.values_mut().for_each(|v| blank(v, see)),
        _ => {}
    }
}
