//! What must hold of the whole city, in its drawing and in its files.

mod drawing;
mod files;

use crate::city::City;
use crate::{Manifest, SampleOptions, write};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The city of scale 1, drawn once.
fn city() -> &'static City {
    static CITY: OnceLock<City> = OnceLock::new();
    CITY.get_or_init(|| City::new(1, 1))
}

/// A sample of scale 1 in a folder of its own.
fn sample(seed: u64) -> (TempDir, Manifest) {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let manifest =
        write(dir.path(), &SampleOptions { scale: 1, seed }, &|_, _| ()).expect("the sample is written");
    (dir, manifest)
}
