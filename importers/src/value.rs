//! A column's raw values as a field keeps them: type, code list, width, pattern, range.

use crate::notes::both;
use crate::table::{Raw, number};
use ditu_model::value::meant;
use ditu_model::{Date, DateTime, Field, FieldType, Severity, Text, Value};
use std::collections::HashMap;

/// Something about one value.
#[derive(Debug, PartialEq)]
pub(crate) struct Remark {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: Text,
    pub(crate) cure: Text,
    /// The value as written.
    pub(crate) written: String,
    /// The column it stands in; set by whoever asked.
    pub(crate) column: usize,
}

/// Different texts of a coded column that are remembered.
const REMEMBERED: usize = 4_096;

/// What a spreadsheet shows where a formula fails.
const FAULTS: [&str; 8] = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", UNCOMPUTED];
/// What it shows while a formula is not computed; here also where its result was not stored.
pub(crate) const UNCOMPUTED: &str = "#GETTING_DATA";

/// Whole numbers above this lose digits as floating-point numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Converts one column for one field.
pub(crate) struct Converter {
    /// What texts mean in the field's code list: `None` for not in it.
    codes: HashMap<Box<str>, Option<Box<str>>>,
}

impl Converter {
    pub(crate) fn new() -> Converter {
        Converter { codes: HashMap::new() }
    }

    /// The value, or NULL with a remark why. An `Error` remark keeps the row out.
    pub(crate) fn convert(&mut self, field: &Field, raw: Raw, remarks: &mut Vec<Remark>) -> Value {
        let raw = match raw {
            Raw::Null => return Value::Null,
            Raw::Broken { text, cut } => {
                let (rule, message) = if cut {
                    ("text.cut", both("文字在一个字符中间被截断", "the text was cut inside a character"))
                } else {
                    ("text.undecodable", both("有的字节不合编码", "some bytes do not fit the encoding"))
                };
                remarks.push(Remark {
                    rule,
                    severity: if cut { Severity::Note } else { Severity::Warning },
                    message,
                    cure: both("已保留其余部分", "the rest was kept"),
                    written: text.to_string(),
                    column: 0,
                });
                Raw::text(&text)
            }
            Raw::Named { code, name } => chosen(field, *code, name),
            Raw::Text(text) if text.starts_with('#') && FAULTS.contains(&&*text) => {
                remarks.push(Remark {
                    rule: "value.fault",
                    severity: Severity::Warning,
                    message: match &*text {
                        UNCOMPUTED => both(
                            "单元格公式没有存计算结果",
                            "the file does not store what the cell's formula gives",
                        ),
                        _ => both("单元格公式出错", "the cell's formula failed"),
                    },
                    cure: match &*text {
                        UNCOMPUTED => both(
                            "该值留空；用表格软件打开并保存后再导入",
                            "left empty; open it in a spreadsheet program, save it, and import again",
                        ),
                        _ => both(
                            "该值留空；改正公式后重新导出",
                            "left empty; mend the formula and export again",
                        ),
                    },
                    written: text.into(),
                    column: 0,
                });
                return Value::Null;
            }
            raw => raw,
        };
        if let Some(list) = &field.codes {
            return self.coded(field, list, raw, remarks);
        }
        let value = match raw {
            // Most values of most layers: moved, not copied.
            Raw::Text(text) if field.kind == FieldType::Text && !text.ends_with(".0") && !rounded(&text) => {
                Ok(Value::Text(text))
            }
            raw => typed(field, &raw).map_err(|wrong| (wrong, raw)),
        };
        let value = match value {
            Ok(value) => value,
            Err(((rule, message), raw)) => {
                let severity = if rule == "value.digits_lost" { Severity::Error } else { Severity::Warning };
                let cure = if severity == Severity::Error {
                    both("把该列设为文本格式后重新导出", "make the column text and export it again")
                } else {
                    both("该值留空", "left empty")
                };
                remarks.push(Remark { rule, severity, message, cure, written: written(&raw), column: 0 });
                return Value::Null;
            }
        };
        check(field, &value, remarks);
        value
    }

    fn coded(
        &mut self,
        field: &Field,
        list: &ditu_model::layer::CodeList,
        raw: Raw,
        remarks: &mut Vec<Remark>,
    ) -> Value {
        let text: std::borrow::Cow<'_, str> = match &raw {
            Raw::Null => return Value::Null,
            Raw::Text(t) => (&**t).into(),
            other => written(other).into(),
        };
        let known = match self.codes.get(&*text) {
            Some(code) => code.clone(),
            None => {
                let found = list.find(&text).or_else(|| list.find(whole_number(&text)?));
                let code = found.map(|c| c.code.as_str().into());
                if self.codes.len() < REMEMBERED {
                    self.codes.insert((&*text).into(), code.clone());
                }
                code
            }
        };
        match known {
            Some(code) if field.kind == FieldType::Text => Value::Text(code),
            Some(code) => match typed(field, &Raw::Text(code)) {
                Ok(value) => value,
                Err(_) => Value::Null,
            },
            None => {
                let choices: Vec<&str> = list.codes.iter().take(12).map(|c| c.title.zh.as_str()).collect();
                remarks.push(Remark {
                    rule: "value.code",
                    severity: Severity::Warning,
                    message: both(
                        format!("不在代码表“{}”中", list.title.zh),
                        format!("is not in the code list {}", list.title.en),
                    ),
                    cure: both(
                        format!("该值留空；可用：{}…", choices.join("、")),
                        format!("left empty; known are {} …", choices.join(", ")),
                    ),
                    written: text.into_owned(),
                    column: 0,
                });
                Value::Null
            }
        }
    }
}

/// The code or the name of a value that has both: what the field's list knows, the name first; in a field without a list
/// the name where it is free text, the code where it has a form.
fn chosen(field: &Field, code: Raw, name: Box<str>) -> Raw {
    let by_name = match &field.codes {
        Some(list) => list.find(&name).is_some() || list.find(&written(&code)).is_none(),
        None => field.kind == FieldType::Text && field.pattern.is_none(),
    };
    if by_name { Raw::text(&name) } else { code }
}

type Wrong = (&'static str, Text);

fn wrong_type(zh: &str, en: &str) -> Wrong {
    ("value.type", both(format!("不是{zh}"), format!("is no {en}")))
}

fn digits_lost() -> Wrong {
    (
        "value.digits_lost",
        both(
            "长编号被存成了数字，后面的位数已丢失",
            "a long number was stored as a floating-point number; its last digits are lost",
        ),
    )
}

/// `4.30702E+18`, also with a small `e` or without the sign: what programs write for a long code that they took for a
/// number.
fn rounded(text: &str) -> bool {
    // What a reader makes of a number with more digits than 64 bits hold, where its column is of texts.
    if matches!(text, "9223372036854775807" | "-9223372036854775808") {
        return true;
    }
    // Asked of every text: looked at quickly first.
    if !text.ends_with(|c: char| c.is_ascii_digit()) || !text.as_bytes().contains(&b'.') {
        return false;
    }
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return false };
    exponent.trim_start_matches('+').parse::<u32>().is_ok_and(|e| e >= 9) && digits.parse::<f64>().is_ok()
}

/// The digits before `.0`, which programs write behind a code that they took for a number.
fn whole_number(text: &str) -> Option<&str> {
    text.strip_suffix(".0").filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))
}

/// A code without `.0`, where the field's form says that it is one.
fn unfloated<'a>(field: &Field, text: &'a str) -> Result<&'a str, Wrong> {
    let Some((digits, pattern)) = whole_number(text).zip(field.pattern.as_ref()) else { return Ok(text) };
    if pattern.is_match(text) {
        Ok(text)
    } else if digits.len() > 15 {
        Err(digits_lost())
    } else {
        Ok(if pattern.is_match(digits) { digits } else { text })
    }
}

/// A plain number as text: without the `.0` that spreadsheets and databases add.
fn number_text(n: f64) -> Result<String, Wrong> {
    if n.fract() != 0.0 {
        return Ok(format!("{n}"));
    }
    if n.abs() >= EXACT {
        return Err(digits_lost());
    }
    Ok(format!("{}", n as i64))
}

/// A raw value as text, for messages and code lists.
pub(crate) fn written(raw: &Raw) -> String {
    match raw {
        Raw::Null => String::new(),
        Raw::Text(t) | Raw::Broken { text: t, .. } => t.to_string(),
        Raw::Integer(i) => i.to_string(),
        Raw::Real(r) => number_text(*r).unwrap_or_else(|_| r.to_string()),
        Raw::Boolean(b) => b.to_string(),
        Raw::Date(d) => d.to_string(),
        Raw::DateTime(t) => t.to_string(),
        Raw::Named { code, .. } => written(code),
    }
}

fn typed(field: &Field, raw: &Raw) -> Result<Value, Wrong> {
    Ok(match (field.kind, raw) {
        (_, Raw::Null) => Value::Null,
        // What a reader makes of a number with more digits than it has room for.
        (_, Raw::Integer(i64::MAX | i64::MIN)) => return Err(digits_lost()),
        (FieldType::Text, Raw::Real(r)) => Value::text(number_text(meant(*r))?),
        (FieldType::Text, Raw::Text(t)) if rounded(t) => return Err(digits_lost()),
        (FieldType::Text, Raw::Text(t)) => Value::text(unfloated(field, t)?),
        (FieldType::Text, other) => Value::text(written(other)),
        (FieldType::Json, Raw::Text(t)) => match serde_json::from_str::<serde_json::Value>(t) {
            Ok(_) => Value::Json(t.clone()),
            Err(_) => return Err(wrong_type(" JSON", "JSON")),
        },
        (FieldType::Integer, Raw::Integer(i)) => Value::Integer(*i),
        (FieldType::Integer, Raw::Text(t)) => match t.trim().parse::<i64>() {
            Ok(i) => Value::Integer(i),
            Err(_) => whole(raw)?,
        },
        (FieldType::Integer, _) => whole(raw)?,
        (FieldType::Real, _) => match raw.as_f64().or_else(|| without_unit(field, raw)) {
            Some(n) if n.is_finite() => Value::Real(meant(n)),
            _ => return Err(wrong_type("数值", "number")),
        },
        (FieldType::Boolean, Raw::Boolean(b)) => Value::Boolean(*b),
        (FieldType::Boolean, _) => match written(raw).to_lowercase().as_str() {
            "1" | "true" | "t" | "y" | "yes" | "是" | "有" => Value::Boolean(true),
            "0" | "false" | "f" | "n" | "no" | "否" | "无" => Value::Boolean(false),
            _ => return Err(wrong_type("“是”或“否”", "yes or no")),
        },
        (FieldType::Date, Raw::Date(d)) => Value::Date(*d),
        (FieldType::Date, Raw::DateTime(t)) => {
            // Local midnight is what a spreadsheet means; its instant is read without a zone, so the day stands.
            let day = i32::try_from(t.0.div_euclid(86_400_000)).ok().and_then(Date::from_days);
            day.map_or(Value::Null, Value::Date)
        }
        (FieldType::Date, other) => {
            let text = written(other);
            let day = text.split([' ', 'T']).next().unwrap_or(&text);
            match instant_day(&text).or_else(|| Date::parse(&text)).or_else(|| Date::parse(day)) {
                Some(d) => Value::Date(d),
                None if text.chars().all(|c| c == '0' || c == '-' || c == '/') => Value::Null,
                None => return Err(wrong_type("日期", "date")),
            }
        }
        (FieldType::DateTime, Raw::DateTime(t)) => Value::DateTime(*t),
        (FieldType::DateTime, Raw::Date(d)) => Value::DateTime(DateTime(i64::from(d.to_days()) * 86_400_000)),
        (FieldType::DateTime, other) => {
            let text = written(other);
            let day = || Date::parse(&text).map(|d| DateTime(i64::from(d.to_days()) * 86_400_000));
            match DateTime::parse(&text).or_else(day) {
                Some(t) => Value::DateTime(t),
                None => return Err(wrong_type("日期时间", "date and time")),
            }
        }
        (FieldType::Json, _) => return Err(wrong_type(" JSON", "JSON")),
    })
}

/// The day in China of an instant that states its zone: midnight there is four in the afternoon before in UTC, as web
/// programs write it.
fn instant_day(text: &str) -> Option<Date> {
    let time = &text[text.find(['T', ' '])? + 1..];
    let zone = time.find(['Z', '+', '-'])?;
    let shift: i64 = match &time[zone..] {
        "Z" => 0,
        sign => {
            let digits: String = sign[1..].chars().filter(char::is_ascii_digit).collect();
            let (h, m) =
                (digits.get(..2)?.parse::<i64>().ok()?, digits.get(2..4).unwrap_or("0").parse::<i64>().ok()?);
            if sign.starts_with('-') { -(h * 60 + m) } else { h * 60 + m }
        }
    };
    let clock: Vec<&str> = time[..zone].split(':').collect();
    let part = |i: usize| clock.get(i).and_then(|t| t.split('.').next()?.parse::<i64>().ok());
    let (h, m) = (part(0)?, part(1)?);
    let day = Date::parse(text.split(['T', ' ']).next()?)?;
    let minutes = i64::from(day.to_days()) * 1440 + h * 60 + m - shift + 480;
    Date::from_days(i32::try_from(minutes.div_euclid(1440)).ok()?)
}

fn whole(raw: &Raw) -> Result<Value, Wrong> {
    match raw.as_f64() {
        Some(n) if n.fract() == 0.0 && n.abs() < EXACT => Ok(Value::Integer(n as i64)),
        // A year written as a date.
        None => match raw {
            Raw::Text(t) => t
                .trim_end_matches(['年', '层', '个', '条', '孔'])
                .trim()
                .parse()
                .map(Value::Integer)
                .map_err(|_| wrong_type("整数", "whole number")),
            Raw::Date(d) => Ok(Value::Integer(i64::from(d.ymd().0))),
            _ => Err(wrong_type("整数", "whole number")),
        },
        Some(_) => Err(wrong_type("整数", "whole number")),
    }
}

/// `12.5m` in a field of metres: the field's own unit after the number is no mistake.
fn without_unit(field: &Field, raw: &Raw) -> Option<f64> {
    let Raw::Text(text) = raw else { return None };
    let text = text.trim();
    let unit = field.unit.as_deref()?;
    let bare = text.strip_suffix(unit).or_else(|| match unit {
        "m" => text.strip_suffix('米'),
        "m²" => text
            .strip_suffix("平方米")
            .or_else(|| text.strip_suffix("㎡"))
            .or_else(|| text.strip_suffix("m2")),
        _ => None,
    })?;
    number(bare)
}

fn check(field: &Field, value: &Value, remarks: &mut Vec<Remark>) {
    let mut warn = |rule, message: Text| {
        remarks.push(Remark {
            rule,
            severity: Severity::Warning,
            message,
            cure: both("已保留，请核对", "kept; please check"),
            written: value.to_string(),
            column: 0,
        });
    };
    if let (Some(width), Value::Text(text)) = (field.width, value)
        && text.len() > width as usize
    {
        let n = text.chars().count();
        if n > width as usize {
            warn(
                "value.width",
                both(
                    format!("长 {n} 个字符，超过 {width}"),
                    format!("has {n} characters, more than {width}"),
                ),
            );
        }
    }
    if let (Some(pattern), Value::Text(text)) = (&field.pattern, value)
        && !pattern.is_match(text)
    {
        let p = pattern.as_str();
        warn("value.pattern", both(format!("不合格式 {p}"), format!("does not look like {p}")));
    }
    if let (Some([least, greatest]), Some(n)) = (field.range, value.as_f64())
        && !(least..=greatest).contains(&n)
    {
        warn(
            "value.range",
            both(format!("超出 {least}～{greatest}"), format!("is outside {least} to {greatest}")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(layer: &str, name: &str) -> Field {
        let layers = crate::tests::layers();
        let layer = layers.named(layer).unwrap();
        layer.fields[layer.field(name).unwrap()].clone()
    }

    fn convert(field: &Field, raw: Raw) -> (Value, Vec<&'static str>) {
        let mut remarks = Vec::new();
        let value = Converter::new().convert(field, raw, &mut remarks);
        (value, remarks.iter().map(|r| r.rule).collect())
    }

    #[test]
    fn a_long_code_that_became_a_number_is_an_error_not_a_wrong_code() {
        let code = field("cadastre.parcel", "code");
        assert_eq!(convert(&code, Raw::Real(4.307_020_020_01e27)).1, ["value.digits_lost"]);
        let no = field("control.point", "point_no");
        assert_eq!(convert(&no, Raw::Real(1001.0)).0, Value::text("1001"));
        for written in ["4.30702E+18", "4.30702e+18", "4.30702E18", "-4.3e20"] {
            assert_eq!(convert(&no, Raw::text(written)).1, ["value.digits_lost"], "{written}");
        }
        // What a reader makes of a whole number that is too large for it.
        for clamped in [i64::MAX, i64::MIN] {
            assert_eq!(convert(&code, Raw::Integer(clamped)).1, ["value.digits_lost"]);
        }
        // A code that was a number on its way, and a version that is none.
        let district = field("boundary.area", "code");
        assert_eq!(convert(&district, Raw::text("430702.0")).0, Value::text("430702"));
        assert_eq!(convert(&code, Raw::text(&format!("{}.0", "1".repeat(19)))).1, ["value.digits_lost"]);
        assert_eq!(convert(&no, Raw::text("12.0")).0, Value::text("12.0"));
        for (written, meant) in
            [("=\"00123\"", "00123"), ("'00124", "00124"), ("1.5E3", "1.5E3"), ("E12", "E12")]
        {
            assert_eq!(convert(&no, Raw::text(written)).0, Value::text(meant));
        }
    }

    #[test]
    fn the_day_of_an_instant_is_the_day_in_china() {
        let day = field("pipeline.node", "surveyed");
        for (written, meant) in [
            ("2024-03-04T16:00:00Z", "2024-03-05"),
            ("2024-03-04T15:59:59.999Z", "2024-03-04"),
            ("2024-03-05T00:00:00+08:00", "2024-03-05"),
            ("2024-03-05 00:30:00+0900", "2024-03-04"),
            ("2024-03-04T20:00:00-05:00", "2024-03-05"),
            ("2024-03-05T00:00:00", "2024-03-05"),
            ("2024-12-31T16:00:00.000Z", "2025-01-01"),
        ] {
            assert_eq!(convert(&day, Raw::text(written)).0.to_string(), meant, "{written}");
        }
    }

    #[test]
    fn faults_of_a_sheet_clamped_numbers_and_years_of_two_digits_are_no_values() {
        let no = field("control.point", "point_no");
        for fault in ["#N/A", "#REF!", "#DIV/0!"] {
            assert_eq!(convert(&no, Raw::text(fault)), (Value::Null, vec!["value.fault"]), "{fault}");
        }
        assert_eq!(convert(&no, Raw::text("#12")).0, Value::text("#12"));
        assert_eq!(convert(&no, Raw::text("9223372036854775807")).1, ["value.digits_lost"]);
        let day = field("pipeline.node", "surveyed");
        for text in ["21.5.3", "20年5月3日", "1-2-3"] {
            assert_eq!(convert(&day, Raw::text(text)), (Value::Null, vec!["value.type"]), "{text}");
        }
    }

    #[test]
    fn codes_names_and_old_codes_mean_the_same() {
        let kind = field("pipeline.line", "kind");
        for text in ["给水", "JS", "js", " 自来水 ", "water"] {
            assert_eq!(convert(&kind, Raw::text(text)), (Value::text("water"), vec![]), "{text}");
        }
        assert_eq!(convert(&kind, Raw::text("魔法")), (Value::Null, vec!["value.code"]));
    }

    #[test]
    fn of_a_code_and_its_name_the_field_takes_what_it_knows() {
        let named = |code: &str, name: &str| Raw::Named { code: Raw::text(code).into(), name: name.into() };
        let kind = field("pipeline.line", "kind");
        assert_eq!(convert(&kind, named("1", "给水")), (Value::text("water"), vec![]));
        assert_eq!(convert(&kind, named("JS", "城市供水管")), (Value::text("water"), vec![]));
        assert_eq!(convert(&kind, named("77", "魔法")).1, ["value.code"]);
        let free = field("control.point", "monument");
        assert_eq!(convert(&free, named("1", "混凝土标石")).0, Value::text("混凝土标石"));
        let formed = field("boundary.area", "code");
        assert_eq!(convert(&formed, named("430702", "武陵区")).0, Value::text("430702"));
        let number = field("cadastre.building", "floors");
        assert_eq!(convert(&number, named("3", "三层")).0, Value::Integer(3));
    }

    #[test]
    fn numbers_dates_and_units_are_read_as_people_write_them() {
        let depth = field("pipeline.node", "depth_m");
        for (text, n) in [("1.20", 1.2), ("１．２", 1.2), ("1.2m", 1.2), ("1.2 米", 1.2), ("1.2D0", 1.2)]
        {
            assert_eq!(convert(&depth, Raw::text(text)).0, Value::Real(n), "{text}");
        }
        for text in ["2 4", "18 20", "1,20"] {
            assert_eq!(convert(&depth, Raw::text(text)), (Value::Null, vec!["value.type"]), "{text}");
        }
        // What went through 32 bits on its way, in whatever kind of column.
        for raw in [Raw::Real(f64::from(1.2_f32)), Raw::text(&f64::from(1.2_f32).to_string())] {
            assert_eq!(convert(&depth, raw).0, Value::Real(1.2));
        }
        assert_eq!(convert(&depth, Raw::text("深")), (Value::Null, vec!["value.type"]));
        assert_eq!(convert(&depth, Raw::Real(99.0)), (Value::Real(99.0), vec!["value.range"]));
        let day = field("pipeline.node", "surveyed");
        for text in ["20240305", "2024-3-5", "2024年3月5日", "2024/03/05 00:00:00"] {
            assert_eq!(convert(&day, Raw::text(text)).0.to_string(), "2024-03-05", "{text}");
        }
        assert_eq!(convert(&day, Raw::text("2024-02-30")).1, ["value.type"]);
    }
}
