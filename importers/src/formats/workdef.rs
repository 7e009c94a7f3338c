//! CASS's `WORK.DEF`: what the codes of a drawing mean to whoever drew it, `code,layer,kind,parameter,parameter,name` a
//! line, to `END`. A delivery may hold its office's own beside the drawings.

use crate::notes::{both, of_file};
use crate::recognise::encoding;
use crate::table::Raw;
use ditu_model::{Finding, Severity};
use encoding_rs::GB18030;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Bytes beyond which it is no such file; CASS's own has some forty thousand.
const MOST: u64 = 4 << 20;

/// Names of codes.
pub(super) type Names = Arc<HashMap<String, Box<str>>>;

/// The file in the folder of a drawing, and what is to be said of it. Nothing when there is none.
pub(super) fn beside(drawing: &Path) -> (Names, Vec<Finding>) {
    let entry = drawing.parent().and_then(|folder| {
        let mut entries = std::fs::read_dir(folder).ok()?.flatten();
        entries.find(|e| {
            e.file_name().eq_ignore_ascii_case("work.def") && e.file_type().is_ok_and(|t| t.is_file())
        })
    });
    let Some(entry) = entry else { return Default::default() };
    let name = entry.file_name().to_string_lossy().into_owned();
    let mut bytes = Vec::new();
    let read = File::open(entry.path()).and_then(|f| f.take(MOST + 1).read_to_end(&mut bytes));
    if read.is_err() || bytes.len() as u64 > MOST {
        let message = both("读不出来，或者太大", "cannot be read, or is too large");
        let cure = both("未使用", "not used");
        return (Names::default(), vec![of_file("cass.work_def", Severity::Warning, &name, message, cure)]);
    }
    let (names, bad) = parse(&bytes);
    let n = names.len();
    let mut findings = vec![of_file(
        "cass.work_def",
        Severity::Note,
        &name,
        both(format!("取得 {n} 个编码的名称"), format!("gives names to {n} codes")),
        both("代码表里没有的编码按名称识别", "codes that no list knows are read by their names"),
    )];
    if let Some((line, byte, count)) = bad {
        findings.push(of_file(
            "cass.work_def_line",
            Severity::Warning,
            &name,
            both(
                format!("有 {count} 行不是“编码,图层,类型,参数,参数,说明”，第一处在第 {line} 行（第 {byte} 字节）"),
                format!(
                    "{count} lines are not `code,layer,kind,parameter,parameter,name`, the first is line {line} (byte {byte})"
                ),
            ),
            both("这些行未使用", "those lines are not used"),
        ));
    }
    (Arc::new(names), findings)
}

/// The first line that is none, its byte, and how many there are.
type Bad = (usize, usize, usize);

fn parse(bytes: &[u8]) -> (HashMap<String, Box<str>>, Option<Bad>) {
    let encoding = if std::str::from_utf8(bytes).is_ok() { encoding_rs::UTF_8 } else { GB18030 };
    let (mut names, mut bad, mut at) = (HashMap::new(), None::<Bad>, 0);
    for (i, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let begin = at;
        at += line.len() + 1;
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
        if line.is_empty() || line.starts_with(b"//") {
            continue;
        }
        if line.eq_ignore_ascii_case(b"END") {
            break;
        }
        let fields: Vec<&[u8]> = line.split(|b| *b == b',').collect();
        let code = fields[0].trim_ascii();
        let is_code = !code.is_empty() && code.len() <= 12 && code.iter().all(u8::is_ascii_alphanumeric);
        let name = fields.get(5).map(|f| encoding::decode(encoding, f));
        match name {
            Some(Raw::Text(name)) if is_code => {
                names.entry(String::from_utf8_lossy(code).into_owned()).or_insert(name);
            }
            // A code without a name is allowed and says nothing.
            Some(Raw::Null) if is_code => {}
            _ => {
                let (line, byte, count) = bad.unwrap_or((i + 1, begin, 0));
                bad = Some((line, byte, count + 1));
            }
        }
    }
    (names, bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_names_to_the_end_and_lines_that_are_none_are_told() {
        let text = "141111,JMD,5,PL,0,砼房屋\r\n202101,GCD,0,gc200,0,一般高程点\r\nbroken\r\n999,X,1,,,\r\nEND\r\n1,2,3,4,5,x";
        let (names, bad) = parse(&GB18030.encode(text).0);
        assert_eq!(names.len(), 2);
        assert_eq!(&*names["141111"], "砼房屋");
        assert_eq!(bad.map(|b| (b.0, b.2)), Some((3, 1)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
