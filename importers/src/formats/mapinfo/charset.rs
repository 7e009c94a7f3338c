//! What the texts of a MapInfo file are written in: the word of its head is often missing (`Neutral`) or that of an English
//! Windows, and GDAL believes it.

use crate::delivery::Found;
use crate::formats::Refused;
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::Encoded;
use encoding_rs::{BIG5, Encoding, GB18030, UTF_8, WINDOWS_1252};
use std::io::{Read, Write};
use std::ops::Range;
use std::path::Path;

/// Bytes of the head, which is text in both, and bytes in which texts are sought.
const HEAD: u64 = 1 << 14;
const SAMPLED: u64 = 4 << 20;

/// MapInfo's words; `None` says nothing. What is not among them is left to GDAL.
const WORDS: [(&str, Option<&Encoding>); 5] = [
    ("Neutral", None),
    ("WindowsSimpChinese", Some(GB18030)),
    ("WindowsTradChinese", Some(BIG5)),
    ("UTF-8", Some(UTF_8)),
    ("WindowsLatin1", Some(WINDOWS_1252)),
];

/// The file as it is where its word is right, or a copy with the right one beside copies of its parts; and what told.
pub(super) fn readable(
    found: &Found,
    options: &Options,
) -> std::io::Result<Result<(Found, Option<Encoded>), Refused>> {
    let as_is = Ok(Ok((found.clone(), None)));
    let mut head = Vec::new();
    let mut file = std::fs::File::open(&found.path)?;
    (&file).take(HEAD).read_to_end(&mut head)?;
    let words = words(&head);
    let stated = words.last().and_then(|last| {
        WORDS.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(&head[last.clone()]))
    });
    let Some((_, stated)) = stated else { return as_is };
    let samples = texts(&found.path)?;
    if samples.is_empty() {
        return as_is;
    }
    let decided = encoding::decide(&Evidence {
        user: options.encoding(&found.name),
        declared: stated.map(|e| e.name().to_owned()),
        samples,
        ..Default::default()
    });
    let encoded = match decided {
        Ok(encoded) => encoded,
        Err(unclear) => return Ok(Err(unclear.into())),
    };
    // GBK is a part of GB18030.
    let meant = if encoded.encoding == encoding_rs::GBK { GB18030 } else { encoded.encoding };
    let right = WORDS.iter().find(|(_, e)| *e == Some(meant));
    let Some((right, _)) = right.filter(|_| *stated != Some(meant)) else {
        return Ok(Ok((found.clone(), Some(encoded))));
    };
    let folder = tempfile::Builder::new().prefix("mapinfo-").tempdir_in(&options.scratch)?.keep();
    let name = found.path.file_name().unwrap_or_default();
    for part in std::fs::read_dir(found.path.parent().unwrap_or(Path::new(".")))?.flatten() {
        let path = part.path();
        if path.file_stem() == found.path.file_stem() && path != found.path && path.is_file() {
            std::fs::copy(&path, folder.join(part.file_name()))?;
        }
    }
    let path = folder.join(name);
    let mut copy = std::fs::File::create(&path)?;
    let mut from = 0;
    for word in words {
        copy.write_all(&head[from..word.start])?;
        copy.write_all(right.as_bytes())?;
        from = word.end;
    }
    copy.write_all(&head[from..])?;
    std::io::copy(&mut file, &mut copy)?;
    Ok(Ok((Found { path, ..found.clone() }, Some(encoded))))
}

/// Where the head has its words: `Charset "Neutral"` in a MIF, `!charset Neutral` and `Type NATIVE Charset "Neutral"` in a TAB.
fn words(head: &[u8]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut from = 0;
    for line in head.split_inclusive(|b| *b == b'\n') {
        let small = line.to_ascii_lowercase();
        let start = small.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let key = b"charset";
        let begins = |word: &str| small[start..].starts_with(word.as_bytes());
        if let Some(at) = small.windows(key.len()).position(|w| w == key) {
            let quote = |b: &u8| matches!(b, b' ' | b'"');
            let begin = at + key.len() + line[at + key.len()..].iter().take_while(|b| quote(b)).count();
            // A column may be called charset.
            let quoted = line[..begin].ends_with(b"\"");
            if !(begins("!charset") || quoted && (begins("charset") || begins("type "))) {
                from += line.len();
                continue;
            }
            let length = line[begin..].iter().take_while(|b| !quote(b) && !b.is_ascii_whitespace()).count();
            all.push(from + begin..from + begin + length);
        }
        from += line.len();
    }
    all
}

/// Some texts that are not ASCII, of the table's head and of its rows.
fn texts(path: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let (mut seen, mut all) = (std::collections::HashSet::new(), Vec::new());
    let mut take = |piece: &[u8]| {
        let piece = piece.trim_ascii();
        if seen.len() < 500 && !piece.is_ascii() && piece.len() < 1_000 && seen.insert(piece.to_vec()) {
            all.push(piece.to_vec());
        }
    };
    let some = |path: &Path| -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(SAMPLED).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let part = |ending| crate::formats::shapefile::beside(path, ending);
    for text in [Some(path.to_owned()), part("mid")].into_iter().flatten() {
        some(&text)?.split(|b| matches!(b, b' ' | b',' | b'"' | b'\n' | b'\t')).for_each(&mut take);
    }
    if let Some(rows) = part("dat") {
        let bytes = some(&rows)?;
        for (row, columns) in rows_of_texts(&bytes) {
            columns.into_iter().filter_map(|c| row.get(c)).for_each(|text| {
                take(text.split(|b| *b == 0).next().unwrap_or_default());
            });
        }
    }
    Ok(all)
}

/// The rows of a DAT, a dBASE file with binary numbers, and where their texts are.
fn rows_of_texts(dat: &[u8]) -> impl Iterator<Item = (&[u8], Vec<Range<usize>>)> {
    let short = |at: usize| Some(usize::from(u16::from_le_bytes([*dat.get(at)?, *dat.get(at + 1)?])));
    let (head, row) = short(8).zip(short(10)).filter(|(_, row)| *row > 0).unwrap_or((usize::MAX, 1));
    let mut columns = Vec::new();
    let mut at = 1;
    for field in dat.get(32..head.min(dat.len())).unwrap_or_default().chunks_exact(32) {
        let length = usize::from(field[16]);
        if field[11] == b'C' {
            columns.push(at..at + length);
        }
        at += length;
    }
    dat.get(head..).unwrap_or_default().chunks_exact(row).map(move |row| (row, columns.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_names_its_encoding_in_each_way() {
        for (head, found) in [
            ("Version 300\r\nCharset \"Neutral\"\r\nDelimiter \",\"", &["Neutral"][..]),
            ("!table\n!version 300\n!charset WindowsSimpChinese\n", &["WindowsSimpChinese"]),
            (
                "!charset A\nDefinition Table\n  Type NATIVE Charset \"B\"\n  Fields 1\n    charset Char (9) ;\n",
                &["A", "B"],
            ),
            ("Version 300\nDelimiter \",\"\nColumns 1\n  my_charset Char(3)\n", &[]),
            ("charset", &[]),
            ("", &[]),
        ] {
            let words: Vec<&str> = words(head.as_bytes()).into_iter().map(|r| &head[r]).collect();
            assert_eq!(words, found, "{head}");
        }
    }
}
