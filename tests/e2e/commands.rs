//! The command line: what it changes, what it refuses, what it leaves.

use crate::harness::{City, inputs, listing};
use ditu_sample::formats::shp::Manner;
use ditu_sample::towns;
use encoding_rs::{GB18030, GBK, UTF_8};
use inputs::{road, roads};
use std::fs;
use std::process::Stdio;

#[test]
fn a_dry_run_changes_nothing() {
    let city = City::new();
    let one = roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]);
    let one = one.to_str().unwrap();
    city.run(&["import", one, "--dry-run"]).expect(0);
    assert!(!city.data().exists(), "a dry run made the data folder");
    city.run(&["import", one]).expect(0);
    let before = listing(&city.data());
    let two = roads(&city, &[road("R2", "洞庭大道", [0.0, 0.0], [0.004, 0.002])]);
    let said = city.run(&["import", two.to_str().unwrap(), "--dry-run"]).expect(0);
    assert!(said.stdout.contains("nothing was changed"), "{}", said.stdout);
    assert!(listing(&city.data()) == before, "a dry run changed the data folder");
    assert_eq!(city.revisions(), 1);
}

#[test]
fn a_dry_run_says_and_draws_what_would_change() {
    let city = City::new();
    let old = [
        road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001]),
        road("R2", "洞庭大道", [0.0, 0.001], [0.004, 0.002]),
    ];
    let file = roads(&city, &old);
    let said = city.run(&["import", file.to_str().unwrap(), "--dry-run"]).expect(0);
    assert!(said.stdout.contains("+2 ~0 -0"), "{}", said.stdout);
    city.import(&file);
    let new = [
        road("R1", "朗州<路>", [0.0, 0.0], [0.004, 0.0015]),
        road("R3", "柳叶大道", [0.0, 0.003], [0.004, 0.003]),
    ];
    let file = roads(&city, &new);
    let map = city.data().with_file_name("变化.html");
    let args = ["import", file.to_str().unwrap(), "--dry-run", "--map", map.to_str().unwrap()];
    let said = city.run(&args).expect(0);
    assert!(said.stdout.contains("+1 ~1 -1"), "{}", said.stdout);
    assert_eq!(city.revisions(), 1);
    let page = fs::read_to_string(&map).unwrap();
    for word in ["柳叶大道", "洞庭大道", "朗州&lt;路&gt;", "<svg", "中心移动"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("<script") && !page.contains("http"), "the page stands alone");
    // The same after the commit, from the log.
    city.import(&file);
    city.run(&["diff", "transport.road", "1", "2", "--map", map.to_str().unwrap()]).expect(0);
    let page = fs::read_to_string(&map).unwrap();
    assert!(page.contains("柳叶大道") && page.contains("洞庭大道"), "{page}");
    let said = city.run(&["diff", "transport.road", "1", "2", "--geojson"]).expect(0);
    assert_eq!(said.stdout.matches("\"change\":").count(), 3, "{}", said.stdout);
}

#[test]
fn pipes_delivered_after_their_points_find_them_in_the_store() {
    let city = City::new();
    let sample = city.data().with_file_name("city");
    city.run(&["sample", sample.to_str().unwrap()]).expect(0);
    let table = |name: &str| sample.join("09管网").join(name).to_str().unwrap().to_owned();
    let (points, pipes) = (table("管线点成果表.xlsx"), table("管线段成果表.xlsx"));
    let refused = city.run(&["import", &pipes]).expect(1);
    assert!(refused.stdout.contains("table.no_places"), "{}", refused.stdout);
    city.run(&["import", &points, "--crs", "EPSG:4525", "--no-tiles"]).expect(0);
    let said = city.run(&["import", &pipes, "--no-tiles"]).expect(0);
    assert!(said.stdout.contains("quarantined 0"), "{}", said.stdout);
    assert!(city.count("pipeline.line") > 10_000);
}

#[test]
fn heights_delivered_after_the_elevation_model_are_held_against_it() {
    let city = City::new();
    let sample = city.data().with_file_name("city");
    city.run(&["sample", sample.to_str().unwrap()]).expect(0);
    let file = city.data().with_file_name("高程点.csv");
    fs::write(&file, "点号,经度,纬度,高程\nA1,111.69,29.03,900\n").unwrap();
    let heights = ["import", file.to_str().unwrap(), "--layer", "terrain.spot", "--dry-run"];
    let before = city.run(&heights).expect(0);
    assert!(before.stdout.contains("0 warnings"), "{}", before.stdout);
    let model = sample.join("02地形/数字高程模型.tif");
    city.run(&["import", model.to_str().unwrap(), "--no-tiles"]).expect(0);
    let after = city.run(&heights).expect(0);
    assert!(after.stdout.contains("check.dem terrain.spot × 1"), "{}", after.stdout);
}

/// In one delivery the elevation model goes into the data folder before the first height is read.
#[test]
fn heights_delivered_with_the_elevation_model_are_held_against_it() {
    let city = City::new();
    let sample = city.data().with_file_name("city");
    city.run(&["sample", sample.to_str().unwrap()]).expect(0);
    let folder = city.data().with_file_name("地形");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(sample.join("02地形/数字高程模型.tif"), folder.join("数字高程模型.tif")).unwrap();
    fs::write(folder.join("高程点.csv"), "点号,经度,纬度,高程\nA1,111.69,29.03,900\n").unwrap();
    let both = city.run(&["import", folder.to_str().unwrap(), "--no-tiles"]).expect(0);
    assert!(both.stdout.contains("check.dem terrain.spot × 1"), "{}", both.stdout);
}

/// Stops of a bus line, by the columns that a delivery has.
fn stops(city: &City, head: &str, rows: &[&str]) -> String {
    let file = city.write("公交站点.csv", &format!("{head}\n{}\n", rows.join("\n")));
    file.to_str().unwrap().to_owned()
}

#[test]
fn an_update_without_a_column_leaves_what_the_column_held() {
    let city = City::new();
    let whole = "编号,站名,线路,经度,纬度";
    let file = stops(&city, whole, &["S1,武陵站,1路,111.69,29.03", "S2,柳叶湖站,2路,111.70,29.04"]);
    city.run(&["import", &file, "--layer", "transport.stop", "--crs", "EPSG:4490", "--no-tiles"]).expect(0);
    let update = ["--layer", "transport.stop", "--crs", "EPSG:4490", "--no-tiles", "--mode", "upsert"];
    let file = stops(&city, "编号,站名,经度,纬度", &["S1,武陵新站,111.69,29.03", "S3,河街站,111.71,29.03"]);
    let said = city.run(&[&["import", &file], &update[..]].concat()).expect(0);
    assert!(said.stdout.contains("+1 ~1 -0") && said.stdout.contains("1 values stay"), "{}", said.stdout);
    let told = city.run(&["diff", "transport.stop", "1", "2"]).expect(0);
    assert!(told.stdout.contains("武陵新站") && !told.stdout.contains("1路"), "{}", told.stdout);
    // A column that is there and empty is a word that nothing is to be there.
    let file = stops(&city, whole, &["S2,柳叶湖站,,111.70,29.04"]);
    let said = city.run(&[&["import", &file], &update[..]].concat()).expect(0);
    assert!(said.stdout.contains("+0 ~1 -0"), "{}", said.stdout);
    assert_eq!(city.count("transport.stop"), 3);
}

#[test]
fn a_row_that_cannot_be_taken_does_not_remove_what_the_store_has_of_it() {
    let city = City::new();
    let whole = "编号,站名,经度,纬度";
    let file = stops(
        &city,
        whole,
        &["S1,武陵站,111.69,29.03", "S2,柳叶湖站,111.70,29.04", "S3,河街站,111.71,29.03"],
    );
    let how = ["--layer", "transport.stop", "--crs", "EPSG:4490", "--no-tiles"];
    city.run(&[&["import", &file], &how[..]].concat()).expect(0);
    let file = stops(&city, whole, &["S1,武陵站,,", "S2,柳叶湖新站,111.70,29.04"]);
    let said = city.run(&[&["import", &file], &how[..]].concat()).expect(0);
    // S1 is broken and stays, S3 is gone.
    assert!(said.stdout.contains("+0 ~1 -1"), "{}", said.stdout);
    assert_eq!(city.count("transport.stop"), 2);
    let refused = stops(&city, whole, &["S2,柳叶湖新站,111.70,29.04"]);
    let report = city.data().with_file_name("report.json");
    let more = ["--min-match", "0.9", "--report", report.to_str().unwrap()];
    city.run(&[&["import", &refused], &how[..], &more[..]].concat()).expect(1);
    assert!(fs::read_to_string(&report).unwrap().contains("\"committed\":0"), "nothing came of it");
}

/// `cd` into the folder and name the file, as people do.
#[test]
fn a_file_named_without_its_folder_finds_what_lies_beside_it() {
    let city = City::new();
    let folder = city.data().with_file_name("交付");
    fs::create_dir_all(&folder).unwrap();
    let manner = Manner { cpg: Some("936"), ..towns::DEGREES };
    let read = format!("read {}", towns::write(&folder.join("地名"), &manner, towns::degrees, &[]).unwrap());
    for name in ["地名.shp", "./地名.shp", "."] {
        let mut command = city.command(&["import", name, "--layer", "placename.place", "--dry-run"]);
        let said = command.current_dir(&folder).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(said.status.success() && out.contains(&read), "{name}: {out}{err}");
    }
}

#[test]
fn min_match_refuses_a_delivery_that_would_remove_too_much() {
    let city = City::new();
    let list: Vec<_> = (0..10)
        .map(|i| {
            let y = f64::from(i) * 1e-4;
            road(&format!("R{i}"), &format!("第{i}路"), [0.0, y], [0.002, y])
        })
        .collect();
    city.import(&roads(&city, &list));
    let file = roads(&city, &list[..8]);
    let file = file.to_str().unwrap();
    for share in ["0.9", "90%"] {
        let said = city.run(&["import", file, "--min-match", share]).expect(1);
        assert!(said.stderr.contains("2 of the 10") && said.stderr.contains("upsert"), "{}", said.stderr);
    }
    city.run(&["import", file, "--min-match", "0.9", "--dry-run"]).expect(1);
    city.run(&["import", file, "--min-match", "1.1"]).expect(2);
    assert_eq!((city.revisions(), city.count("transport.road")), (1, 10));
    city.run(&["import", file, "--min-match", "80%"]).expect(0);
    assert_eq!((city.revisions(), city.count("transport.road")), (2, 8));
}

#[test]
fn a_broken_file_changes_nothing_and_says_what_where_and_the_cure() {
    let city = City::new();
    city.import(&roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]));
    let store = fs::read(city.data().join("city.gpkg")).unwrap();
    let broken = city.write("broken/道路.geojson", "{\"type\": \"FeatureCollection\", \"features\": [{\"ty");
    let report = city.data().with_file_name("report.json");
    let said =
        city.run(&["import", broken.to_str().unwrap(), "--report", report.to_str().unwrap()]).expect(1);
    assert!(said.stderr.contains("refused"), "{}", said.stderr);
    assert!(said.stdout.contains("道路.geojson"), "where: {}", said.stdout);
    let text = fs::read_to_string(&report).unwrap();
    assert!(text.contains("道路.geojson"), "{text}");
    assert!(text.contains("cure"), "the report has no cure: {text}");
    assert!(fs::read(city.data().join("city.gpkg")).unwrap() == store, "the store changed");
    assert_eq!((city.revisions(), city.count("transport.road")), (1, 1));
}

#[test]
fn the_exit_status_tells_data_usage_and_environment_apart() {
    let city = City::new();
    city.run(&["--version"]).expect(0);
    city.run(&["layers"]).expect(1);
    city.run(&["import"]).expect(2);
    city.run(&["import", "nowhere.shp"]).expect(2);
    city.run(&["frobnicate"]).expect(2);
    city.run(&["layers", "no.such"]).expect(2);
    let input = roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]);
    // A data folder that is a file, and a database that nobody answers for.
    let file = city.write("file", "");
    let args = ["import", input.to_str().unwrap(), "--data", file.to_str().unwrap()];
    city.run(&args).expect(3);
    let lost = City::in_database("postgres://ditu@127.0.0.1:1/none".into());
    lost.run(&["layers"]).expect(3);
}

/// What the store and the fit say comes in the language of the reader, as everything else.
#[test]
fn errors_are_in_the_readers_language() {
    let city = City::new();
    city.import(&roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]));
    let points = city.data().with_file_name("points.csv");
    fs::write(
        &points,
        "点名,源X,源Y,目标X,目标Y\nA,3212000,568000,3212001,568001\nA2,3212000,568000,3212001,568001\n",
    )
    .unwrap();
    let points = points.to_str().unwrap();
    let fit = |from: &'static str| vec!["crs", "fit", points, "--model", "4", "--name", "x", "--from", from];
    for (args, status, zh, en) in [
        (vec!["diff", "transport.road", "1", "99"], 1, "没有版本 99", "no revision 99"),
        (vec!["rollback", "transport.road", "99"], 1, "没有版本 99", "no revision 99"),
        (vec!["history", "transport.road", "--feature", "777"], 1, "没有要素 777", "no feature 777"),
        (fit("EPSG:2382"), 1, "定不出参数", "do not determine"),
        (fit("xian80,K=1"), 2, "中央子午线", "central meridian"),
        (vec!["--database", "postgres://nobody@127.0.0.1:1/x", "layers"], 3, "数据库有问题", "refused"),
    ] {
        let said = |lang: &str| {
            let mut all = vec!["--lang", lang];
            all.extend(&args);
            city.run(&all).expect(status).stderr
        };
        let (chinese, english) = (said("zh"), said("en"));
        assert!(chinese.contains(zh), "{args:?}: {chinese}");
        assert!(english.contains(en) && english.is_ascii(), "{args:?}: {english}");
    }
}

#[test]
fn an_import_killed_in_the_middle_leaves_the_revision_before() {
    let city = City::new();
    city.import(&roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]));
    let big = inputs::many_roads(&city, 20_000);
    let mut child = city
        .command(&["import", big.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The middle: the store's journal has grown, or reading has begun where it never appears.
    let journals = ["city.gpkg-wal", "city.gpkg-journal"].map(|n| city.data().join(n));
    while child.try_wait().unwrap().is_none()
        && !journals.iter().any(|j| fs::metadata(j).is_ok_and(|m| m.len() > 0))
    {
        std::thread::yield_now();
    }
    assert!(child.try_wait().unwrap().is_none(), "the import was over before it could be killed");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((city.revisions(), city.count("transport.road")), (1, 1));
    city.import(&big);
    assert_eq!((city.revisions(), city.count("transport.road")), (2, 20_000));
}

#[test]
fn history_diff_and_rollback_tell_and_undo_what_an_import_did() {
    let city = City::new();
    history(&city);
}

/// The flow of revisions on any store.
pub(crate) fn history(city: &City) {
    let a =
        [road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001]), road("R2", "老路", [0.0, 0.001], [0.004, 0.001])];
    let b = [
        road("R1", "朗州北路", [0.0, 0.0], [0.004, 0.001]),
        road("R3", "新路", [0.0, 0.002], [0.004, 0.002]),
    ];
    city.import(&roads(city, &a));
    let again = city.import(&roads(city, &a));
    assert!(again.stdout.contains("no new revision"), "{}", again.stdout);
    city.import(&roads(city, &b));
    let list = city.run(&["history", "transport.road", "--json"]).expect(0);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let mut ids: Vec<u64> =
        list.as_array().unwrap().iter().map(|r| r["revision"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids.len(), 2);
    let [first, second] = [ids[0].to_string(), ids[1].to_string()];
    let said = city.run(&["diff", "transport.road", &first, &second]).expect(0).stdout;
    assert!(said.contains("朗州路 → 朗州北路"), "{said}");
    let said = city.run(&["diff", "transport.road", &first, &second, "--geojson"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    let mut kinds: Vec<&str> =
        json["features"].as_array().unwrap().iter().map(|f| f["change"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["added", "changed", "removed"]);
    city.run(&["rollback", "transport.road", &first]).expect(0);
    assert_eq!((city.revisions(), city.count("transport.road")), (3, 2));
    let third = (ids[1] + 1).to_string();
    let said = city.run(&["diff", "transport.road", &first, &third]).expect(0).stdout;
    assert_eq!(said.trim(), "", "after the rollback something differs from the first revision");
    city.run(&["rollback", "transport.road", "0"]).expect(0);
    assert_eq!(city.count("transport.road"), 0);
}

#[test]
fn shapefiles_of_every_chinese_encoding_give_the_same_text() {
    let rare = "㮾梨镇𠅤坪";
    let mut answers = Vec::new();
    for (name, encoding, language, cpg) in [
        ("GBK by its language byte", GBK, 0x4d, None),
        ("GBK without a word", GBK, 0, None),
        ("GB18030", GB18030, 0, Some("GB18030")),
        ("UTF-8 without a word", UTF_8, 0, None),
    ] {
        let city = City::new();
        let folder = city.data().with_file_name("交付");
        fs::create_dir_all(&folder).unwrap();
        let manner = Manner { encoding, language, cpg, ..towns::DEGREES };
        // GBK does not have every character.
        let more = &[rare][usize::from(encoding == GBK)..];
        towns::write(&folder.join("地名"), &manner, towns::degrees, more).unwrap();
        let path = folder.join("地名.shp");
        let args = ["import", path.to_str().unwrap(), "--layer", "placename.place"];
        let said = city.run(&args);
        assert_eq!(said.status, 0, "{name}: {}{}", said.stdout, said.stderr);
        let server = city.serve(&[]);
        let json = server.json("/collections/placename.place/items?limit=1000");
        let mut names: Vec<String> = json["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["properties"]["name"].as_str().unwrap_or_default().to_owned())
            .collect();
        names.sort();
        answers.push((name, names));
    }
    for (name, mut found) in answers {
        let mut expected: Vec<&str> = towns::all().map(|t| t.0).collect();
        expected.sort_unstable();
        if !name.starts_with("GBK") {
            let at = found.iter().position(|n| n == rare).expect("four-byte characters");
            found.remove(at);
        }
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn refusals_in_one_second_keep_a_report_each_and_name_only_formats_that_are_read() {
    let city = City::new();
    city.import(&roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]));
    let reports = || fs::read_dir(city.data().join("reports")).unwrap().count();
    let before = reports();
    let odd = city.write("odd/道路.geojson", "%PDF-1.4 not a map");
    for _ in 0..4 {
        let said = city.run(&["import", odd.to_str().unwrap()]).expect(1);
        assert!(said.stdout.contains("GeoPackage"), "{}", said.stdout);
        for refused in ["VRT", "DWG", "MDB"] {
            assert!(!said.stdout.contains(refused), "{refused} is not read: {}", said.stdout);
        }
    }
    assert_eq!(reports(), before + 12, "a page, a JSON document and a GeoPackage each");
}

#[test]
fn what_a_killed_import_left_is_removed_by_the_next_and_what_one_uses_is_not() {
    let city = City::new();
    let input = roads(&city, &[road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001])]);
    let folder = |name: &str| {
        let folder = city.data().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("unpacked.shp"), "x").unwrap();
        let lock = fs::File::create(folder.join(".in-use")).unwrap();
        (folder, lock)
    };
    let (left, unlocked) = folder("import-left");
    drop(unlocked);
    let (used, lock) = folder("import-used");
    lock.lock().unwrap();
    city.import(&input);
    assert!(!left.exists() && used.join("unpacked.shp").exists());
    drop(lock);
    city.run(&["import", input.to_str().unwrap()]).expect(0);
    assert!(!used.exists());
    let names: Vec<String> =
        fs::read_dir(city.data()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|n| n.starts_with("import-")), "{names:?}");
}
