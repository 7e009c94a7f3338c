//! Lines of a text in any encoding that has ASCII in it, with the place of each: what parsers of our own read by.

use super::text::without_end;
use crate::notes::both;
use ditu_model::Text;
use std::io::BufRead;

/// Bytes of a line; the longest a standard file has are some hundred.
const LONGEST: usize = 1 << 16;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    line: u64,
    byte: u64,
    what: Text,
}

impl Fault {
    /// The whole sentence.
    pub(crate) fn text(&self) -> Text {
        both(
            format!("第 {} 行（第 {} 字节）：{}", self.line, self.byte, self.what.zh),
            format!("line {} (byte {}): {}", self.line, self.byte, self.what.en),
        )
    }
}

/// Reads line by line; blank lines are passed over.
pub(crate) struct Lines<R> {
    input: R,
    text: Vec<u8>,
    /// Number of the line at hand, from 1, and where it begins.
    line: u64,
    byte: u64,
    next_byte: u64,
    again: bool,
    /// Keywords around comments, where the format has them.
    comments: Option<(&'static str, &'static str)>,
}

impl<R: BufRead> Lines<R> {
    /// From the beginning, or from a place that was noted before.
    pub(crate) fn new(input: R, line: u64, byte: u64) -> Lines<R> {
        Lines {
            input,
            text: Vec::new(),
            line: line.saturating_sub(1),
            byte,
            next_byte: byte,
            again: false,
            comments: None,
        }
    }

    /// The same, passing over what lies between two keywords.
    pub(crate) fn without(mut self, from: &'static str, to: &'static str) -> Lines<R> {
        self.comments = Some((from, to));
        self
    }

    /// Where the line at hand begins: line number and byte.
    pub(crate) fn place(&self) -> (u64, u64) {
        (self.line, self.byte)
    }

    /// Where the line after begins.
    pub(crate) fn next_place(&self) -> (u64, u64) {
        (self.line + 1, self.next_byte)
    }

    /// The line at hand, without space around it.
    pub(crate) fn text(&self) -> &[u8] {
        let text = self.text.as_slice();
        let text = if self.byte == 0 { text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) } else { text };
        without_end(text).trim_ascii()
    }

    pub(crate) fn fault(&self, zh: impl Into<String>, en: impl Into<String>) -> Fault {
        Fault { line: self.line.max(1), byte: self.byte, what: both(zh, en) }
    }

    fn raw(&mut self) -> Result<bool, Fault> {
        self.text.clear();
        self.byte = self.next_byte;
        self.line += 1;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(e) => return Err(self.fault(format!("读取失败（{e}）"), format!("reading failed ({e})"))),
            };
            if chunk.is_empty() {
                self.line -= u64::from(self.text.is_empty());
                return Ok(!self.text.is_empty());
            }
            let end = chunk.iter().position(|b| *b == b'\n');
            let n = end.map_or(chunk.len(), |i| i + 1);
            self.text.extend_from_slice(&chunk[..n.min(LONGEST + 1)]);
            self.input.consume(n);
            self.next_byte += n as u64;
            if self.text.len() > LONGEST {
                return Err(self.fault("行过长", "the line is too long"));
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }

    /// Goes to the next line; false at the end of the file.
    pub(crate) fn advance(&mut self) -> Result<bool, Fault> {
        if std::mem::take(&mut self.again) {
            return Ok(true);
        }
        loop {
            if !self.raw()? {
                return Ok(false);
            }
            if let Some((_, end)) = self.comments.filter(|c| self.is(c.0)) {
                let begun = self.fault("注释没有结束", "the comment does not end");
                while !self.is(end) {
                    if !self.raw()? {
                        return Err(begun);
                    }
                }
            } else if !self.text().is_empty() {
                return Ok(true);
            }
        }
    }

    /// Goes to the next line, which must be there.
    pub(crate) fn need(&mut self, zh: &str, en: &str) -> Result<&[u8], Fault> {
        if !self.advance()? {
            return Err(
                self.fault(format!("文件到此为止，缺{zh}"), format!("the file ends here, {en} is missing"))
            );
        }
        Ok(self.text())
    }

    /// Gives the line at hand once more.
    pub(crate) fn back(&mut self) {
        self.again = true;
    }

    /// True when the line is this keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.text().eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// The line as a whole number.
    pub(crate) fn integer(&mut self, zh: &str, en: &str) -> Result<u64, Fault> {
        let n = std::str::from_utf8(self.need(zh, en)?).ok().and_then(|t| t.parse().ok());
        n.ok_or_else(|| self.expected(zh, en))
    }

    /// "Expected this, found that".
    pub(crate) fn expected(&self, zh: &str, en: &str) -> Fault {
        let found: String = encoding_rs::GB18030.decode(self.text()).0.chars().take(40).collect();
        self.fault(format!("应为{zh}，实为“{found}”"), format!("expected {en}, found \"{found}\""))
    }
}

/// A number as Fortran and its heirs write it: `D` may stand for the exponent's `E`.
pub(crate) fn real(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let plain = text.parse::<f64>().ok().or_else(|| text.replace(['D', 'd'], "E").parse().ok());
    plain.filter(|n| n.is_finite() && text.bytes().any(|b| b.is_ascii_digit()))
}
