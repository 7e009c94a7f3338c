//! Heights in the real files: Z with marks of no height, and an elevation model that does not declare its own.

use super::strangers;
use crate::harness::City;
use crate::heights::{findings, import, reaches, stored};

#[test]
fn z_fills_the_heights_and_marks_of_none_are_told() {
    let city = City::new();
    let said =
        import(&city, &strangers("32-z-nodata").join("高程点.shp"), &["--layer", "terrain.spot"]).expect(0);
    let heights = stored(&city, "terrain.spot", "elevation_m", "fid");
    assert_eq!(heights, [Some(31.5), Some(0.0), None, None, None, None]);
    assert_eq!(
        (findings(&said, "height.nodata"), findings(&said, "height.nought")),
        (4, 1),
        "{}",
        said.stdout
    );
}

#[test]
fn an_undeclared_mark_of_a_model_is_told_and_no_height_of_it_is_kept() {
    let city = City::new();
    let said = import(&city, &strangers("18g-nodata").join("DEM.tif"), &["--layer", "terrain.dem"]).expect(0);
    let [least, greatest] = reaches(&city).map(Option::unwrap);
    assert!(least >= 100.0 && greatest <= 129.0, "{least} {greatest}");
    assert_eq!(findings(&said, "raster.nodata"), 1, "{}", said.stdout);
}
