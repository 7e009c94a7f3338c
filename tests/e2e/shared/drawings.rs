//! Drawings that strangers met: a sheet as a block, codes in texts.

use super::strangers;
use crate::harness::City;

#[test]
fn the_houses_and_the_contour_of_a_sheet_that_is_a_block_are_imported() {
    let city = City::new();
    let file = strangers("05a-dxf-sheet-as-block").join("地形图.dxf");
    city.run(&["import", file.to_str().unwrap(), "--crs", "EPSG:4546", "--no-tiles"]).expect(0);
    assert_eq!((city.count("cadastre.building"), city.count("terrain.contour")), (8, 1));
}

#[test]
fn codes_in_texts_are_read() {
    let city = City::new();
    let file = strangers("37-dxf-escapes").join("注记.dxf");
    let with = ["--crs", "EPSG:4546", "--layer", "placename.place", "--no-tiles"];
    city.run(&[&["import", file.to_str().unwrap()][..], &with].concat()).expect(0);
    let names = city.run(&["diff", "placename.place", "0", "1", "--geojson"]).expect(0).stdout;
    for name in ["柳叶湖", "河洑镇", "德山"] {
        assert!(names.contains(name), "{name}: {names}");
    }
    assert!(!names.contains("\\\\U+") && !names.contains("\\\\M+"), "{names}");
}
