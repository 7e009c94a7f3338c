//! The same names again, as other programs write them.

use super::strangers;
use crate::harness::City;

#[test]
fn keys_written_otherwise_are_matched_and_nothing_changes() {
    let city = City::new();
    let folder = strangers("12a-unicode-keys");
    let import = |name: &str| {
        let file = folder.join(name);
        city.run(&["import", file.to_str().unwrap(), "--crs", "EPSG:4490"]).expect(0).stdout
    };
    import("地名.csv");
    assert_eq!(city.count("placename.place"), 6);
    let said = import("地名2.csv");
    assert!(
        said.contains("no new revision") && said.contains("full-width, decomposed or invisible"),
        "{said}"
    );
    assert_eq!((city.count("placename.place"), city.revisions()), (6, 1));
}
