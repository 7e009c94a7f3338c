//! Attribute values. NULL is absent, never an empty text.

use std::fmt;

/// A calendar date (proleptic Gregorian), checked when made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i16,
    month: u8,
    day: u8,
}

impl Date {
    /// A date, or `None` where the calendar has no such day.
    pub fn new(year: i16, month: u8, day: u8) -> Option<Date> {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1..=days).contains(&day) && (0..=9999).contains(&year)).then_some(Date { year, month, day })
    }

    /// Reads `YYYY-MM-DD`, `YYYY/M/D`, `YYYY.M.D`, `YYYYMMDD` or `YYYY年M月D日`.
    pub fn parse(text: &str) -> Option<Date> {
        let text = text.trim();
        if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Date::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
        }
        let mut parts = text.trim_end_matches('日').split(['-', '/', '.', '年', '月']);
        // `21.5.3` is no day of the year 21, and of which century is not for a program to say.
        let year = parts.next().filter(|y| y.len() == 4)?;
        let date = Date::new(year.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        if parts.next().is_some() { None } else { date }
    }

    /// Days since 1970-01-01.
    pub fn to_days(self) -> i32 {
        let y = i32::from(self.year) - i32::from(self.month <= 2);
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let m = (i32::from(self.month) + 9) % 12;
        let doy = (153 * m + 2) / 5 + i32::from(self.day) - 1;
        era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
    }

    /// The date `days` after 1970-01-01, `None` outside the years 0 to 9999.
    pub fn from_days(days: i32) -> Option<Date> {
        let z = days.checked_add(719_468)?;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i32::from(month <= 2);
        Date::new(i16::try_from(year).ok()?, month as u8, (doy - (153 * mp + 2) / 5 + 1) as u8)
    }

    /// Year, month, day.
    pub fn ymd(self) -> (i16, u8, u8) {
        (self.year, self.month, self.day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// An instant in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(pub i64);

impl DateTime {
    /// Reads RFC 3339 (`T` or a space between date and time, fraction optional; no offset is read as UTC).
    pub fn parse(text: &str) -> Option<DateTime> {
        let text = text.trim();
        let date = Date::parse(text.get(..10)?)?;
        let rest = text.get(10..)?;
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let (clock, offset_min) = match rest.find(['Z', 'z', '+', '-']) {
            None => (rest, 0),
            Some(i) if rest[i..].eq_ignore_ascii_case("z") => (&rest[..i], 0),
            Some(i) => {
                let (h, m) = rest[i + 1..].split_once(':')?;
                let minutes = h.parse::<i64>().ok()? * 60 + m.parse::<i64>().ok()?;
                (&rest[..i], if rest.as_bytes()[i] == b'-' { -minutes } else { minutes })
            }
        };
        let mut parts = clock.split(':');
        let (h, m): (i64, i64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let s: f64 = parts.next().unwrap_or("0").parse().ok()?;
        if parts.next().is_some()
            || !(0..24).contains(&h)
            || !(0..60).contains(&m)
            || !(0.0..61.0).contains(&s)
        {
            return None;
        }
        let seconds = i64::from(date.to_days()) * 86_400 + h * 3600 + (m - offset_min) * 60;
        Some(DateTime(seconds * 1000 + (s * 1000.0).round() as i64))
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(86_400_000);
        let ms = self.0.rem_euclid(86_400_000);
        match i32::try_from(days).ok().and_then(Date::from_days) {
            Some(date) => {
                write!(f, "{date}T{:02}:{:02}:{:02}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60)?;
                if ms % 1000 != 0 {
                    write!(f, ".{:03}", ms % 1000)?;
                }
                f.write_str("Z")
            }
            None => write!(f, "{}ms", self.0),
        }
    }
}

/// One attribute value.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// Absent.
    #[default]
    Null,
    /// Text; never empty.
    Text(Box<str>),
    /// Whole number.
    Integer(i64),
    /// Number in the field's unit.
    Real(f64),
    /// True or false.
    Boolean(bool),
    /// Calendar date.
    Date(Date),
    /// Instant.
    DateTime(DateTime),
    /// A JSON document as text.
    Json(Box<str>),
}

impl Value {
    /// Text, or NULL when it is empty.
    pub fn text(text: impl Into<Box<str>>) -> Value {
        let text = text.into();
        if text.is_empty() { Value::Null } else { Value::Text(text) }
    }

    /// True for NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text of a text value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(t) | Value::Json(t) => Some(t),
            _ => None,
        }
    }

    /// The number of a numeric value.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Integer(i) => Some(*i as f64),
            Value::Real(r) => Some(*r),
            _ => None,
        }
    }
}

/// The number that a 32-bit field was given: the shortest decimal that it holds, 32.45 and not 32.4500007629394531.
pub fn of_single(n: f32) -> f64 {
    let wide = f64::from(n);
    if n.fract() == 0.0 || !n.is_finite() {
        return wide;
    }
    n.to_string().parse().unwrap_or(wide)
}

/// A number as it was meant: one that went through 32 bits on its way is told by a long decimal tail that 32 bits hold
/// to the last bit, which happens to another number once in 10^8 times.
pub fn meant(n: f64) -> f64 {
    let single = n as f32;
    if n.fract() == 0.0 || f64::from(single) != n {
        return n;
    }
    // `4.512345678e1`: binary fractions that people write (0.125, 1234567.25) are short in both.
    let digits = format!("{n:e}").bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    if digits >= 12 { of_single(single) } else { n }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => Ok(()),
            Value::Text(t) | Value::Json(t) => f.write_str(t),
            Value::Integer(i) => write!(f, "{i}"),
            Value::Real(r) => write!(f, "{r}"),
            Value::Boolean(b) => write!(f, "{b}"),
            Value::Date(d) => write!(f, "{d}"),
            Value::DateTime(t) => write!(f, "{t}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_the_forms_offices_write() {
        for text in ["2024-02-29", "2024/2/29", "20240229", "2024.2.29", "2024年2月29日"] {
            assert_eq!(Date::parse(text).map(|d| d.to_string()).as_deref(), Some("2024-02-29"), "{text}");
        }
        for text in ["2023-02-29", "2024-13-01", "2024-00-10", "abc", "", "2024-1-2-3"] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_and_dates_are_inverse_over_all_years() {
        for days in (-719_000..2_900_000).step_by(97) {
            if let Some(date) = Date::from_days(days) {
                assert_eq!(date.to_days(), days);
            }
        }
        assert_eq!(Date::new(1970, 1, 1).unwrap().to_days(), 0);
        assert_eq!(Date::new(2000, 3, 1).unwrap().to_days(), 11_017);
    }

    #[test]
    fn a_number_that_went_through_32_bits_is_the_decimal_it_was_meant_as() {
        for n in [32.45, 0.1, -7.3, 1e-3, 123_456.7, 31.123_4] {
            assert_eq!((of_single(n as f32), meant(f64::from(n as f32))), (n, n));
        }
        for n in [32.45, 0.5, 0.125, 1_234_567.25, 16_777_216.0, -3.0, 1e300, 0.0, 123_456.789_062_5 + 0.001]
        {
            assert_eq!(meant(n), n);
        }
        assert!(of_single(f32::NAN).is_nan() && of_single(f32::INFINITY).is_infinite());
    }

    #[test]
    fn instants_are_utc_whatever_the_offset_written() {
        for text in ["2026-11-25T08:30:00+08:00", "2026-11-25T00:30:00Z", "2026-11-25 00:30:00"] {
            assert_eq!(DateTime::parse(text).unwrap().to_string(), "2026-11-25T00:30:00Z", "{text}");
        }
        assert_eq!(DateTime::parse("2026-11-25T25:00:00Z"), None);
    }
}
