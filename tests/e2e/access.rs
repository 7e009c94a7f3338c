//! What no grant opens is nowhere: every route, under every set of grants, byte by byte.

use crate::harness::{City, Server, inputs};
use inputs::{ADDRESS, LAT, LOAD, LON, OWNER, PARCEL, PIPE_ROAD, PIPE_START, tile};

/// Every address that could tell something about a layer.
fn routes(layer: &str) -> Vec<String> {
    let t = tile(16, LON + 0.001, LAT + 0.0005);
    vec![
        format!("/tiles/{layer}/{t}"),
        format!("/tiles/{layer}/{t}.pbf"),
        format!("/tiles/transport.road,{layer}/{t}"),
        format!("/tiles/{layer}"),
        format!("/tiles/transport.road,{layer}"),
        format!("/collections/{layer}"),
        format!("/collections/{layer}/items"),
        format!("/collections/{layer}/items?bbox=111,28,112,30&limit=5"),
        format!("/collections/{layer}/items/1"),
        format!("/identify?lon={LON}&lat={LAT}&z=17&layers={layer}"),
        format!("/identify?lon={LON}&lat={LAT}&z=17&layers=transport.road,{layer}"),
        format!("/terrain/{layer}/{t}.png"),
    ]
}

/// Every address that answers about all layers at once.
fn general() -> Vec<String> {
    let mut all = vec!["/collections", "/tiles/basemap", "/metrics", "/health", "/nowhere"]
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    for z in [11, 14, 16, 18] {
        all.push(format!("/tiles/basemap/{}", tile(z, LON + 0.001, LAT + 0.0005)));
    }
    all.push(format!("/identify?lon={}&lat={}&z=14", LON + 0.001, LAT + 0.0005));
    all
}

/// Asks everything and fails where a word shows.
fn nowhere(server: &Server, paths: &[String], words: &[&str]) {
    for path in paths {
        for language in ["zh", "en"] {
            let said = server.get_with(path, &[("Accept-Language", language)]).everything();
            for word in words {
                assert!(!said.contains(word), "{path} tells {word}: {said}");
            }
        }
    }
}

fn closed(server: &Server, layer: &str, words: &[&str]) {
    let unknown = routes("no.such");
    for (path, other) in routes(layer).iter().zip(&unknown) {
        let (a, b) = (server.get(path), server.get(other));
        assert_eq!(a.status, 404, "{path}: {}", a.text());
        assert_eq!(a.body, b.body, "{path} answers otherwise than a layer that is not there");
    }
    nowhere(server, &routes(layer), words);
    nowhere(server, &general(), words);
}

const PARCELS: [&str; 6] = ["cadastre.parcel", "Parcel", "宗地", PARCEL, ADDRESS, OWNER];
const PIPES: [&str; 4] = ["pipeline.line", PIPE_START, PIPE_ROAD, "管线"];
const SENSITIVE: [&str; 2] = [OWNER, LOAD];

/// Sensitive fields: neither their values nor their names.
fn nothing_sensitive(server: &Server, layers: &[&str]) {
    let mut paths = general();
    paths.extend(layers.iter().flat_map(|l| routes(l)));
    nowhere(server, &paths, &SENSITIVE);
    nowhere(server, &paths, &["load_t", "载重", "owner_id", "证件号", "certificate"]);
    for c in server.json("/collections")["collections"].as_array().unwrap() {
        let declared: Vec<&str> =
            c["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
        assert!(c["fields"].as_array().unwrap().iter().all(|f| f["sensitive"] == false), "{c}");
        let items = server.json(&format!("/collections/{}/items", c["id"].as_str().unwrap()));
        for f in items["features"].as_array().unwrap() {
            let keys = f["properties"].as_object().unwrap().keys();
            assert!(keys.into_iter().all(|k| declared.contains(&k.as_str())), "{f}");
        }
    }
}

#[test]
fn l2_without_any_flag_only_open_layers_are_there() {
    let city = City::new();
    inputs::every_class(&city);
    let server = city.serve(&[]);
    closed(&server, "cadastre.parcel", &PARCELS);
    closed(&server, "pipeline.line", &PIPES);
    closed(&server, "terrain.dem", &["terrain.dem"]);
    nothing_sensitive(&server, &["transport.road", "transport.bridge"]);
    let found = server.json("/collections/transport.bridge/items");
    assert_eq!(found["features"][0]["properties"]["name"], "沅水大桥");
}

#[test]
fn l2_one_public_layer_opens_that_layer_and_no_other() {
    let city = City::new();
    inputs::every_class(&city);
    let server = city.serve(&["--public", "cadastre.parcel"]);
    closed(&server, "pipeline.line", &PIPES);
    let found = server.json("/collections/cadastre.parcel/items");
    assert_eq!(found["features"][0]["properties"]["code"], PARCEL);
    let t = format!("/tiles/cadastre.parcel/{}", tile(16, LON + 0.001, LAT + 0.0005));
    assert_eq!(server.get(&t).status, 200);
    nothing_sensitive(&server, &["transport.bridge", "cadastre.parcel"]);
}

#[test]
fn sensitive_fields_never_reach_the_anonymous_even_where_all_layers_are_public() {
    let city = City::new();
    inputs::every_class(&city);
    let server = city.serve(&["--public", "all"]);
    for layer in ["cadastre.parcel", "pipeline.line", "transport.bridge", "transport.road"] {
        assert_eq!(
            server.json(&format!("/collections/{layer}/items"))["features"].as_array().unwrap().len(),
            1
        );
    }
    nothing_sensitive(&server, &["transport.bridge", "cadastre.parcel", "pipeline.line"]);
}

#[test]
fn a_credential_that_is_not_valid_is_refused_and_never_taken_for_anonymous() {
    let city = City::new();
    inputs::every_class(&city);
    let server = city.serve(&["--public", "all"]);
    let mut paths = routes("transport.road");
    paths.extend(["/collections", "/styles", "/styles/light", "/sprites/ditu.json", "/"].map(str::to_owned));
    for path in paths {
        for credential in ["Bearer abc", "Basic YTpi", "nonsense"] {
            let a = server.get_with(&path, &[("Authorization", credential)]);
            assert_eq!(a.status, 401, "{path}");
            assert_eq!(a.header("content-type"), Some("application/problem+json"));
            assert!(a.header("www-authenticate").is_some(), "{path}");
            assert_eq!(a.json()["status"], 401);
        }
    }
}
