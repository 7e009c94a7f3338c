//! Text formats that must be UTF-8 and are not: a copy that is, and what told its encoding.

use super::Refused;
use crate::delivery::Found;
use crate::options::Options;
use crate::recognise::encoding::{self, Evidence};
use crate::table::Encoded;
use encoding_rs::{Encoding, UTF_8};
use std::io::{BufWriter, Read, Write};
use std::path::Path;

/// Bytes in which texts are sought.
const SAMPLED: u64 = 4 << 20;

/// The encoding of a file that is not UTF-8; `stated` is what it declares itself.
///
/// Where it is UTF-8 nobody's word about the encoding of a whole delivery is meant for this file.
fn foreign(
    found: &Found,
    options: &Options,
    stated: Option<&'static Encoding>,
) -> std::io::Result<Result<Option<Encoded>, Refused>> {
    let foreign = stated.filter(|e| *e != UTF_8);
    if foreign.is_none() && transcode(&found.path, UTF_8, &mut std::io::sink())? {
        return Ok(Ok(None));
    }
    let decided = encoding::decide(&Evidence {
        user: options.encoding(&found.name),
        declared: foreign.map(|e| e.name().to_owned()),
        samples: texts(&found.path)?,
        ..Default::default()
    });
    Ok(decided.map(|e| Some(e).filter(|e| e.encoding != UTF_8)).map_err(Refused::from))
}

/// Some texts that are not ASCII.
fn texts(path: &Path) -> std::io::Result<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(SAMPLED).read_to_end(&mut bytes)?;
    let pieces = bytes.split(|b| matches!(b, b'<' | b'>' | b'"' | b'\n' | b','));
    let mut seen = std::collections::HashSet::new();
    let new = pieces.filter(|p| !p.is_ascii() && p.len() < 1_000 && seen.insert(*p));
    Ok(new.take(500).map(|p| p.trim_ascii().to_vec()).collect())
}

/// Writes a file as UTF-8; whether every byte fitted the encoding.
fn transcode(path: &Path, encoding: &'static Encoding, out: &mut dyn Write) -> std::io::Result<bool> {
    let mut file = std::fs::File::open(path)?;
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let (mut bytes, mut text) = (vec![0; 1 << 16], vec![0; 1 << 18]);
    let mut whole = true;
    loop {
        let n = file.read(&mut bytes)?;
        let mut from = 0;
        loop {
            let (result, read, written, broken) = decoder.decode_to_utf8(&bytes[from..n], &mut text, n == 0);
            out.write_all(&text[..written])?;
            whole &= !broken;
            from += read;
            if result == encoding_rs::CoderResult::InputEmpty {
                break;
            }
        }
        if n == 0 {
            return Ok(whole);
        }
    }
}

/// The file as it is, or a copy in UTF-8 with what told its encoding. `begin` writes what the copy begins with and gives what
/// the rest goes through.
pub(super) fn readable(
    found: &Found,
    options: &Options,
    stated: Option<&'static Encoding>,
    begin: impl for<'a> FnOnce(&'a mut dyn Write) -> std::io::Result<Box<dyn Write + 'a>>,
) -> std::io::Result<Result<(Found, Option<Encoded>), Refused>> {
    let encoded = match foreign(found, options, stated)? {
        Ok(Some(encoded)) => encoded,
        Ok(None) => return Ok(Ok((found.clone(), None))),
        Err(unclear) => return Ok(Err(unclear)),
    };
    let suffix = format!(".{}", found.ending());
    let copy = tempfile::Builder::new().prefix("utf8-").suffix(&suffix).tempfile_in(&options.scratch)?;
    let mut out = BufWriter::with_capacity(1 << 17, copy.as_file());
    transcode(&found.path, encoded.encoding, &mut *begin(&mut out)?)?;
    out.flush()?;
    drop(out);
    let (_, path) = copy.keep().map_err(|e| e.error)?;
    Ok(Ok((Found { path, ..found.clone() }, Some(encoded))))
}
