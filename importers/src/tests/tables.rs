//! Control points in every table that offices use: all of them land on the same spots.

use super::written::{control_dat, control_table, towns};
use super::xlsx::{text, workbook};
use super::*;
use ditu_model::LayerId;

fn in_plane(o: &mut Options) {
    o.all().crs = Some(CrsChoice::Epsg(4546));
}

/// A point list does not say what its points are.
fn listed(o: &mut Options) {
    in_plane(o);
    o.all().layer = LayerId::new("control.point");
}

/// Degrees, minutes and seconds as people write them.
fn dms(degrees: f64) -> String {
    let seconds = (degrees * 3_600_000.0).round() / 1000.0;
    let (d, m) = ((seconds / 3600.0).floor(), (seconds / 60.0).floor() % 60.0);
    format!("{d}°{m:02}′{:06.3}″", seconds - d * 3600.0 - m * 60.0)
}

/// The table as a workbook; on a second sheet the same points in degrees.
pub(super) fn book(path: &Path) {
    let head = ["点号", "点名", "等级", "X(北)", "Y(东)", "H", "坐标系"].map(text).concat();
    let number = |n: f64| format!("<c><v>{n}</v></c>");
    let mut plane = vec![head];
    let mut degrees = vec![["点名", "经度", "纬度", "经度(DMS)", "纬度(DMS)"].map(text).concat()];
    for (i, (name, p)) in towns::all().enumerate() {
        let [x, y] = towns::plane(p).map(|v| (v * 1000.0).round() / 1000.0);
        plane.push(
            [
                number((i + 1) as f64),
                text(name),
                text("一级"),
                number(y),
                number(x),
                number(30.0 + i as f64 / 8.0),
                text("CGCS2000/111E"),
            ]
            .concat(),
        );
        degrees.push([text(name), number(p[0]), number(p[1]), text(&dms(p[0])), text(&dms(p[1]))].concat());
    }
    let [plane, degrees] = [&plane, &degrees].map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
    workbook(path, &[("控制点", "", &plane), ("经纬度", "", &degrees)]);
}

#[test]
fn control_points_of_every_table_land_on_the_same_spot() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let table = control_table();
    std::fs::write(path("utf8bom.csv"), format!("\u{feff}{table}")).unwrap();
    std::fs::write(path("gb18030.csv"), encoding_rs::GB18030.encode(&table).0).unwrap();
    std::fs::write(path("tabs.tsv"), encoding_rs::GBK.encode(&table.replace(',', "\t")).0).unwrap();
    std::fs::write(path("numbered.dat"), control_dat(false)).unwrap();
    std::fs::write(path("named.dat"), encoding_rs::GBK.encode(&control_dat(true)).0).unwrap();
    book(&path("control.xlsx"));
    for file in ["utf8bom.csv", "gb18030.csv", "tabs.tsv", "numbered.dat", "named.dat", "control.xlsx"] {
        let (_scratch, plan) = planned(&[path(file)], if file.ends_with(".dat") { listed } else { in_plane });
        let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{file}: {r}")));
        let rows = rows.unwrap();
        for ((name, p), row) in towns::all().zip(&rows["control.point"]) {
            let found = row.geometry.as_ref().unwrap().coords[0];
            assert!(
                (p[0] - found[0]).abs() < 1e-8 && (p[1] - found[1]).abs() < 1e-8,
                "{file} {name}: {found:?}"
            );
        }
        // Degrees on the second sheet are the same places, and said to be.
        let sheets = if file.ends_with(".xlsx") { 2 } else { 1 };
        assert_eq!(rows["control.point"].len(), towns::all().len() * sheets, "{file}");
        if sheets == 2 {
            assert!(count(&report, "check.coincident") >= towns::all().len() as u64, "{file}");
        }
    }
    // Without a word about the CRS, all of them are asked about.
    for file in ["utf8bom.csv", "gb18030.csv", "numbered.dat", "named.dat", "control.xlsx"] {
        let (_scratch, refused) = planned(&[path(file)], |_| {});
        let refused = refused.unwrap_err();
        let known: &[&str] =
            if file.ends_with(".dat") { &["layer.unknown", "crs.unclear"] } else { &["crs.unclear"] };
        assert!(rules(&refused).iter().all(|r| known.contains(r)), "{file}: {refused}");
    }
}

#[test]
fn two_points_of_one_name_are_one_too_many() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.dat");
    std::fs::write(&path, format!("{}17,131500,568041.5,3212973.25,32.5\r\n", control_dat(false))).unwrap();
    let (_scratch, plan) = planned(&[path], listed);
    let report = drained(plan.unwrap()).1;
    assert_eq!((report.committed(), count(&report, "key.duplicate")), (towns::all().len() as u64, 1));
}

#[test]
fn workbooks_that_hold_no_map_are_refused_by_their_columns() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xlsx");
    let rows = [["Item", "Amount", "Paid"].map(text).concat(), ["Paper", "17", "yes"].map(text).concat()];
    workbook(&path, &[("Sheet1", "", &rows.iter().map(String::as_str).collect::<Vec<_>>())]);
    let (_scratch, refused) = planned(&[path], |_| {});
    assert_eq!(rules(&refused.unwrap_err()).first(), Some(&"layer.unknown"));
}
