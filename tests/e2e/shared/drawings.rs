//! Drawings that strangers met: a sheet as a block, millimetres, codes in texts.

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
fn a_drawing_in_millimetres_is_a_question_with_the_answer_in_place() {
    let city = City::new();
    let file = strangers("06b-dxf-mm-data").join("地形图.dxf");
    let file = file.to_str().unwrap();
    let said = city.run(&["import", file, "--crs", "EPSG:4546", "--no-tiles"]).expect(1);
    assert!(said.stdout.contains("--units mm"), "{}", said.stdout);
    city.run(&["import", file, "--crs", "EPSG:4546", "--units", "mm", "--no-tiles"]).expect(0);
    assert_eq!((city.count("cadastre.building"), city.count("terrain.spot")), (5, 4));
    let spots = city.run(&["diff", "terrain.spot", "0", "1", "--geojson"]).expect(0).stdout;
    assert!(["31.5", "32.5", "33.5", "34.5"].iter().all(|h| spots.contains(h)), "{spots}");
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
