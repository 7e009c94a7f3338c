//! The whole way: the sample city from files to tiles, and the main flow with the store in PostGIS.

use crate::commands::history;
use crate::harness::{City, inputs, listing};
use crate::tiles::layers;
use inputs::{LAT, LON, road, roads, tile};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

#[test]
fn the_sample_city_goes_from_files_to_tiles_and_opens_in_gdal() {
    let city = City::new();
    let out = city.data().with_file_name("sample");
    let made = city.run(&["sample", out.to_str().unwrap(), "--json"]).expect(0);
    let made: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    let mut delivered: BTreeMap<String, u64> = BTreeMap::new();
    for f in made["files"].as_array().unwrap() {
        *delivered.entry(f["layer"].as_str().unwrap().to_owned()).or_default() +=
            f["features"].as_u64().unwrap();
    }
    city.import(&out);
    let revisions = city.revisions();
    let again = city.import(&out);
    assert!(again.stdout.contains("no new revision"), "{}", again.stdout);
    assert_eq!(city.revisions(), revisions);
    let all = city.run(&["layers", "--json"]).expect(0);
    let all: Vec<serde_json::Value> = serde_json::from_str(&all.stdout).unwrap();
    for l in &all {
        let (id, count) = (l["id"].as_str().unwrap(), l["count"].as_u64().unwrap());
        assert!(count > 0, "{id} is empty");
        let wanted = delivered.get(id).copied().unwrap_or_default();
        assert!(count <= wanted && count * 100 >= wanted * 95, "{id}: {count} of {wanted} delivered");
    }
    let server = city.serve(&["--public", "all"]);
    let mut themes = BTreeSet::new();
    for z in [10, 13, 16] {
        // The middle and its neighbours: not every kind of thing lies in one tile of z16.
        let step = 360.0 / f64::from(1u32 << z);
        for (i, j) in (-2..=2).flat_map(|i| (-2..=2).map(move |j| (i, j))) {
            let at = tile(z, LON + f64::from(i) * step, LAT + f64::from(j) * step * 0.87);
            let a = server.get(&format!("/tiles/basemap/{at}"));
            assert!(matches!(a.status, 200 | 204), "{at}: {}", a.text());
            if a.status == 200 {
                themes.extend(layers(&a.body).into_iter().map(|l| l.0.split('.').next().unwrap().to_owned()));
            }
        }
    }
    let nine = "boundary cadastre control landform pipeline placename terrain transport water";
    assert_eq!(themes.iter().map(String::as_str).collect::<Vec<_>>().join(" "), nine);
    let store = city.data().join("city.gpkg");
    let info =
        Command::new("ogrinfo").arg("-so").arg("-ro").arg(&store).arg("placename_place").output().unwrap();
    let text = String::from_utf8_lossy(&info.stdout);
    assert!(info.status.success() && text.contains("Feature Count"), "{text}");
    assert!(text.contains("CGCS2000") || text.contains("China Geodetic"), "{text}");
    assert!(!listing(&city.data().join("reports")).is_empty());
}

/// The database of the tests, and the name of a schema of this run's own in it.
fn database(schema: &str) -> (String, String) {
    let url = std::env::var("DITU_TEST_DATABASE")
        .expect("DITU_TEST_DATABASE is not set; run: eval \"$(scripts/postgres.sh start)\"");
    (url, format!("{schema}_{}", std::process::id()))
}

/// A city whose store is such a schema.
pub(crate) fn in_postgis(schema: &str) -> City {
    let (url, schema) = database(schema);
    let sign = if url.contains('?') { '&' } else { '?' };
    City::in_database(format!("{url}{sign}schema={schema}"))
}

#[test]
fn revisions_in_postgis_are_told_and_undone_as_in_a_file() {
    history(&in_postgis("e2e_history"));
}

#[test]
fn a_city_in_postgis_is_served_fresh_and_closed_where_nothing_opens_it() {
    let city = in_postgis("e2e_serve");
    inputs::every_class(&city);
    let server = city.serve(&[]);
    let at = format!("/tiles/basemap/{}", tile(16, LON + 0.001, LAT + 0.0003));
    let before = server.get(&at);
    let roads_in = |b: &[u8]| layers(b).into_iter().find(|l| l.0 == "transport.road").map(|l| l.1);
    assert_eq!(roads_in(&before.body), Some(1));
    assert!(layers(&before.body).iter().all(|l| l.0.starts_with("transport.")));
    assert_eq!(server.get("/collections/pipeline.line").status, 404);
    let more = [
        road("R1", "朗州路", [0.0, 0.0], [0.004, 0.001]),
        road("R2", "新路", [0.0, 0.0003], [0.004, 0.0003]),
    ];
    city.import(&roads(&city, &more));
    let after = server.get(&at);
    assert_eq!(roads_in(&after.body), Some(2));
    assert_ne!(before.header("etag"), after.header("etag"));
    assert!(!city.data().join("city.gpkg").exists());
    drop(server);
    let (url, schema) = database("e2e_serve");
    let names = plain_sql(
        &url,
        &format!("select name from {schema}.transport_road where name is not null order by code"),
    );
    assert_eq!(names, ["朗州路", "新路"]);
    let srids = format!(
        "select distinct srid::text from geometry_columns where f_table_schema = '{schema}' and f_table_name = 'transport_road'"
    );
    assert_eq!(plain_sql(&url, &srids), ["4490"]);
}

/// The first column of what another client of the database reads, as text.
fn plain_sql(url: &str, sql: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.query(sql, &[]).await.unwrap().iter().map(|r| r.get(0)).collect()
    })
}
