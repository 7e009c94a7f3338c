//! Merged cells, memo texts and ^Z, as strangers delivered them.

use super::strangers;
use crate::harness::City;
use std::path::PathBuf;

fn import(city: &City, path: PathBuf, more: &[&str]) {
    city.run(&[&["import", path.to_str().unwrap(), "--no-tiles"][..], more].concat()).expect(0);
}

#[test]
fn values_of_merged_cells_are_those_of_every_row() {
    let city = City::new();
    let path = strangers("11a-xlsx-merged").join("管线.xlsx");
    import(&city, path, &["--crs", "EPSG:4546", "--layer", "pipeline.node"]);
    let kept = city.run(&["diff", "pipeline.node", "0", "1", "--geojson"]).expect(0).stdout;
    for (value, times) in [("甲公司", 3), ("乙所", 3), ("\"water\"", 3), ("\"rain\"", 3)] {
        assert_eq!(kept.matches(value).count(), times, "{value} {kept}");
    }
}

#[test]
fn a_memo_field_is_its_text() {
    let city = City::new();
    import(&city, strangers("26-dbf-memo").join("地名.shp"), &[]);
    let kept = city.run(&["diff", "placename.place", "0", "1", "--geojson"]).expect(0).stdout;
    assert_eq!(kept.matches("因其地多示例树而得名").count(), 2, "{kept}");
}

#[test]
fn a_csv_with_control_z_is_read_whole() {
    let city = City::new();
    import(&city, strangers("44a-ctrlz").join("地名.csv"), &["--crs", "EPSG:4490"]);
    let kept = city.run(&["diff", "placename.place", "0", "1", "--geojson"]).expect(0).stdout;
    assert!(kept.contains("\"乙\"") && kept.contains("\"丙\"") && kept.contains("DM3"), "{kept}");
}
