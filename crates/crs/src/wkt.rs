//! Reads well-known text of a CRS (OGC WKT 1, ESRI, WKT 2) and judges it by its parameters.

use crate::crs::{Crs, CrsError, Projection};
use crate::ellipsoid::Datum;
use crate::gauss::TransverseMercator;

/// More text than any CRS needs is not one.
const LONGEST: usize = 64 * 1024;
const DEEPEST: usize = 32;

#[derive(Debug)]
enum Item {
    Text(String),
    Number(f64),
    Node(Node),
}

#[derive(Debug)]
struct Node {
    word: String,
    items: Vec<Item>,
}

impl Node {
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.items.iter().filter_map(|i| if let Item::Node(n) = i { Some(n) } else { None })
    }

    fn child(&self, words: &[&str]) -> Option<&Node> {
        self.nodes().find(|n| words.contains(&n.word.as_str()))
    }

    /// The first of these at any depth.
    fn find(&self, words: &[&str]) -> Option<&Node> {
        self.nodes().find_map(|n| if words.contains(&n.word.as_str()) { Some(n) } else { n.find(words) })
    }

    fn name(&self) -> &str {
        self.items
            .iter()
            .find_map(|i| if let Item::Text(t) = i { Some(t.as_str()) } else { None })
            .unwrap_or("")
    }

    fn number(&self, nth: usize) -> Option<f64> {
        self.items.iter().filter_map(|i| if let Item::Number(n) = i { Some(*n) } else { None }).nth(nth)
    }
}

/// How a datum is told.
type Tell = fn(&Node) -> Result<Datum, CrsError>;

pub(crate) fn parse(text: &str) -> Result<Crs, CrsError> {
    parse_with(text, datum)
}

/// The same by the ellipsoid alone, as is enough in China.
pub(crate) fn parse_in_china(text: &str) -> Result<Crs, CrsError> {
    parse_with(text, by_ellipsoid)
}

fn parse_with(text: &str, tell: Tell) -> Result<Crs, CrsError> {
    if text.len() > LONGEST {
        return Err(CrsError::Syntax(format!("{} bytes long", text.len())));
    }
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}') };
    let root = reader.node(0)?;
    let projected = ["PROJCS", "PROJCRS", "PROJECTEDCRS"];
    let geographic =
        ["GEOGCS", "GEOGCRS", "GEODCRS", "GEOGRAPHICCRS", "GEODETICCRS", "BASEGEOGCRS", "BASEGEODCRS"];
    let whole =
        |words: &[&str]| if words.contains(&root.word.as_str()) { Some(&root) } else { root.find(words) };
    if let Some(p) = whole(&projected) {
        let base = p.find(&geographic).ok_or_else(|| CrsError::Syntax("no geographic CRS inside".into()))?;
        return projected_crs(p, base, tell);
    }
    let g = whole(&geographic).ok_or_else(|| CrsError::Projection(root.word.clone()))?;
    let unit = unit(g, 0.017_453_292_519_943_295)?;
    if (unit - 0.017_453_292_519_943_295).abs() > 1e-9 {
        return Err(CrsError::Unit(format!("{unit} rad")));
    }
    Ok(Crs::new(tell(g)?, Projection::Geographic))
}

fn unit(node: &Node, default: f64) -> Result<f64, CrsError> {
    let words = ["UNIT", "ANGLEUNIT", "LENGTHUNIT"];
    let found = node
        .child(&words)
        .or_else(|| node.child(&["CS"]).and_then(|c| c.child(&words)))
        .or_else(|| node.child(&["AXIS"]).and_then(|a| a.child(&words)));
    found.map_or(Ok(default), |u| u.number(0).ok_or_else(|| CrsError::Unit(u.name().into())))
}

fn by_ellipsoid(geographic: &Node) -> Result<Datum, CrsError> {
    let spheroid = geographic
        .find(&["SPHEROID", "ELLIPSOID"])
        .ok_or_else(|| CrsError::Datum(geographic.name().into()))?;
    let (a, rf) = (spheroid.number(0).unwrap_or(0.0), spheroid.number(1).unwrap_or(0.0));
    let meridian = geographic.child(&["PRIMEM", "PRIMEMERIDIAN"]).and_then(|p| p.number(0)).unwrap_or(0.0);
    // IAG 1975 is written with 298.257 and with 298.257222; GRS 80 and WGS 84 differ in the sixth decimal.
    let told = [(Datum::Beijing54, 1e-4), (Datum::Xian80, 1e-3), (Datum::Cgcs2000, 1e-6)];
    told.into_iter()
        .find(|(d, near)| {
            let e = d.ellipsoid();
            meridian == 0.0 && (e.a - a).abs() < 0.005 && (e.inverse_flattening - rf).abs() < *near
        })
        .map(|(d, _)| d)
        .ok_or_else(|| CrsError::Datum(geographic.name().into()))
}

fn datum(geographic: &Node) -> Result<Datum, CrsError> {
    let node = geographic.find(&["DATUM", "GEODETICDATUM", "TRF", "ENSEMBLE"]);
    let node = node.ok_or_else(|| CrsError::Syntax("no datum".into()))?;
    let spheroid =
        geographic.find(&["SPHEROID", "ELLIPSOID"]).ok_or_else(|| CrsError::Datum(node.name().into()))?;
    let (a, rf) = (spheroid.number(0).unwrap_or(0.0), spheroid.number(1).unwrap_or(0.0));
    let meridian = geographic.child(&["PRIMEM", "PRIMEMERIDIAN"]).and_then(|p| p.number(0)).unwrap_or(0.0);
    let names = format!("{} {}", node.name(), geographic.name()).to_lowercase();
    // Equal ellipsoids serve several datums (GRS 80 is NAD 83's and ETRS 89's): the datum's name must agree too.
    let said: &[(Datum, &[&str])] = &[
        (
            Datum::Cgcs2000,
            &["china_2000", "china 2000", "cgcs", "cgcs2000", "china_geodetic", "china geodetic"],
        ),
        (Datum::Wgs84, &["wgs_1984", "wgs 84", "wgs84", "wgs 1984", "world geodetic system 1984"]),
        (Datum::Xian80, &["xian", "xi'an"]),
        (Datum::Beijing54, &["beijing"]),
        (
            Datum::Etrs89,
            &["etrs_1989", "etrs89", "etrs 1989", "european_terrestrial", "european terrestrial"],
        ),
    ];
    said.iter()
        .find(|(d, words)| {
            let e = d.ellipsoid();
            let near = (e.a - a).abs() < 0.01 && (e.inverse_flattening - rf).abs() < 1e-4;
            near && meridian == 0.0 && words.iter().any(|w| names.contains(w))
        })
        .map(|(d, _)| *d)
        .ok_or_else(|| CrsError::Datum(node.name().into()))
}

fn projected_crs(p: &Node, base: &Node, tell: Tell) -> Result<Crs, CrsError> {
    let holder = p.child(&["CONVERSION", "DERIVINGCONVERSION"]).unwrap_or(p);
    let method = holder.child(&["PROJECTION", "METHOD"]).map(Node::name).unwrap_or_default();
    let plain = method.to_lowercase().replace([' ', '-'], "_");
    let unit = unit(p, 1.0)?;
    if (unit - 1.0).abs() > 1e-12 {
        return Err(CrsError::Unit(format!("{unit} m")));
    }
    let parameter = |names: &[&str], default: f64| {
        holder
            .nodes()
            .filter(|n| n.word == "PARAMETER")
            .find(|n| names.contains(&n.name().to_lowercase().replace(' ', "_").as_str()))
            .and_then(|n| n.number(0))
            .unwrap_or(default)
    };
    match plain.as_str() {
        "gauss_kruger" | "gauss_krueger" | "transverse_mercator" => {
            let datum = tell(base)?;
            let tm = TransverseMercator::new(
                datum.ellipsoid(),
                parameter(&["central_meridian", "longitude_of_natural_origin"], 0.0),
                parameter(&["latitude_of_origin", "latitude_of_natural_origin"], 0.0),
                parameter(&["scale_factor", "scale_factor_at_natural_origin"], 1.0),
                parameter(&["false_easting"], 0.0),
                parameter(&["false_northing"], 0.0),
            );
            Ok(Crs::new(datum, Projection::TransverseMercator(tm)))
        }
        "mercator_auxiliary_sphere" | "popular_visualisation_pseudo_mercator" => {
            Ok(Crs::new(Datum::Wgs84, Projection::WebMercator))
        }
        // GDAL writes EPSG:3857 in WKT 1 as Mercator_1SP on WGS 84 with a PROJ.4 extension that makes it spherical.
        "mercator_1sp" | "mercator" if p.child(&["EXTENSION"]).is_some() => {
            tell(base).map(|d| Crs::new(d, Projection::WebMercator))
        }
        _ => Err(CrsError::Projection(method.into())),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn wrong(&self, what: &str) -> CrsError {
        let near: String = self.rest.chars().take(20).collect();
        CrsError::Syntax(format!("{what} at “{near}”"))
    }

    fn node(&mut self, depth: usize) -> Result<Node, CrsError> {
        if depth > DEEPEST {
            return Err(self.wrong("nested too deeply"));
        }
        self.skip();
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.wrong("no keyword"));
        }
        let word = self.rest[..end].to_ascii_uppercase();
        self.rest = &self.rest[end..];
        self.skip();
        let Some(open) = self.rest.chars().next().filter(|c| matches!(c, '[' | '(')) else {
            return Err(self.wrong("no bracket"));
        };
        let close = if open == '[' { ']' } else { ')' };
        self.rest = &self.rest[1..];
        let mut items = Vec::new();
        loop {
            self.skip();
            match self.rest.chars().next() {
                Some(c) if c == close => {
                    self.rest = &self.rest[1..];
                    return Ok(Node { word, items });
                }
                Some(',') => self.rest = &self.rest[1..],
                Some('"' | '“') => items.push(Item::Text(self.text()?)),
                Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => {
                    items.push(Item::Number(self.number()?))
                }
                Some(c) if c.is_ascii_alphabetic() => {
                    // A keyword with brackets is a node, a bare one (NORTH, ellipsoidal) a text.
                    let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                    let end = end.unwrap_or(self.rest.len());
                    if self.rest[end..].trim_start().starts_with(['[', '(']) {
                        items.push(Item::Node(self.node(depth + 1)?));
                    } else {
                        items.push(Item::Text(self.rest[..end].to_owned()));
                        self.rest = &self.rest[end..];
                    }
                }
                _ => return Err(self.wrong("an unexpected end or sign")),
            }
        }
    }

    fn text(&mut self) -> Result<String, CrsError> {
        let mut out = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((i, c)) = chars.next() {
            if c != '"' && c != '”' {
                out.push(c);
            } else if c == '"' && chars.peek().is_some_and(|(_, n)| *n == '"') {
                out.push('"');
                chars.next();
            } else {
                self.rest = &self.rest[i + c.len_utf8()..];
                return Ok(out);
            }
        }
        Err(self.wrong("a text without end"))
    }

    fn number(&mut self) -> Result<f64, CrsError> {
        let end = self.rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')));
        let (digits, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        let value = digits.parse().map_err(|_| self.wrong("not a number"))?;
        self.rest = rest;
        Ok(value)
    }
}
