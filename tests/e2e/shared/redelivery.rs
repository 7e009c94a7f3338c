//! The same thousand parcels again, and what each re-delivery takes away.

use super::strangers;
use crate::harness::City;

#[test]
fn a_redelivery_without_prj_is_asked_about_and_changes_nothing() {
    let city = City::new();
    let folder = strangers("14-redelivery");
    let file = |name: &str| folder.join(name);
    let parcel = ["--layer", "cadastre.parcel"];
    city.run(&[&["import", file("宗地_1.shp").to_str().unwrap()][..], &parcel].concat()).expect(0);
    assert_eq!(city.count("cadastre.parcel"), 1000);
    let said = city.run(&[&["import", file("noprj.shp").to_str().unwrap()][..], &parcel].concat()).expect(1);
    assert!(said.stdout.contains("EPSG:4546"), "{}", said.stdout);
    assert_eq!(city.revisions(), 1);
}
