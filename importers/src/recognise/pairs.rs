//! Pairs of columns that may hold the places of a table: by the words of their headings, else by where their numbers lie.

use super::crs::Shift;
use super::fields::{self, OR};
use crate::table::{ShapeSource, Table};
use ditu_crs::Datum;
use ditu_model::Text;
use std::collections::BTreeSet;

/// What a heading says of the system that its numbers are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum System {
    Cgcs2000,
    Wgs84,
    Xian80,
    Beijing54,
    Gcj02,
    Bd09,
    /// A grid of the city's or a site's own.
    Own,
    Old,
    New,
}

impl System {
    /// The datum, where it names one.
    pub(crate) fn datum(self) -> Option<Datum> {
        match self {
            System::Cgcs2000 => Some(Datum::Cgcs2000),
            System::Wgs84 => Some(Datum::Wgs84),
            System::Xian80 => Some(Datum::Xian80),
            System::Beijing54 => Some(Datum::Beijing54),
            _ => None,
        }
    }

    /// The offset of internet maps, where it names one.
    pub(crate) fn shift(self) -> Option<Shift> {
        match self {
            System::Gcj02 => Some(Shift::Gcj02),
            System::Bd09 => Some(Shift::Bd09),
            _ => None,
        }
    }

    /// For people.
    pub(crate) fn name(self) -> Text {
        let (zh, en) = match self {
            System::Cgcs2000 => ("CGCS2000", "CGCS2000"),
            System::Wgs84 => ("WGS 84", "WGS 84"),
            System::Xian80 => ("西安80", "Xian 1980"),
            System::Beijing54 => ("北京54", "Beijing 1954"),
            System::Gcj02 => ("GCJ-02", "GCJ-02"),
            System::Bd09 => ("BD-09", "BD-09"),
            System::Own => ("独立坐标系", "a grid of its own"),
            System::Old => ("旧坐标", "old"),
            System::New => ("新坐标", "new"),
        };
        Text::new(zh, en)
    }
}

/// Words of headings that name a system, the longer before those that they hold; `None` for words that name nothing.
const WORDS: &[(&str, Option<System>)] = &[
    ("2000国家大地", Some(System::Cgcs2000)),
    ("国家大地2000", Some(System::Cgcs2000)),
    ("国家2000", Some(System::Cgcs2000)),
    ("cgcs2000", Some(System::Cgcs2000)),
    ("cgcs", Some(System::Cgcs2000)),
    ("2000", Some(System::Cgcs2000)),
    ("国家", None),
    ("1954年", Some(System::Beijing54)),
    ("beijing1954", Some(System::Beijing54)),
    ("beijing54", Some(System::Beijing54)),
    ("bj1954", Some(System::Beijing54)),
    ("bj54", Some(System::Beijing54)),
    ("北京1954", Some(System::Beijing54)),
    ("北京54", Some(System::Beijing54)),
    ("1954", Some(System::Beijing54)),
    ("54", Some(System::Beijing54)),
    ("北京", Some(System::Beijing54)),
    ("1980年", Some(System::Xian80)),
    ("xian1980", Some(System::Xian80)),
    ("xian80", Some(System::Xian80)),
    ("xa80", Some(System::Xian80)),
    ("西安1980", Some(System::Xian80)),
    ("西安80", Some(System::Xian80)),
    ("1980", Some(System::Xian80)),
    ("80", Some(System::Xian80)),
    ("西安", Some(System::Xian80)),
    ("wgs1984", Some(System::Wgs84)),
    ("wgs84", Some(System::Wgs84)),
    ("wgs", Some(System::Wgs84)),
    ("gps", Some(System::Wgs84)),
    ("1984", Some(System::Wgs84)),
    ("84", Some(System::Wgs84)),
    ("gcj02", Some(System::Gcj02)),
    ("gcj", Some(System::Gcj02)),
    ("火星", Some(System::Gcj02)),
    ("高德", Some(System::Gcj02)),
    ("腾讯", Some(System::Gcj02)),
    ("amap", Some(System::Gcj02)),
    ("bd09", Some(System::Bd09)),
    ("baidu", Some(System::Bd09)),
    ("百度", Some(System::Bd09)),
    ("地方独立", Some(System::Own)),
    ("城市独立", Some(System::Own)),
    ("独立", Some(System::Own)),
    ("地方", Some(System::Own)),
    ("施工", Some(System::Own)),
    ("假定", Some(System::Own)),
    ("local", Some(System::Own)),
    ("旧", Some(System::Old)),
    ("老", Some(System::Old)),
    ("原", Some(System::Old)),
    ("old", Some(System::Old)),
    ("新", Some(System::New)),
    ("new", Some(System::New)),
    ("高斯", None),
    ("投影", None),
    ("平面", None),
    ("直角", None),
    ("大地", None),
    ("地理", None),
    ("坐标系", None),
    ("坐标值", None),
    ("坐标", None),
    ("coordinates", None),
    ("coordinate", None),
    ("coords", None),
    ("coord", None),
    ("point", None),
    ("zbz", None),
    ("zb", None),
    ("系统", None),
    ("数值", None),
    ("值", None),
];

/// What is left of a heading that names an axis and nothing else.
const AXES: [(&[&str], Axis); 4] = [
    (&["经度", "经", "东经", "lon", "lng", "long", "longitude", "经度l", "l经度", "经度e"], Axis::Longitude),
    (&["纬度", "纬", "北纬", "lat", "latitude", "纬度b", "b纬度", "纬度n"], Axis::Latitude),
    (&["x", "纵", "北", "n", "north", "northing", "纵x", "北x", "北n", "x北", "x纵", "n北", "北向"], Axis::X),
    (&["y", "横", "东", "e", "east", "easting", "横y", "东y", "东e", "y东", "y横", "e东", "东向"], Axis::Y),
];

/// Words that say of a pair that it is no place of the row's own thing: ends of a line, corners of a box.
const ELSEWHERE: [&str; 26] = [
    "起", "终", "始", "止", "末", "首", "上游", "下游", "左", "右", "最小", "最大", "范围", "西南", "东北",
    "start", "end", "from", "to", "begin", "min", "max", "upper", "lower", "first", "last",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Longitude,
    Latitude,
    /// The northing, as survey sheets call it.
    X,
    Y,
}

/// How surely a pair is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// Its headings name the axes, and a system perhaps.
    Plainly,
    /// They say something besides: 设计X, X1.
    Otherwise,
    /// They name no axis; the numbers are those of places.
    Not,
}

/// Two columns that may hold places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair {
    /// The column called longitude or X, and the other. Which of X and Y is the northing is for the numbers to say.
    pub(crate) columns: (usize, usize),
    /// Longitude and latitude by name.
    pub(crate) degrees: bool,
    pub(crate) named: Named,
    /// The systems that the headings name.
    pub(crate) says: BTreeSet<System>,
    /// What they say besides.
    pub(crate) besides: String,
}

impl Pair {
    /// The datum that the headings name; none where they name two.
    pub(crate) fn datum(&self) -> Option<Datum> {
        let mut all = self.says.iter().filter_map(|s| s.datum());
        all.next().filter(|_| all.next().is_none())
    }

    pub(crate) fn shift(&self) -> Option<Shift> {
        self.says.iter().find_map(|s| s.shift())
    }
}

/// What one heading says.
struct Heading {
    axis: Axis,
    says: BTreeSet<System>,
    /// What it says besides; a pair's headings say the same.
    besides: String,
    sure: bool,
}

/// Small letters of half width, without space and marks between words; marks stay where `gap` is given.
fn plain(text: &str, gap: Option<char>) -> String {
    let half = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    };
    let mark =
        |c: char| c.is_whitespace() || matches!(c, '_' | '-' | '.' | '/' | ':' | '·' | '"' | '—' | '#' | '=');
    let text: String = text.chars().map(half).flat_map(char::to_lowercase).collect();
    text.chars().filter_map(|c| if mark(c) { gap } else { Some(c) }).collect()
}

/// A heading's name and what stands in brackets behind it.
fn parts(name: &str) -> (&str, &str) {
    let open = name.find(['(', '（', '[', '【']).unwrap_or(name.len());
    let (bare, rest) = name.split_at(open);
    let inner = rest.trim_start_matches(['(', '（', '[', '【']);
    let end = inner.find([')', '）', ']', '】']).unwrap_or(inner.len());
    // A bracket that comes first holds what others put behind.
    if bare.trim().is_empty() {
        let after = inner[end..].trim_start_matches([')', '）', ']', '】']);
        if !after.trim().is_empty() {
            return (after, &inner[..end]);
        }
    }
    (bare, &inner[..end])
}

/// Takes the words that name systems out of a text.
fn take_words(mut text: String, says: &mut BTreeSet<System>) -> String {
    for (word, system) in WORDS {
        if text.contains(word) {
            says.extend(*system);
            text = text.replace(word, " ");
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An axis at the beginning or end of what else a heading says, and the rest.
fn axis_within(text: &str) -> Option<(Axis, String)> {
    for (words, axis) in [(["经度", "东经"], Axis::Longitude), (["纬度", "北纬"], Axis::Latitude)] {
        if let Some(word) = words.iter().find(|w| text.contains(**w)) {
            return Some((axis, text.replace(word, "")));
        }
    }
    let tokens: Vec<&str> = text.split(' ').collect();
    for (words, axis) in AXES {
        let at = tokens.iter().position(|t| words.contains(t));
        // A token of its own, as in `design x`.
        if let Some(at) = at.filter(|_| tokens.len() > 1) {
            let rest: Vec<&str> =
                tokens.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, t)| *t).collect();
            return Some((axis, rest.concat()));
        }
    }
    let letter = |c: char| match c {
        'x' | 'n' | '纵' | '北' => Some(Axis::X),
        'y' | 'e' | '横' | '东' => Some(Axis::Y),
        'l' => Some(Axis::Longitude),
        'b' => Some(Axis::Latitude),
        _ => None,
    };
    let (mut chars, apart) = (text.chars(), |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphabetic()));
    let (first, second) = (chars.next()?, chars.next());
    if let Some(axis) = letter(first).filter(|_| apart(second)) {
        return Some((axis, text[first.len_utf8()..].to_owned()));
    }
    let mut back = text.chars().rev();
    let (last, before) = (back.next()?, back.next());
    let axis = letter(last).filter(|_| apart(before))?;
    Some((axis, text[..text.len() - last.len_utf8()].to_owned()))
}

/// Reads a heading; `None` where it names no axis.
fn heading(column: &str) -> Option<Heading> {
    let mut says = BTreeSet::new();
    for name in column.split(OR) {
        let (bare, inner) = parts(name);
        take_words(plain(inner, None), &mut says);
        take_words(plain(bare, None), &mut says);
    }
    let named = |text: &str| AXES.iter().find(|(words, _)| words.contains(&text)).map(|(_, axis)| *axis);
    let sure = |axis, says| Some(Heading { axis, says, besides: String::new(), sure: true });
    for name in column.split(OR) {
        let (bare, inner) = parts(name);
        for text in [bare, inner] {
            let whole = take_words(plain(text, None), &mut BTreeSet::new()).replace(' ', "");
            if let Some(axis) = named(&whole) {
                return sure(axis, says);
            }
        }
    }
    if let Some(axis) = fields::axis(column) {
        let axis = [Axis::Longitude, Axis::Latitude, Axis::X, Axis::Y][axis];
        return sure(axis, says);
    }
    let (bare, _) = parts(column.split(OR).next()?);
    let left = take_words(plain(bare, Some(' ')), &mut BTreeSet::new());
    let (axis, besides) = axis_within(&left)?;
    let tokens: Vec<&str> = left.split(' ').collect();
    let elsewhere = |w: &&str| if w.is_ascii() { tokens.contains(w) } else { besides.contains(*w) };
    (!ELSEWHERE.iter().any(elsewhere)).then_some(Heading { axis, says, besides, sure: false })
}

/// All pairs that the headings name, in the order of their columns.
pub(crate) fn by_heading(columns: &[String]) -> Vec<Pair> {
    let headings: Vec<Option<Heading>> = columns.iter().map(|c| heading(c)).collect();
    let mut used = vec![false; columns.len()];
    let mut found = Vec::new();
    let is = |i: usize, axis: Axis| headings[i].as_ref().is_some_and(|h| h.axis == axis);
    type Same<'a> = &'a dyn Fn(&Heading, &Heading) -> bool;
    // Those that say the same of themselves belong together; of the rest, those of one kind.
    let rounds: [Same<'_>; 2] = [&|a, b| a.says == b.says && a.besides == b.besides, &|a, b| {
        a.sure && b.sure && (a.says.is_empty() || b.says.is_empty())
    }];
    for same in rounds {
        for (first, second) in [(Axis::Longitude, Axis::Latitude), (Axis::X, Axis::Y)] {
            for a in (0..columns.len()).filter(|i| is(*i, first)) {
                if used[a] {
                    continue;
                }
                let Some(this) = &headings[a] else { continue };
                let fits = |b: &usize| {
                    !used[*b] && is(*b, second) && headings[*b].as_ref().is_some_and(|h| same(this, h))
                };
                // The first belongs to the first, the second to the second, whichever of X and Y comes before.
                let Some(b) = (0..columns.len()).find(fits) else { continue };
                (used[a], used[b]) = (true, true);
                let (Some(one), Some(other)) = (&headings[a], &headings[b]) else { continue };
                found.push(Pair {
                    columns: (a, b),
                    degrees: first == Axis::Longitude,
                    named: if one.sure && other.sure { Named::Plainly } else { Named::Otherwise },
                    says: one.says.union(&other.says).copied().collect(),
                    besides: one.besides.clone(),
                });
            }
        }
    }
    found.sort_by_key(|p| p.columns.0.min(p.columns.1));
    found
}

/// The pair from which a table's places come.
pub(crate) fn of(table: &Table) -> Option<Pair> {
    let ShapeSource::Columns(a, b) = table.shapes else { return None };
    by_heading(&table.columns).into_iter().find(|p| p.columns == (a, b))
}

/// A column's name as a person reads it.
pub(crate) fn shown(column: &str) -> &str {
    column.split(OR).next().unwrap_or(column).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &str) -> Vec<(usize, usize, Named, Vec<System>)> {
        let columns: Vec<String> = list.split(',').map(str::to_owned).collect();
        let each = by_heading(&columns).into_iter();
        each.map(|p| (p.columns.0, p.columns.1, p.named, p.says.into_iter().collect())).collect()
    }

    #[test]
    fn headings_name_pairs_and_their_systems_in_any_order_and_words() {
        use Named::{Otherwise, Plainly};
        use System::*;
        let one = |a, b, n, s: &[System]| (a, b, n, s.to_vec());
        for (list, wanted) in [
            ("点号,X,Y", vec![one(1, 2, Plainly, &[])]),
            ("X,Y,X2000,Y2000", vec![one(0, 1, Plainly, &[]), one(2, 3, Plainly, &[Cgcs2000])]),
            ("Y2000,X2000,Y54,X54", vec![one(1, 0, Plainly, &[Cgcs2000]), one(3, 2, Plainly, &[Beijing54])]),
            (
                "54X坐标,54Y坐标,国家2000_X,国家2000_Y",
                vec![one(0, 1, Plainly, &[Beijing54]), one(2, 3, Plainly, &[Cgcs2000])],
            ),
            (
                "西安80纵坐标,西安80横坐标,纵坐标(CGCS2000),横坐标(CGCS2000)",
                vec![one(0, 1, Plainly, &[Xian80]), one(2, 3, Plainly, &[Cgcs2000])],
            ),
            ("原X,原Y,新X,新Y", vec![one(0, 1, Plainly, &[Old]), one(2, 3, Plainly, &[New])]),
            (
                "经度,纬度,高德经度,高德纬度,百度经度,百度纬度",
                vec![one(0, 1, Plainly, &[]), one(2, 3, Plainly, &[Gcj02]), one(4, 5, Plainly, &[Bd09])],
            ),
            (
                "lng_gcj02,lat_gcj02,lng_wgs84,lat_wgs84",
                vec![one(0, 1, Plainly, &[Gcj02]), one(2, 3, Plainly, &[Wgs84])],
            ),
            ("X,Y,X,Y", vec![one(0, 1, Plainly, &[]), one(2, 3, Plainly, &[])]),
            ("Y,X,Y,X", vec![one(1, 0, Plainly, &[]), one(3, 2, Plainly, &[])]),
            ("X1,Y1,X2,Y2", vec![one(0, 1, Otherwise, &[]), one(2, 3, Otherwise, &[])]),
            ("北坐标(N),东坐标(E),B(纬度),L(经度)", vec![one(0, 1, Plainly, &[]), one(3, 2, Plainly, &[])]),
            ("设计X,设计Y,实测 X,实测 Y", vec![one(0, 1, Otherwise, &[]), one(2, 3, Otherwise, &[])]),
            (
                "1954年北京坐标系X(m) | X(m)（1954年北京坐标系）,1954年北京坐标系Y(m) | Y(m)（1954年北京坐标系）",
                vec![one(0, 1, Plainly, &[Beijing54])],
            ),
            ("Old_X,Old_Y,New_X,New_Y", vec![one(0, 1, Plainly, &[Old]), one(2, 3, Plainly, &[New])]),
            ("起点X,起点Y,终点X,终点Y", vec![]),
            ("Start_X,Start_Y,End_X,End_Y,MinX,MaxY", vec![]),
            ("名称,类型,key,index,name,type,备注,高程", vec![]),
            ("X2000,Y", vec![one(0, 1, Plainly, &[Cgcs2000])]),
        ] {
            assert_eq!(pairs(list), wanted, "{list}");
        }
    }
}
