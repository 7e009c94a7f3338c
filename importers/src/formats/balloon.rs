//! Attributes that KML keeps as a table of HTML in `<description>`, as ArcGIS and Google Earth write them: a copy that has
//! them as data.

use crate::delivery::Found;
use crate::options::Options;
use quick_xml::escape::escape;
use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

/// Bytes of a description that is looked at.
const LONGEST: usize = 1 << 18;
/// Bytes of a tag or of what stands before it.
const PIECE: u64 = 1 << 16;
/// Attributes of one feature.
const PAIRS: usize = 500;
/// Tables within tables.
const DEEP: usize = 16;

/// Whether a part of a file has cells of an HTML table, as they are or escaped.
pub(super) fn has_cells(bytes: &[u8]) -> bool {
    let is =
        |at: usize, word: &[u8]| bytes.get(at..at + word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word));
    memchr::memchr2_iter(b'<', b'&', bytes).any(|i| match bytes[i] {
        b'<' => is(i + 1, b"td"),
        _ => is(i + 1, b"lt;td"),
    })
}

/// A copy of a KML file whose tables are data; `None` where no feature has any.
pub(super) fn unfolded(found: &Found, options: &Options) -> io::Result<Option<Found>> {
    let suffix = format!(".{}", found.ending());
    let copy = tempfile::Builder::new().prefix("table-").suffix(&suffix).tempfile_in(&options.scratch)?;
    let file = BufReader::with_capacity(1 << 17, std::fs::File::open(&found.path)?);
    let mut out = BufWriter::with_capacity(1 << 17, copy.as_file());
    let any = unfold(file, &mut out)?;
    out.flush()?;
    drop(out);
    if !any {
        return Ok(None);
    }
    let (_, path) = copy.keep().map_err(|e| e.error)?;
    Ok(Some(Found { path, ..found.clone() }))
}

/// Copies a KML text and adds to each feature what its table says.
fn unfold(mut from: impl BufRead, to: &mut dyn Write) -> io::Result<bool> {
    let (mut piece, mut any) = (Vec::new(), false);
    let mut feature: Option<Feature> = None;
    loop {
        piece.clear();
        if (&mut from).take(PIECE).read_until(b'>', &mut piece)? == 0 {
            return Ok(any);
        }
        let tag = piece.iter().rposition(|b| *b == b'<').map_or(&[][..], |at| &piece[at..]);
        match name(tag) {
            b"Placemark" if !tag.ends_with(b"/>") => feature = Some(Feature::default()),
            b"Data" | b"SimpleData" => {
                let text = String::from_utf8_lossy(tag).into_owned();
                let own = super::hidden::attribute(&text, "name");
                if let (Some(feature), Some(own)) = (&mut feature, own) {
                    feature.own.insert(own);
                }
            }
            b"/ExtendedData" => {
                if let Some(feature) = &mut feature {
                    let at = piece.len() - tag.len();
                    to.write_all(&piece[..at])?;
                    any |= feature.write(to)?;
                    piece.drain(..at);
                }
            }
            b"/Placemark" => {
                if let Some(mut feature) = feature.take().filter(|f| !f.pairs.is_empty()) {
                    let at = piece.len() - tag.len();
                    to.write_all(&piece[..at])?;
                    to.write_all(b"<ExtendedData>")?;
                    any |= feature.write(to)?;
                    to.write_all(b"</ExtendedData>")?;
                    piece.drain(..at);
                }
            }
            b"description" if !tag.ends_with(b"/>") => {
                to.write_all(&piece)?;
                let mut text = Vec::new();
                while !closed(&text) {
                    piece.clear();
                    if (&mut from).take(PIECE).read_until(b'>', &mut piece)? == 0 {
                        break;
                    }
                    to.write_all(&piece)?;
                    // The end is seen in what is kept of a long text, too.
                    if text.len() + piece.len() > LONGEST {
                        text = b"<".to_vec();
                    }
                    text.extend_from_slice(&piece);
                }
                if let Some(feature) = &mut feature {
                    feature.pairs = pairs(&html(&text));
                }
                continue;
            }
            _ => {}
        }
        to.write_all(&piece)?;
    }
}

/// The name of a tag, with the `/` of one that closes.
fn name(tag: &[u8]) -> &[u8] {
    let Some((b'<', rest)) = tag.split_first() else { return &[] };
    let closing = usize::from(rest.first() == Some(&b'/'));
    let end = rest[closing..].iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'));
    &rest[..end.map_or(rest.len(), |e| e + closing)]
}

/// True when a text read so far ends its `<description>`: outside CDATA.
fn closed(text: &[u8]) -> bool {
    let Some(before) = text.strip_suffix(b"</description>") else { return false };
    let last = |what: &[u8]| before.windows(what.len()).rposition(|w| w == what);
    match (last(b"<![CDATA["), last(b"]]>")) {
        (Some(open), Some(close)) => close > open,
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// A feature on its way.
#[derive(Default)]
struct Feature {
    /// What its table says.
    pairs: Vec<(String, String)>,
    /// Names of data that it has already.
    own: HashSet<String>,
}

impl Feature {
    fn write(&mut self, to: &mut dyn Write) -> io::Result<bool> {
        let mut any = false;
        for (name, value) in std::mem::take(&mut self.pairs) {
            if self.own.insert(name.clone()) {
                write!(to, "<Data name=\"{}\"><value>{}</value></Data>", escape(&name), escape(&value))?;
                any = true;
            }
        }
        Ok(any)
    }
}

/// The HTML of a description: as it is in CDATA, or with its entities undone once.
fn html(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.strip_suffix("</description>").unwrap_or(&text).trim();
    match text.strip_prefix("<![CDATA[") {
        Some(inner) => inner.strip_suffix("]]>").unwrap_or(inner).to_owned(),
        None => entities(text),
    }
}

/// A text with the entities of HTML undone.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|b| b == b';');
        let of = |word: &str| -> Option<char> {
            if let Some(number) = word.strip_prefix('#') {
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                return char::from_u32(code).filter(|c| !c.is_control() || *c == '\n');
            }
            Some(match word {
                "nbsp" | "ensp" | "emsp" => ' ',
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => return None,
            })
        };
        match end.and_then(|e| Some((of(rest.get(1..e)?)?, e))) {
            Some((c, e)) => {
                out.push(c);
                rest = &rest[e + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A row of a table: the text of each cell, and whether it is a heading.
type Cells = Vec<(String, bool)>;

/// Names and values of the tables in a piece of HTML: rows of two cells, or a row of headings over a row of values.
fn pairs(html: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    // Tables that are open, each with its rows; a table within a cell stands for itself.
    let mut open: Vec<Vec<Cells>> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        push(&mut open, text);
        let Some(end) = tag.find('>') else {
            rest = "";
            break;
        };
        let (word, after) = (&tag[1..end], &tag[end + 1..]);
        let lower: String =
            word.chars().take(8).take_while(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        match lower.trim_end_matches('/') {
            "table" if open.len() < DEEP => open.push(Vec::new()),
            "/table" => {
                if let Some(rows) = open.pop() {
                    take(&rows, &mut found);
                }
            }
            "tr" => open.iter_mut().next_back().into_iter().for_each(|t| t.push(Vec::new())),
            "td" | "th" => {
                if let Some(table) = open.last_mut() {
                    if table.is_empty() {
                        table.push(Vec::new());
                    }
                    if let Some(row) = table.last_mut() {
                        row.push((String::new(), lower.starts_with("th")));
                    }
                }
            }
            "br" => push(&mut open, " "),
            _ => {}
        }
        rest = after;
        if found.len() >= PAIRS {
            break;
        }
    }
    push(&mut open, rest);
    for rows in open.iter().rev() {
        take(rows, &mut found);
    }
    found.truncate(PAIRS);
    found
}

fn push(open: &mut [Vec<Cells>], text: &str) {
    if let Some((cell, _)) = open.last_mut().and_then(|t| t.last_mut()).and_then(|r| r.last_mut()) {
        cell.push_str(text);
    }
}

/// What a finished table says.
fn take(rows: &[Cells], found: &mut Vec<(String, String)>) {
    let plain = |text: &str| entities(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut put = |name: &str, value: &str| {
        let name = plain(name).trim_end_matches([':', '：']).trim().to_owned();
        let value = plain(value);
        // ArcGIS writes what is empty in words.
        let value = if value.eq_ignore_ascii_case("<null>") { String::new() } else { value };
        if !name.is_empty() && name.chars().count() <= 120 && !found.iter().any(|(n, _)| *n == name) {
            found.push((name, value));
        }
    };
    if let [heads, values] = rows
        && heads.len() == values.len()
        && heads.len() > 1
        && heads.iter().all(|c| c.1)
        && values.iter().all(|c| !c.1)
    {
        heads.iter().zip(values).for_each(|(name, value)| put(&name.0, &value.0));
        return;
    }
    for row in rows {
        // Two headings are the names of the two columns.
        if let [(name, _), (value, false)] = row.as_slice() {
            put(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    const ARCGIS: &str = "<html><body><table><tr style=\"x\"><td>宗地</td></tr><tr><td><table>\
        <tr><td>宗地代码</td><td>43070201</td></tr><tr bgcolor=\"#D4E4F3\"><td><b>权利人</b></td><td>张三&nbsp;&amp;&nbsp;李四</td></tr>\
        <tr><td>备注：</td><td>&lt;Null&gt;</td></tr></table></td></tr></table></body></html>";

    #[test]
    fn tables_of_two_columns_are_names_and_values() {
        let wanted = of(&[("宗地代码", "43070201"), ("权利人", "张三 & 李四"), ("备注", "")]);
        assert_eq!(pairs(ARCGIS), wanted);
        assert_eq!(
            pairs(
                &ARCGIS
                    .to_uppercase()
                    .replace("&NBSP;", "&nbsp;")
                    .replace("&AMP;", "&amp;")
                    .replace("&LT;NULL&GT;", "")
            ),
            wanted
        );
        // Cells that nobody closes, headings, a table across.
        assert_eq!(pairs("<table><tr><th>字段<th>值<tr><th>名称<td>甲<br/>乙"), of(&[("名称", "甲 乙")]));
        let across =
            "<table><tr><th>a</th><th>b</th><th>c</th></tr><tr><td>1</td><td>2</td><td></td></tr></table>";
        assert_eq!(pairs(across), of(&[("a", "1"), ("b", "2"), ("c", "")]));
        for none in [
            "",
            "text",
            "<table>",
            "<td>a</td><td>b</td>",
            "<table><tr><td>only</td></tr></table>",
            "<table><tr><td",
        ] {
            assert!(pairs(none).is_empty(), "{none}");
        }
        let deep = "<table><tr><td>".repeat(10_000);
        assert!(pairs(&deep).is_empty());
    }

    fn copied(kml: &str) -> (String, bool) {
        let mut out = Vec::new();
        let any = unfold(kml.as_bytes(), &mut out).unwrap();
        (String::from_utf8(out).unwrap(), any)
    }

    #[test]
    fn a_feature_gets_the_data_of_its_table_and_keeps_its_own() {
        let data = "<Data name=\"宗地代码\"><value>43070201</value></Data>";
        let cdata = format!(
            "<kml><Placemark><description><![CDATA[{ARCGIS}]]></description><Point/></Placemark></kml>"
        );
        let (text, any) = copied(&cdata);
        assert!(any && text.contains(data), "{text}");
        assert!(
            text.ends_with("<Data name=\"备注\"><value></value></Data></ExtendedData></Placemark></kml>"),
            "{text}"
        );
        assert!(text.contains("张三 &amp; 李四"), "{text}");
        let escaped = escape(ARCGIS);
        let (text, any) = copied(&format!("<Placemark><description>{escaped}</description></Placemark>"));
        assert!(any && text.contains(data), "{text}");
        let own = format!(
            "<Placemark><description><![CDATA[{ARCGIS}]]></description><ExtendedData><Data name=\"宗地代码\"><value>7</value></Data></ExtendedData></Placemark>"
        );
        let (text, any) = copied(&own);
        assert!(any && !text.contains(data) && text.matches("<ExtendedData>").count() == 1, "{text}");
        // Whatever there is no table in stays as it is.
        for plain in [
            "<kml><Placemark><description>a &lt;b&gt;</description></Placemark></kml>",
            "<description>",
            "",
            "<a><![CDATA[</Placemark>]]></a>",
        ] {
            assert_eq!(copied(plain), (plain.to_owned(), false));
        }
        for cut in (0..cdata.len()).filter(|i| cdata.is_char_boundary(*i)) {
            copied(&cdata[..cut]);
        }
    }
}
