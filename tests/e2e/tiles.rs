//! Tiles over HTTP: fresh, validated, negotiated.

use crate::harness::{City, inputs};
use fast_mvt::MvtReaderRef;
use inputs::{LAT, LON, road, roads, tile};
use std::io::Read;

/// The layers of a decoded tile with their number of features.
pub(crate) fn layers(bytes: &[u8]) -> Vec<(String, usize)> {
    let reader = MvtReaderRef::new(bytes).unwrap();
    let mut out = Vec::new();
    for layer in reader.layers() {
        let mut n = 0;
        for f in layer.features() {
            f.geometry().unwrap();
            n += 1;
        }
        out.push((layer.name().to_owned(), n));
    }
    out
}

fn city() -> City {
    let city = City::new();
    let far = road("R9", "远路", [0.3, 0.3], [0.304, 0.301]);
    city.import(&roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001]), far]));
    city
}

#[test]
fn t28_a_later_import_shows_in_the_next_request_and_only_touched_tiles_get_another_etag() {
    let city = city();
    let server = city.serve(&[]);
    let near = format!("/tiles/transport.road/{}", tile(14, LON + 0.002, LAT + 0.0005));
    let far = format!("/tiles/transport.road/{}", tile(14, LON + 0.302, LAT + 0.3005));
    let before = [server.get(&near), server.get(&far)];
    assert!(before.iter().all(|a| a.status == 200), "{before:?}");
    assert_eq!(layers(&before[0].body), [("transport.road".to_owned(), 1)]);
    let list = [
        road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001]),
        road("R2", "新路", [0.0, 0.0], [0.004, 0.0]),
        road("R9", "远路", [0.3, 0.3], [0.304, 0.301]),
    ];
    let path = roads(&city, &list);
    // Without a generation of its own the import leaves the change to the server; then with one.
    city.run(&["import", path.to_str().unwrap(), "--no-tiles"]).expect(0);
    let after = [server.get(&near), server.get(&far)];
    assert_eq!(layers(&after[0].body), [("transport.road".to_owned(), 2)]);
    assert_ne!(before[0].header("etag"), after[0].header("etag"));
    assert_eq!(before[1].header("etag"), after[1].header("etag"));
    let stale = before[0].header("etag").unwrap();
    assert_eq!(server.get_with(&near, &[("If-None-Match", stale)]).status, 200);
    city.import(&roads(&city, &list[1..]));
    assert_eq!(layers(&server.get(&near).body), [("transport.road".to_owned(), 1)]);
    assert_eq!(before[1].header("etag"), server.get(&far).header("etag"));
}

#[test]
fn t33_a_validator_that_still_holds_gives_304_without_a_body() {
    let server = city().serve(&[]);
    let path = format!("/tiles/basemap/{}", tile(14, LON + 0.002, LAT + 0.0005));
    let first = server.get(&path);
    let etag = first.header("etag").unwrap().to_owned();
    for asked in [etag.clone(), format!("W/{etag}"), "*".to_owned()] {
        let again = server.get_with(&path, &[("If-None-Match", &asked)]);
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(etag.as_str()));
        assert!(again.header("vary").is_some());
    }
}

#[test]
fn t33_every_encoding_decodes_to_the_same_bytes() {
    let server = city().serve(&[]);
    let path = format!("/tiles/basemap/{}", tile(14, LON + 0.002, LAT + 0.0005));
    let plain = server.get(&path);
    assert_eq!((plain.status, plain.header("content-encoding")), (200, None));
    let mut etags = vec![plain.header("etag").unwrap().to_owned()];
    for name in ["gzip", "zstd", "br"] {
        let a = server.get_with(&path, &[("Accept-Encoding", name)]);
        assert_eq!(a.header("content-encoding"), Some(name));
        assert!(a.header("vary").unwrap().to_ascii_lowercase().contains("accept-encoding"));
        let decoded = match name {
            "gzip" => {
                let mut out = vec![0; plain.body.len()];
                let n = libdeflater::Decompressor::new().gzip_decompress(&a.body, &mut out).unwrap();
                out.truncate(n);
                out
            }
            "zstd" => zstd::decode_all(a.body.as_slice()).unwrap(),
            _ => {
                let mut out = Vec::new();
                brotli::Decompressor::new(a.body.as_slice(), 4096).read_to_end(&mut out).unwrap();
                out
            }
        };
        assert!(decoded == plain.body, "{name} differs");
        etags.push(a.header("etag").unwrap().to_owned());
    }
    etags.sort();
    etags.dedup();
    assert_eq!(etags.len(), 4, "one strong validator an encoding");
}

#[test]
fn tilejson_names_an_address_that_answers_and_the_layers_of_the_view() {
    let server = city().serve(&[]);
    let json = server.json("/tiles/basemap");
    assert_eq!(json["tilejson"], "3.0.0");
    let url = json["tiles"][0].as_str().unwrap();
    assert!(url.starts_with(&format!("http://{}/tiles/basemap/", server.addr)), "{url}");
    let ids: Vec<&str> =
        json["vector_layers"].as_array().unwrap().iter().map(|l| l["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"transport.road") && !ids.contains(&"pipeline.line"), "{ids:?}");
    let two = server.json("/tiles/transport.road,water.area");
    assert_eq!(two["vector_layers"].as_array().unwrap().len(), 2);
    let bounds = server.json("/tiles/transport.road")["bounds"].clone();
    assert!((bounds[0].as_f64().unwrap() - LON).abs() < 0.01, "{bounds}");
}
