//! A MapInfo file of a stranger whose datum is written by parameters.

use super::strangers;
use crate::harness::City;

/// GRS 80 without a shift is CGCS2000 by another name; the same file on datum 1001 is Beijing 54.
#[test]
fn a_custom_datum_of_mapinfo_is_what_its_parameters_say() {
    let city = City::new();
    let file = strangers("16a-mif-custom").join("宗地.mif");
    city.run(&["import", file.to_str().unwrap()]).expect(0);
    let server = city.serve(&["--public", "all"]);
    let items = server.json("/collections/cadastre.parcel/items");
    let mut at = &items["features"][0]["geometry"]["coordinates"];
    while at[0].is_array() {
        at = &at[0];
    }
    assert!(
        (at[0].as_f64().unwrap() - 111.698).abs() < 1e-2 && (at[1].as_f64().unwrap() - 29.03).abs() < 1e-2
    );

    let city = City::new();
    let place = city.write("宗地.mid", "");
    let bytes = std::fs::read(file.with_extension("mid")).unwrap();
    std::fs::write(&place, bytes).unwrap();
    let text = std::fs::read(&file).unwrap();
    let (from, to) = (b"8, 999, 0, 0, 0, 0,".as_slice(), b"8, 1001,".as_slice());
    let at = text.windows(from.len()).position(|w| w == from).unwrap();
    let old = [&text[..at], to, &text[at + from.len()..]].concat();
    let path = place.with_extension("mif");
    std::fs::write(&path, old).unwrap();
    let said = city.run(&["import", path.to_str().unwrap()]).expect(1).stdout;
    assert!(said.contains("Beijing 1954") && said.contains("--control"), "{said}");
}
