//! The whole sample city: nothing asked, nothing lost, nothing found wrong.

use super::*;
use ditu_sample::{SampleOptions, write};

#[test]
fn the_sample_city_imports_whole_without_a_question_or_a_complaint() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = write(dir.path(), &SampleOptions::default(), &|_, _| {}).unwrap();
    let (_scratch, plan) = planned(&[dir.path().to_owned()], |_| {});
    let plan = plan.unwrap_or_else(|r| panic!("{r}"));
    assert_eq!(plan.datasets().len(), manifest.files.len());
    for d in plan.datasets() {
        assert!(
            d.unused.iter().all(|c| d.format == "DXF" || d.format == "KML" || c.is_empty()),
            "{}: {:?}",
            d.file,
            d.unused
        );
        assert!(matches!(d.epsg, Some(4525 | 4490 | 4326)), "{}: {}", d.file, d.crs);
    }
    assert_eq!(plan.total_features(), manifest.features());
    let rasters = plan.sources.iter().filter(|s| s.raster.is_some()).count();
    assert_eq!(rasters, 1);
    let (rows, report) = drained(plan);
    let rows = rows.unwrap();
    assert_eq!(
        (report.errors(), report.warnings(), report.quarantined()),
        (0, 0, 0),
        "{}",
        report.summary(crate::Lang::En)
    );
    for file in &manifest.files {
        let n: u64 = manifest.files.iter().filter(|f| f.layer == file.layer).map(|f| f.features).sum();
        assert_eq!(rows[file.layer].len() as u64, n, "{}", file.layer);
    }
    // One thing from each kind of file, by what it must be.
    let pipe = &rows["pipeline.line"][0];
    assert_eq!(pipe.geometry.as_ref().unwrap().coords.len(), 2);
    let node = |n: usize| rows["pipeline.node"][n].geometry.as_ref().unwrap().coords[0];
    let ends = &pipe.geometry.as_ref().unwrap().coords;
    assert!((0..20).any(|n| node(n) == ends[0]), "a pipe begins in a point");
    let contour = &rows["terrain.contour"][0];
    let height = value("terrain.contour", contour, "elevation_m").as_f64().unwrap();
    assert!(height % 5.0 == 0.0, "{height}");
    let bridge = value("transport.bridge", &rows["transport.bridge"][0], "name");
    assert!(bridge.as_str().is_some_and(|n| n.contains('桥')), "{bridge}");
    let dem = value("terrain.dem", &rows["terrain.dem"][0], "file");
    assert!(dem.as_str().is_some_and(|s| s.len() == 64));
}

#[test]
fn tables_of_lines_without_their_points_are_refused_with_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &SampleOptions::default(), &|_, _| {}).unwrap();
    let lines = dir.path().join("09管网/管线段成果表.xlsx");
    let (_scratch, refused) = planned(&[lines], |_| {});
    assert_eq!(rules(&refused.unwrap_err()), ["table.no_places"]);
    // Alone, plane coordinates show no datum; with files that state one they do.
    let points = dir.path().join("09管网/管线点成果表.xlsx");
    let (_scratch, refused) = planned(std::slice::from_ref(&points), |_| {});
    let refused = refused.unwrap_err();
    assert_eq!(rules(&refused), ["crs.unclear"]);
    assert!(refused.to_string().contains("--crs EPSG:4525"), "{refused}");
    let (_scratch, plan) = planned(&[points, dir.path().join("05交通/铁路.shp")], |_| {});
    assert!(plan.is_ok());
}

#[test]
fn a_stream_that_nobody_drains_stops_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &SampleOptions::default(), &|_, _| {}).unwrap();
    let (_scratch, plan) = planned(&[dir.path().join("08地籍/房屋.shp")], |_| {});
    let mut run = plan.unwrap().run();
    let mut rows = run.deliveries.remove(0).rows;
    assert!(rows.next().unwrap().is_ok());
    drop(rows);
    assert!(run.report.snapshot().committed() > 0);
}
