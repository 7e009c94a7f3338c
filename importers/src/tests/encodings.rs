//! Texts of shapefiles: every encoding against everything that a file may claim of it.

use super::written::{Cell, Column, Manner, Shape, Shapefile, degrees, towns, zipped};
use super::*;
use ditu_model::LayerId;
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, WINDOWS_1252};

fn place(o: &mut Options) {
    o.all().layer = LayerId::new("placename.place");
}

fn names(path: PathBuf, change: impl FnOnce(&mut Options)) -> Result<Vec<String>, Vec<&'static str>> {
    let (_scratch, plan) = planned(&[path], change);
    let plan = plan.map_err(|r| rules(&r))?;
    let rows = drained(plan).0.unwrap();
    Ok(rows["placename.place"].iter().map(|r| value("placename.place", r, "name").to_string()).collect())
}

/// A shapefile of these names and nothing else.
fn named(dir: &Path, columns: &'static [Column], list: &[&str], manner: &Manner<'_>) -> PathBuf {
    let path = dir.join("地名");
    let mut file = Shapefile::create_as(&path, Shape::Point, columns, manner).unwrap();
    for (i, name) in list.iter().enumerate() {
        file.point([111.5 + i as f64 * 0.01, 29.0], &[Cell::Text(name)]).unwrap();
    }
    file.finish().unwrap();
    path.with_extension("shp")
}

#[test]
fn u1_u2_the_same_towns_read_the_same_whatever_the_encoding_and_its_claim() {
    let expected: Vec<&str> = towns::all().map(|t| t.0).collect();
    let claims = [
        None,
        Some("936"),
        Some("GBK"),
        Some("GB2312\r\n"),
        Some("GB18030"),
        Some("UTF-8"),
        Some("ISO-8859-1"),
        Some("OEM"),
    ];
    for encoding in [GBK, GB18030, UTF_8] {
        for cpg in claims {
            for language in [0, 0x4d, 0x57, 0x03] {
                let dir = tempfile::tempdir().unwrap();
                let path = degrees(dir.path(), "地名", &Manner { encoding, language, cpg, ..towns::DEGREES });
                let found = names(path, place).unwrap();
                assert_eq!(found, expected, "{} .cpg {cpg:?} LDID {language:#x}", encoding.name());
            }
        }
    }
}

#[test]
fn u2_characters_of_four_bytes_and_traditional_ones_are_right_with_and_without_a_claim() {
    let dir = tempfile::tempdir().unwrap();
    let rare = "㮾梨镇𠅤坪";
    for cpg in [None, Some("GB18030"), Some("UTF-8")] {
        let path = dir.path().join("地名");
        let manner = Manner { encoding: GB18030, cpg, ..towns::DEGREES };
        towns::write(&path, &manner, towns::degrees, &[rare]).unwrap();
        let found = names(path.with_extension("shp"), place).unwrap();
        assert_eq!((found.len(), found[found.len() - 1].as_str()), (towns::all().len() + 1, rare), "{cpg:?}");
    }
    let traditional = ["臺灣大學", "國語學習", "電話號碼", "圖書館", "車站"];
    for (cpg, language) in
        [(Some("950"), 0), (Some("BIG5"), 0), (None, 0x4f), (None, 0), (Some("UTF-8"), 0x57)]
    {
        let dir = tempfile::tempdir().unwrap();
        let manner = Manner { encoding: BIG5, cpg, language, ..towns::DEGREES };
        let path = named(dir.path(), &[("地名", 'C', 40, 0)], &traditional, &manner);
        assert_eq!(names(path, place).unwrap(), traditional, "{cpg:?} {language:#x}");
    }
}

/// A program that counts bytes cuts a name where its column ends.
#[test]
fn u2_names_cut_inside_a_character_keep_the_whole_ones_before() {
    let towns: Vec<&str> = towns::all().map(|t| t.0).collect();
    const SEVEN: &[Column] = &[("地名", 'C', 7, 0)];
    const ELEVEN: &[Column] = &[("地名", 'C', 11, 0)];
    for (encoding, columns) in [(GBK, SEVEN), (UTF_8, ELEVEN)] {
        let dir = tempfile::tempdir().unwrap();
        let manner = Manner { encoding, cuts_characters: true, ..towns::DEGREES };
        let cut = names(named(dir.path(), columns, &towns, &manner), place).unwrap();
        for (short, whole) in cut.iter().zip(&towns) {
            let three: String = whole.chars().take(3).collect();
            assert_eq!(*short, three, "{}", encoding.name());
        }
    }
}

#[test]
fn u2_western_and_persian_texts_are_right_or_asked_about() {
    const NAME: &[Column] = &[("NAME", 'C', 30, 0)];
    let written = |dir: &Path, encoding: &'static Encoding, cpg, language, name: &str| {
        named(dir, NAME, &[name], &Manner { encoding, cpg, language, ..towns::DEGREES })
    };
    let dir = tempfile::tempdir().unwrap();
    for (encoding, cpg, language) in [
        (WINDOWS_1252, Some("ISO-8859-1"), 0),
        (WINDOWS_1252, Some("88591"), 0),
        (WINDOWS_1252, Some("latin1"), 0x57),
        (WINDOWS_1252, Some("1252"), 0),
        (WINDOWS_1252, None, 0x58),
        (WINDOWS_1252, None, 0x03),
        (UTF_8, Some("UTF-8"), 0),
        (UTF_8, None, 0x57),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), encoding, cpg, language, "äöü");
        assert_eq!(names(path, place).unwrap(), ["äöü"], "{cpg:?} {language:#x}");
    }
    for language in [0, 0x57] {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), WINDOWS_1252, None, language, "äöü");
        assert_eq!(names(path.clone(), place).unwrap_err(), ["encoding.unclear"], "{language:#x}");
        let told = |o: &mut Options| {
            place(o);
            o.all().encoding = Some("ISO-8859-1".into());
        };
        assert_eq!(names(path, told).unwrap(), ["äöü"], "{language:#x}");
    }
    // U7: in an archive, too.
    let path = written(dir.path(), WINDOWS_1252, Some("1252"), 0, "äöü");
    let zip = tempfile::tempdir().unwrap();
    zipped(&zip.path().join("a.zip"), &path, |ending| vec![format!("a.{ending}")]);
    assert_eq!(names(zip.path().join("a.zip"), place).unwrap(), ["äöü"]);
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), UTF_8, None, 0x57, "افغانستان");
    let (_scratch, plan) = planned(std::slice::from_ref(&path), place);
    assert_eq!(plan.unwrap().datasets()[0].encoding.as_deref(), Some("UTF-8"));
    assert_eq!(names(path, place).unwrap_or_default(), ["افغانستان"]);
}

#[test]
fn a_dbf_without_shapes_and_shapes_without_a_dbf_are_refused_by_name() {
    for (left, taken) in [("dbf", ["shp", "shx"]), ("shp", ["dbf", "shx"])] {
        let dir = tempfile::tempdir().unwrap();
        let path = degrees(dir.path(), "地名", &Manner { language: 0x4d, ..towns::DEGREES });
        taken.iter().for_each(|e| std::fs::remove_file(path.with_extension(e)).unwrap());
        let (_scratch, refused) = planned(&[path.with_extension(left)], |_| {});
        assert_eq!(rules(&refused.unwrap_err()), ["file.incomplete"], "{left}");
    }
}
