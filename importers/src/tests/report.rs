//! The report as files, read by other programs.
use super::*;
use ditu_model::LayerId;

#[test]
fn the_report_geopackage_has_a_point_for_each_finding_with_a_place() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = String::from("名称,类别,经度,纬度\n");
    for i in 0..50 {
        // Every tenth lies in the sea.
        let lon = if i % 10 == 0 { 125.0 } else { 111.5 + f64::from(i) / 1000.0 };
        text += &format!("地名{i},村庄,{lon},29.0\n");
    }
    let path = dir.path().join("地名.csv");
    std::fs::write(&path, text).unwrap();
    let (_scratch, plan) = planned(&[path], |o| o.all().layer = LayerId::new("placename.place"));
    let (_, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
    assert_eq!(count(&report, "geometry.outside_city"), 5);
    let placed: u64 = report.groups.iter().map(|g| g.places.len() as u64).sum();
    let file = dir.path().join("问题.gpkg");
    report.write_geopackage(&file).unwrap();
    // GDAL, in its locked-in process, is the reader.
    let scratch = tempfile::tempdir().unwrap();
    let worker = options(scratch.path()).worker;
    let all = ditu_gdal::ReadOptions::default();
    let rows: Vec<String> =
        worker.read(&file, "问题", &all).unwrap().map(|row| format!("{:?}", row.unwrap())).collect();
    assert_eq!(rows.len() as u64, placed);
    assert!(rows.iter().filter(|r| r.contains("geometry.outside_city")).count() == 5, "{rows:?}");
}
