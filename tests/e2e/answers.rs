//! Everything else that is asked over HTTP: pages, problems, styles, fonts, sprites, start and stop.

use crate::harness::{City, http, inputs};
use inputs::{LAT, LON, many_roads, road, roads, tile};
use std::collections::BTreeSet;

fn city() -> City {
    let city = City::new();
    city.import(&roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]));
    city
}

#[test]
fn every_answer_may_be_read_from_other_origins() {
    let server = city().serve(&[]);
    for path in ["/collections", "/tiles/basemap", "/styles/light", "/nowhere", "/identify?lon=x&lat=1"] {
        assert_eq!(server.get(path).header("access-control-allow-origin"), Some("*"), "{path}");
    }
}

#[test]
fn problems_are_rfc_9457_in_chinese_and_in_english_where_asked() {
    let server = city().serve(&[]);
    let many = format!("/tiles/{}/1/0/0", vec!["transport.road"; 201].join(","));
    for (path, status) in [
        ("/collections/no.such", 404),
        ("/identify?lon=500&lat=0", 400),
        ("/identify?lon=x&lat=0", 400),
        ("/tiles/transport.road,transport.road/1/0/0", 400),
        (many.as_str(), 400),
        ("/collections/transport.road/items?limit=0", 400),
        ("/collections/transport.road/items?bbox=1", 400),
    ] {
        let zh = server.get(path);
        let en = server.get_with(path, &[("Accept-Language", "en-GB,en;q=0.9,zh;q=0.1")]);
        for a in [&zh, &en] {
            assert_eq!((a.status, a.header("content-type")), (status, Some("application/problem+json")));
            let json = a.json();
            assert_eq!(json["status"], status);
            for member in ["type", "title", "detail"] {
                assert!(json[member].as_str().is_some_and(|t| !t.is_empty()), "{path}: {member}");
            }
        }
        for member in ["title", "detail"] {
            assert!(!zh.json()[member].as_str().unwrap().is_ascii(), "{path}: {}", zh.text());
        }
        assert!(en.text().is_ascii(), "{}", en.text());
    }
}

#[test]
fn wrong_requests_are_the_callers_mistake_and_never_the_servers() {
    let server = city().serve(&[]);
    let paths = [
        "/tiles/basemap/3/8/0",
        "/tiles/basemap/3/0/8",
        "/tiles/basemap/99/0/0",
        "/tiles/basemap/-1/0/0",
        "/tiles/basemap/256/0/0",
        "/tiles/basemap/a/b/c",
        "/tiles/basemap/4/1/1.png",
        "/tiles//4/1/1",
        "/tiles/,/4/1/1",
        "/tiles/no.such/4/1/1",
        "/tiles/transport.road,no.such/4/1/1",
        "/tiles/..%2F..%2Fetc/4/1/1",
        "/tiles/%00/4/1/1",
        "/tiles/basemap/18/4294967296/0",
        "/collections/no.such",
        "/collections/transport.road/items/0x1",
        "/collections/transport.road/items/99999999999999999999",
        "/collections/transport.road/items?bbox=1,2,3",
        "/collections/transport.road/items?bbox=a,b,c,d",
        "/collections/transport.road/items?bbox=NaN,0,1,1",
        "/collections/transport.road/items?bbox=5,5,1,1",
        "/collections/transport.road/items?bbox=0,-91,1,91",
        "/collections/transport.road/items?limit=0",
        "/collections/transport.road/items?limit=-1",
        "/collections/transport.road/items?limit=1000000",
        "/collections/transport.road/items?after=x",
        "/collections/transport.road/items?what=1",
        "/identify",
        "/identify?lon=1",
        "/identify?lon=NaN&lat=1",
        "/identify?lon=1&lat=91",
        "/identify?lon=1&lat=1&z=99",
        "/identify?lon=inf&lat=1",
        "/styles/no",
        "/sprites/no.png",
        "/sprites/ditu.gif",
        "/fonts/Noto%20Sans/0-256.pbf",
        "/fonts/Noto%20Sans/1-256.pbf",
        "/fonts/none/0-255.pbf",
        "/terrain/terrain.dem/1/0/0.png",
        "/terrain/transport.road/1/0/0.png",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
    ];
    for path in paths {
        let a = server.get(path);
        assert!(matches!(a.status, 400 | 404), "{path}: {} {}", a.status, a.text());
        assert_eq!(a.header("content-type"), Some("application/problem+json"), "{path}");
    }
    assert_eq!(http::request(&server.addr, "POST", "/collections", &[]).status, 405);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn next_links_lead_through_every_feature_once_and_a_box_narrows() {
    let city = City::new();
    city.import(&many_roads(&city, 25));
    let server = city.serve(&[]);
    let (mut path, mut seen, mut pages) =
        ("/collections/transport.road/items?limit=10".to_owned(), vec![], 0);
    loop {
        let page = server.json(&path);
        pages += 1;
        assert_eq!(page["numberMatched"], 25);
        seen.extend(page["features"].as_array().unwrap().iter().map(|f| f["id"].as_u64().unwrap()));
        let links = page["links"].as_array().unwrap();
        let Some(next) = links.iter().find(|l| l["rel"] == "next") else { break };
        path =
            next["href"].as_str().unwrap().strip_prefix(&format!("http://{}", server.addr)).unwrap().into();
    }
    let once: BTreeSet<u64> = seen.iter().copied().collect();
    assert_eq!((pages, seen.len(), once.len()), (3, 25, 25));
    let one = server.json(&format!("/collections/transport.road/items/{}", seen[7]));
    assert_eq!(one["id"], seen[7]);
    // Roads lie 1e-5 degrees apart: the box from the middle of the first gap to that of the sixth holds five.
    let bbox = format!("{LON},{},{},{}", LAT + 0.5e-5, LON + 1.0, LAT + 5.5e-5);
    let found = server.json(&format!("/collections/transport.road/items?bbox={bbox}"));
    assert_eq!(found["features"].as_array().unwrap().len(), 5);
    let far = server.json("/collections/transport.road/items?bbox=0,0,1,1");
    assert_eq!(far["features"].as_array().unwrap().len(), 0);
    let here = server.json(&format!("/identify?lon={}&lat={LAT}&z=18", LON + 0.001));
    assert_eq!(here["features"][0]["layer"], "transport.road");
}

/// A varint and where it ends.
fn varint(b: &[u8], mut i: usize) -> (u64, usize) {
    let (mut v, mut shift) = (0, 0);
    loop {
        v |= u64::from(b[i] & 0x7f) << shift;
        i += 1;
        if b[i - 1] & 0x80 == 0 {
            return (v, i);
        }
        shift += 7;
    }
}

/// The fields of a protobuf message: number, value, bytes.
fn fields(b: &[u8]) -> Vec<(u64, u64, &[u8])> {
    let (mut i, mut out) = (0, Vec::new());
    while i < b.len() {
        let (key, at) = varint(b, i);
        let (value, at) = varint(b, at);
        match key & 7 {
            0 => {
                out.push((key >> 3, value, &b[..0]));
                i = at;
            }
            2 => {
                i = at + value as usize;
                out.push((key >> 3, 0, &b[at..i]));
            }
            other => panic!("wire type {other}"),
        }
    }
    out
}

#[test]
fn glyph_ranges_hold_the_characters_of_the_city() {
    let server = city().serve(&[]);
    let style = server.json("/styles/light");
    let glyphs = style["glyphs"].as_str().unwrap();
    let layers = style["layers"].as_array().unwrap();
    let fonts = layers.iter().filter_map(|l| l["layout"]["text-font"].as_array());
    let stacks: BTreeSet<&str> = fonts.filter_map(|f| f[0].as_str()).collect();
    assert!(!stacks.is_empty());
    for stack in stacks {
        for c in ['常', '德'] {
            let start = c as u32 / 256 * 256;
            let path = glyphs
                .strip_prefix(&format!("http://{}", server.addr))
                .unwrap()
                .replace("{fontstack}", &stack.replace(' ', "%20"))
                .replace("{range}", &format!("{start}-{}", start + 255));
            let a = server.get(&path);
            assert_eq!(a.status, 200, "{path}");
            let stacks = fields(&a.body);
            let glyph = fields(stacks[0].2)
                .into_iter()
                .filter(|f| f.0 == 3)
                .map(|f| fields(f.2))
                .find(|g| g.iter().any(|f| f.0 == 1 && f.1 == u64::from(c as u32)))
                .unwrap_or_else(|| panic!("{stack} has no {c}"));
            assert!(glyph.iter().any(|f| f.0 == 2 && !f.2.is_empty()), "{c} has no picture");
        }
    }
}

#[test]
fn sprite_entries_lie_inside_a_sheet_that_decodes() {
    let server = city().serve(&[]);
    for (name, ratio) in [("ditu", 1), ("ditu@2x", 2)] {
        let png = server.get(&format!("/sprites/{name}.png"));
        assert_eq!(png.header("content-type"), Some("image/png"));
        let mut reader = png::Decoder::new(std::io::Cursor::new(png.body)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let json = server.json(&format!("/sprites/{name}.json"));
        let entries = json.as_object().unwrap();
        assert!(!entries.is_empty());
        for (icon, e) in entries {
            let n = |k: &str| e[k].as_u64().unwrap();
            assert_eq!(n("pixelRatio"), ratio, "{icon}");
            assert!(n("width") > 0 && n("x") + n("width") <= u64::from(info.width), "{icon}");
            assert!(n("height") > 0 && n("y") + n("height") <= u64::from(info.height), "{icon}");
        }
    }
}

#[test]
fn styles_name_this_server_and_only_layers_that_there_are() {
    let server = city().serve(&["--public", "all"]);
    let list = server.json("/collections");
    let known: BTreeSet<&str> =
        list["collections"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    let base = format!("http://{}/", server.addr);
    let styles = server.json("/styles");
    assert!(styles["styles"].as_array().unwrap().len() >= 2);
    for s in styles["styles"].as_array().unwrap() {
        let style = server.json(&format!("/styles/{}", s["id"].as_str().unwrap()));
        let mut urls = vec![style["glyphs"].as_str().unwrap(), style["sprite"].as_str().unwrap()];
        for source in style["sources"].as_object().unwrap().values() {
            urls.extend(source["url"].as_str());
            urls.extend(source["tiles"].as_array().into_iter().flatten().filter_map(|t| t.as_str()));
        }
        assert!(urls.len() > 2 && urls.iter().all(|u| u.starts_with(&base)), "{urls:?}");
        for layer in style["layers"].as_array().unwrap() {
            if let Some(source) = layer["source-layer"].as_str() {
                assert!(known.contains(source), "{}: {source}", layer["id"]);
            }
        }
    }
}

#[test]
fn a_bare_data_folder_is_served_with_a_page_that_says_what_to_do() {
    let server = City::new().serve(&[]);
    let page = server.get("/");
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    // The built viewer says it in its script; the page of a binary without one says it itself.
    assert!(page.text().contains("ditu import") || page.text().contains("assets/"), "{}", page.text());
    assert_eq!(server.json("/health")["head"], 0);
    assert_eq!(server.get("/tiles/basemap").status, 200);
    assert!(matches!(server.get(&format!("/tiles/basemap/{}", tile(12, LON, LAT))).status, 200 | 204));
    let list = server.json("/collections");
    assert!(list["collections"].as_array().unwrap().iter().all(|c| c["count"] == 0));
}

#[test]
fn a_stop_lets_the_request_in_flight_finish_and_ends_with_0() {
    let city = City::new();
    city.import(&many_roads(&city, 10_000));
    let server = city.serve(&[]);
    let open = http::send(&server.addr, "GET", "/collections/transport.road/items?limit=10000", &[]);
    // The first byte tells that the server is answering; three megabytes that nobody reads yet fit into no socket.
    assert_eq!(open.peek(&mut [0]).unwrap(), 1);
    server.terminate();
    let a = http::receive(open);
    assert_eq!((a.status, a.json()["features"].as_array().unwrap().len()), (200, 10_000));
    assert_eq!(server.ended(), Some(0));
}
