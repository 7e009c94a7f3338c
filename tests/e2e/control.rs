//! Fitted control: fit, keep sealed, import by it, write it down.

use crate::harness::City;
use ditu_sample::formats::shp::Manner;
use ditu_sample::towns;
use serde_json::Value as Json;
use std::fs;

/// DOMAIN §1.5 as a survey office writes it: x is the northing.
const LOCAL: &str = "点名,源X,源Y,目标X,目标Y,检查\n\
P0,12973.0233,18041.2647,3212980.867,568032.798,\n\
P1,15420.5,21033.75,3215427.575,571026.019,\n\
P2,9875.25,16520.125,3209883.421,566510.815,\n\
P3,14210.875,24980.5,3214216.892,574972.522,\n\
P4,11002,22001,3211008.716,571992.114,是\n";

const PLACES: &str = "地名,类别,X坐标,Y坐标\n德山,村庄,12973.0233,18041.2647\n桥南,村庄,15420.5,21033.75\n";

fn fit(city: &City, more: &[&str]) -> crate::harness::Output {
    // GBK, as Excel on Chinese Windows saves it.
    let path = city.data().with_file_name("公共点.csv");
    let gbk: Vec<u8> = encoding(LOCAL);
    fs::write(&path, gbk).unwrap();
    let mut args =
        vec!["crs", "fit", path.to_str().unwrap(), "--model", "4", "--from", "local", "--name", "常德独立"];
    args.extend(more);
    city.run(&args)
}

/// The few characters of the test in GBK.
fn encoding(text: &str) -> Vec<u8> {
    let table = [
        ('点', [0xb5, 0xe3]),
        ('名', [0xc3, 0xfb]),
        ('源', [0xd4, 0xb4]),
        ('目', [0xc4, 0xbf]),
        ('标', [0xb1, 0xea]),
        ('检', [0xbc, 0xec]),
        ('查', [0xb2, 0xe9]),
        ('是', [0xca, 0xc7]),
    ];
    let mut out = Vec::new();
    for c in text.chars() {
        match table.iter().find(|(k, _)| *k == c) {
            Some((_, b)) => out.extend(b),
            None => out.push(u8::try_from(c).unwrap()),
        }
    }
    out
}

#[test]
fn a_city_grid_is_fitted_kept_sealed_and_used_by_name() {
    let city = City::new();
    let report = city.data().with_file_name("拟合.html");
    let said = fit(&city, &["--report", report.to_str().unwrap()]).expect(0);
    assert!(said.stdout.contains("σ0") && said.stdout.contains("check"), "{}", said.stdout);
    let page = fs::read_to_string(&report).unwrap();
    assert!(page.contains("P4") && page.contains("检查点"));
    // Parameters are in no output and not readable on disk.
    let sealed = fs::read(city.data().join("control/常德独立.sealed")).unwrap();
    let digits = "3200012";
    for text in [&said.stdout, &page, &String::from_utf8_lossy(&sealed).into_owned()] {
        assert!(!text.contains(digits) && !text.contains("0.00026"), "{text}");
    }
    let listed = city.run(&["crs", "list"]).expect(0);
    assert!(listed.stdout.contains("常德独立") && !listed.stdout.contains(digits));

    let places = city.write("地名.csv", PLACES);
    let places = places.to_str().unwrap();
    let args = ["import", places, "--layer", "placename.place"];
    let refused = city.run(&args).expect(1);
    assert!(refused.stdout.contains("crs.unknown"), "{}", refused.stdout);
    let mut by = args.to_vec();
    by.extend(["--control", "常德独立"]);
    city.run(&by).expect(0);
    let server = city.serve(&["--public", "all"]);
    let items = server.json("/collections/placename.place/items");
    // EPSG:4546 (3212980.867, 568032.798) and the fit's residual of some millimetres.
    let at = items["features"][0]["geometry"]["coordinates"].as_array().unwrap();
    let (lon, lat) = (at[0].as_f64().unwrap(), at[1].as_f64().unwrap());
    assert!((lon - 111.698_413).abs() < 2e-5 && (lat - 29.031_671).abs() < 2e-5, "{lon} {lat}");
    let history = city.run(&["history", "--json"]).expect(0).stdout;
    assert!(history.contains("control 常德独立, 4 parameters"), "{history}");
    assert!(!history.contains(digits));

    let audit = fs::read_to_string(city.data().join("audit.jsonl")).unwrap();
    let lines: Vec<Json> = audit.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let what: Vec<&str> = lines.iter().map(|l| l["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["control.fit", "control.use"]);
    assert!(lines.iter().all(|l| l["on"] == "常德独立" && l["who"].is_string() && l["at"].is_string()));
}

#[test]
fn a_sealed_control_opens_with_its_key_only_and_not_under_another_name() {
    let city = City::new();
    fit(&city, &[]).expect(0);
    let folder = city.data().join("control");
    let list = || city.run(&["crs", "list"]);
    list().expect(0);
    fs::copy(folder.join("常德独立.sealed"), folder.join("别的.sealed")).unwrap();
    let said = list().expect(3);
    assert!(said.stderr.contains("别的.sealed"), "{}", said.stderr);
    fs::remove_file(folder.join("别的.sealed")).unwrap();
    let mut bytes = fs::read(folder.join("常德独立.sealed")).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(folder.join("常德独立.sealed"), &bytes).unwrap();
    list().expect(3);
    bytes[last] ^= 1;
    fs::write(folder.join("常德独立.sealed"), &bytes).unwrap();
    list().expect(0);
    // What nobody asks for is in nobody's way; a control of the same name, or a second key, is not made in silence.
    fs::write(folder.join("坏.sealed"), "no control").unwrap();
    let places = city.write("地名.csv", "名称,经度,纬度\n武陵阁,111.69,29.03\n");
    let import = [
        "import",
        places.to_str().unwrap(),
        "--layer",
        "placename.place",
        "--crs",
        "EPSG:4490",
        "--no-tiles",
    ];
    city.run(&import).expect(0);
    assert!(city.run(&[&import[..4], &["--control", "坏"]].concat()).expect(3).stderr.contains("坏.sealed"));
    fs::remove_file(folder.join("坏.sealed")).unwrap();
    assert!(fit(&city, &[]).expect(3).stderr.contains("--replace"));
    fit(&city, &["--replace"]).expect(0);
    fs::rename(folder.join("key"), folder.join("key.away")).unwrap();
    for said in [fit(&city, &["--replace"]).expect(3), list().expect(3)] {
        assert!(said.stderr.contains("密钥不在"), "{}", said.stderr);
    }
    assert!(!folder.join("key").exists());
    fs::rename(folder.join("key.away"), folder.join("key")).unwrap();
    list().expect(0);
    fs::write(folder.join("key"), "00".repeat(32)).unwrap();
    assert!(list().expect(3).stderr.contains("another key"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for name in ["key", "常德独立.sealed"] {
            let mode = fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}

#[test]
fn xian_80_is_refused_until_control_is_fitted_and_another_datums_control_is_refused_too() {
    let city = City::new();
    let prj = |datum: &str, a: &str, rf: &str| {
        format!(
            "PROJCS[\"{datum}_3_Degree_GK_CM_111E\",GEOGCS[\"GCS_{datum}\",DATUM[\"D_{datum}\",SPHEROID[\"S\",{a},{rf}]],PRIMEM[\"Greenwich\",0],UNIT[\"Degree\",0.0174532925199433]],PROJECTION[\"Gauss_Kruger\"],PARAMETER[\"False_Easting\",500000],PARAMETER[\"False_Northing\",0],PARAMETER[\"Central_Meridian\",111],PARAMETER[\"Scale_Factor\",1],PARAMETER[\"Latitude_Of_Origin\",0],UNIT[\"Meter\",1]]"
        )
    };
    let folder = city.data().with_file_name("in80");
    fs::create_dir_all(&folder).unwrap();
    let text = prj("Xian_1980", "6378140", "298.257")
        .replace("\"False_Easting\",500000", "\"False_Easting\",37500000");
    let manner = Manner { prj: Some(&text), ..Manner::OFFICE };
    towns::write(&folder.join("地名"), &manner, towns::plane, &[]).unwrap();
    let source = folder.join("地名.shp");
    let import = |more: &[&str]| {
        let mut args = vec!["import", source.to_str().unwrap(), "--layer", "placename.place", "--no-tiles"];
        args.extend(more);
        city.run(&args)
    };
    let refused = import(&[]).expect(1);
    assert!(
        refused.stdout.contains("crs.needs_control") && refused.stdout.contains("ditu crs fit"),
        "{}",
        refused.stdout
    );

    let points = "name,source_north,source_east,target_north,target_east\n\
A,3212900,37568000,3212940.5,37568118.2\nB,3255400,37613600,3255440.9,37613717.8\nC,3148300,37519500,3148340.1,37519618.4\nD,3325700,37461400,3325741.0,37461518.9\n";
    let points = city.write("points.csv", points);
    let fit = |from: &str, name: &str| {
        let args = [
            "crs",
            "fit",
            points.to_str().unwrap(),
            "--model",
            "4",
            "--from",
            from,
            "--to",
            "EPSG:4525",
            "--name",
            name,
        ];
        city.run(&args).expect(0);
    };
    fit("EPSG:2361", "西安80");
    fit("beijing54,CM=111,FE=37500000", "北京54");
    let wrong = import(&["--control", "北京54"]).expect(1);
    assert!(wrong.stdout.contains("crs.control_datum"), "{}", wrong.stdout);
    let unknown = import(&["--control", "没有的"]).expect(1);
    assert!(unknown.stdout.contains("西安80"), "the ones there are: {}", unknown.stdout);
    let done = import(&["--control", "西安80"]).expect(0);
    assert!(done.stdout.contains("quarantined 0"), "{}", done.stdout);
    // About 40 m north and 118 m east of what the same numbers would be on CGCS2000.
    let other = City::new();
    let plain = [
        "import",
        source.to_str().unwrap(),
        "--layer",
        "placename.place",
        "--no-tiles",
        "--crs",
        "EPSG:4525",
    ];
    other.run(&plain).expect(0);
    let first = |c: &City| {
        let server = c.serve(&["--public", "all"]);
        let items = server.json("/collections/placename.place/items?limit=1");
        let at = items["features"][0]["geometry"]["coordinates"].clone();
        [at[0].as_f64().unwrap(), at[1].as_f64().unwrap()]
    };
    let (a, b) = (first(&city), first(&other));
    let (east, north) = ((a[0] - b[0]) * 97_300.0, (a[1] - b[1]) * 110_900.0);
    assert!((east - 118.3).abs() < 1.5 && (north - 40.6).abs() < 1.5, "{east} {north}");
}
