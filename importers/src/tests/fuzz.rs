//! Files with bytes changed, cut off or made up: the readers answer, and never with a panic.

use super::written::{control_dat, control_table, degrees, towns, zipped};
use super::*;
use ditu_model::LayerId;
use proptest::prelude::*;

/// Plans and drains a file of these bytes under a name.
fn import(name: &str, bytes: &[u8]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let (_scratch, plan) = planned(&[path], |o| {
        o.all().layer = LayerId::new("placename.place");
        o.all().crs = Some(CrsChoice::Epsg(4490));
        o.city = None;
    });
    if let Ok(plan) = plan {
        let _ = drained(plan);
    }
}

fn changed(mut bytes: Vec<u8>, changes: &[(usize, u8)], cut: usize) -> Vec<u8> {
    for (at, value) in changes {
        let n = bytes.len();
        bytes[at % n] = *value;
    }
    bytes.truncate(bytes.len() - cut % bytes.len());
    bytes
}

/// The bytes of what a function writes.
fn made(write: impl FnOnce(&Path)) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("x"));
    std::fs::read(dir.path().join("x")).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn changed_tables_do_not_break_the_csv_reader(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..20), cut in 0usize..4000,
    ) {
        let table = control_table();
        for text in [table.clone(), table.replace(',', "\t").replace("\r\n", "\n")] {
            let bytes = encoding_rs::GB18030.encode(&text).0.into_owned();
            import("x.csv", &changed(bytes, &changes, cut));
        }
    }

    #[test]
    fn changed_lines_do_not_break_the_cass_reader(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..20), cut in 0usize..4000,
    ) {
        import("x.dat", &changed(encoding_rs::GBK.encode(&control_dat(true)).0.into_owned(), &changes, cut));
    }

    #[test]
    fn changed_workbooks_do_not_break_the_xlsx_reader(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6), cut in 0usize..200,
    ) {
        import("x.xlsx", &changed(made(tables::book), &changes, cut));
    }

    #[test]
    fn changed_archives_do_not_break_the_unpacker(
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 0..6), cut in 0usize..200,
    ) {
        import("x.zip", &changed(made(|path| {
            let dir = tempfile::tempdir().unwrap();
            zipped(path, &degrees(dir.path(), "towns", &towns::DEGREES), |ending| vec![format!("towns.{ending}")]);
        }), &changes, cut));
    }

    #[test]
    fn made_up_texts_do_not_break_the_readers(text in "[ -~\n\r\t，。中文°′]{0,300}", ending in 0usize..4) {
        import(["x.csv", "x.dat", "x.txt", "x.tsv"][ending], text.as_bytes());
    }

    #[test]
    fn made_up_numbers_are_read_or_not_and_never_lost_in_between(n in -1e9f64..1e9) {
        prop_assert_eq!(crate::table::number(&n.to_string()), Some(n));
        prop_assert_eq!(crate::table::number(&format!(" {n} ")), Some(n));
    }

    #[test]
    fn degrees_minutes_and_seconds_are_degrees(d in 0u32..180, m in 0u32..60, s in 0u32..60_000) {
        let s = f64::from(s) / 1000.0;
        let expected = f64::from(d) + f64::from(m) / 60.0 + s / 3600.0;
        let packed = format!("{d}.{m:02}{:07}", (s * 1e5).round() as u64);
        for text in [format!("{d}°{m}′{s}″"), format!("{d}:{m}:{s}"), format!("{d}度{m}分{s}秒")] {
            let found = crate::table::sexagesimal(&text, false).unwrap();
            prop_assert!((found - expected).abs() < 1e-9, "{} {} {}", text, found, expected);
        }
        let found = crate::table::sexagesimal(&packed, true).unwrap();
        prop_assert!((found - expected).abs() < 1e-8, "{} {} {}", packed, found, expected);
    }
}
