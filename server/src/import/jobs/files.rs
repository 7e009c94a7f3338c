//! The files of a job: what was announced, and how much of it has come.

use super::{Job, JobError};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

/// The manifest's name.
pub(super) const MANIFEST: &str = "job.json";
/// Files of a job.
const FILES: usize = 10_000;
/// Bytes of a job.
const BYTES: u64 = 64 << 30;

/// What a job was told of its files; kept beside them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// RFC 3339.
    pub(super) created: String,
    pub(super) files: Vec<Announced>,
    /// The revision that came of it; the files are gone then.
    #[serde(default)]
    pub(super) revision: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Announced {
    /// A relative path with forward slashes.
    pub(super) name: String,
    pub(super) size: u64,
}

impl Manifest {
    pub(super) fn read(folder: &Path) -> io::Result<Manifest> {
        let text = std::fs::read_to_string(folder.join(MANIFEST))?;
        serde_json::from_str(&text).map_err(io::Error::other)
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(self).map_err(io::Error::other)?)?;
        file.persist(folder.join(MANIFEST)).map_err(|e| e.error)?;
        Ok(())
    }
}

/// A file as the caller sees it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FileInfo {
    pub(crate) n: usize,
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Bytes that have come.
    pub(crate) offset: u64,
}

/// Where a piece begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offset(pub(crate) u64);

/// A name that stays inside the job's folder on every system, with forward slashes.
fn safe(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let parts: Vec<&str> = Path::new(&name)
        .components()
        .map(|c| match c {
            Component::Normal(p) => p.to_str(),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let sound = |p: &&str| {
        p.len() <= 240 && !p.contains([':', '*', '?', '"', '<', '>', '|']) && !p.chars().any(char::is_control)
    };
    let fits = !parts.is_empty() && parts.len() <= 20 && parts.iter().all(sound);
    fits.then(|| parts.join("/"))
}

impl Job {
    fn path(&self, name: &str) -> PathBuf {
        self.folder().join("files").join(name)
    }

    fn info(&self, n: usize, file: &Announced) -> FileInfo {
        let offset = self.path(&file.name).metadata().map_or(0, |m| m.len()).min(file.size);
        FileInfo { n, name: file.name.clone(), size: file.size, offset }
    }

    /// All files.
    pub(crate) fn files(&self) -> Vec<FileInfo> {
        let manifest = self.manifest();
        let kept = manifest.revision.is_none();
        let each = manifest.files.iter().enumerate().map(|(n, f)| self.info(n, f));
        each.map(|f| if kept { f } else { FileInfo { offset: f.size, ..f } }).collect()
    }

    /// Announces a file. The same name and size again goes on where it stopped; another size begins anew.
    pub(crate) fn announce(&self, name: &str, size: u64) -> Result<FileInfo, JobError> {
        let name = safe(name).ok_or_else(|| JobError::Name(name.to_owned()))?;
        let mut manifest = self.manifest();
        let others: u64 = manifest.files.iter().filter(|f| f.name != name).map(|f| f.size).sum();
        if others.saturating_add(size) > BYTES || manifest.files.len() >= FILES {
            return Err(JobError::Limit(
                "一次导入最多 1 万个文件、64 GB",
                "an import holds at most 10,000 files and 64 GB",
            ));
        }
        let path = self.path(&name);
        std::fs::create_dir_all(path.parent().unwrap_or(self.folder()))?;
        let known = manifest.files.iter().position(|f| f.name == name);
        let n = match known {
            Some(n) if manifest.files[n].size == size => n,
            Some(n) => {
                manifest.files[n].size = size;
                File::create(&path)?;
                n
            }
            None => {
                File::create(&path)?;
                manifest.files.push(Announced { name, size });
                manifest.files.len() - 1
            }
        };
        manifest.write(self.folder())?;
        Ok(self.info(n, &manifest.files[n]))
    }

    /// One file.
    pub(crate) fn file(&self, n: usize) -> Result<FileInfo, JobError> {
        let manifest = self.manifest();
        manifest.files.get(n).map(|f| self.info(n, f)).ok_or(JobError::None)
    }

    /// Takes the next piece of a file.
    pub(crate) fn append(&self, n: usize, at: Offset, bytes: &[u8]) -> Result<FileInfo, JobError> {
        let manifest = self.manifest();
        let file = manifest.files.get(n).ok_or(JobError::None)?;
        let present = self.info(n, file).offset;
        if at.0 != present || at.0 + bytes.len() as u64 > file.size {
            return Err(JobError::Offset(present));
        }
        let mut out = OpenOptions::new().write(true).open(self.path(&file.name))?;
        out.seek(SeekFrom::Start(at.0))?;
        if let Err(e) = out.write_all(bytes) {
            // A full disk leaves no half piece.
            let _ = out.set_len(at.0);
            return Err(e.into());
        }
        Ok(self.info(n, file))
    }

    /// What is to be imported: everything that was announced, or the names of what has not come whole.
    pub(super) fn sources(&self) -> Result<Vec<PathBuf>, Vec<String>> {
        let files = self.files();
        let missing: Vec<String> =
            files.iter().filter(|f| f.offset < f.size).map(|f| f.name.clone()).collect();
        if missing.is_empty() && !files.is_empty() {
            Ok(vec![self.folder().join("files")])
        } else {
            Err(missing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_names_stay_inside_the_folder() {
        for (name, wanted) in [
            ("房屋.shp", Some("房屋.shp")),
            ("房屋/房屋.shp", Some("房屋/房屋.shp")),
            ("房屋\\房屋.shp", Some("房屋/房屋.shp")),
            ("./a.shp", None),
            ("../a.shp", None),
            ("a/../../b", None),
            ("/etc/passwd", None),
            ("\\\\host\\share", None),
            ("C:\\a.shp", None),
            ("a\0b", None),
            ("a:stream", None),
            ("", None),
            ("a\nb", None),
        ] {
            assert_eq!(safe(name).as_deref(), wanted, "{name:?}");
        }
        assert_eq!(safe(&"x/".repeat(100)), None);
        assert_eq!(safe(&"长".repeat(200)), None);
    }
}
