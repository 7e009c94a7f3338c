//! Records made wrong on purpose.

use super::shp::parse;
use crate::formats::shapefile;
use crate::tests::options;
use proptest::prelude::*;

fn record(kind: u32, parts: &[u32], points: &[[f64; 2]]) -> Vec<u8> {
    let mut b = kind.to_le_bytes().to_vec();
    b.extend([0; 32]);
    b.extend((parts.len() as u32).to_le_bytes());
    b.extend((points.len() as u32).to_le_bytes());
    parts.iter().for_each(|p| b.extend(p.to_le_bytes()));
    points.iter().for_each(|p| p.iter().for_each(|v| b.extend(v.to_le_bytes())));
    b
}

const SQUARE: [[f64; 2]; 5] = [[0., 0.], [0., 1.], [1., 1.], [1., 0.], [0., 0.]];

#[test]
fn a_record_that_states_more_points_than_it_holds_is_broken_and_reserves_nothing() {
    let good = record(5, &[0], &SQUARE);
    assert_eq!(parse(&good, 5).unwrap().unwrap().coords.len(), 5);
    for at in [36, 40] {
        let mut lying = good.clone();
        lying[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(parse(&lying, 5).unwrap().is_err());
    }
    assert!(parse(&record(3, &[0, 9], &SQUARE), 3).unwrap().is_err());
    assert!(parse(&record(3, &[3, 0], &SQUARE), 3).unwrap().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_record_makes_the_reader_panic(kind in 0u32..40, mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if bytes.len() >= 4 {
            bytes[..4].copy_from_slice(&kind.to_le_bytes());
        }
        let _ = parse(&bytes, kind);
    }

    #[test]
    fn no_changed_bytes_make_the_reader_panic(changes in proptest::collection::vec((0usize..12_000, any::<u8>()), 1..6)) {
        let dir = tempfile::tempdir().unwrap();
        let from = crate::tests::written::degrees(dir.path(), "x", &crate::tests::written::towns::DEGREES);
        let mut total = 0;
        for ending in ["shp", "shx", "dbf"] {
            let mut bytes = std::fs::read(from.with_extension(ending)).unwrap();
            for (at, value) in &changes {
                if let Some(b) = at.checked_sub(total).and_then(|i| bytes.get_mut(i)) {
                    *b = *value;
                }
            }
            // Headers are where a change does most: half of the changes go to the first hundred bytes.
            if let Some((at, value)) = changes.first() {
                bytes[at % 100] = *value;
            }
            total += bytes.len() / 2;
            std::fs::write(dir.path().join(format!("x.{ending}")), bytes).unwrap();
        }
        let found = crate::delivery::Found { name: "x.shp".into(), path: dir.path().join("x.shp"), explicit: true };
        let options = options(dir.path());
        if let Ok(tables) = shapefile::open(&found, "Shapefile", &options) {
            let wanted = vec![true; tables[0].columns.len()];
            let _ = tables[0].reader.read(&wanted, &mut |_| std::ops::ControlFlow::Continue(()));
        }
    }
}
