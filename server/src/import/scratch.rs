//! A folder for unpacked archives and finished grids, removed at the end; what a killed import left is removed by the
//! next one.

use std::fs::File;
use std::io;
use std::path::Path;

/// A folder that lives as long as this.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
    /// Held while the folder is in use; the system lets go of it whatever ends the process.
    _lock: Option<File>,
}

impl Scratch {
    const PREFIX: &str = "import-";
    const LOCK: &str = ".in-use";

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Outside the data folder, where nothing may change.
    pub(crate) fn elsewhere() -> io::Result<Scratch> {
        Ok(Scratch { dir: tempfile::tempdir()?, _lock: None })
    }

    /// In the data folder, beside its goal.
    pub(crate) fn inside(data: &Path) -> io::Result<Scratch> {
        std::fs::create_dir_all(data)?;
        for entry in std::fs::read_dir(data)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(Scratch::PREFIX) {
                // A folder without a lock is one that another import is just making.
                let lock = File::open(entry.path().join(Scratch::LOCK));
                if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
                    let _ = std::fs::remove_dir_all(entry.path());
                }
            }
        }
        let dir = tempfile::Builder::new().prefix(Scratch::PREFIX).tempdir_in(data)?;
        let lock = File::create_new(dir.path().join(Scratch::LOCK))?;
        lock.lock()?;
        Ok(Scratch { dir, _lock: Some(lock) })
    }
}
