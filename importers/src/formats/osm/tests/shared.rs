//! Real extracts, which are no part of the project, counted by GDAL beside.

use super::*;
use crate::tests::shared::data;

/// GDAL's count of what fits a condition in one of its tables.
fn gdal_counts(file: &str, table: &str, condition: &str) -> u64 {
    let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE {condition}");
    let out = Command::new("ogrinfo").args(["-q", "-sql", &sql]).arg(data(file)).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    text.split("n (Integer) = ")
        .nth(1)
        .and_then(|n| n.trim().parse().ok())
        .unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn three_extracts_give_as_many_features_as_gdal_counts() {
    for file in ["osm/monaco-latest.osm.pbf", "osm/Helsinki.osm.pbf", "osm/liechtenstein-latest.osm.pbf"] {
        let (_scratch, plan) = planned(&[data(file)], |o| o.city = None);
        let plan = plan.unwrap_or_else(|r| panic!("{file}: {r}"));
        let counts: BTreeMap<String, u64> =
            plan.datasets().iter().map(|d| (d.layer.to_string(), d.features)).collect();
        let (rows, report) = drained(plan);
        let rows = rows.unwrap_or_else(|why| panic!("{why}\n{}", report.summary(crate::Lang::En)));
        let buildings = gdal_counts(file, "multipolygons", "building IS NOT NULL AND building <> 'no'");
        let road = &THEMES[0];
        let classes: Vec<String> =
            road.rules.iter().flat_map(|r| r.values).map(|v| format!("'{v}'")).collect();
        let condition = format!(
            "highway IN ({}) AND (other_tags IS NULL OR other_tags NOT LIKE '%\"area\"=>\"yes\"%')",
            classes.join(",")
        );
        let roads = gdal_counts(file, "lines", &condition);
        println!("{file}: {counts:?}; GDAL: {buildings} buildings, {roads} roads");
        for (layer, ours, theirs) in [
            ("cadastre.building", counts.get("cadastre.building").copied().unwrap_or(0), buildings),
            ("transport.road", counts["transport.road"], roads),
        ] {
            // GDAL leaves out areas it cannot close and lines without a node; here they are rows with a finding.
            let (least, most) = (theirs, theirs + count(&report, "geometry.unreadable") + theirs / 200);
            assert!((least..=most).contains(&ours), "{file} {layer}: {ours} here, {theirs} by GDAL");
        }
        let names = |rows: &[ditu_model::Row]| {
            rows.iter().filter(|r| !value("transport.road", r, "name").is_null()).count()
        };
        assert!(names(&rows["transport.road"]) * 4 > rows["transport.road"].len(), "{file}");
        let first = &rows["transport.road"][0];
        assert!(value("transport.road", first, "code").to_string().starts_with("way/"));
        assert!(!value("transport.road", first, "class").is_null());
    }
}

#[test]
fn what_cannot_be_unpacked_is_refused_by_its_name() {
    let (_scratch, plan) = planned(&[data("osm/monaco-latest.lz4.osm.pbf")], |o| o.city = None);
    let refused = plan.unwrap_err();
    assert_eq!(rules(&refused), ["format.unsupported"]);
    assert!(refused.to_string().contains("LZ4"), "{refused}");
}

#[test]
fn a_file_cut_or_changed_anywhere_is_answered_and_says_at_which_byte() {
    let whole = std::fs::read(data("osm/bremen-trams.osm.pbf")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.osm.pbf");
    for n in [20, 200, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..n]).unwrap();
        let wrong = Index::make(&path).err();
        assert!(wrong.is_some_and(|w| w.message.en.starts_with("at byte")), "{n}");
    }
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        let mut changed = whole.clone();
        changed[at] ^= 0x5a;
        std::fs::write(&path, &changed).unwrap();
        if let Ok(index) = Index::make(&path) {
            let themes: Vec<usize> = (0..THEMES.len()).collect();
            let _ = Maker::all(&index, &path, &themes, &mut |_| ControlFlow::Continue(()));
        }
    }
}

#[test]
fn the_nodes_an_extract_lacks_are_findings() {
    let (_scratch, plan) = planned(&[data("osm/bremen-trams.osm.pbf")], |o| o.city = None);
    let plan = plan.unwrap_or_else(|r| panic!("{r}"));
    assert!(plan.datasets().iter().any(|d| d.layer.as_str() == "transport.railway" && d.features > 0));
    let (result, report) = drained(plan);
    assert!(result.is_ok(), "{}", report.summary(crate::Lang::En));
}
