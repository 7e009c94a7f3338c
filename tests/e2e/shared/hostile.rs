//! Real files made to exhaust or to reach out, uploaded.

use crate::harness::shared;
use crate::hostile::{Deliveries, leave_the_server_well};
use std::fs;

#[test]
fn hostile_uploads_leave_the_server_well_and_tell_nothing_of_other_files() {
    let mut deliveries = Deliveries::new();
    for entry in fs::read_dir(shared("hostile")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            deliveries.entry(stem).or_default().push((name, fs::read(&path).unwrap()));
        }
    }
    assert!(deliveries.len() > 20, "{}", deliveries.len());
    leave_the_server_well(deliveries);
}
