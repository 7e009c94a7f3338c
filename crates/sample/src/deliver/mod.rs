//! The city as files: one module a theme, folders and names as an office would give them.

mod boundary;
mod cadastre;
mod control;
mod landform;
mod pipeline;
mod placename;
mod terrain;
mod transport;
mod water;

use crate::city::City;
use crate::plane::P;
use crate::{Delivered, Manifest, SampleError, SampleOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A place worth a name, found while other themes are written.
pub(crate) struct Poi {
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) p: P,
}

/// Where files go and what was written.
pub(crate) struct Folder<'a> {
    root: &'a Path,
    manifest: Manifest,
}

impl Folder<'_> {
    /// The path of a file, its folders made.
    fn path(&self, name: &str) -> Result<PathBuf, SampleError> {
        let path = self.root.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|source| SampleError::Io { path: parent.into(), source })?;
        }
        Ok(path)
    }

    fn note(&mut self, name: &str, layer: &'static str, features: u64) {
        self.manifest.files.push(Delivered { path: name.into(), layer, features });
    }
}

/// Says which file an error of the disk belongs to.
fn io_at(path: &Path) -> impl Fn(io::Error) -> SampleError + '_ {
    |source| SampleError::Io { path: path.into(), source }
}

/// Writes all themes.
pub(crate) fn all(
    dir: &Path,
    options: &SampleOptions,
    progress: &dyn Fn(u64, u64),
) -> Result<Manifest, SampleError> {
    const STEPS: u64 = 100;
    progress(0, STEPS);
    let city = City::new(options.scale, options.seed);
    progress(20, STEPS);
    let mut folder = Folder { root: dir, manifest: Manifest::default() };
    let mut pois: Vec<Poi> = Vec::new();
    control::write(&city, &mut folder)?;
    terrain::write(&city, &mut folder)?;
    progress(35, STEPS);
    landform::write(&city, &mut folder)?;
    transport::write(&city, &mut folder, &mut pois)?;
    progress(45, STEPS);
    water::write(&city, &mut folder)?;
    boundary::write(&city, &mut folder)?;
    progress(55, STEPS);
    cadastre::write(&city, &mut folder, &mut pois, &|done, total| {
        progress(55 + 30 * done / total.max(1), STEPS)
    })?;
    pipeline::write(&city, &mut folder)?;
    progress(98, STEPS);
    placename::write(&city, &mut folder, &pois)?;
    progress(STEPS, STEPS);
    Ok(folder.manifest)
}
