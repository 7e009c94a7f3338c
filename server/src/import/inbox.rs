//! What lies in a watched folder, grouped into deliveries, and since when each has not changed.
//!
//! A folder is a delivery; so are files of one stem (`房屋.shp`, `房屋.dbf`, …), and any other file alone. Copying takes
//! time: a delivery is taken when nothing of it has changed for a while.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Folders of the watched folder that are its own.
pub(crate) const DONE: &str = "done";
pub(crate) const REFUSED: &str = "refused";

/// Files of a delivery that are looked at for changes.
const FILES: usize = 20_000;

/// What shows whether something has changed.
pub(crate) type Signature = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// One delivery in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// The folder's name, or the stem of its files.
    pub(crate) name: String,
    /// What lies at the top: one folder, or files.
    pub(crate) paths: Vec<PathBuf>,
}

/// The watched folder as seen so far.
#[derive(Default)]
pub(crate) struct Inbox {
    seen: BTreeMap<String, (Signature, Instant)>,
}

/// Names that programs give to what is not finished, and what no delivery is.
fn is_unfinished(name: &str) -> bool {
    let low = name.to_lowercase();
    name.starts_with('.')
        || name.starts_with("~$")
        || [".part", ".partial", ".crdownload", ".tmp", ".download", ".filepart", ".swp"]
            .iter()
            .any(|e| low.ends_with(e))
}

/// The name without its endings; `.shp.xml` belongs to the `.shp`.
fn stem(name: &str) -> &str {
    let low = name.to_lowercase();
    let end = if low.ends_with(".shp.xml") { name.len() - 8 } else { name.rfind('.').unwrap_or(name.len()) };
    if end == 0 { name } else { &name[..end] }
}

/// What lies in the folder now.
fn parcels(folder: &Path) -> io::Result<BTreeMap<String, Parcel>> {
    let mut all: BTreeMap<String, Parcel> = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link may lead anywhere.
        let Ok(kind) = entry.file_type() else { continue };
        if is_unfinished(&name) || kind.is_symlink() || (kind.is_dir() && (name == DONE || name == REFUSED)) {
            continue;
        }
        let group = if kind.is_dir() { name.clone() + "/" } else { stem(&name).to_owned() };
        let shown = group.trim_end_matches('/').to_owned();
        all.entry(group)
            .or_insert_with(|| Parcel { name: shown, paths: Vec::new() })
            .paths
            .push(entry.path());
    }
    all.values_mut().for_each(|p| p.paths.sort());
    Ok(all)
}

fn sign(path: &Path, into: &mut Signature) -> io::Result<()> {
    let meta = std::fs::symlink_metadata(path)?;
    if meta.is_dir() && into.len() < FILES {
        let mut inside: Vec<PathBuf> =
            std::fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        inside.sort();
        for path in inside {
            sign(&path, into)?;
        }
    }
    into.push((path.to_owned(), meta.len(), meta.modified().ok()));
    Ok(())
}

/// True when a program has said by a name inside that it is not finished.
fn holds_unfinished(signature: &Signature) -> bool {
    signature.iter().any(|(p, _, _)| {
        p.file_name().is_some_and(|n| {
            let n = n.to_string_lossy();
            is_unfinished(&n) && !n.starts_with('.') && !n.starts_with("~$")
        })
    })
}

impl Inbox {
    /// Deliveries with the time for which nothing of each has changed, the longest first. Empty ones are passed over.
    pub(crate) fn look(&mut self, folder: &Path, now: Instant) -> io::Result<Vec<(Parcel, Duration)>> {
        let found = parcels(folder)?;
        self.seen.retain(|name, _| found.contains_key(name));
        let mut still = Vec::new();
        for (group, parcel) in found {
            let mut signature = Signature::new();
            // What vanishes while it is looked at is being changed.
            if parcel.paths.iter().any(|p| sign(p, &mut signature).is_err()) || holds_unfinished(&signature) {
                self.seen.remove(&group);
                continue;
            }
            if signature.iter().all(|(p, length, _)| p.is_dir() || *length == 0) {
                continue;
            }
            let since = match self.seen.get(&group) {
                Some((before, since)) if *before == signature => *since,
                _ => {
                    self.seen.insert(group, (signature, now));
                    now
                }
            };
            still.push((parcel, now.duration_since(since)));
        }
        still.sort_by_key(|(_, quiet)| std::cmp::Reverse(*quiet));
        Ok(still)
    }
}

/// What shows whether a delivery has changed; `None` while something of it vanishes.
pub(crate) fn signature(parcel: &Parcel) -> Option<Signature> {
    let mut signature = Signature::new();
    parcel.paths.iter().all(|p| sign(p, &mut signature).is_ok()).then_some(signature)
}

/// Moves a file or folder, to another disk too.
fn shift(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(e) if e.kind() == io::ErrorKind::CrossesDevices => {}
        done => return done,
    }
    copy(from, to)?;
    if from.is_dir() { std::fs::remove_dir_all(from) } else { std::fs::remove_file(from) }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return std::fs::copy(from, to).map(drop);
    }
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Moves a delivery into a folder of its own below `folder`, with a name that is free; where it lies then.
pub(crate) fn put_away(parcel: &Parcel, folder: &Path, stamp: &str) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let first = format!("{stamp}-{}", parcel.name);
    let names = std::iter::once(first.clone()).chain((2..).map(|n| format!("{first}-{n}")));
    let mut target = folder.join(&first);
    for name in names {
        target = folder.join(name);
        match std::fs::create_dir(&target) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
            Ok(()) => break,
        }
    }
    for path in &parcel.paths {
        if let Some(name) = path.file_name() {
            shift(path, &target.join(name))?;
        }
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_written_while_a_delivery_is_read_shows_and_folders_move_whole() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("in/交付");
        fs::create_dir_all(folder.join("下")).unwrap();
        fs::write(folder.join("下/a.csv"), "1").unwrap();
        let parcel = Parcel { name: "交付".into(), paths: vec![folder.clone()] };
        let before = signature(&parcel);
        assert!(before.is_some() && signature(&parcel) == before);
        fs::write(folder.join("下/a.csv"), "12").unwrap();
        assert_ne!(signature(&parcel), before);
        fs::write(folder.join("b.csv"), "").unwrap();
        copy(&folder, &dir.path().join("there")).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("there/下/a.csv")).unwrap(), "12");
        shift(&folder, &dir.path().join("moved")).unwrap();
        assert!(!folder.exists() && dir.path().join("moved/b.csv").exists());
        assert_eq!(signature(&parcel), None);
    }

    #[test]
    fn parts_of_a_shapefile_are_one_delivery_and_unfinished_files_are_none() {
        let dir = tempfile::tempdir().unwrap();
        let names = [
            "房屋.shp",
            "房屋.SHX",
            "房屋.dbf",
            "房屋.shp.xml",
            "道路.zip",
            "a.zip.part",
            "~$表.xlsx",
            ".hidden",
            "表.xlsx.tmp",
        ];
        for name in names {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        for folder in [DONE, REFUSED, "管线", "空"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("管线/点.csv"), "x").unwrap();
        fs::write(dir.path().join("done/旧.csv"), "x").unwrap();
        let mut inbox = Inbox::default();
        let found = inbox.look(dir.path(), Instant::now()).unwrap();
        let mut names: Vec<(String, usize)> =
            found.into_iter().map(|(p, _)| (p.name, p.paths.len())).collect();
        names.sort();
        assert_eq!(names, [("房屋".into(), 4), ("管线".into(), 1), ("道路".into(), 1)]);
    }

    #[test]
    fn what_grows_is_not_quiet_and_what_rests_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.csv");
        let (mut inbox, t0) = (Inbox::default(), Instant::now());
        let at = |s| t0 + Duration::from_secs(s);
        fs::write(&file, "1").unwrap();
        assert_eq!(inbox.look(dir.path(), at(0)).unwrap()[0].1, Duration::ZERO);
        assert_eq!(inbox.look(dir.path(), at(5)).unwrap()[0].1, Duration::from_secs(5));
        fs::write(&file, "12").unwrap();
        assert_eq!(inbox.look(dir.path(), at(6)).unwrap()[0].1, Duration::ZERO);
        assert_eq!(inbox.look(dir.path(), at(9)).unwrap()[0].1, Duration::from_secs(3));
        // A part that comes later makes the whole delivery new.
        fs::write(dir.path().join("a.prj"), "x").unwrap();
        assert_eq!(inbox.look(dir.path(), at(20)).unwrap()[0].1, Duration::ZERO);
        fs::remove_file(&file).unwrap();
        fs::remove_file(dir.path().join("a.prj")).unwrap();
        assert!(inbox.look(dir.path(), at(21)).unwrap().is_empty());
    }

    #[test]
    fn deliveries_are_put_away_without_writing_over_others() {
        let dir = tempfile::tempdir().unwrap();
        let done = dir.path().join(DONE);
        for n in 0..3 {
            let path = dir.path().join("a.csv");
            fs::write(&path, n.to_string()).unwrap();
            let parcel = Parcel { name: "a".into(), paths: vec![path] };
            let to = put_away(&parcel, &done, "t").unwrap();
            assert_eq!(fs::read_to_string(to.join("a.csv")).unwrap(), n.to_string());
        }
        assert_eq!(fs::read_dir(&done).unwrap().count(), 3);
    }
}
