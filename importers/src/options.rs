//! What the caller knows and decides before a delivery is looked at.

use crate::notes::both;
use crate::present::Present;
use ditu_crs::control::Control;
use ditu_gdal::Worker;
use ditu_model::{Bounds, LayerId, Layers, Mode, Text};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// How to import.
#[derive(Clone)]
pub struct Options {
    /// What the caller says of tables; it replaces what would otherwise be found out from the files.
    pub choices: Vec<Choice>,
    /// How the rows meet what the layer holds.
    pub mode: Mode,
    /// A folder for unpacked archives and finished grids; the caller removes it after the commit.
    pub scratch: PathBuf,
    /// How to start the process that reads by GDAL.
    pub worker: Worker,
    /// Fitted control that may be chosen by name.
    pub controls: Vec<Arc<Control>>,
    /// What the store holds now, for checks between a delivery and it; `None` checks within the delivery.
    pub present: Option<Arc<dyn Present>>,
    /// The city's box in degrees, by which numbers without a CRS are recognised and stray features found.
    pub city: Option<Bounds>,
    /// The layers of the map, for readers that must know what a drawing layer means; [`crate::plan()`] fills it in.
    pub layers: Option<Arc<Layers>>,
}

/// What the caller says of one table, of all tables of a file, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// The file's name in the delivery; `None` speaks of every file.
    pub file: Option<String>,
    /// The table's name in the file; `None` speaks of every table.
    pub table: Option<String>,
    /// The layer.
    pub layer: Option<LayerId>,
    /// The CRS of the coordinates.
    pub crs: Option<CrsChoice>,
    /// The encoding of texts, by its usual name (`GBK`, `UTF-8`, `Big5`).
    pub encoding: Option<String>,
    /// The datum of its heights.
    pub heights: Option<Heights>,
    /// The unit of its plane coordinates, and of its shapes' heights.
    pub units: Option<Unit>,
    /// What stands for "no height" in a raster or among heights.
    pub nodata: Option<NoData>,
}

/// A unit of length in which drawings are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A thousandth of a metre.
    Millimetre,
    /// A hundredth of a metre.
    Centimetre,
    /// A tenth of a metre.
    Decimetre,
    /// What the map is in.
    Metre,
    /// A thousand metres.
    Kilometre,
    /// 0.0254 m.
    Inch,
    /// 0.3048 m.
    Foot,
    /// 1200/3937 m.
    SurveyFoot,
}

impl Unit {
    /// All of them, the usual ones first.
    pub(crate) const ALL: [Unit; 8] = [
        Unit::Metre,
        Unit::Millimetre,
        Unit::Kilometre,
        Unit::Centimetre,
        Unit::Foot,
        Unit::Decimetre,
        Unit::Inch,
        Unit::SurveyFoot,
    ];

    /// How many metres one is.
    pub fn metres(self) -> f64 {
        match self {
            Unit::Millimetre => 0.001,
            Unit::Centimetre => 0.01,
            Unit::Decimetre => 0.1,
            Unit::Metre => 1.0,
            Unit::Kilometre => 1000.0,
            Unit::Inch => 0.0254,
            Unit::Foot => 0.3048,
            Unit::SurveyFoot => 1200.0 / 3937.0,
        }
    }

    /// How usual it is, 0 to 1.
    pub(crate) fn usual(self) -> f64 {
        match self {
            Unit::Metre | Unit::Millimetre | Unit::Kilometre => 1.0,
            Unit::Centimetre | Unit::Foot => 0.9,
            Unit::Decimetre | Unit::Inch => 0.8,
            Unit::SurveyFoot => 0.7,
        }
    }

    /// For people.
    pub(crate) fn name(self) -> Text {
        match self {
            Unit::Millimetre => both("毫米", "millimetres"),
            Unit::Centimetre => both("厘米", "centimetres"),
            Unit::Decimetre => both("分米", "decimetres"),
            Unit::Metre => both("米", "metres"),
            Unit::Kilometre => both("千米", "kilometres"),
            Unit::Inch => both("英寸", "inches"),
            Unit::Foot => both("英尺", "feet"),
            Unit::SurveyFoot => both("美制测量英尺", "US survey feet"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Millimetre => "mm",
            Unit::Centimetre => "cm",
            Unit::Decimetre => "dm",
            Unit::Metre => "m",
            Unit::Kilometre => "km",
            Unit::Inch => "in",
            Unit::Foot => "ft",
            Unit::SurveyFoot => "us-ft",
        })
    }
}

impl FromStr for Unit {
    type Err = String;

    fn from_str(text: &str) -> Result<Unit, String> {
        let plain = text.trim().to_ascii_lowercase();
        let named = |u: &Unit| u.to_string() == plain || u.name().zh == plain || u.name().en == plain;
        Unit::ALL.into_iter().find(named).ok_or_else(|| {
            format!("{text} is no unit of coordinates; write mm, cm, dm, m, km, in, ft or us-ft")
        })
    }
}

/// What stands for "no height".
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoData {
    /// Nothing: every number that can be a height is one.
    None,
    /// This number, as the file has it.
    Value(f64),
}

impl FromStr for NoData {
    type Err = String;

    fn from_str(text: &str) -> Result<NoData, String> {
        match text.trim() {
            "none" | "None" | "NONE" | "无" => Ok(NoData::None),
            number => {
                let n = number.parse::<f64>().ok().filter(|n| n.is_finite());
                n.map(NoData::Value).ok_or_else(|| {
                    format!(
                        "{text} is no number; write the one that means \"no height\", as in -9999, or none"
                    )
                })
            }
        }
    }
}

impl fmt::Display for NoData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoData::None => f.write_str("none"),
            NoData::Value(n) => write!(f, "{n}"),
        }
    }
}

/// A height datum as people name it, and what brings its heights to the 1985 national height datum.
#[derive(Clone, Debug, PartialEq)]
pub struct Heights {
    /// The datum's name.
    pub datum: String,
    /// Metres to add.
    pub offset_m: f64,
}

impl Heights {
    /// For the report.
    pub(crate) fn describe(&self) -> Text {
        let Heights { datum, offset_m } = self;
        match *offset_m {
            0.0 => both(format!("{datum}（按指定）"), format!("{datum} (as stated)")),
            _ => both(
                format!("{datum}，加 {offset_m} m 改正到 1985 国家高程基准"),
                format!("{datum}, {offset_m} m added to come to the 1985 datum"),
            ),
        }
    }
}

impl FromStr for Heights {
    type Err = String;

    fn from_str(text: &str) -> Result<Heights, String> {
        let wrong =
            || format!("{text} is no height datum; write 1985, or NAME:METRES to add, as in 1956:-0.029");
        let (datum, offset) = text.split_once([':', '：']).map_or((text, None), |(d, o)| (d, Some(o)));
        let datum = datum.trim();
        let offset_m = match offset {
            Some(o) => o.trim().parse::<f64>().ok().filter(|o| o.abs() < 1000.0).ok_or_else(wrong)?,
            None if datum.contains("85") => 0.0,
            None => return Err(wrong()),
        };
        if datum.is_empty() { Err(wrong()) } else { Ok(Heights { datum: datum.to_owned(), offset_m }) }
    }
}

/// A CRS as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrsChoice {
    /// By EPSG code.
    Epsg(u32),
    /// Degrees of a Chinese internet map, to be undone by the public formula.
    Gcj02,
    /// Degrees of Baidu's map, to be undone by the public formula.
    Bd09,
    /// Degrees of CGCS2000 whose decimals are minutes and seconds: 111.4154 is 111° 41′ 54″.
    Dms,
    /// By fitted control of this name, written `control:NAME`.
    Control(String),
}

impl FromStr for CrsChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<CrsChoice, String> {
        if let Some(name) = text.strip_prefix("control:").map(str::trim).filter(|n| !n.is_empty()) {
            return Ok(CrsChoice::Control(name.to_owned()));
        }
        let plain: String =
            text.chars().filter(|c| !matches!(c, '-' | ' ')).collect::<String>().to_ascii_uppercase();
        match plain.as_str() {
            "GCJ02" => Ok(CrsChoice::Gcj02),
            "BD09" => Ok(CrsChoice::Bd09),
            "DMS" => Ok(CrsChoice::Dms),
            _ => {
                let digits = plain.strip_prefix("EPSG:").unwrap_or(&plain);
                let code = digits.parse().map_err(|_| {
                    format!("{text} is no CRS; write EPSG:4525, GCJ-02, BD-09, DMS or control:NAME")
                })?;
                Ok(CrsChoice::Epsg(code))
            }
        }
    }
}

impl fmt::Display for CrsChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CrsChoice::Epsg(code) => write!(f, "EPSG:{code}"),
            CrsChoice::Gcj02 => f.write_str("GCJ-02"),
            CrsChoice::Bd09 => f.write_str("BD-09"),
            CrsChoice::Dms => f.write_str("DMS"),
            CrsChoice::Control(name) => write!(f, "control:{name}"),
        }
    }
}

impl Options {
    /// The most particular word of the caller on a table; among equals the last.
    fn said<'a, T>(
        &'a self,
        file: &str,
        table: Option<&str>,
        part: impl Fn(&'a Choice) -> Option<T>,
    ) -> Option<T> {
        let speaks = |c: &&Choice| {
            c.file.as_deref().is_none_or(|f| f == file) && c.table.as_deref().is_none_or(|t| Some(t) == table)
        };
        let said = self
            .choices
            .iter()
            .filter(speaks)
            .filter_map(|c| Some((u8::from(c.file.is_some()) + u8::from(c.table.is_some()), part(c)?)));
        said.max_by_key(|(weight, _)| *weight).map(|(_, part)| part)
    }

    /// The encoding that the caller names for a file.
    pub(crate) fn encoding(&self, file: &str) -> Option<&str> {
        self.said(file, None, |c| c.encoding.as_deref())
    }

    /// The CRS that the caller names for a table, or for all tables of a file.
    pub(crate) fn crs(&self, file: &str, table: Option<&str>) -> Option<&CrsChoice> {
        self.said(file, table, |c| c.crs.as_ref())
    }

    /// The unit of coordinates that the caller names for a table.
    pub(crate) fn units(&self, file: &str, table: &str) -> Option<Unit> {
        self.said(file, Some(table), |c| c.units)
    }

    /// The height datum that the caller names for a table.
    pub(crate) fn heights(&self, file: &str, table: &str) -> Option<&Heights> {
        self.said(file, Some(table), |c| c.heights.as_ref())
    }

    /// What the caller says means "no height" in a table.
    pub(crate) fn nodata(&self, file: &str, table: &str) -> Option<NoData> {
        self.said(file, Some(table), |c| c.nodata)
    }

    /// The layer that the caller names for a table.
    pub(crate) fn layer(&self, file: &str, table: &str) -> Option<&LayerId> {
        self.said(file, Some(table), |c| c.layer.as_ref())
    }
}

/// A language of user-facing texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crs_is_named_in_the_usual_ways() {
        for (text, wanted) in [
            ("EPSG:4525", CrsChoice::Epsg(4525)),
            ("epsg:4525", CrsChoice::Epsg(4525)),
            ("4525", CrsChoice::Epsg(4525)),
            ("gcj02", CrsChoice::Gcj02),
            ("GCJ-02", CrsChoice::Gcj02),
            ("bd-09", CrsChoice::Bd09),
            ("dms", CrsChoice::Dms),
        ] {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
        assert!("西安80".parse::<CrsChoice>().is_err());
    }

    #[test]
    fn a_unit_is_named_in_the_usual_ways() {
        for unit in Unit::ALL {
            assert_eq!(unit.to_string().parse(), Ok(unit));
            assert_eq!(unit.name().zh.parse(), Ok(unit));
        }
        assert_eq!("MM".parse(), Ok(Unit::Millimetre));
        assert!("".parse::<Unit>().is_err() && "丈".parse::<Unit>().is_err());
    }

    #[test]
    fn what_means_no_height_is_a_number_or_nothing() {
        for (text, wanted) in
            [("none", NoData::None), ("-9999", NoData::Value(-9999.0)), (" 0 ", NoData::Value(0.0))]
        {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
            assert_eq!(wanted.to_string().parse(), Ok(wanted));
        }
        for wrong in ["", "NaN", "inf", "no", "1,5"] {
            assert!(wrong.parse::<NoData>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_height_datum_other_than_1985_comes_with_its_offset() {
        let heights = |datum: &str, offset_m| Ok(Heights { datum: datum.to_owned(), offset_m });
        assert_eq!("1985".parse(), heights("1985", 0.0));
        assert_eq!("1956:-0.029".parse(), heights("1956", -0.029));
        assert_eq!("吴淞：-1.9".parse(), heights("吴淞", -1.9));
        for wrong in ["1956", "吴淞", "", ":1", "1956:x", "1956:NaN", "1956:inf", "1956:4000"] {
            assert!(wrong.parse::<Heights>().is_err(), "{wrong}");
        }
    }
}
