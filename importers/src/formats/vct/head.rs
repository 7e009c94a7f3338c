//! The head, the feature codes and the table structures: what the objects after them mean.

use crate::formats::lines::{Fault, Lines, real};
use crate::table::Claim;
use ditu_crs::{Crs, Datum, Projection};
use std::collections::BTreeMap;
use std::io::BufRead;

/// Feature codes, tables and fields at most: far more than a standard has.
const MOST: usize = 20_000;

/// How objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// 1999: feature codes carry one colour; shapes are written plainly.
    V1,
    /// The land administration's 1.0 and 2.0: three colours.
    V2,
    /// 2007 and 3.0: shapes have kinds, objects end with `0`.
    V3,
}

/// What a feature code's objects are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Point,
    Line,
    Polygon,
    /// Text at a place.
    Annotation,
    /// Known and not imported: solids, aggregations, images.
    Other,
}

/// One line of the feature codes.
#[derive(Clone, Debug)]
pub(super) struct FeatureCode {
    pub(super) code: Vec<u8>,
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
    /// The attribute table; empty where there is none.
    pub(super) table: Vec<u8>,
}

/// One attribute table.
#[derive(Clone, Debug)]
pub(super) struct Structure {
    pub(super) name: Vec<u8>,
    /// Field names with whether they hold numbers.
    pub(super) fields: Vec<(Vec<u8>, bool)>,
    /// Rows that belong to no shape.
    pub(super) alone: bool,
}

/// All that stands before the first object.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) layout: Layout,
    /// 0: coordinates in polygons; 1: line ids; 2: lines also name what they join.
    pub(super) topology: u8,
    pub(super) three: bool,
    pub(super) separator: u8,
    pub(super) offset: [f64; 2],
    keys: BTreeMap<String, String>,
    pub(super) codes: Vec<FeatureCode>,
    pub(super) tables: Vec<Structure>,
}

/// The parts of a line between separators, each without space around it.
pub(super) fn split(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    line.split(move |b| *b == separator).map(<[u8]>::trim_ascii)
}

impl Head {
    /// Reads a head; the line `HeadBegin` is at hand.
    pub(super) fn read<R: BufRead>(lines: &mut Lines<R>) -> Result<Head, Fault> {
        let mut keys = BTreeMap::new();
        loop {
            let text = lines.need("HeadEnd", "HeadEnd")?;
            if text.eq_ignore_ascii_case(b"HeadEnd") {
                break;
            }
            let (text, _, _) = encoding_rs::GB18030.decode(text);
            let Some((key, value)) = text.split_once([':', '：']) else {
                return Err(lines.expected("“键:值”", "key:value"));
            };
            if keys.len() >= MOST {
                return Err(lines.fault("文件头过长", "the head is too long"));
            }
            keys.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
        let key = |k: &str| keys.get(k).map_or("", String::as_str);
        let mark = key("datamark").to_ascii_uppercase();
        let version = key("version").to_owned();
        let layout = if keys.contains_key("coordinatesystemtype")
            || version.starts_with('3')
            || version.contains("17798-2007")
        {
            Layout::V3
        } else if mark.starts_with("CNSDTF") {
            Layout::V1
        } else {
            Layout::V2
        };
        let separator = match key("separator").as_bytes() {
            [one] => *one,
            _ => b',',
        };
        let number = |t: &str| real(t.trim().as_bytes());
        let offset = key("offset").split_once(',').and_then(|(x, y)| Some([number(x)?, number(y)?]));
        Ok(Head {
            layout,
            topology: key("topo").parse().unwrap_or(0),
            three: key("dim") == "3",
            separator,
            offset: offset.unwrap_or_default(),
            keys,
            codes: Vec::new(),
            tables: Vec::new(),
        })
    }

    /// Reads the feature codes; `FeatureCodeBegin` is at hand.
    pub(super) fn read_codes<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<(), Fault> {
        let at = match self.layout {
            Layout::V3 => 3,
            Layout::V1 => 4,
            Layout::V2 => 6,
        };
        loop {
            let text = lines.need("FeatureCodeEnd", "FeatureCodeEnd")?;
            if text.eq_ignore_ascii_case(b"FeatureCodeEnd") {
                return Ok(());
            }
            let parts: Vec<&[u8]> = split(text, self.separator).collect();
            let [code, name, kind, ..] = parts[..] else {
                return Err(lines.expected("“要素代码,名称,类型,…”", "code, name, kind, …"));
            };
            let kind = match kind.to_ascii_lowercase().as_slice() {
                b"point" => Kind::Point,
                b"line" => Kind::Line,
                b"polygon" => Kind::Polygon,
                b"annotation" => Kind::Annotation,
                b"solid" | b"aggregation" | b"image" => Kind::Other,
                _ => {
                    return Err(lines.expected(
                        "Point、Line、Polygon 或 Annotation",
                        "Point, Line, Polygon or Annotation",
                    ));
                }
            };
            let table = parts.get(at).copied().unwrap_or_default().to_vec();
            let found = FeatureCode { code: code.to_vec(), name: name.to_vec(), kind, table };
            if self.codes.len() >= MOST {
                return Err(lines.fault("要素代码过多", "there are too many feature codes"));
            }
            self.codes.push(found);
        }
    }

    /// Reads the table structures; `TableStructureBegin` is at hand.
    pub(super) fn read_tables<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<(), Fault> {
        loop {
            lines.need("TableStructureEnd", "TableStructureEnd")?;
            let text = lines.text().to_vec();
            let text = text.as_slice();
            if text.eq_ignore_ascii_case(b"TableStructureEnd") {
                return Ok(());
            }
            // The closing zero of a table, which 2.0 does not write.
            if text == b"0" {
                continue;
            }
            let mut parts = split(text, self.separator);
            let name = parts.next().unwrap_or_default().to_vec();
            let count = parts.next().and_then(|n| std::str::from_utf8(n).ok()?.parse::<usize>().ok());
            let alone = parts.next().is_some_and(|p| p.eq_ignore_ascii_case(b"NoneGeometry"));
            let Some(count) = count.filter(|n| *n <= MOST) else {
                return Err(lines.expected("“表名,字段数”", "table name, number of fields"));
            };
            let mut fields = Vec::new();
            for _ in 0..count {
                let text = lines.need("字段", "a field")?.to_vec();
                let mut parts = split(&text, self.separator);
                let name = parts.next().unwrap_or_default().to_vec();
                let Some(kind) = parts.next() else {
                    return Err(lines.expected("“字段名,类型[,宽度]”", "field name, type[, width]"));
                };
                let numeric = [b"int".as_slice(), b"smallint", b"float", b"double", b"numeric"];
                let kind = kind.to_ascii_lowercase();
                fields.push((name, numeric.iter().any(|t| kind.starts_with(t))));
            }
            if self.tables.len() >= MOST {
                return Err(lines.fault("属性表过多", "there are too many tables"));
            }
            self.tables.push(Structure { name, fields, alone });
        }
    }

    /// The structure of a table.
    pub(super) fn structure(&self, name: &[u8]) -> Option<&Structure> {
        self.tables.iter().find(|t| t.name.eq_ignore_ascii_case(name))
    }

    fn key(&self, name: &str) -> &str {
        self.keys.get(name).map_or("", String::as_str)
    }

    /// The datum, by the ellipsoid's name or axis: in Chinese survey each belongs to one.
    fn datum(&self) -> Option<Datum> {
        let text = format!("{} {} {}", self.key("spheroid"), self.key("coordinate"), self.key("projection"))
            .to_uppercase();
        let name = |words: &[&str]| words.iter().any(|w| text.contains(w));
        if name(&["CGCS2000", "CGCS 2000", "2000国家", "国家2000", "CHINA_2000", "298.257222101"]) {
            return Some(Datum::Cgcs2000);
        }
        if name(&["IAG", "XIAN", "西安", "1980"]) {
            return Some(Datum::Xian80);
        }
        if name(&["KRASOV", "克拉索夫", "BEIJING", "北京"]) {
            return Some(Datum::Beijing54);
        }
        if name(&["WGS"]) {
            return Some(Datum::Wgs84);
        }
        let axis = format!("{} {}", self.key("spheroid"), self.key("parameters"));
        let numbers: Vec<f64> = axis.split([',', ' ']).filter_map(|t| real(t.as_bytes())).collect();
        let is = |a: f64| numbers.iter().any(|n| (n - a).abs() < 0.5);
        if is(6_378_140.0) {
            Some(Datum::Xian80)
        } else if is(6_378_245.0) {
            Some(Datum::Beijing54)
        } else {
            None
        }
    }

    /// What the head says of the CRS; `None` when it does not name the datum, which is never guessed. `x` is an easting of
    /// the file, which shows whether eastings carry a zone number.
    pub(super) fn claim(&self, x: Option<f64>) -> Option<Claim> {
        let datum = self.datum()?;
        let by = "VCT".to_owned();
        let unit = format!("{}{}", self.key("unit"), self.key("xyunit")).to_uppercase();
        let plane = self.key("coordinatesystemtype").eq_ignore_ascii_case("D");
        if plane || (unit.starts_with('D') && !unit.starts_with("DM")) {
            return Some(Claim { by, crs: Ok(Crs::new(datum, Projection::Geographic)) });
        }
        let parameters: Vec<f64> =
            self.key("parameters").split(',').filter_map(|t| real(t.as_bytes())).collect();
        let meridian = real(self.key("meridinan").as_bytes())
            .or_else(|| real(self.key("meridian").as_bytes()))
            .or_else(|| parameters.first().copied())
            .filter(|m| (70.0..=140.0).contains(m));
        let zone = x.map(|x| (x / 1e6).floor()).filter(|z| (13.0..=45.0).contains(z));
        let crs = match meridian {
            Some(m) => Ok(Crs::gauss_kruger(datum, m, zone.map(|z| z as u32))),
            None => Err(format!("{} / 缺中央经线 no central meridian", self.key("projection"))),
        };
        Some(Claim { by, crs })
    }
}
