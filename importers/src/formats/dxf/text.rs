//! The codes in a drawing's texts: characters that its code page lacks (`\U+67F3`, `\M+5C1F8`), signs (`%%c`), and what MTEXT
//! says of fonts, heights, stacks and lines (DXF reference, MTEXT; AutoCAD, control codes and special text).

use encoding_rs::{BIG5, EUC_KR, Encoding, GBK, SHIFT_JIS, WINDOWS_1252};
use std::iter::Peekable;
use std::str::Chars;

/// Which codes a text may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Codes {
    /// Names of layers and blocks: characters only.
    Name,
    /// A text of one line: signs too.
    Line,
    /// MTEXT.
    Lines,
}

/// Whether there may be a code in the bytes of a text, in any encoding.
pub(super) fn is_coded(bytes: &[u8]) -> bool {
    bytes.iter().any(|b| matches!(b, b'\\' | b'^' | b'{' | b'}')) || bytes.windows(2).any(|w| w == b"%%")
}

/// The text as people read it. What is no code stays.
pub(super) fn plain(text: &str, codes: Codes) -> String {
    if !text.contains(['\\', '%', '^', '{', '}']) {
        return text.to_owned();
    }
    let mut made = Made { text: String::with_capacity(text.len()), codes };
    made.all(text);
    made.text
}

struct Made {
    text: String,
    codes: Codes,
}

/// The next characters as a number of that many hexadecimal digits, and what follows.
fn hex(text: &str, digits: usize) -> Option<(u32, &str)> {
    let (head, rest) = (text.get(..digits)?, text.get(digits..)?);
    head.bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then(|| u32::from_str_radix(head, 16).ok())
        .flatten()
        .map(|n| (n, rest))
}

/// `\U+XXXX`, with its second half where it is a surrogate.
fn unicode(text: &str) -> Option<(char, &str)> {
    let (n, rest) = hex(text.strip_prefix("\\U+").or_else(|| text.strip_prefix("\\u+"))?, 4)?;
    if let Some(c) = char::from_u32(n) {
        return Some((c, rest));
    }
    let (low, after) = hex(rest.strip_prefix("\\U+").or_else(|| rest.strip_prefix("\\u+"))?, 4)?;
    let both = u16::try_from(n).ok().zip(u16::try_from(low).ok())?;
    let c = char::decode_utf16([both.0, both.1]).next()?.ok()?;
    Some((c, after))
}

/// `\M+nXXXX`: two bytes of a code page.
fn paged(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix("\\M+").or_else(|| text.strip_prefix("\\m+"))?;
    let page = text.chars().next()?;
    let (n, rest) = hex(text.get(1..)?, 4)?;
    let bytes = [(n >> 8) as u8, n as u8];
    let encoding: &Encoding = match page {
        '1' => SHIFT_JIS,
        '2' => BIG5,
        '3' => EUC_KR,
        '4' => return Some((johab(n)?.to_string(), rest)),
        '5' => GBK,
        _ => return None,
    };
    // A character of one byte has none before it.
    let bytes = if bytes[0] == 0 { &bytes[1..] } else { &bytes[..] };
    let (made, bad) = encoding.decode_without_bom_handling(bytes);
    (!bad).then(|| (made.into_owned(), rest))
}

/// A Hangul syllable of code page 1361 (KS X 1001:1992, annex 3): a bit, then five for each of its three letters.
fn johab(n: u32) -> Option<char> {
    let letter = |shift: u32| n >> shift & 31;
    let first = letter(10).checked_sub(2).filter(|i| *i < 19)?;
    let vowel = match letter(5) {
        v @ 3..=7 => v - 3,
        v @ 10..=15 => v - 5,
        v @ 18..=23 => v - 7,
        v @ 26..=29 => v - 9,
        _ => return None,
    };
    let last = match letter(0) {
        l @ 1..=17 => l - 1,
        l @ 19..=29 => l - 2,
        _ => return None,
    };
    char::from_u32(0xAC00 + (first * 21 + vowel) * 28 + last).filter(|_| n & 0x8000 != 0)
}

/// `%%c` and its like: what it stands for, and what follows. Signs of a font's own (`%%130`) stay as they are written.
fn sign(text: &str) -> Option<(Option<char>, &str)> {
    let text = text.strip_prefix("%%")?;
    let next = text.chars().next()?;
    let rest = &text[next.len_utf8()..];
    Some(match next.to_ascii_lowercase() {
        'c' => (Some('⌀'), rest),
        'd' => (Some('°'), rest),
        'p' => (Some('±'), rest),
        '%' => (Some('%'), rest),
        // Lines under, over and through.
        'u' | 'o' | 'k' => (None, rest),
        '0'..='9' => {
            let digits = text.get(..3).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
            let n = digits.parse::<u8>().ok().filter(|n| (32..=126).contains(n) || *n >= 160)?;
            (WINDOWS_1252.decode_without_bom_handling(&[n]).0.chars().next(), &text[3..])
        }
        _ => return None,
    })
}

impl Made {
    fn all(&mut self, text: &str) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = self.next(c, rest).unwrap_or_else(|| {
                self.text.push(c);
                &rest[c.len_utf8()..]
            });
        }
    }

    /// Takes a code at the beginning; gives what follows it. `None` where there is none.
    fn next<'a>(&mut self, c: char, text: &'a str) -> Option<&'a str> {
        match c {
            '\\' => {
                if let Some((c, rest)) = unicode(text) {
                    self.text.push(c);
                    return Some(rest);
                }
                if let Some((made, rest)) = paged(text) {
                    self.text.push_str(&made);
                    return Some(rest);
                }
                if self.codes == Codes::Lines { self.format(&text[1..]) } else { None }
            }
            '%' if self.codes != Codes::Name => {
                let (c, rest) = sign(text)?;
                self.text.extend(c);
                Some(rest)
            }
            '^' if self.codes != Codes::Name => {
                let (c, rest) = match text.as_bytes().get(1)? {
                    b'I' => (Some('\t'), &text[2..]),
                    b'J' => (Some('\n'), &text[2..]),
                    b'M' => (None, &text[2..]),
                    b' ' => (Some('^'), &text[2..]),
                    _ => return None,
                };
                self.text.extend(c);
                Some(rest)
            }
            '{' | '}' if self.codes == Codes::Lines => Some(&text[1..]),
            _ => None,
        }
    }

    /// What MTEXT says behind a backslash.
    fn format<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let c = text.chars().next()?;
        let rest = &text[c.len_utf8()..];
        match c {
            '\\' | '{' | '}' => self.text.push(c),
            'P' | 'N' | 'X' => self.text.push('\n'),
            '~' => self.text.push(' '),
            'L' | 'l' | 'O' | 'o' | 'K' | 'k' => {}
            // Fonts, heights, colours, places, slants, distances, widths, paragraphs: up to the semicolon.
            'f' | 'F' | 'H' | 'C' | 'c' | 'A' | 'Q' | 'T' | 'W' | 'p' => {
                return Some(rest.split_once(';')?.1);
            }
            'S' => return self.stack(rest),
            _ => return None,
        }
        Some(rest)
    }

    /// `\S1/2;`: one over another, with a line between or none.
    fn stack<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let mut parts = [String::new(), String::new()];
        let mut lower = false;
        let mut chars: Peekable<Chars<'_>> = text.chars().peekable();
        let mut read = 0;
        loop {
            let c = chars.next()?;
            read += c.len_utf8();
            match c {
                ';' => break,
                '\\' => {
                    let next = chars.next()?;
                    read += next.len_utf8();
                    // A code of a character is read with the rest.
                    if matches!(next, 'U' | 'u' | 'M' | 'm') && chars.peek() == Some(&'+') {
                        parts[usize::from(lower)].push('\\');
                    }
                    parts[usize::from(lower)].push(next);
                }
                '/' | '#' | '^' if !lower => {
                    lower = true;
                    // A space belongs to the caret.
                    if chars.next_if_eq(&' ').is_some() {
                        read += 1;
                    }
                }
                _ => parts[usize::from(lower)].push(c),
            }
        }
        let [over, under] = parts.map(|p| plain(p.trim(), Codes::Line));
        if self.text.ends_with(|c: char| c.is_ascii_digit())
            && over.starts_with(|c: char| c.is_ascii_digit())
            && !under.is_empty()
        {
            // One and a half is not eleven halves.
            self.text.push(' ');
        }
        self.text.push_str(&over);
        if !over.is_empty() && !under.is_empty() {
            self.text.push('/');
        }
        self.text.push_str(&under);
        Some(&text[read..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_read_everywhere() {
        for codes in [Codes::Name, Codes::Line, Codes::Lines] {
            for (coded, read) in [
                ("\\U+67F3\\U+53F6\\U+6E56", "柳叶湖"),
                ("\\u+6d11镇", "洑镇"),
                ("\\U+D840\\U+DC0B!", "𠀋!"),
                ("\\M+5C1F8\\M+5D2B6", "柳叶"),
                ("\\M+1945C", "能"),
                ("\\M+2B4F2", "湖"),
                ("\\M+3B0AD", "강"),
                ("\\M+48841", "\\M+48841".trim()),
                ("\\M+48861", "가"),
                ("\\M+4D065", "한"),
                ("\\M+50041", "A"),
                ("\\U+67F", "\\U+67F"),
                ("\\U+柳叶", "\\U+柳叶"),
                ("\\M+9C1F8", "\\M+9C1F8"),
                ("\\M+5FFFF", "\\M+5FFFF"),
                ("\\U+D840 x", "\\U+D840 x"),
                ("100%", "100%"),
            ] {
                assert_eq!(plain(coded, codes), read, "{coded} {codes:?}");
            }
        }
        assert_eq!(plain("%%c^I{a}", Codes::Name), "%%c^I{a}");
    }

    #[test]
    fn signs_are_read_in_texts() {
        for codes in [Codes::Line, Codes::Lines] {
            for (coded, read) in [
                ("%%c100", "⌀100"),
                ("%%C100%%D%%P2", "⌀100°±2"),
                ("%%u下划%%u%%o上%%O", "下划上"),
                ("5%%%", "5%"),
                ("%%065%%177%%130%%1", "A±%%130%%1"),
                ("%%", "%%"),
                ("%%x", "%%x"),
                ("a^Jb^ c", "a\nb^c"),
            ] {
                assert_eq!(plain(coded, codes), read, "{coded}");
            }
        }
        assert_eq!(plain("{a}\\P", Codes::Line), "{a}\\P");
    }

    #[test]
    fn the_codes_of_many_lines_are_read() {
        for (coded, read) in [
            ("{\\fSimSun|b0|i0|c134|p2;柳叶湖}", "柳叶湖"),
            ("\\H2.5x;\\W0.8;\\Q15;\\T2;\\C1;\\c255;\\A1;\\pxi-3,l4;段", "段"),
            ("a\\Pb\\~c\\Nd", "a\nb c\nd"),
            ("\\L下\\l\\O上\\o\\K删\\k", "下上删"),
            ("\\\\\\{\\}", "\\{}"),
            ("\\S1/2;", "1/2"),
            ("3\\S1#2;m", "3 1/2m"),
            ("\\S+0.2^-0.1;", "+0.2/-0.1"),
            ("m\\S2^;", "m2"),
            ("H\\S^ 2;O", "H2O"),
            ("\\S\\U+67F3/%%c;", "柳/⌀"),
            ("\\S1\\;/2;", "1;/2"),
            ("\\S1/2", "\\S1/2"),
            ("\\fArial", "\\fArial"),
            ("\\z\\", "\\z\\"),
            ("砼3\\P\\M+5C1F8", "砼3\n柳"),
        ] {
            assert_eq!(plain(coded, Codes::Lines), read, "{coded}");
        }
    }
}
