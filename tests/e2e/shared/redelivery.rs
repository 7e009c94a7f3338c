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
    assert!(said.stdout.contains("EPSG:4547"), "{}", said.stdout);
    assert_eq!(city.revisions(), 1);
}

/// Owners are hidden from everybody but the operator: they are read by what a second delivery would change.
#[test]
fn owners_stay_where_the_column_is_gone_or_renamed() {
    let city = City::new();
    let folder = strangers("14-redelivery");
    let import = |name: &str, more: &[&str], status: i32| {
        let file = folder.join(name);
        let args =
            [&["import", file.to_str().unwrap(), "--layer", "cadastre.parcel", "--no-tiles"], more].concat();
        city.run(&args).expect(status)
    };
    import("宗地_1.shp", &[], 0);
    for (name, word) in [("missing.shp", "1000 values stay"), ("renamed.shp", "QLR_XM")] {
        let said = import(name, &[], 0);
        assert!(said.stdout.contains(word), "{name}: {}", said.stdout);
        // Nothing comes and nothing goes.
        assert!(
            !said.stdout.contains("+0 ~1000") && city.count("cadastre.parcel") == 1000,
            "{name}: {}",
            said.stdout
        );
    }
    let said = import("half.shp", &[], 1);
    for word in ["900 of the 1000", "--part", "--mode upsert", "--allow-removal"] {
        assert!(said.stderr.contains(word), "{word}: {}", said.stderr);
    }
    import("half.shp", &["--dry-run"], 1);
    import("half.shp", &["--mode", "upsert"], 0);
    assert_eq!(city.count("cadastre.parcel"), 1000);
    import("half.shp", &["--allow-removal"], 0);
    assert_eq!(city.count("cadastre.parcel"), 100);
}

#[test]
fn two_companies_leave_each_others_pipes() {
    let city = City::new();
    let folder = strangers("39-two-companies");
    let import = |name: &str| {
        let file = folder.join(name);
        city.run(&["import", file.to_str().unwrap(), "--crs", "EPSG:4546", "--no-tiles"]).expect(0)
    };
    import("给水管线.xlsx");
    let water = (city.count("pipeline.line"), city.count("pipeline.node"));
    let said = import("燃气管线.xlsx");
    assert!(!said.stdout.contains("-1") && said.stdout.contains("delivered by Kind"), "{}", said.stdout);
    let both = (city.count("pipeline.line"), city.count("pipeline.node"));
    assert!(both.0 > water.0 && both.1 > water.1, "{water:?} {both:?}");
    let head = city.revisions();
    import("给水管线.xlsx");
    import("燃气管线.xlsx");
    assert_eq!(city.revisions(), head, "each finds its own as it was");
}
