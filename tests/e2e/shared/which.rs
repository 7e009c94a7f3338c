//! Deliveries that hold a layer twice.

use super::strangers;
use crate::harness::City;

#[test]
fn a_view_on_the_parcels_is_passed_over_and_named() {
    let city = City::new();
    let said = city.import(&strangers("08a-gpkg-view/地籍.gpkg")).stdout;
    assert!(said.contains("宗地变更") && said.contains("view"), "{said}");
    let base = city.count("cadastre.parcel");
    assert!(base > 0);
    city.import(&strangers("08f-gpkg-view-keyless/水系.gpkg"));
    assert_eq!(city.count("water.area"), 5);
}

#[test]
fn a_backup_before_the_table_and_a_copy_of_the_file_are_asked_about() {
    let city = City::new();
    let path = strangers("08e-gpkg-backup-first/地籍.gpkg");
    let path = path.to_str().unwrap();
    let said = city.run(&["import", path]).expect(1).stdout;
    assert!(said.contains("--table 宗地\n") && said.contains("--table 宗地_2023备份"), "{said}");
    city.run(&["import", path, "--table", "宗地"]).expect(0);
    assert_eq!(city.count("cadastre.parcel"), 5);

    let city = City::new();
    let folder = strangers("30b-copy/交付");
    let folder = folder.to_str().unwrap();
    let said = city.run(&["import", folder]).expect(1).stdout;
    assert!(said.contains("--table 宗地.shp") && said.contains("--table \"宗地 - 副本.shp\""), "{said}");
    city.run(&["import", folder, "--table", "宗地.shp"]).expect(0);
    assert_eq!(city.count("cadastre.parcel"), 5);
}
