//! Deliveries of what is there already: other zones, other ways to write a ring, numbers of 32 bits.

use super::strangers;
use crate::harness::City;
use crate::whole::in_postgis;
use std::path::Path;

#[track_caller]
fn import(city: &City, file: &Path, layer: &str) -> String {
    let mut args = vec!["import", file.to_str().unwrap(), "--layer", layer];
    if file.extension().is_some_and(|e| e == "csv") {
        args.extend(["--crs", "EPSG:4546"]);
    }
    city.run(&args).expect(0).stdout
}

#[track_caller]
fn same(city: &City, file: &Path, layer: &str) {
    let said = import(city, file, layer);
    assert!(said.contains("no new revision"), "{}: {said}", file.display());
}

#[test]
fn the_same_parcels_in_other_zones_make_no_revision() {
    let folder = strangers("14-redelivery");
    for city in [City::new(), in_postgis("equal_zones")] {
        import(&city, &folder.join("宗地_1.shp"), "cadastre.parcel");
        assert_eq!(city.count("cadastre.parcel"), 1000);
        let said = import(&city, &folder.join("宗地_2.shp"), "cadastre.parcel");
        assert!(said.contains("+0 ~3 -0"), "{said}");
        let said = city.run(&["diff", "cadastre.parcel", "1", "2"]).expect(0).stdout;
        for what in [
            "owner: 户主10 → 新户主10",
            "moved by up to 0.35 m",
            "area 1431.18 → 1424.15 m²",
            "use: 0701 → 0702",
        ] {
            assert!(said.contains(what), "{said}");
        }
        for name in ["zone4547_4", "zone4547_3", "zone4525_4", "zone4490_9", "宗地_2"] {
            same(&city, &folder.join(format!("{name}.shp")), "cadastre.parcel");
        }
    }
}

#[test]
fn rings_that_begin_elsewhere_make_no_revision() {
    let folder = strangers("42-ring-start");
    for city in [City::new(), in_postgis("equal_rings")] {
        import(&city, &folder.join("宗地_1.shp"), "cadastre.parcel");
        for name in ["宗地_2", "宗地_3", "宗地_1"] {
            same(&city, &folder.join(format!("{name}.shp")), "cadastre.parcel");
        }
    }
}

#[test]
fn numbers_of_32_bits_are_read_as_the_decimals_that_they_hold() {
    let folder = strangers("25-float32");
    for file in ["管点.gpkg", "管线.gdb"] {
        let city = City::new();
        import(&city, &folder.join(file), "pipeline.node");
        let held = city.run(&["diff", "pipeline.node", "0", "1", "--geojson"]).expect(0).stdout;
        assert!(held.contains("32.45") && !held.contains("32.4500"), "{file}: {held}");
        same(&city, &folder.join("JSPoint.csv"), "pipeline.node");
    }
}
