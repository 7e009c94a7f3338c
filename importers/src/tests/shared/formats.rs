//! Every format that is read, on a real file of it: recognised by content, rows as many as GDAL counts.

use super::*;
use ditu_model::LayerId;

fn read(file: &str, layer: &str, change: impl FnOnce(&mut Options)) -> (Vec<&'static str>, u64, Report) {
    let (_scratch, plan) = planned(&[data(file)], |o| {
        o.all().layer = LayerId::new(layer);
        o.city = None;
        change(o);
    });
    let plan = plan.unwrap_or_else(|r| panic!("{file}: {r}"));
    let formats = plan.datasets().iter().map(|d| d.format).collect();
    let (result, report) = drained(plan);
    assert!(result.is_ok(), "{file}: {result:?}");
    (formats, report.committed(), report)
}

#[test]
fn every_format_is_known_by_its_content_and_read() {
    for (file, layer, format, rows) in [
        ("survey/flatgeobuf-gpkg/countries.fgb", "water.area", "FlatGeobuf", 179),
        ("survey/mapinfo/tab_file.tab", "placename.place", "MapInfo TAB", 1),
        ("survey/gpx-kml-gml/countries.kml", "water.area", "KML", 1),
        ("survey/gpx-kml-gml/caltopo-export.gpx", "transport.road", "GPX", 2),
        ("survey/shp-real/coutwildrnp.shp", "water.area", "Shapefile", 67),
        ("hydro/wdbii_rivers_cd_f.geojson", "water.line", "GeoJSON", 49),
        ("hydro/wdbii_rivers_hn_f.geojson", "water.line", "GeoJSON", 188),
        ("survey/dxf/changde_r2010.dxf", "water.line", "DXF", 1),
        ("survey/dxf/changde_r2000.dxf", "water.line", "DXF", 1),
        ("survey/dxf/changde_r12.dxf", "water.line", "DXF", 1),
        ("osm/puerto_mont-osm-20170922.gpkg", "cadastre.building", "GeoPackage", 1_000),
        ("cadastre/cadastre-75118-parcelles.json.gz", "cadastre.parcel", "", 0),
    ] {
        if format.is_empty() {
            let (_scratch, refused) = planned(&[data(file)], |o| o.all().layer = LayerId::new(layer));
            assert_eq!(rules(&refused.unwrap_err()), ["format.unsupported"], "{file}");
            continue;
        }
        let crs = match format {
            "DXF" => Some(4546),
            "MapInfo TAB" => Some(4326),
            _ => None,
        };
        let (formats, n, report) = read(file, layer, |o| o.all().crs = crs.map(CrsChoice::Epsg));
        assert!(formats.iter().all(|f| *f == format), "{file}: {formats:?}");
        assert!(n >= rows, "{file}: {n} rows; {}", report.summary(crate::Lang::En));
    }
}

#[test]
fn a_file_geodatabase_in_an_archive_is_one_source_with_many_tables() {
    let (_scratch, plan) = planned(&[data("survey/filegdb/testopenfilegdb.gdb.zip")], |o| {
        o.all().layer = LayerId::new("placename.place");
        o.city = None;
        o.all().crs = Some(CrsChoice::Epsg(4326));
        // A driver's own test data: the same places in one kind of shape after the other.
        for name in ["point", "pointm", "pointzm", "point25D", "multipoint", "multipoint25D"] {
            o.choices.push(Choice { table: Some(name.into()), take: true, ..Choice::default() });
        }
    });
    let (tables, report) = match plan {
        Ok(plan) => (plan.datasets().len(), plan.report.clone()),
        Err(refused) => panic!("{refused}"),
    };
    assert!(tables > 3, "{tables}");
    // Tables of lines and polygons are passed over, and said to be.
    assert!(count(&report, "layer.shape") > 0);
}

#[test]
fn an_alias_of_a_real_geodatabase_stands_beside_its_column() {
    let (_scratch, plan) = planned(&[data("survey/filegdb/qgis-test_gdb.gdb.zip")], |o| {
        o.all().layer = LayerId::new("placename.place");
        o.city = None;
    });
    let plan = plan.unwrap_or_else(|r| panic!("{r}"));
    let columns: Vec<&str> = plan.datasets()[0].mapping.iter().map(|m| m.column.as_str()).collect();
    assert!(columns.contains(&"text | t"), "{columns:?}");
}
