//! Over the real files of `../shared/data`, which are no part of the project: a suite of its own, run where they are.

mod files;
mod formats;
mod hostile;
mod outcomes;
mod shapes;

use super::*;

/// A file of the shared test data.
pub(crate) fn data(path: &str) -> PathBuf {
    let root = std::env::var_os("DITU_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    let path = root.join(path);
    assert!(path.exists(), "{} is missing; DITU_TEST_DATA names the folder", path.display());
    path
}
