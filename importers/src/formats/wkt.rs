//! Well-known text of shapes, as tables carry it.

use crate::notes::both;
use ditu_model::{Geometry, Shape, Text};

/// Reads one shape; `None` for an empty one.
///
/// # Errors
/// Why it is none.
pub(super) fn parse(text: &str) -> Result<Option<Geometry>, Text> {
    let mut p = Parser { rest: text.trim() };
    // EWKT: the number is no news, the file has one CRS.
    if let Some(at) = p.rest.find(';').filter(|_| {
        p.rest.len() > 5 && p.rest.is_char_boundary(5) && p.rest[..5].eq_ignore_ascii_case("srid=")
    }) {
        p.rest = &p.rest[at + 1..];
    }
    let word = Parser { rest: p.rest }.word();
    let kind = word.trim_end_matches("ZM").trim_end_matches(['Z', 'M']);
    if KINDS.contains(&kind) && p.rest.trim_end().to_uppercase().ends_with("EMPTY") {
        return Ok(None);
    }
    if OTHERS.contains(&kind) {
        return Err(both(
            format!("{kind} 不能读：点、线、面要分开，曲线要转成折线"),
            format!("{kind} is not read: points, lines and polygons go apart, curves as straight lines"),
        ));
    }
    p.shape().map(Some).ok_or_else(|| both("不是合法的 WKT", "is no well-known text of a shape"))
}

/// What is read.
const KINDS: [&str; 6] = ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON"];
/// What else there is (ISO 13249-3).
const OTHERS: [&str; 9] = [
    "GEOMETRYCOLLECTION",
    "CIRCULARSTRING",
    "COMPOUNDCURVE",
    "CURVEPOLYGON",
    "MULTICURVE",
    "MULTISURFACE",
    "POLYHEDRALSURFACE",
    "TIN",
    "TRIANGLE",
];

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let word = self.rest[..end].to_uppercase();
        self.rest = &self.rest[end..];
        word
    }

    fn take(&mut self, c: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn shape(&mut self) -> Option<Geometry> {
        let mut kind = self.word();
        let mut dims = self.word();
        if dims.is_empty() {
            for d in ["ZM", "Z", "M"] {
                if let Some(k) =
                    kind.strip_suffix(d).filter(|k| ["POINT", "LINESTRING", "POLYGON"].contains(k))
                {
                    (kind, dims) = (k.to_owned(), d.to_owned());
                    break;
                }
            }
        }
        let has_z = dims.starts_with('Z');
        let (shape, depth) = match kind.as_str() {
            "POINT" => (Shape::Point, 1),
            "MULTIPOINT" => (Shape::Point, 1),
            "LINESTRING" => (Shape::Line, 1),
            "MULTILINESTRING" => (Shape::Line, 2),
            "POLYGON" => (Shape::Polygon, 2),
            "MULTIPOLYGON" => (Shape::Polygon, 3),
            _ => return None,
        };
        let mut g = Geometry::new(shape);
        self.list(depth, has_z || dims.is_empty(), &mut g)?;
        if kind == "POLYGON" {
            g.end_part();
        }
        if g.z.len() != g.coords.len() {
            g.z.clear();
        }
        (self.rest.trim().is_empty() && !g.is_empty()).then_some(g)
    }

    fn list(&mut self, depth: u8, z: bool, g: &mut Geometry) -> Option<()> {
        if !self.take('(') {
            return None;
        }
        loop {
            if depth > 1 {
                self.list(depth - 1, z, g)?;
                if depth == 3 {
                    g.end_part();
                }
            } else {
                let wrapped = g.shape == Shape::Point && self.take('(');
                self.point(z, g)?;
                if wrapped && !self.take(')') {
                    return None;
                }
            }
            if !self.take(',') {
                break;
            }
        }
        if depth == 1 && g.shape != Shape::Point {
            g.rings.push(g.coords.len() as u32);
        }
        self.take(')').then_some(())
    }

    fn point(&mut self, z: bool, g: &mut Geometry) -> Option<()> {
        let (x, y) = (self.number()?, self.number()?);
        g.coords.push([x, y]);
        let mut more = Vec::new();
        while let Some(n) = self.number() {
            more.push(n);
            if more.len() > 2 {
                return None;
            }
        }
        if let (Some(h), true) = (more.first(), z) {
            g.z.push(*h);
        }
        Some(())
    }

    fn number(&mut self) -> Option<f64> {
        let rest = self.rest.trim_start();
        let end =
            rest.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+' | 'e' | 'E')).unwrap_or(rest.len());
        let n = rest[..end].parse().ok()?;
        self.rest = &rest[end..];
        Some(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_read() {
        for (text, coords, rings, parts) in [
            ("POINT(1 2)", 1, 0, 0),
            ("SRID=4490;POINT Z (1 2 3)", 1, 0, 0),
            ("MULTIPOINT((1 2),(3 4))", 2, 0, 0),
            ("LineString (1 2, 3 4)", 2, 1, 0),
            ("MULTILINESTRING((1 2,3 4),(5 6,7 8))", 4, 2, 0),
            ("POLYGON((0 0,1 0,1 1,0 0),(0 0,1 0,1 1,0 0))", 8, 2, 1),
            ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((0 0,1 0,1 1,0 0)))", 8, 2, 2),
        ] {
            let g = parse(text).unwrap_or_else(|_| panic!("{text}")).unwrap();
            assert_eq!((g.coords.len(), g.rings.len(), g.parts.len()), (coords, rings, parts), "{text}");
        }
        assert_eq!(parse("POINTZ(1 2 3)").unwrap().unwrap().z, [3.0]);
        for empty in ["POINT EMPTY", "SRID=4490;MULTIPOLYGON Z EMPTY ", "polygonz empty"] {
            assert_eq!(parse(empty).map(|g| g.is_none()), Ok(true), "{empty}");
        }
        for other in ["GEOMETRYCOLLECTION(POINT(1 2))", "CircularString Z (0 0 1,1 1 1,2 0 1)", "TIN EMPTY"] {
            assert!(parse(other).unwrap_err().en.contains("not read"), "{other}");
        }
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        for text in [
            "",
            "POINT",
            "POINT(",
            "POINT(1)",
            "POINT(1 2",
            "POINT(1 2) x",
            "CIRCLE(1 2)",
            "EMPTY",
            "POINT(a b)",
            "POLYGON(1 2)",
            "武陵",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
