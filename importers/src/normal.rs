//! Texts as they are meant, however a program wrote them: accents composed (NFC), no characters that nobody sees, ideographs
//! for the radicals that look like them; in keys, codes and names that are compared also no full-width forms.
//!
//! What a text looks like stays, so names of places keep their full-width letters. Almost every text is as it should be and
//! is known for it by one look at each character.

use ditu_model::{LayerDef, Row, Value};
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Radicals (CJK Radicals Supplement) that programs write for whole characters, each before the ideograph that it stands for
/// (Unicode's EquivalentUnifiedIdeograph); those that are only ever a part of one are left alone. NFKC knows but two of them.
const RADICALS: &str = "⺁厂⺌小⺎兀⺒巳⺜日⺝月⺟母⺠民⺧牛⺩王⺫目⺬示⺶羊⺼肉⻁虎⻄西⻅见⻆角⻉贝⻋车⻑長⻓长⻔门⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻫斉⻬齐⻭歯⻮齿⻯竜⻰龙⻱龜⻲亀⻳龟";

/// A text value: composed, nothing invisible, no radicals.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().all(is_plain) { Cow::Borrowed(text) } else { mended(text, false) }
}

/// A key, a code or a name to compare: as [`text`], and full-width forms and wide spaces as plain ones.
pub(crate) fn code(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().all(|c| is_plain(c) && c != '\u{a0}') {
        Cow::Borrowed(text)
    } else {
        mended(text, true)
    }
}

/// True when a text has radicals in it where ideographs are meant.
pub(crate) fn has_radicals(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| ideograph(c).is_some())
}

/// The hash of a row's key with its texts as they are meant: what older versions, or other programs, put into the store.
pub(crate) fn key_hash(layer: &LayerDef, row: &Row) -> Option<u128> {
    let odd = |i: &usize| row.values[*i].as_str().is_some_and(|t| code(t) != t);
    if !layer.key.iter().any(odd) {
        return row.key_hash(&layer.key);
    }
    let values = layer.key.iter().map(|i| match &row.values[*i] {
        Value::Text(t) => Value::text(&*code(t)),
        other => other.clone(),
    });
    let row = Row { values: values.collect(), geometry: None };
    row.key_hash(&(0..layer.key.len()).collect::<Vec<_>>())
}

/// Characters of which nothing is ever to be changed, by ranges that nearly all texts here are made of.
fn is_plain(c: char) -> bool {
    matches!(c,
        '\0'..='\u{ac}' | '\u{ae}'..='\u{2ff}'
        | '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{3001}'..='\u{3029}' | '\u{2010}'..='\u{2027}' | '\u{2460}'..='\u{2adb}')
}

fn mended(text: &str, code: bool) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len());
    let right_to_left = || text.chars().any(|c| matches!(c, '\u{590}'..='\u{8ff}'));
    for c in text.chars() {
        let gone = match c {
            // Zero-width space, word joiner, byte order mark, soft hyphen, grapheme joiner, invisible operators.
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{34f}' | '\u{2061}'..='\u{2064}' => true,
            // Joiners mean something between letters that join, and between emoji.
            '\u{200c}' | '\u{200d}' => code || !out.chars().next_back().is_some_and(joins),
            // Marks of direction come along with texts that are copied from other programs.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                code || !right_to_left()
            }
            // Which of several forms a character is drawn in.
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => code,
            _ => false,
        };
        if gone {
            continue;
        }
        out.push(match c {
            '\u{ff01}'..='\u{ff5e}' if code => char::from_u32(c as u32 - 0xff01 + 0x21).unwrap_or(c),
            c if code && c.is_whitespace() => ' ',
            c => ideograph(c).unwrap_or(c),
        });
    }
    if is_nfc_quick(out.chars()) != IsNormalized::Yes {
        out = out.nfc().collect();
    }
    let trimmed = out.trim();
    if trimmed.len() < out.len() {
        out = trimmed.to_owned();
    }
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

/// Arabic, Indic and other letters that join, and pictures.
fn joins(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{1cff}' | '\u{a800}'..='\u{abff}' | '\u{2600}'..='\u{27bf}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// The ideograph that a radical stands for.
fn ideograph(c: char) -> Option<char> {
    match c {
        // Kangxi radicals: each is by NFKC the character itself.
        '\u{2f00}'..='\u{2fd5}' => std::iter::once(c).nfkc().next(),
        '\u{2e80}'..='\u{2ef3}' => {
            let mut pairs = RADICALS.chars();
            while let (Some(radical), Some(meant)) = (pairs.next(), pairs.next()) {
                if radical == c {
                    return Some(meant);
                }
            }
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_composed_and_rid_of_what_nobody_sees() {
        for (written, meant) in [
            ("DM0001", "DM0001"),
            ("柳叶湖", "柳叶湖"),
            ("He\u{301}fu\u{301}", "Héfú"),
            ("德\u{2f2d}", "德山"),
            ("⻰阳镇", "龙阳镇"),
            ("\u{200b}沅\u{200d}水\u{feff}", "沅水"),
            ("朗\u{ad}州\u{2060}路\u{202a}", "朗州路"),
            ("\u{f9d1}合", "六合"),
            // What it looks like stays.
            ("ＫＴＶ（柳叶湖店）", "ＫＴＶ（柳叶湖店）"),
            ("１８号", "１８号"),
            // What joiners are for.
            ("\u{645}\u{6cc}\u{200c}\u{62e}", "\u{645}\u{6cc}\u{200c}\u{62e}"),
            ("👩\u{200d}🚒", "👩\u{200d}🚒"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(text(written), meant, "{written:?}");
        }
        assert!(matches!(text("汉寿县，㙍头"), Cow::Borrowed(_)));
    }

    #[test]
    fn codes_have_no_full_width_forms_either() {
        for (written, meant) in [
            ("ＤＭ０００２", "DM0002"),
            ("ＤＭ－０００２（Ａ）", "DM-0002(A)"),
            ("DM\u{a0}0004\u{3000}", "DM 0004"),
            ("DM\u{fe0f}1", "DM1"),
            ("DM\u{200d}1", "DM1"),
            ("⽔管", "水管"),
        ] {
            assert_eq!(code(written), meant, "{written:?}");
        }
        assert!(matches!(code("宗地 - 副本"), Cow::Borrowed(_)));
    }

    /// The oracle: what is taken for plain is what the crate would leave alone.
    #[test]
    fn what_is_plain_stays_by_any_normal_form() {
        for c in ('\0'..='\u{ffff}').filter(|c| is_plain(*c)) {
            assert!(std::iter::once(c).nfc().eq([c]), "{c:?}");
            assert_eq!(unicode_normalization::char::canonical_combining_class(c), 0, "{c:?}");
            assert!(is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes, "{c:?}");
        }
    }

    #[test]
    fn every_radical_of_the_kangxi_block_becomes_an_ideograph() {
        for c in '\u{2f00}'..='\u{2fd5}' {
            assert!(matches!(ideograph(c), Some('\u{4e00}'..='\u{9fff}')), "{c}");
        }
        assert!(RADICALS.chars().step_by(2).all(|c| matches!(c, '\u{2e80}'..='\u{2ef3}')));
        assert!(RADICALS.chars().skip(1).step_by(2).all(|c| matches!(c, '\u{4e00}'..='\u{9fff}')));
    }
}
