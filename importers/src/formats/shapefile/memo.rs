//! Memo fields: long texts in a file of blocks beside the table (`.dbt` of dBASE III and IV, `.fpt` of FoxPro).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes of a text beyond which it is none: a remark is a page, not a book.
const LONGEST: u64 = 1 << 20;
/// Bytes of a block where the file does not say otherwise.
const BLOCK: u64 = 512;

/// How texts lie in their blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// dBASE III: up to the mark 0x1A.
    Marked,
    /// dBASE IV: a head FF FF 08 00, and the length with the head, least byte first.
    Sized,
    /// FoxPro: the kind of the block and the length, most significant byte first.
    FoxPro,
}

/// A memo file.
#[derive(Clone, Debug)]
pub(super) struct Memo {
    path: PathBuf,
    kind: Kind,
    block: u64,
    length: u64,
}

impl Memo {
    /// Opens the file of blocks beside a table whose first byte is `version`.
    pub(super) fn open(path: &Path, version: u8) -> io::Result<Memo> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut head = [0; 24];
        file.read_exact(&mut head)?;
        let (kind, block) = if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("fpt")) {
            (Kind::FoxPro, u64::from(u16::from_be_bytes([head[6], head[7]])))
        } else if version == 0x83 {
            (Kind::Marked, BLOCK)
        } else {
            (Kind::Sized, u64::from(u16::from_le_bytes([head[20], head[21]])))
        };
        Ok(Memo { path: path.to_owned(), kind, block: if block == 0 { BLOCK } else { block }, length })
    }

    pub(super) fn reader(&self) -> io::Result<Texts<'_>> {
        Ok(Texts { memo: self, file: File::open(&self.path)? })
    }
}

/// Reads texts by the number of their first block.
pub(super) struct Texts<'a> {
    memo: &'a Memo,
    file: File,
}

impl Texts<'_> {
    /// The bytes of the text that begins in a block; `None` where there is no whole one.
    pub(super) fn text(&mut self, block: u64) -> Option<Vec<u8>> {
        let at = block.checked_mul(self.memo.block).filter(|at| at + 8 <= self.memo.length)?;
        self.file.seek(SeekFrom::Start(at)).ok()?;
        let mut head = [0; 8];
        self.file.read_exact(&mut head).ok()?;
        let left = self.memo.length - at - 8;
        let size = match self.memo.kind {
            Kind::Sized if head[..4] == [0xff, 0xff, 8, 0] => {
                u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]])).checked_sub(8)?
            }
            // Files that begin as one kind hold blocks of the other when another program went on.
            Kind::Sized | Kind::Marked => {
                let mut bytes = head.to_vec();
                (&mut self.file).take(LONGEST.min(left)).read_to_end(&mut bytes).ok()?;
                // A text of which the end is not to be seen goes on into others.
                let end = bytes.iter().position(|b| *b == 0x1a).or((left < LONGEST).then_some(bytes.len()))?;
                bytes.truncate(end);
                return Some(bytes);
            }
            // A picture or an object is no text.
            Kind::FoxPro if head[..4] != [0, 0, 0, 1] => return None,
            Kind::FoxPro => u64::from(u32::from_be_bytes([head[4], head[5], head[6], head[7]])),
        };
        if size > left.min(LONGEST) {
            return None;
        }
        let mut bytes = vec![0; size as usize];
        self.file.read_exact(&mut bytes).ok()?;
        if self.memo.kind == Kind::Sized
            && let Some(end) = bytes.iter().position(|b| *b == 0x1a)
        {
            bytes.truncate(end);
        }
        Some(bytes)
    }
}

/// The number of a row's block: ten digits, or four bytes where the field is so wide. `None` where the row has no text;
/// `Some(0)` where it has a number that none can be.
pub(super) fn block(bytes: &[u8]) -> Option<u64> {
    if let [a, b, c, d] = bytes {
        return Some(u64::from(u32::from_le_bytes([*a, *b, *c, *d]))).filter(|n| *n > 0);
    }
    let text = bytes.trim_ascii();
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    if text.is_empty() || text.iter().all(|b| matches!(b, b'0' | 0 | b' ')) {
        return None;
    }
    Some(std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, version: u8, bytes: &[u8], blocks: &[u64]) -> Vec<Option<String>> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let memo = Memo::open(&path, version).unwrap();
        let mut reader = memo.reader().unwrap();
        blocks.iter().map(|b| Some(String::from_utf8(reader.text(*b)?).unwrap())).collect()
    }

    fn padded(parts: &[&[u8]], block: usize) -> Vec<u8> {
        let mut all = Vec::new();
        for part in parts {
            all.extend_from_slice(part);
            all.resize(all.len().next_multiple_of(block), 0);
        }
        all
    }

    #[test]
    fn texts_of_each_kind_are_read_to_their_end_and_no_farther() {
        let some = |t: &str| Some(t.to_owned());
        let long = "x".repeat(700);
        let third = padded(&[&[3; 24], b"one\x1a\x1a", format!("{long}\x1a").as_bytes(), b"end"], 512);
        let found = texts("a.dbt", 0x83, &third, &[1, 2, 9, u64::MAX]);
        assert_eq!(found, [some("one"), some(&long), None, None]);
        let mut head = [0u8; 24];
        head[20..22].copy_from_slice(&64u16.to_le_bytes());
        let sized = |n: u32, t: &str| [&[0xff, 0xff, 8, 0], &n.to_le_bytes()[..], t.as_bytes()].concat();
        let fourth =
            padded(&[&head, &sized(11, "two"), &sized(900_000, "no"), &sized(7, "no"), b"old\x1a"], 64);
        assert_eq!(texts("a.dbt", 0x8b, &fourth, &[1, 2, 3, 4]), [some("two"), None, None, some("old")]);
        let mut head = [0u8; 24];
        head[6..8].copy_from_slice(&32u16.to_be_bytes());
        let fox =
            |kind: u32, n: u32, t: &str| [&kind.to_be_bytes()[..], &n.to_be_bytes(), t.as_bytes()].concat();
        let file = padded(&[&head, &fox(1, 5, "three"), &fox(0, 3, "png"), &fox(1, u32::MAX, "no")], 32);
        assert_eq!(texts("a.FPT", 0xf5, &file, &[1, 2, 3]), [some("three"), None, None]);
    }

    /// A text that never ends takes no more than what a text may.
    #[test]
    fn an_endless_text_is_none() {
        let mut bytes = vec![b' '; 3 << 20];
        bytes[..4].copy_from_slice(&[3, 0, 0, 0]);
        assert_eq!(texts("a.dbt", 0x83, &bytes, &[1]), [None]);
    }

    #[test]
    fn numbers_of_blocks_are_digits_or_bytes() {
        assert_eq!(block(b"         7"), Some(7));
        assert_eq!(block(b"0000000012"), Some(12));
        for none in [&b"          "[..], b"0000000000", &[0; 10], &[0; 4]] {
            assert_eq!(block(none), None, "{none:?}");
        }
        assert_eq!(block(&[1, 2, 0, 0]), Some(513));
        assert_eq!(block(b"      -5  "), Some(0));
    }
}
