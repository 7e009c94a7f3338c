//! What the texts of a MapInfo file are written in: the word of its head is often missing (`Neutral`) or that of an English
//! Windows, and GDAL believes it.

use crate::delivery::Found;
use crate::formats::Refused;
use crate::formats::gdal::Undecoded;
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use ditu_model::Text;
use encoding_rs::{BIG5, Encoding, GB18030, UTF_8, WINDOWS_1252};
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Bytes of the head, which is text in both, and bytes in which texts are sought.
const HEAD: u64 = 1 << 16;
const SAMPLED: u64 = 4 << 20;

/// MapInfo's words; `None` says nothing. What is not among them is left to GDAL.
const WORDS: [(&str, Option<&Encoding>); 6] = [
    ("Neutral", None),
    ("WindowsSimpChinese", Some(GB18030)),
    ("WindowsTradChinese", Some(BIG5)),
    ("UTF-8", Some(UTF_8)),
    ("WindowsLatin1", Some(WINDOWS_1252)),
    ("ISO8859_1", Some(WINDOWS_1252)),
];

/// The parts beside a head.
const PARTS: [&str; 5] = ["dat", "map", "id", "ind", "mid"];

/// The file with what its texts are written in: as it is where its word is right, else a copy of its head without one beside
/// its parts.
pub(super) fn readable(
    found: &Found,
    options: &Options,
) -> std::io::Result<Result<(Found, Undecoded), Refused>> {
    let mut head = Vec::new();
    let mut file = std::fs::File::open(&found.path)?;
    (&file).take(HEAD).read_to_end(&mut head)?;
    let words = words(&head);
    let is = |word: &str, at: &Range<usize>| word.as_bytes().eq_ignore_ascii_case(&head[at.clone()]);
    let stated = match words.last() {
        None => Some(None),
        Some(last) => WORDS.iter().find(|(word, _)| is(word, last)).map(|(_, e)| *e),
    };
    let (parts, fields) = (parts(&found.path)?, fields(&head));
    let samples = texts(&found.path, &parts, &fields)?;
    let text = match decided(found, options, stated, &parts, samples)? {
        Ok((encoding, evidence, plain)) => {
            Undecoded { encoding, evidence, names: (!plain).then(|| names(&fields, encoding)) }
        }
        Err(unclear) => return Ok(Err(unclear)),
    };
    let silent = text.names.is_none() || words.iter().all(|word| is("Neutral", word));
    if silent
        && parts.iter().all(|part| found.path.with_extension(part.extension().unwrap_or_default()) == **part)
    {
        return Ok(Ok((found.clone(), text)));
    }
    let folder = tempfile::Builder::new().prefix("mapinfo-").tempdir_in(&options.scratch)?.keep();
    let path = folder.join(found.path.file_name().unwrap_or_default());
    // GDAL seeks endings in capitals beside a head in capitals.
    let capitals = path.extension().is_some_and(|e| e.to_string_lossy().chars().any(char::is_uppercase));
    for part in parts {
        let ending = part.extension().unwrap_or_default().to_string_lossy();
        let copy = path.with_extension(if capitals { ending.to_uppercase() } else { ending.to_lowercase() });
        if std::fs::hard_link(&part, &copy).is_err() {
            std::fs::copy(&part, &copy)?;
        }
    }
    let mut copy = std::fs::File::create(&path)?;
    let mut from = 0;
    for word in words.into_iter().filter(|_| !silent) {
        copy.write_all(&head[from..word.start])?;
        copy.write_all(b"Neutral")?;
        from = word.end;
    }
    copy.write_all(&head[from..])?;
    std::io::copy(&mut file, &mut copy)?;
    Ok(Ok((Found { path, ..found.clone() }, text)))
}

/// What the texts are written in, why, and whether GDAL reads them by the head's word.
type Decided = (&'static Encoding, Option<Text>, bool);

fn decided(
    found: &Found,
    options: &Options,
    stated: Option<Option<&'static Encoding>>,
    parts: &[PathBuf],
    samples: Vec<Vec<u8>>,
) -> std::io::Result<Result<Decided, Refused>> {
    let user = options.encoding(&found.name);
    if samples.is_empty() || stated.is_none() && user.is_none() {
        return Ok(Ok((GB18030, None, true)));
    }
    let stated = stated.flatten();
    let declared = stated.map(|e| e.name().to_owned());
    let encoded = match encoding::decide(&Evidence { user, declared, samples, ..Default::default() }) {
        Ok(encoded) => encoded,
        Err(unclear) => return Ok(Err(unclear.into())),
    };
    // GBK is a part of GB18030, and all of it that GDAL knows.
    let meant = if encoded.encoding == encoding_rs::GBK { GB18030 } else { encoded.encoding };
    let plain = stated == Some(meant) && !(meant == GB18030 && has_rare(&found.path, parts)?);
    Ok(Ok((encoded.encoding, Some(encoded.evidence), plain)))
}

/// The parts of a file, whatever the case of their names.
fn parts(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let stem = |p: &Path| p.file_stem().map(|s| s.to_string_lossy().to_lowercase());
    let is_part = |p: &PathBuf| {
        let ending = p.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        stem(p) == stem(path) && PARTS.contains(&ending.as_str()) && p.is_file()
    };
    let folder = path.parent().filter(|p| *p != Path::new("")).unwrap_or(Path::new("."));
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder)?.filter_map(|e| Some(e.ok()?.path())).filter(is_part).collect();
    all.sort();
    Ok(all)
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending))
}

/// Whether there are characters of four bytes, as rare place names have: after the first byte of one of two no digit follows.
fn has_rare(path: &Path, parts: &[PathBuf]) -> std::io::Result<bool> {
    let rows = parts.iter().filter(|p| has_ending(p, "mid") || has_ending(p, "dat"));
    for part in rows.map(PathBuf::as_path).chain([path].into_iter().filter(|p| has_ending(p, "tab"))) {
        let mut reader = BufReader::with_capacity(1 << 17, std::fs::File::open(part)?);
        let mut lead = false;
        loop {
            let bytes = reader.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            for b in bytes {
                if lead && b.is_ascii_digit() {
                    return Ok(true);
                }
                lead = !lead && (0x81..=0xfe).contains(b);
            }
            let n = bytes.len();
            reader.consume(n);
        }
    }
    Ok(false)
}

/// Names and types of the columns: in as many lines as `Columns 3` or `Fields 3` says, `名称 Char (20)` each.
fn fields(head: &[u8]) -> Vec<[&[u8]; 2]> {
    let mut lines = head.split(|b| *b == b'\n').map(|l| l.trim_ascii());
    let count = lines.by_ref().find_map(|line| {
        let (key, number) = line.split_at(line.iter().position(u8::is_ascii_whitespace)?);
        let is_count = [&b"columns"[..], b"fields"].iter().any(|k| key.eq_ignore_ascii_case(k));
        is_count.then(|| std::str::from_utf8(number.trim_ascii()).ok()?.parse::<usize>().ok()).flatten()
    });
    let field = |line| {
        let mut words =
            <[u8]>::split(line, |b| b.is_ascii_whitespace() || *b == b'(').filter(|w| !w.is_empty());
        [words.next().unwrap_or_default(), words.next().unwrap_or_default()]
    };
    lines.take(count.unwrap_or(0)).map(field).collect()
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

/// Some texts that are not ASCII: of the rows, or else of the head, where programs have written names that they mangled.
fn texts(path: &Path, parts: &[PathBuf], fields: &[[&[u8]; 2]]) -> std::io::Result<Vec<Vec<u8>>> {
    let some = |path: &Path| -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(SAMPLED).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let part = |ending| parts.iter().find(|p| has_ending(p, ending)).map(PathBuf::as_path);
    let mut all = Samples::default();
    if let Some(rows) = part("mid") {
        all.add(&some(rows)?);
    }
    if let Some(rows) = part("dat") {
        let bytes = some(rows)?;
        for (row, columns) in rows_of_texts(&bytes, fields) {
            for text in columns.into_iter().filter_map(|c| row.get(c)) {
                all.add(text.split(|b| *b == 0).next().unwrap_or_default());
            }
        }
    }
    if all.list.is_empty() {
        all.add(&some(path)?);
    }
    Ok(all.list)
}

/// Different words that are not ASCII, in their order.
#[derive(Default)]
struct Samples {
    seen: HashSet<Vec<u8>>,
    list: Vec<Vec<u8>>,
}

impl Samples {
    fn add(&mut self, text: &[u8]) {
        for word in text.split(|b| matches!(b, b' ' | b',' | b'"' | b'\n' | b'\r' | b'\t')) {
            let new = !word.is_ascii() && word.len() < 1_000 && self.list.len() < 500;
            if new && self.seen.insert(word.to_vec()) {
                self.list.push(word.to_vec());
            }
        }
    }
}

/// The rows of a DAT, a dBASE file with binary numbers, and where their texts are: its own head calls whole numbers texts.
fn rows_of_texts<'a>(
    dat: &'a [u8],
    fields: &[[&[u8]; 2]],
) -> impl Iterator<Item = (&'a [u8], Vec<Range<usize>>)> {
    let short = |at: usize| Some(usize::from(u16::from_le_bytes([*dat.get(at)?, *dat.get(at + 1)?])));
    let (head, row) = short(8).zip(short(10)).filter(|(_, row)| *row > 0).unwrap_or((usize::MAX, 1));
    let mut columns = Vec::new();
    let mut at = 1;
    let described = dat.get(32..head.min(dat.len())).unwrap_or_default().chunks_exact(32);
    for (field, [_, kind]) in described.zip(fields) {
        let length = usize::from(field[16]);
        if kind.eq_ignore_ascii_case(b"char") {
            columns.push(at..at + length);
        }
        at += length;
    }
    dat.get(head..).unwrap_or_default().chunks_exact(row).map(move |row| (row, columns.clone()))
}

fn names(fields: &[[&[u8]; 2]], encoding: &'static Encoding) -> Vec<String> {
    fields.iter().map(|[name, _]| encoding.decode_without_bom_handling(name).0.into_owned()).collect()
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
