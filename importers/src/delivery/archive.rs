//! Unpacks ZIP archives: nothing is written before all names and sizes are checked, and sizes are checked again while
//! writing, because headers lie.

use crate::notes::both;
use crate::recognise::encoding;
use ditu_model::Text;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

/// Bytes that all archives of a delivery may unpack to.
pub(crate) const TOTAL: u64 = 16 << 30;
/// Bytes out for a byte in, above [`FREE`]. DBF files pack about 30 : 1.
const RATIO: u64 = 200;
/// Bytes that may come out whatever the ratio.
const FREE: u64 = 8 << 20;
/// Entries of one archive.
const ENTRIES: usize = 20_000;

type Refused = (&'static str, Text, Text);

/// True for a ZIP that is not an office document.
pub(crate) fn is_archive(path: &Path) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let mut magic = [0; 4];
    if file.read_exact(&mut magic).is_err() || !matches!(&magic, b"PK\x03\x04" | b"PK\x05\x06") {
        return false;
    }
    let Ok(zip) = zip::ZipArchive::new(file) else { return true };
    // XLSX, ODS and the like are archives, but one file to whoever sends them.
    !zip.file_names().any(|n| matches!(n.as_deref(), Ok("[Content_Types].xml" | "mimetype")))
}

fn damaged(e: impl std::fmt::Display) -> Refused {
    (
        "archive.damaged",
        both(format!("压缩包已损坏（{e}）"), format!("the archive is damaged ({e})")),
        both("重新压缩或重新下载", "make or fetch it again"),
    )
}

/// Unpacks an archive into a new folder. `room` is what may still be written, over all archives.
///
/// # Errors
/// The rule, why, and what to do. Something may have been written before a lying header was found out; the caller
/// removes the folder.
pub(crate) fn unpack(path: &Path, into: &Path, room: &mut u64) -> Result<(), Refused> {
    let file = File::open(path).map_err(damaged)?;
    let packed = file.metadata().map_err(damaged)?.len();
    let mut zip = zip::ZipArchive::new(file).map_err(damaged)?;
    if zip.len() > ENTRIES {
        return Err((
            "archive.too_many",
            both(format!("压缩包有 {} 个条目", zip.len()), format!("the archive has {} entries", zip.len())),
            both("解压后再导入", "unpack it first"),
        ));
    }
    let mut samples = Vec::new();
    for i in 0..zip.len() {
        let entry = zip.by_index_raw(i).map_err(damaged)?;
        if !entry.name_raw().is_ascii() {
            samples.push(entry.name_raw().to_vec());
        }
    }
    let names = encoding::decide(&encoding::Evidence { samples, ..Default::default() })
        .map_or(encoding_rs::GB18030, |e| e.encoding);
    let mut plan: Vec<(usize, PathBuf)> = Vec::new();
    let mut total = 0u64;
    for i in 0..zip.len() {
        let entry = zip.by_index_raw(i).map_err(damaged)?;
        let (name, _) = names.decode_without_bom_handling(entry.name_raw());
        let name = name.replace('\\', "/");
        if entry.encrypted() {
            return Err((
                "archive.encrypted",
                both("压缩包有密码", "the archive has a password"),
                both("解压后再导入", "unpack it first"),
            ));
        }
        let link = entry.unix_mode().is_some_and(|m| m & 0o170_000 == 0o120_000);
        let relative = Path::new(&name);
        let strays = name.contains('\0')
            || name.as_bytes().get(1) == Some(&b':')
            || !relative.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if strays || link {
            return Err((
                "archive.unsafe_name",
                both(
                    format!("条目“{name}”指向压缩包之外"),
                    format!("the entry “{name}” leads out of the archive"),
                ),
                both("不要导入来历不明的压缩包", "do not import archives of unknown origin"),
            ));
        }
        if entry.is_dir() || name.ends_with('/') {
            continue;
        }
        total = total.saturating_add(entry.size());
        plan.push((i, into.join(relative)));
    }
    let bound = (*room).min((packed.saturating_mul(RATIO)).max(FREE));
    let bomb = |size: u64| {
        let (from, to) = (packed >> 10, size >> 10);
        (
            "archive.bomb",
            both(
                format!("压缩包 {from} KiB，解开超过 {to} KiB，比例异常"),
                format!("the archive of {from} KiB unpacks to more than {to} KiB, which no survey data does"),
            ),
            both("若确是数据，解压后再导入", "if it is data after all, unpack it first"),
        )
    };
    if total > bound {
        return Err(bomb(bound.min(total)));
    }
    let mut written = 0u64;
    let mut buffer = vec![0; 1 << 16];
    for (i, target) in plan {
        let mut entry = zip.by_index(i).map_err(damaged)?;
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(damaged)?;
        }
        // Two entries of one name: the second would overwrite what was checked.
        let mut out = File::create_new(&target).map_err(damaged)?;
        loop {
            let n = entry.read(&mut buffer).map_err(damaged)?;
            if n == 0 {
                break;
            }
            written += n as u64;
            if written > bound {
                return Err(bomb(bound));
            }
            out.write_all(&buffer[..n]).map_err(damaged)?;
        }
    }
    *room -= written;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::write::SimpleFileOptions;

    fn archive(entries: &[(&str, &[u8])]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut zip = zip::ZipWriter::new(file.reopen().unwrap());
        for (name, body) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(body).unwrap();
        }
        zip.finish().unwrap();
        file
    }

    fn refused(entries: &[(&str, &[u8])]) -> Option<&'static str> {
        let dir = tempfile::tempdir().unwrap();
        let result = unpack(archive(entries).path(), &dir.path().join("x"), &mut TOTAL.clone());
        let outside =
            std::fs::read_dir(dir.path()).unwrap().filter(|e| e.as_ref().unwrap().file_name() != "x");
        assert_eq!(outside.count(), 0);
        result.err().map(|e| e.0)
    }

    #[test]
    fn s5_names_that_lead_out_are_refused_before_anything_is_written() {
        for name in ["../x", "a/../../x", "/etc/x", "C:\\x", "a\\..\\..\\x"] {
            assert_eq!(refused(&[("good.txt", b"1"), (name, b"2")]), Some("archive.unsafe_name"), "{name}");
        }
        assert_eq!(refused(&[("a/b.txt", b"1"), ("./c.txt", b"2")]), None);
    }

    #[test]
    fn s5_a_bomb_is_refused() {
        assert_eq!(refused(&[("zeros", &vec![0; 50 << 20])]), Some("archive.bomb"));
    }

    #[test]
    fn an_archive_that_ends_early_is_damaged() {
        let whole = std::fs::read(archive(&[("a.txt", b"hello")]).path()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let cut = dir.path().join("cut.zip");
        std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
        assert!(is_archive(&cut));
        assert_eq!(
            unpack(&cut, &dir.path().join("x"), &mut TOTAL.clone()).err().unwrap().0,
            "archive.damaged"
        );
    }
}
