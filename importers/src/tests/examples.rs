//! `layers/*.examples.toml` through the importers' own mapping and values.

use super::*;
use crate::recognise::fields;
use crate::table::Raw;
use crate::value::{Converter, written};
use serde::Deserialize;

#[derive(Deserialize)]
struct Examples {
    example: Vec<Example>,
}

#[derive(Deserialize)]
struct Example {
    name: String,
    layer: String,
    source: BTreeMap<String, toml::Value>,
    #[serde(default)]
    ignored: Vec<String>,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    values: BTreeMap<String, toml::Value>,
}

fn raw(value: &toml::Value) -> Raw {
    match value {
        toml::Value::String(s) => Raw::text(s),
        toml::Value::Integer(i) => Raw::Integer(*i),
        toml::Value::Float(f) => Raw::Real(*f),
        toml::Value::Boolean(b) => Raw::Boolean(*b),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_row_of_the_layers_examples_becomes_the_feature_beside_it() {
    let layers = layers();
    let mut seen = 0;
    for theme in layers.themes() {
        let path = format!("{}/../layers/{}.examples.toml", env!("CARGO_MANIFEST_DIR"), theme.id);
        let text = std::fs::read_to_string(&path).unwrap();
        for example in toml::from_str::<Examples>(&text).unwrap().example {
            let at = format!("{}: {}", example.layer, example.name);
            let layer = layers.named(&example.layer).unwrap();
            let columns: Vec<String> = example.source.keys().cloned().collect();
            let mapping = fields::map(layer, &columns, false);
            let mut remarks = Vec::new();
            for (field, column) in layer.fields.iter().zip(&mapping) {
                let source = column.map(|c| raw(&example.source[&columns[c]])).unwrap_or(Raw::Null);
                let value = Converter::new(crate::recognise::nodata::Nothing::default()).convert(
                    field,
                    source,
                    &mut remarks,
                );
                match example.expect.values.get(&field.name) {
                    None => assert!(value.is_null(), "{at}: {} is {value}", field.name),
                    Some(expected) => {
                        assert_eq!(value.to_string(), written(&raw(expected)), "{at}: {}", field.name)
                    }
                }
            }
            assert!(remarks.is_empty(), "{at}: {remarks:?}");
            for name in &example.ignored {
                let c = columns.iter().position(|c| c == name).unwrap();
                assert!(!mapping.contains(&Some(c)), "{at}: {name}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 57, "{seen}");
}
