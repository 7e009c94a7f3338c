//! Which encoding texts are in: the user's word, `.cpg`, the language byte, then the bytes themselves.

use crate::formats::Refused;
use crate::notes::both;
use crate::question::{Answer, Subject};
use crate::table::{Encoded, Raw};
use ditu_model::Text;
use encoding_rs::{BIG5, Encoding, GB18030, UTF_8, WINDOWS_1252};

/// A name as people and `.cpg` files write it.
pub(crate) fn named(name: &str) -> Option<&'static Encoding> {
    let name = name.trim().trim_matches(['\0', '\u{feff}']).trim();
    let low = name.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let digits: String = low.chars().filter(char::is_ascii_digit).collect();
    match low.as_str() {
        "utf8" | "65001" | "cp65001" => Some(UTF_8),
        "gbk" | "gb2312" | "gb18030" | "euccn" | "cp936" | "ansi936" | "ms936" | "windows936" => {
            Some(GB18030)
        }
        "big5" | "cp950" | "ansi950" | "ms950" => Some(BIG5),
        _ if low == digits || low.starts_with("cp") || low.starts_with("ansi") => match digits.as_str() {
            "936" | "54936" => Some(GB18030),
            "950" => Some(BIG5),
            "932" => Some(encoding_rs::SHIFT_JIS),
            "949" => Some(encoding_rs::EUC_KR),
            "88591" | "28591" | "819" => Some(WINDOWS_1252),
            "1250" => Some(encoding_rs::WINDOWS_1250),
            "1251" => Some(encoding_rs::WINDOWS_1251),
            "1252" => Some(WINDOWS_1252),
            _ => None,
        },
        // The label itself, then without its separators: "ISO8859-1", "iso 8859 1", "latin1".
        _ => Encoding::for_label(name.as_bytes()).or_else(|| match low.as_str() {
            "iso88591" | "latin1" | "8859_1" => Some(WINDOWS_1252),
            _ => Encoding::for_label(low.as_bytes()),
        }),
    }
}

/// What dBASE's language byte says, where it says anything: 0x57 is "whatever the system uses" and says nothing.
pub(crate) fn language_byte(byte: u8) -> Option<&'static Encoding> {
    match byte {
        0x4d | 0x7a => Some(GB18030),
        0x4f | 0x78 => Some(BIG5),
        0x13 | 0x7b => Some(encoding_rs::SHIFT_JIS),
        0x4e | 0x79 => Some(encoding_rs::EUC_KR),
        0x03 | 0x58 | 0x59 => Some(WINDOWS_1252),
        0xc8 => Some(encoding_rs::WINDOWS_1250),
        0xc9 => Some(encoding_rs::WINDOWS_1251),
        _ => None,
    }
}

/// What a file says of itself, and some of its texts.
#[derive(Default)]
pub(crate) struct Evidence<'a> {
    /// The user's word.
    pub(crate) user: Option<&'a str>,
    /// Text of the `.cpg` file.
    pub(crate) cpg: Option<String>,
    /// dBASE's language byte.
    pub(crate) ldid: Option<u8>,
    /// What the file declares in words of its own: an XML declaration, a drawing's code page.
    pub(crate) declared: Option<String>,
    /// Texts that hold more than ASCII.
    pub(crate) samples: Vec<Vec<u8>>,
}

/// Why no encoding could be chosen, with the same five texts in each that is possible.
pub(crate) struct Unclear {
    message: Text,
    cure: Text,
    answers: Vec<Answer>,
}

impl From<Unclear> for Refused {
    fn from(u: Unclear) -> Refused {
        let asks = (!u.answers.is_empty()).then(|| Box::new((Subject::Encoding, u.answers)));
        Refused { rule: "encoding.unclear", message: u.message, cure: u.cure, asks }
    }
}

/// The share of samples that decode strictly. A text may end inside a character: fields are cut at a byte.
fn valid(encoding: &'static Encoding, samples: &[Vec<u8>]) -> f64 {
    let (mut good, mut whole) = (0usize, samples.is_empty());
    for sample in samples {
        match decode(encoding, sample) {
            Raw::Broken { cut: false, .. } => {}
            // A text of which nothing but ASCII is left is no evidence for the encoding.
            Raw::Broken { text, .. } => good += usize::from(!text.is_ascii()),
            _ => (good, whole) = (good + 1, true),
        }
    }
    if whole { good as f64 / samples.len().max(1) as f64 } else { 0.0 }
}

/// The share of all non-ASCII characters that are everyday Chinese: GB 2312's first level.
fn everyday(encoding: &'static Encoding, samples: &[Vec<u8>]) -> f64 {
    let (mut common, mut all) = (0usize, 0usize);
    for sample in samples {
        let (text, _, _) = encoding.decode(sample);
        for c in text.chars().filter(|c| !c.is_ascii()) {
            all += 1;
            let punctuation = matches!(c, '（' | '）' | '，' | '、' | '。' | '—' | '·' | '：' | '０'..='９');
            common += usize::from(punctuation || is_first_level(c));
        }
    }
    common as f64 / all.max(1) as f64
}

fn is_first_level(c: char) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, bad) = GB18030.encode(c.encode_utf8(&mut buffer));
    !bad && matches!(*bytes, [0xb0..=0xd7, 0xa1..=0xfe])
}

/// The same for traditional characters: Big5's first level.
fn is_big5_first_level(c: char) -> bool {
    let mut buffer = [0; 4];
    let (bytes, _, bad) = BIG5.encode(c.encode_utf8(&mut buffer));
    !bad && matches!(bytes.first(), Some(0xa4..=0xc6)) && bytes.len() == 2
}

/// True when texts that decode in the encoding that a file names are everyday Chinese in another: valid UTF-8 that also is
/// some GBK, or GBK that also is some Latin. A `.cpg` is often a copy of another file's.
fn reads_better(claimed: &'static Encoding, samples: &[Vec<u8>]) -> bool {
    if samples.is_empty() {
        return false;
    }
    let stated = everyday(claimed, samples);
    [UTF_8, GB18030].into_iter().filter(|other| *other != claimed).any(|other| {
        let enough = if other == UTF_8 { 0.995 } else { 0.98 };
        let read = everyday(other, samples);
        valid(other, samples) >= enough && read >= 0.7 && read > stated + 0.2
    })
}

/// Decides. ASCII only is UTF-8 without need of proof.
pub(crate) fn decide(evidence: &Evidence<'_>) -> Result<Encoded, Unclear> {
    let samples = &evidence.samples;
    if let Some(user) = evidence.user {
        return match named(user) {
            Some(encoding) => {
                Ok(chosen(encoding, "由使用者指定（--encoding）", "named by the user (--encoding)", samples))
            }
            None => Err(Unclear {
                message: both(format!("不认识编码 {user}"), format!("there is no encoding {user}")),
                cure: both("用 GBK、UTF-8、Big5 等名称", "use a name such as GBK, UTF-8 or Big5"),
                answers: Vec::new(),
            }),
        };
    }
    let mut doubts = (String::new(), String::new());
    let claims = [
        (evidence.cpg.as_deref().and_then(named), ".cpg 文件".to_owned(), "the .cpg file".to_owned()),
        (
            evidence.ldid.and_then(language_byte),
            format!("DBF 语言字节 0x{:02X}", evidence.ldid.unwrap_or(0)),
            format!("the DBF language byte 0x{:02X}", evidence.ldid.unwrap_or(0)),
        ),
        (
            evidence.declared.as_deref().and_then(named),
            "文件自己的声明".to_owned(),
            "the file's own declaration".to_owned(),
        ),
    ];
    for (claimed, zh, en) in claims {
        let Some(encoding) = claimed else { continue };
        if valid(encoding, samples) >= 0.995 && !reads_better(encoding, samples) {
            return Ok(chosen(encoding, &format!("{zh}{}", doubts.0), &format!("{en}{}", doubts.1), samples));
        }
        doubts.0 += &format!("（{zh} 称 {}，与内容不符）", encoding.name());
        doubts.1 += &format!(" ({en} says {}, which the texts are not)", encoding.name());
    }
    if samples.is_empty() {
        return Ok(chosen(UTF_8, "只有 ASCII 字符", "ASCII only", samples));
    }
    if valid(UTF_8, samples) >= 0.995 {
        return Ok(chosen(
            UTF_8,
            &format!("内容是合法的 UTF-8{}", doubts.0),
            &format!("the texts are valid UTF-8{}", doubts.1),
            samples,
        ));
    }
    let gb = if valid(GB18030, samples) >= 0.98 { everyday(GB18030, samples) } else { 0.0 };
    let big5 = if valid(BIG5, samples) >= 0.98 {
        let text: String = samples.iter().map(|s| BIG5.decode(s).0.into_owned()).collect();
        let (first, all) = text
            .chars()
            .filter(|c| !c.is_ascii())
            .fold((0usize, 0usize), |n, c| (n.0 + usize::from(is_big5_first_level(c)), n.1 + 1));
        first as f64 / all.max(1) as f64
    } else {
        0.0
    };
    if gb >= 0.7 && gb > big5 {
        let percent = (gb * 100.0).round();
        return Ok(chosen(
            GB18030,
            &format!("内容按 GB18030 解码，{percent}% 为常用汉字{}", doubts.0),
            &format!("the texts decode as GB18030, {percent} % of them everyday characters{}", doubts.1),
            samples,
        ));
    }
    if big5 >= 0.9 && gb < 0.5 {
        let percent = (big5 * 100.0).round();
        return Ok(chosen(
            BIG5,
            &format!("内容按 Big5 解码，{percent}% 为常用汉字{}", doubts.0),
            &format!("the texts decode as Big5, {percent} % of them everyday characters{}", doubts.1),
            samples,
        ));
    }
    let mut shown = String::new();
    let mut answers = Vec::new();
    for encoding in [GB18030, BIG5, UTF_8, WINDOWS_1252] {
        let (name, five) = (encoding.name(), five(encoding, samples));
        shown += &format!("\n  --encoding {name}: {five}");
        answers.push(Answer::new(name, both(format!("{name}：{five}"), format!("{name}: {five}"))));
    }
    Err(Unclear {
        message: both(
            format!("无法确定文字编码{}", doubts.0),
            format!("the encoding of the texts is unclear{}", doubts.1),
        ),
        cure: both(format!("选读得通的一种：{shown}"), format!("choose the one that reads right:{shown}")),
        answers,
    })
}

fn chosen(encoding: &'static Encoding, zh: &str, en: &str, samples: &[Vec<u8>]) -> Encoded {
    let evidence = if samples.is_empty() {
        both(zh, en)
    } else {
        let five = five(encoding, samples);
        both(format!("{zh}；如：{five}"), format!("{en}; such as: {five}"))
    };
    Encoded { encoding, evidence }
}

/// Five different texts as they read in an encoding.
fn five(encoding: &'static Encoding, samples: &[Vec<u8>]) -> String {
    let mut seen: Vec<String> = Vec::new();
    for sample in samples {
        let text: String = encoding.decode_without_bom_handling(sample).0.trim().chars().take(24).collect();
        if !seen.contains(&text) {
            seen.push(text);
        }
        if seen.len() == 5 {
            break;
        }
    }
    seen.join("、")
}

/// Decodes a text strictly; a character cut off at the end is dropped and said so.
pub(crate) fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Raw {
    if bytes.is_ascii() {
        // ASCII is the same in every encoding here.
        return match std::str::from_utf8(bytes) {
            Ok(text) => Raw::text(text),
            Err(_) => Raw::Null,
        };
    }
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        return Raw::text(&text);
    }
    for cut in 1..=3.min(bytes.len()) {
        let head = &bytes[..bytes.len() - cut];
        if !bytes[bytes.len() - cut..].iter().all(|b| !b.is_ascii() || cut > 1) {
            continue;
        }
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(head) {
            return Raw::Broken { text: text.trim().into(), cut: true };
        }
    }
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Raw::Broken { text: text.trim().into(), cut: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(encoding: &'static Encoding, texts: &[&str]) -> Vec<Vec<u8>> {
        texts.iter().map(|t| encoding.encode(t).0.into_owned()).collect()
    }

    const NAMES: [&str; 5] = ["武陵大道", "沅江", "柳叶湖", "临澧县人民政府", "桃花源镇"];

    #[test]
    fn u2_every_encoding_is_found_whatever_the_file_claims() {
        let traditional = ["臺灣大學", "國語學習", "電話號碼", "圖書館", "車站"];
        for (bytes, encoding) in [
            (encode(GB18030, &NAMES), GB18030),
            (encode(UTF_8, &NAMES), UTF_8),
            (encode(BIG5, &traditional), BIG5),
        ] {
            for (cpg, ldid) in
                [(None, None), (None, Some(0x57)), (Some("UTF-8"), None), (Some("OEM"), Some(0))]
            {
                let evidence = Evidence {
                    cpg: cpg.map(str::to_owned),
                    ldid,
                    samples: bytes.clone(),
                    ..Evidence::default()
                };
                let found = decide(&evidence).unwrap_or_else(|u| panic!("{}", u.message.en));
                assert_eq!(found.encoding, encoding, "{cpg:?} {ldid:?}");
            }
        }
    }

    /// A `.cpg` copied from another file: the bytes decode in it and mean nothing.
    #[test]
    fn u2_a_claim_that_reads_as_nonsense_does_not_stand_against_plain_chinese() {
        for (bytes, encoding) in [(encode(GB18030, &NAMES), GB18030), (encode(UTF_8, &NAMES), UTF_8)] {
            for (cpg, ldid) in [
                (Some("ISO-8859-1"), None),
                (Some("936"), None),
                (None, Some(0x4d)),
                (None, Some(0x57)),
                (Some("1252"), Some(0x03)),
            ] {
                let cpg = cpg.map(str::to_owned);
                let evidence = Evidence { cpg, ldid, samples: bytes.clone(), ..Evidence::default() };
                let found = decide(&evidence).unwrap_or_else(|u| panic!("{}", u.message.en));
                assert_eq!(found.encoding, encoding, "{:?} {ldid:?}", evidence.cpg);
            }
        }
        // Latin that is Latin stays what its file says.
        let latin = encode(WINDOWS_1252, &["Müller", "Straße", "café", "àé"]);
        let evidence = Evidence { cpg: Some("1252".into()), samples: latin, ..Evidence::default() };
        assert_eq!(decide(&evidence).map(|e| e.encoding).ok(), Some(WINDOWS_1252));
    }

    #[test]
    fn u1_the_names_that_cpg_files_hold_are_known() {
        for (name, encoding) in [
            ("936", GB18030),
            ("GBK", GB18030),
            ("GB2312\r\n", GB18030),
            ("gb18030", GB18030),
            ("ANSI 936", GB18030),
            ("CP936", GB18030),
            ("UTF-8", UTF_8),
            ("65001", UTF_8),
            ("950", BIG5),
            ("BIG5", BIG5),
            ("ISO-8859-1", WINDOWS_1252),
            ("ISO88591", WINDOWS_1252),
            ("latin1", WINDOWS_1252),
        ] {
            assert_eq!(named(name), Some(encoding), "{name}");
        }
        assert_eq!(named("OEM"), None);
        assert_eq!(named(""), None);
    }

    #[test]
    fn u2_texts_that_read_in_no_way_are_asked_about_with_samples() {
        let samples = vec![b"\xe4\xf6\xfc".to_vec(), b"Stra\xdfe".to_vec()];
        let unclear = decide(&Evidence { samples, ..Evidence::default() }).err().unwrap();
        assert!(unclear.cure.en.contains("--encoding windows-1252: äöü、Straße"), "{}", unclear.cure.en);
    }

    #[test]
    fn a_character_cut_at_the_end_of_a_field_is_dropped_and_said() {
        let bytes = GB18030.encode("武陵").0;
        assert_eq!(decode(GB18030, &bytes[..3]), Raw::Broken { text: "武".into(), cut: true });
        assert_eq!(decode(UTF_8, &"武陵".as_bytes()[..5]), Raw::Broken { text: "武".into(), cut: true });
        assert!(matches!(decode(UTF_8, b"\xff\xfeabc"), Raw::Broken { cut: false, .. }));
    }
}
