//! From what the user names to files: folders are walked, archives unpacked under limits.

mod archive;

use crate::notes::{both, of_file};
use ditu_model::{Finding, Severity};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Folders within folders and archives within archives.
const DEPTH: usize = 16;
/// Files of one delivery.
const FILES: usize = 50_000;

/// One file (or FileGDB folder) of a delivery.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its name in the delivery, with folders, `/` between.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// True when the user named this very file.
    pub(crate) explicit: bool,
}

impl Found {
    /// File name without folders and ending.
    pub(crate) fn stem(&self) -> String {
        let file = self.name.rsplit('/').next().unwrap_or(&self.name);
        match file.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem.to_owned(),
            _ => file.to_owned(),
        }
    }

    /// Lower-case ending, without the dot.
    pub(crate) fn ending(&self) -> String {
        let file = self.name.rsplit('/').next().unwrap_or(&self.name);
        file.rsplit_once('.').map(|(_, e)| e.to_lowercase()).unwrap_or_default()
    }
}

/// All files of a delivery in order of name, and what was found out on the way.
pub(crate) fn gather(sources: &[PathBuf], scratch: &Path, findings: &mut Vec<Finding>) -> Vec<Found> {
    let mut walk = Walk {
        scratch,
        findings,
        files: Vec::new(),
        begun: 0,
        paths: HashMap::new(),
        names: HashSet::new(),
        unpacked: 0,
        room: archive::TOTAL,
    };
    for source in sources {
        // A bare name has no folder in which to look for what lies beside it.
        let source = &std::path::absolute(source).unwrap_or_else(|_| source.clone());
        let name = source.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if !source.exists() {
            walk.findings.push(of_file(
                "file.missing",
                Severity::Error,
                &name,
                both("没有这个文件或文件夹", "there is no such file or folder"),
                both("核对路径", "check the path"),
            ));
        } else if source.is_dir() && !is_filegdb(source) {
            walk.folder(source, "", 0);
        } else {
            walk.file(source, name, true, 0);
        }
        walk.of_source(source);
    }
    walk.files
}

/// True for a folder that is an ESRI file geodatabase.
pub(crate) fn is_filegdb(path: &Path) -> bool {
    path.is_dir() && path.join("a00000001.gdbtable").is_file()
}

struct Walk<'a> {
    scratch: &'a Path,
    findings: &'a mut Vec<Finding>,
    files: Vec<Found>,
    /// How many files the sources before this one gave.
    begun: usize,
    /// Which file lies where, so that none is read twice.
    paths: HashMap<PathBuf, usize>,
    /// Names that are given already.
    names: HashSet<String>,
    unpacked: usize,
    room: u64,
}

impl Walk<'_> {
    /// Gives the files of a source names that no other has: answers and choices speak of files by name.
    fn of_source(&mut self, source: &Path) {
        let folder = if source.is_dir() && !is_filegdb(source) { Some(source) } else { source.parent() };
        let folder = folder.and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned());
        let new = &mut self.files[self.begun..];
        if new.iter().any(|f| self.names.contains(&f.name)) {
            let folder = folder.unwrap_or_default();
            let taken = |name: &str| new.iter().any(|f| self.names.contains(&format!("{name}{}", f.name)));
            let mut prefix = format!("{folder}/");
            let mut n = 2;
            while taken(&prefix) {
                prefix = format!("{folder} ({n})/");
                n += 1;
            }
            for f in new.iter_mut() {
                f.name.insert_str(0, &prefix);
            }
        }
        self.names.extend(new.iter().map(|f| f.name.clone()));
        self.begun = self.files.len();
    }

    fn folder(&mut self, path: &Path, prefix: &str, depth: usize) {
        let Ok(entries) = std::fs::read_dir(path) else {
            self.findings.push(of_file(
                "file.unreadable",
                Severity::Error,
                prefix,
                both("文件夹无法打开", "the folder cannot be opened"),
                both("检查权限", "check its permissions"),
            ));
            return;
        };
        let mut entries: Vec<_> = entries.filter_map(Result::ok).collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let own = entry.file_name().to_string_lossy().into_owned();
            // A link may lead out of the delivery; what begins with a dot or was left by a Mac is no data.
            let Ok(kind) = entry.file_type() else { continue };
            if own.starts_with('.') || own == "__MACOSX" || kind.is_symlink() {
                continue;
            }
            let name = if prefix.is_empty() { own } else { format!("{prefix}/{own}") };
            let path = entry.path();
            if kind.is_file() || is_filegdb(&path) {
                self.file(&path, name, false, depth);
            } else if kind.is_dir() && depth < DEPTH {
                self.folder(&path, &name, depth + 1);
            }
        }
    }

    fn file(&mut self, path: &Path, name: String, explicit: bool, depth: usize) {
        if self.files.len() >= FILES {
            return;
        }
        if archive::is_archive(path) {
            if depth >= DEPTH || self.unpacked >= 256 {
                self.findings.push(of_file(
                    "archive.too_deep",
                    Severity::Error,
                    &name,
                    both("压缩包嵌套太深或太多", "there are too many archives inside archives"),
                    both("解压后再导入", "unpack it first"),
                ));
                return;
            }
            self.unpacked += 1;
            let into = self.scratch.join(format!("unpacked-{}", self.unpacked));
            match archive::unpack(path, &into, &mut self.room) {
                Ok(()) => self.folder(&into, &name, depth + 4),
                Err((rule, message, cure)) => {
                    let _ = std::fs::remove_dir_all(&into);
                    self.findings.push(of_file(rule, Severity::Error, &name, message, cure));
                }
            }
            return;
        }
        match self.paths.entry(path.to_owned()) {
            Entry::Occupied(known) => self.files[*known.get()].explicit |= explicit,
            Entry::Vacant(new) => {
                new.insert(self.files.len());
                self.files.push(Found { name, path: path.to_owned(), explicit });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_comes_twice_and_no_two_have_one_name() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("旧"), dir.path().join("新"));
        for folder in [&old, &new] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join("宗地.csv"), "a").unwrap();
        }
        let names = |sources: &[PathBuf]| -> Vec<String> {
            gather(sources, dir.path(), &mut Vec::new()).into_iter().map(|f| f.name).collect()
        };
        assert_eq!(names(&[old.clone(), old.join("宗地.csv")]), ["宗地.csv"]);
        assert_eq!(names(&[new.clone(), old.clone()]), ["宗地.csv", "旧/宗地.csv"]);
        assert_eq!(names(&[new.join("宗地.csv"), old.join("宗地.csv")]), ["宗地.csv", "旧/宗地.csv"]);
    }
}
