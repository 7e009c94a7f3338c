//! Sheets of old and open workbooks that are not shown: GDAL gives them like the others.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Records of an old workbook among which its sheets are listed, and bytes of a tag of an open one.
const RECORDS: usize = 100_000;
const TAG: usize = 1 << 14;

/// The hidden sheets of an XLS. None where the file is not as it should be: GDAL says so.
pub(super) fn of_xls(path: &Path) -> Vec<String> {
    let mut names = Vec::new();
    // A stream ends with its file.
    let Ok(mut file) = cfb::open(path) else { return names };
    let Ok(mut stream) = file.open_stream("/Workbook") else { return names };
    let mut head = [0; 4];
    let mut body = Vec::new();
    for _ in 0..RECORDS {
        if stream.read_exact(&mut head).is_err() {
            break;
        }
        let [kind, length] = [u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]])];
        body.resize(usize::from(length), 0);
        if stream.read_exact(&mut body).is_err() || kind == 0x0a {
            break;
        }
        // BoundSheet8, [MS-XLS] 2.4.28: place, state, kind, then the name with its length and the width of its characters.
        let (0x85, [_, _, _, _, state, _, n, wide, name @ ..]) = (kind, body.as_slice()) else { continue };
        if state & 3 != 0 {
            let units: Vec<u16> = match wide & 1 {
                0 => name.iter().map(|b| u16::from(*b)).collect(),
                _ => name.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect(),
            };
            names.push(String::from_utf16_lossy(&units[..units.len().min(usize::from(*n))]));
        }
    }
    names
}

/// The hidden sheets of an ODS: those with a style that is not displayed (ODF 1.3 part 3, 20.390 `table:display`).
pub(super) fn of_ods(path: &Path) -> Vec<String> {
    let zip = File::open(path).ok().and_then(|f| zip::ZipArchive::new(f).ok());
    let Some(mut zip) = zip else { return Vec::new() };
    let Ok(content) = zip.by_name("content.xml") else { return Vec::new() };
    of_content(BufReader::new(content))
}

/// The value of a tag's attribute.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, after) = tag.split_once(&format!(" {name}="))?;
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let value = after[1..].split(quote).next()?;
    Some(quick_xml::escape::unescape(value).map_or_else(|_| value.to_owned(), |v| v.into_owned()))
}

fn of_content(mut content: impl BufRead) -> Vec<String> {
    let (mut hidden_styles, mut names) = (Vec::new(), Vec::new());
    let mut style = None;
    let mut tag = Vec::new();
    while content.skip_until(b'<').is_ok_and(|n| n > 0) {
        tag.clear();
        let read = content.by_ref().take(TAG as u64).read_until(b'>', &mut tag);
        if read.is_err() || tag.is_empty() {
            break;
        }
        let text = String::from_utf8_lossy(&tag);
        let attribute = |name: &str| attribute(&text, name);
        match text.split([' ', '>', '/', '\n', '\t']).next() {
            Some("style:style") => style = attribute("style:name"),
            Some("style:table-properties") if attribute("table:display").as_deref() == Some("false") => {
                hidden_styles.extend(style.take());
            }
            Some("table:table")
                if attribute("table:style-name").is_some_and(|s| hidden_styles.contains(&s)) =>
            {
                names.extend(attribute("table:name"));
            }
            _ => (),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_of_a_style_that_is_not_displayed_are_hidden() {
        let content = "<?xml version='1.0'?><a><style:style style:name=\"ta1\" style:family=\"table\">\
             <style:table-properties table:display=\"true\"/></style:style><style:style style:name='ta2'>\
             <style:table-properties  style:writing-mode=\"lr\" table:display=\"false\"/></style:style>\
             <table:table table:name=\"甲\" table:style-name=\"ta1\"><x/></table:table>\
             <table:table table:name=\"乙 &amp; 丙\" table:style-name=\"ta2\"/><table:table table:name=\"丁\"></a>";
        assert_eq!(of_content(content.as_bytes()), ["乙 & 丙"]);
        for cut in 0..content.len() {
            of_content(&content.as_bytes()[..cut]);
        }
        let long = format!("<a {}><table:table table:name=\"甲\">", "x".repeat(3 * TAG));
        assert!(of_content(long.as_bytes()).is_empty());
    }
}
