//! Text files in any encoding, as a stream of UTF-8 that knows its line.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE};
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

const PIECE: usize = 1 << 16;

/// A file's text in UTF-8, without a mark at its beginning. What does not decode is U+FFFD.
pub(super) struct Decoded {
    file: File,
    decoder: Decoder,
    raw: Vec<u8>,
    text: Vec<u8>,
    from: usize,
    line: u64,
    ended: bool,
    /// Bytes that may still be read.
    left: usize,
}

impl Decoded {
    pub(super) fn open(path: &Path, encoding: &'static Encoding) -> io::Result<Decoded> {
        Ok(Decoded {
            file: File::open(path)?,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; PIECE],
            text: Vec::new(),
            from: 0,
            line: 1,
            ended: false,
            left: usize::MAX,
        })
    }

    /// Ends in [`io::ErrorKind::FileTooLarge`] when more than so many bytes are read from here on.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.left = bytes;
    }

    /// The line that is read next, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }
}

impl BufRead for Decoded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        while self.from == self.text.len() && !self.ended {
            let n = self.file.read(&mut self.raw)?;
            self.ended = n == 0;
            let room = self.decoder.max_utf8_buffer_length(n).unwrap_or(PIECE * 4);
            self.text.resize(room, 0);
            let (result, _, written, _) =
                self.decoder.decode_to_utf8(&self.raw[..n], &mut self.text, self.ended);
            debug_assert_eq!(result, CoderResult::InputEmpty);
            self.text.truncate(written);
            self.from = 0;
        }
        Ok(&self.text[self.from..])
    }

    fn consume(&mut self, n: usize) {
        let end = (self.from + n).min(self.text.len());
        self.line += self.text[self.from..end].iter().filter(|b| **b == b'\n').count() as u64;
        self.left = self.left.saturating_sub(end - self.from);
        self.from = end;
    }
}

impl Read for Decoded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

/// A text without what old programs end it with: ^Z and noughts, and the space between them.
pub(crate) fn without_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., 0 | 0x1a] = bytes.trim_ascii_end() {
        bytes = rest;
    }
    bytes
}

/// UTF-16 by its mark, or by the zero bytes that its digits, separators and line ends leave on one side only.
pub(super) fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let bytes = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |side: usize| bytes.iter().skip(side).step_by(2).filter(|b| **b == 0).count();
    match (zeros(0), zeros(1)) {
        (0, n) if n * 20 >= bytes.len() && n > 1 => Some(UTF_16LE),
        (n, 0) if n * 20 >= bytes.len() && n > 1 => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_old_programs_is_no_text() {
        for (bytes, wanted) in [
            (&b"a,b\r\n\x1a"[..], &b"a,b\r\n"[..]),
            (b"a,b\x1a\r\n", b"a,b"),
            (b"a\x1a\0\0 \x1a", b"a"),
            (b"a \r\n", b"a \r\n"),
            (b"\x1a", b""),
            (b"", b""),
        ] {
            assert_eq!(without_end(bytes), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn utf16_is_known_with_and_without_its_mark() {
        let text = "点号,X坐标,Y坐标\r\n1,2,3\r\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(utf16(&le), Some(UTF_16LE));
        assert_eq!(utf16(&be), Some(UTF_16BE));
        assert_eq!(utf16(&[&[0xff, 0xfe], &le[..]].concat()), Some(UTF_16LE));
        assert_eq!(utf16(text.as_bytes()), None);
        assert_eq!(utf16(b""), None);
        assert_eq!(utf16(&[0; 64]), None);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, [&[0xfe, 0xff], &be[..]].concat()).unwrap();
        let mut decoded = Decoded::open(&path, UTF_16BE).unwrap();
        let mut all = String::new();
        decoded.read_to_string(&mut all).unwrap();
        assert_eq!((all.as_str(), decoded.line()), (text, 3));
    }
}
