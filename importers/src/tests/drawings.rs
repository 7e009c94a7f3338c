//! Drawings as CASS leaves them, in every version and with every header.

use super::written::cass_drawing;
use super::*;

/// What the header says of the code page is often wrong: text is GBK up to R2004 and UTF-8 from R2007 on.
#[test]
fn drawings_read_right_whatever_their_header_says_of_the_code_page() {
    let dir = tempfile::tempdir().unwrap();
    for (version, page, gbk) in [
        ("AC1009", "ANSI_936", true),
        ("AC1015", "ANSI_936", true),
        ("AC1015", "GB2312", true),
        ("AC1018", "ANSI_936", true),
        ("AC1021", "ANSI_936", false),
        ("AC1024", "ANSI_936", false),
        ("AC1032", "UTF-8", false),
    ] {
        let what = format!("{version} {page}");
        let text = cass_drawing(version, page);
        let bytes = if gbk { encoding_rs::GBK.encode(&text).0.into_owned() } else { text.into_bytes() };
        let path = dir.path().join("图.dxf");
        std::fs::write(&path, bytes).unwrap();
        let (_scratch, refused) = planned(std::slice::from_ref(&path), |_| {});
        assert_eq!(rules(&refused.unwrap_err()), ["crs.unclear"], "{what}");
        let (_scratch, plan) = planned(&[path], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
        let rows = drained(plan.unwrap_or_else(|r| panic!("{what}: {r}"))).0.unwrap();
        let name = value("placename.place", &rows["placename.place"][0], "name").to_string();
        assert_eq!(name, "砼3", "{what}");
        // The CASS code in the extended data, a closed polyline as an area, the block's height.
        let building = &rows["cadastre.building"][0];
        assert!(!value("cadastre.building", building, "kind").is_null(), "{what}");
        let m2 = crate::geometry::measure::area(building.geometry.as_ref().unwrap());
        assert!((m2 - 100.0).abs() < 0.1, "{what}: {m2}");
        let height = value("terrain.spot", &rows["terrain.spot"][0], "elevation_m").as_f64();
        assert_eq!(height, Some(35.27), "{what}");
    }
}

#[test]
fn an_offices_own_code_list_beside_the_drawing_says_what_its_codes_mean() {
    let dir = tempfile::tempdir().unwrap();
    let text = cass_drawing("AC1021", "ANSI_936").replace("141111", "998877");
    std::fs::write(dir.path().join("图.dxf"), text).unwrap();
    let kinds = |with: bool| {
        let (_scratch, plan) =
            planned(&[dir.path().to_owned()], |o| o.all().crs = Some(CrsChoice::Epsg(4546)));
        let (rows, report) = drained(plan.unwrap_or_else(|r| panic!("{r}")));
        assert_eq!(count(&report, "cass.work_def"), u64::from(with));
        value("cadastre.building", &rows.unwrap()["cadastre.building"][0], "kind").to_string()
    };
    assert_eq!(kinds(false), "");
    let def = encoding_rs::GBK.encode("998877,JMD,5,PL,0,厂房\r\nEND\r\n").0.into_owned();
    std::fs::write(dir.path().join("Work.Def"), def).unwrap();
    assert_eq!(kinds(true), "industrial");
}
