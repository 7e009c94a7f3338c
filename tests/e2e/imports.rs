//! Deliveries over HTTP: pieces, questions, checks, commits, and who may.

use crate::harness::http::request_with;
use crate::harness::page::Page;
use crate::harness::{City, inputs};
use ditu_sample::formats::shp::Manner;
use ditu_sample::towns;
use inputs::{road, roads};
use serde_json::{Value as Json, json};
use std::fs;

/// The towns in GBK and eastings with their zone, without `.prj`.
fn bare_towns(city: &City, name: &str) -> Vec<(String, Vec<u8>)> {
    let stem = city.data().with_file_name("towns");
    let manner = Manner { prj: None, ..Manner::OFFICE };
    towns::write(&stem, &manner, towns::plane, &[]).unwrap();
    let part = |e: &str| (format!("{name}.{e}"), fs::read(stem.with_extension(e)).unwrap());
    ["shp", "shx", "dbf"].map(part).into()
}

fn named(list: &[(String, Vec<u8>)]) -> Vec<(&str, Vec<u8>)> {
    list.iter().map(|(n, b)| (n.as_str(), b.clone())).collect()
}

#[test]
fn a_shapefile_without_prj_is_asked_about_checked_committed_and_shows_on_the_map() {
    let city = City::new();
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let files = bare_towns(&city, "地名/地名");
    let id = page.deliver(&named(&files));
    let job = page.step(&id, "plan", &json!({}));
    assert_eq!(job["state"], "refused", "{job}");
    let question = &job["questions"][0];
    assert_eq!((question["kind"].as_str(), job["questions"].as_array().unwrap().len()), (Some("crs"), 1));
    let option = question["options"].as_array().unwrap().iter().find(|o| o["value"] == "EPSG:4525").unwrap();
    assert!(option["sample"].as_array().unwrap().len() > 10);
    assert!(option["label"]["zh"].is_string() && option["bounds"][0].as_f64().unwrap() > 110.0);

    let answer = json!({"file": question["file"], "table": question["table"], "crs": "EPSG:4525"});
    let job = page.step(&id, "plan", &json!({"choices": [answer], "mode": "upsert"}));
    assert_eq!(job["state"], "planned", "{job}");
    let dataset = &job["datasets"][0];
    assert_eq!((dataset["layer"].as_str(), dataset["epsg"].as_u64()), (Some("placename.place"), Some(4525)));
    assert!(dataset["layer_title"]["zh"].is_string() && dataset["mapping"][0]["title"]["zh"].is_string());
    assert!(dataset["encoding_evidence"]["zh"].as_str().unwrap().contains('；'), "{dataset}");

    let job = page.step(&id, "check", &json!({}));
    assert_eq!(job["state"], "checked", "{job}");
    let added = job["diff"][0]["added"].as_u64().unwrap();
    assert!(added > 100 && job["layers"]["placename.place"]["committed"] == added);
    assert_eq!(server.json("/health")["head"], 0, "a check changes nothing");
    let preview = page.get(&format!("/imports/{id}/preview"));
    let kinds = |k: &str| {
        preview["features"].as_array().unwrap().iter().filter(|f| f["properties"]["kind"] == k).count()
    };
    assert_eq!(kinds("added") as u64, added);
    for kind in ["html", "json", "gpkg"] {
        let a = page.ask("GET", &format!("/imports/{id}/report.{kind}"), &[], b"");
        assert_eq!(a.status, 200);
        assert!(a.header("content-disposition").unwrap().contains(kind));
        assert_eq!(a.body.starts_with(b"SQLite format 3"), kind == "gpkg");
    }

    let job = page.step(&id, "commit", &json!({"message": "第一批", "min_match": 0.9}));
    assert_eq!((job["state"].as_str(), job["revision"].as_u64()), (Some("committed"), Some(1)), "{job}");
    assert_eq!(city.count("placename.place"), added);
    assert!(city.run(&["history", "--json"]).expect(0).stdout.contains("第一批"));
    let items = server.json("/collections/placename.place/items?limit=1");
    assert_eq!(items["features"].as_array().unwrap().len(), 1);
    // The delivered files are gone, the report stays, and nothing can be done a second time.
    assert!(!city.data().join("uploads").join(&id).join("files").exists());
    page.post(&format!("/imports/{id}/commit"), &json!({}), 409);
    page.post(&format!("/imports/{id}/files"), &json!({"name": "a.csv", "size": 1}), 409);
}

#[test]
fn uploads_go_on_where_they_stopped_also_after_the_server_did() {
    let city = City::new();
    let bytes = fs::read(roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])])).unwrap();
    let (id, path) = {
        let server = city.serve(&[]);
        let page = Page::of(&city, &server);
        let id = page.post("/imports", &json!({}), 201)["id"].as_str().unwrap().to_owned();
        let body = json!({"name": "道路.geojson", "size": bytes.len()});
        let file = page.post(&format!("/imports/{id}/files"), &body, 201);
        assert_eq!(file["offset"], 0);
        let path = format!("/imports/{id}/files/{}", file["n"]);
        assert_eq!(page.patch(&path, 0, &bytes[..100]).status, 200);
        // A piece that came twice, one too early, one too long: told where to go on, and nothing spoilt.
        for (offset, piece) in [(0, &bytes[..100]), (150, &bytes[150..160]), (100, &[0u8; 4096][..])] {
            let a = page.patch(&path, offset, piece);
            assert_eq!((a.status, a.json()["offset"].as_u64()), (409, Some(100)));
        }
        // Not whole yet.
        let a =
            page.ask("POST", &format!("/imports/{id}/plan"), &[("Content-Type", "application/json")], b"{}");
        assert!(a.status == 400 && a.text().contains("道路.geojson"), "{}", a.text());
        (id, path)
    };
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    assert_eq!(page.get("/imports")["imports"][0]["id"], id.as_str());
    let body = json!({"name": "道路.geojson", "size": bytes.len()});
    assert_eq!(page.post(&format!("/imports/{id}/files"), &body, 201)["offset"], 100);
    assert_eq!(page.patch(&path, 100, &bytes[100..]).status, 200);
    let job = page.step(&id, "plan", &json!({}));
    assert_eq!(job["state"], "planned", "{job}");
    let done = page.ask("DELETE", &format!("/imports/{id}"), &[], b"");
    assert_eq!(done.status, 204);
    assert!(!city.data().join("uploads").join(&id).exists());
    assert_eq!(page.ask("GET", &format!("/imports/{id}"), &[], b"").status, 404);
}

#[test]
fn only_the_operator_imports_and_nobody_reads_what_was_uploaded() {
    let city = City::new();
    city.import(&roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]));
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let id = page.deliver(&[("道路.geojson", b"{}".to_vec())]);
    let paths = [
        ("GET", "/imports".to_owned()),
        ("POST", "/imports".to_owned()),
        ("GET", format!("/imports/{id}")),
        ("DELETE", format!("/imports/{id}")),
        ("POST", format!("/imports/{id}/files")),
        ("GET", format!("/imports/{id}/files/0")),
        ("PATCH", format!("/imports/{id}/files/0")),
        ("POST", format!("/imports/{id}/plan")),
        ("POST", format!("/imports/{id}/check")),
        ("POST", format!("/imports/{id}/commit")),
        ("GET", format!("/imports/{id}/preview")),
        ("GET", format!("/imports/{id}/report.html")),
        ("GET", format!("/imports/{id}/report.gpkg")),
    ];
    for (method, path) in &paths {
        let body: &[u8] = if path.ends_with("files") { b"{\"name\": \"a\", \"size\": 1}" } else { b"{}" };
        let headers = [("Content-Type", "application/json"), ("Upload-Offset", "0")];
        let bare = request_with(&server.addr, method, path, &headers, body);
        assert_eq!(bare.status, 401, "{method} {path}: {}", bare.text());
        assert!(!bare.text().contains("道路"), "{method} {path} tells a file's name");
        assert_eq!(bare.header("access-control-allow-origin"), None, "{method} {path}");
        let wrong = [headers[0], headers[1], ("Authorization", "Bearer 0123456789abcdef0123456789abcdef")];
        assert_eq!(request_with(&server.addr, method, path, &wrong, body).status, 401, "{method} {path}");
    }
    // The token is its owner's only, is not in any answer, and stays the same after a restart.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(city.data().join("operator.token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let token = page.token.trim_start_matches("Bearer ").to_owned();
    for path in ["/", "/health", "/metrics", "/collections", "/imports"] {
        assert!(!server.get(path).everything().contains(&token), "{path}");
    }
    let other = city.serve(&[]);
    assert_eq!(Page::of(&city, &other).token, page.token);
    // Other methods than GET are still refused everywhere else.
    assert_eq!(request_with(&server.addr, "POST", "/collections", &[], b"").status, 405);
    assert_eq!(
        request_with(&server.addr, "PUT", "/imports", &[("Authorization", &page.token)], b"").status,
        405
    );
}

#[test]
fn s5_names_that_lead_elsewhere_and_wrong_bodies_are_refused() {
    let city = City::new();
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let id = page.post("/imports", &json!({}), 201)["id"].as_str().unwrap().to_owned();
    let files = format!("/imports/{id}/files");
    for name in ["../a.shp", "/etc/passwd", "a/../../b", "C:\\a", "", "a\u{0}b", "..\\..\\x"] {
        let said = page.post(&files, &json!({"name": name, "size": 1}), 400);
        assert!(said["detail"].is_string(), "{name}");
    }
    for (path, body) in [
        (files.clone(), "{\"name\": 1}"),
        (files.clone(), "nonsense"),
        (format!("/imports/{id}/plan"), "{\"choices\": [{\"crs\": \"西安80\"}]}"),
        (format!("/imports/{id}/plan"), "{\"choices\": [{\"layer\": \"no such\"}]}"),
        (format!("/imports/{id}/plan"), "{\"mode\": \"edit\"}"),
        (format!("/imports/{id}/commit"), "{\"min_match\": 7}"),
    ] {
        let a = page.ask("POST", &path, &[("Content-Type", "application/json")], body.as_bytes());
        assert_eq!(a.status, 400, "{path} {body}: {}", a.text());
        assert_eq!(a.header("content-type"), Some("application/problem+json"), "{body}");
    }
    // Too much at once, nothing at all, a step before its turn, a job that is not there.
    page.post(&files, &json!({"name": "a", "size": 1u64 << 60}), 409);
    page.post(&format!("/imports/{id}/plan"), &json!({}), 400);
    page.post(&format!("/imports/{id}/check"), &json!({}), 409);
    page.post(&format!("/imports/{id}/commit"), &json!({}), 409);
    assert_eq!(page.ask("GET", "/imports/nowhere", &[], b"").status, 404);
    assert_eq!(page.ask("GET", "/imports/..%2f..", &[], b"").status, 404);
    assert!(!city.data().parent().unwrap().join("a.shp").exists());
}

#[test]
fn a_delivery_that_would_remove_too_much_stays_uncommitted_and_can_be_allowed() {
    let city = City::new();
    let list: Vec<Json> = (0..10)
        .map(|i| {
            let y = f64::from(i) * 1e-4;
            road(&format!("R{i}"), &format!("第{i}路"), [0.0, y], [0.002, y])
        })
        .collect();
    city.import(&roads(&city, &list));
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let bytes = fs::read(roads(&city, &list[..2])).unwrap();
    let id = page.deliver(&[("道路.geojson", bytes)]);
    page.step(&id, "plan", &json!({}));
    let job = page.step(&id, "check", &json!({}));
    assert_eq!(job["diff"][0]["removed"], 8, "{job}");
    let job = page.step(&id, "commit", &json!({"min_match": 0.5}));
    assert_eq!(job["state"], "checked", "{job}");
    assert!(job["error"]["zh"].as_str().unwrap().contains('8'), "{job}");
    assert_eq!((city.revisions(), city.count("transport.road")), (1, 10));
    let job = page.step(&id, "commit", &json!({"allow_removal": true}));
    assert_eq!(job["state"], "committed", "{job}");
    assert_eq!((city.revisions(), city.count("transport.road")), (2, 2));
}

#[test]
fn a_delivery_without_a_good_row_and_one_that_is_none_are_told_and_change_nothing() {
    let city = City::new();
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let id = page.deliver(&[("说明.xyz", b"nothing of ours".to_vec())]);
    let job = page.step(&id, "plan", &json!({}));
    assert_eq!(
        (job["state"].as_str(), job["groups"][0]["severity"].as_str()),
        (Some("refused"), Some("error"))
    );
    let far = road("R1", "朗州路", [20.0, 0.0], [20.004, 0.001]);
    let bytes = json!({"type": "FeatureCollection", "features": [far]}).to_string().into_bytes();
    let id = page.deliver(&[("道路.geojson", bytes)]);
    let choice = json!({"choices": [{"crs": "EPSG:4490"}]});
    let job = page.step(&id, "plan", &choice);
    assert_eq!(job["state"], "planned", "{job}");
    let job = page.step(&id, "check", &json!({}));
    assert_eq!(job["state"], "refused", "{job}");
    assert!(!job["error"]["zh"].as_str().unwrap().is_empty());
    assert_eq!(server.json("/health")["head"], 0);
}

#[test]
fn heights_above_1956_are_asked_about_and_offset() {
    let city = City::new();
    let server = city.serve(&[]);
    let page = Page::of(&city, &server);
    let table = "编号,经度,纬度,H56\n1,111.69,29.03,35.2\n2,111.7,29.04,36\n".as_bytes().to_vec();
    let id = page.deliver(&[("高程点.csv", table)]);
    let said = |more: Json| {
        let mut choices = vec![json!({"crs": "EPSG:4490", "layer": "terrain.spot"})];
        choices.extend((!more.is_null()).then_some(more));
        json!({ "choices": choices })
    };
    let job = page.step(&id, "plan", &said(Json::Null));
    let question = &job["questions"][0];
    assert_eq!(question["kind"], "heights", "{job}");
    let answer =
        |heights: &str| json!({"file": question["file"], "table": question["table"], "heights": heights});
    let unclear = json!({"choices": [answer("1956")]});
    page.post(&format!("/imports/{id}/plan"), &unclear, 400);
    let job = page.step(&id, "plan", &said(answer("1956:-0.029")));
    assert_eq!(job["state"], "planned", "{job}");
    assert!(job["datasets"][0]["heights"]["en"].as_str().unwrap().contains("-0.029 m"), "{job}");
    page.step(&id, "check", &json!({}));
    let job = page.step(&id, "commit", &json!({}));
    assert_eq!(job["state"], "committed", "{job}");
    let kept = city.run(&["diff", "terrain.spot", "0", "1", "--geojson"]).expect(0);
    assert!(kept.stdout.contains("35.171") && kept.stdout.contains("35.971"), "{}", kept.stdout);
}
