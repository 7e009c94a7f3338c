//! Layer definitions: what a layer is called, holds, checks and shows.

mod load;
mod raw;

pub use load::{DefinitionError, DefinitionErrors};

use crate::finding::{Severity, Text};
use crate::geometry::Shape;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A layer's id: `theme.name` for the base map, `department.name` for overlays; lower-case ASCII.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LayerId(Arc<str>);

impl LayerId {
    /// Checks and takes an id: letters a–z, digits and `_`, two or more parts joined by dots, at most 63 bytes.
    pub fn new(id: &str) -> Option<LayerId> {
        let part = |p: &str| {
            p.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
                && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        (id.len() <= 63 && id.contains('.') && id.split('.').all(part)).then(|| LayerId(id.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id with `_` for `.`: the table name in both stores.
    pub fn table(&self) -> String {
        self.0.replace('.', "_")
    }
}

impl fmt::Display for LayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One of the kinds of base data.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// `control`, `terrain`, … the first part of its layers' ids.
    pub id: String,
    /// What it is called.
    pub title: Text,
}

/// Who may see a layer when no grant says otherwise (政务信息资源目录 sharing classes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// 无条件共享: everyone.
    Open,
    /// 有条件共享: those a grant names.
    Restricted,
    /// 不予共享: the owner.
    Private,
}

/// What a layer's features look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Vector features of one shape.
    Vector(Shape),
    /// A raster; its features are the footprints of its files.
    Raster,
}

impl Kind {
    /// The shape of the layer's features; rasters keep polygons (footprints).
    pub fn shape(self) -> Shape {
        match self {
            Kind::Vector(shape) => shape,
            Kind::Raster => Shape::Polygon,
        }
    }
}

/// The type of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Text.
    Text,
    /// 64-bit whole number.
    Integer,
    /// 64-bit number.
    Real,
    /// True or false.
    Boolean,
    /// Calendar date.
    Date,
    /// Instant.
    DateTime,
    /// JSON document.
    Json,
}

/// One allowed value of a coded field.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// The value that is stored.
    pub code: String,
    /// What it means.
    pub title: Text,
    /// Other spellings that sources use: names, old codes, abbreviations.
    pub aliases: Vec<String>,
}

/// A list of allowed values, with the edition it was taken from.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeList {
    /// Its name inside the theme.
    pub name: String,
    /// What it is called.
    pub title: Text,
    /// Standard and edition.
    pub edition: String,
    /// The values, in the order legends show them.
    pub codes: Vec<Code>,
}

impl CodeList {
    /// The code that a source's text means: itself, one of its titles or one of its aliases, ignoring case and
    /// surrounding space.
    pub fn find(&self, text: &str) -> Option<&Code> {
        let text = text.trim();
        self.codes.iter().find(|c| {
            c.code.eq_ignore_ascii_case(text)
                || c.title.zh == text
                || c.title.en.eq_ignore_ascii_case(text)
                || c.aliases.iter().any(|a| a.eq_ignore_ascii_case(text))
        })
    }
}

/// One field of a layer.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name in stores, tiles and the API: lower-case ASCII.
    pub name: String,
    /// What it is called.
    pub title: Text,
    /// Type of its values.
    pub kind: FieldType,
    /// Longest text in characters.
    pub width: Option<u32>,
    /// Unit of its numbers, such as `m` or `mm`.
    pub unit: Option<String>,
    /// Its numbers are metres above the height datum, not above the ground.
    pub elevation: bool,
    /// Allowed values.
    pub codes: Option<Arc<CodeList>>,
    /// A row without it is a finding.
    pub required: bool,
    /// Shown only where a grant opens it by name.
    pub sensitive: bool,
    /// Carried in vector tiles.
    pub in_tiles: bool,
    /// Names that sources use for it, beside its own name and titles.
    pub aliases: Vec<String>,
    /// What its text must look like.
    pub pattern: Option<regex::Regex>,
    /// Least and greatest number, inclusive.
    pub range: Option<[f64; 2]>,
}

impl Field {
    /// True when a source's column name means this field: its name, a title or an alias, ignoring case, surrounding
    /// space and a unit in brackets.
    pub fn is_called(&self, column: &str) -> bool {
        let bare = column.split(['(', '（', '[']).next().unwrap_or(column).trim();
        let same = |name: &str| name.eq_ignore_ascii_case(bare) || name.eq_ignore_ascii_case(column.trim());
        same(&self.name)
            || same(&self.title.zh)
            || same(&self.title.en)
            || self.aliases.iter().any(|a| same(a))
    }
}

/// From which zoom a feature shows, and how it is simplified below full detail.
#[derive(Clone, Debug, PartialEq)]
pub struct Display {
    /// Zooms at which the layer is in tiles.
    pub zooms: RangeInclusive<u8>,
    /// Index of the field whose value decides a feature's lowest zoom.
    pub by: Option<usize>,
    /// Lowest zoom by that field's value.
    pub by_value: BTreeMap<String, u8>,
    /// Lowest zoom for other values.
    pub default: u8,
    /// Polygons and lines smaller than this many screen pixels (256 a tile) at a zoom show later.
    pub min_size_px: f64,
    /// Greatest distance, in screen pixels, that simplification moves a line.
    pub tolerance_px: f64,
    /// Neighbours share borders: simplify each shared arc once.
    pub shared_borders: bool,
}

/// What is written beside a feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Index of the field with the text.
    pub field: usize,
    /// Index of the field to use where that is NULL.
    pub fallback: Option<usize>,
    /// Index of a number field: greater goes first.
    pub rank: Option<usize>,
}

/// What happens to a row that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Mend it if there is a rule how, else quarantine it.
    Repair,
    /// Keep it out and list it.
    Quarantine,
    /// Refuse the delivery.
    Refuse,
}

/// One declared check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Rule name; which there are is the importers' business.
    pub rule: String,
    /// How bad a breach is.
    pub severity: Severity,
    /// What happens to the row.
    pub policy: Policy,
    /// Numbers the rule takes, such as `tolerance_m`.
    pub numbers: BTreeMap<String, f64>,
    /// Texts the rule takes, such as `layer` or `field`.
    pub texts: BTreeMap<String, String>,
}

/// How near two versions of a feature lie to be the same: what is nearer is no change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolution {
    /// Between two vertices, in metres on the ground.
    pub plane_m: f64,
    /// Between two heights, in metres.
    pub height_m: f64,
}

impl Default for Resolution {
    /// A tenth of a millimetre each: what coordinates are written to.
    fn default() -> Resolution {
        Resolution { plane_m: 1e-4, height_m: 1e-4 }
    }
}

/// A layer as declared in `layers/<theme>.toml`.
#[derive(Clone, Debug)]
pub struct LayerDef {
    /// Its id.
    pub id: LayerId,
    /// What it is called.
    pub title: Text,
    /// Its theme.
    pub theme: Arc<Theme>,
    /// Vector of one shape, or raster.
    pub kind: Kind,
    /// Its fields, in table order.
    pub fields: Vec<Field>,
    /// Indices of the fields by which the office knows the thing; empty when there is no key.
    pub key: Vec<usize>,
    /// Names that files, tables and drawing layers use for it; `*` stands for any text.
    pub aliases: Vec<String>,
    /// GB/T 13923 class codes (prefixes) of its features.
    pub gb: Vec<String>,
    /// Who may see it.
    pub sharing: Sharing,
    /// Zooms and simplification.
    pub display: Display,
    /// What is written beside its features.
    pub label: Option<Label>,
    /// Checks beyond those of types and codes.
    pub checks: Vec<Check>,
    /// The geometry policy.
    pub geometry_policy: Policy,
    /// How near is the same.
    pub resolution: Resolution,
    /// The direction of a line means something (flow, one-way, what lies left and right): reversed it is another line.
    pub directed: bool,
}

impl LayerDef {
    /// Index of a field by its name.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }

    /// True when a check of the layer may fill an empty field (`fill`, `fill_from_name`).
    pub fn is_filled(&self, field: &str) -> bool {
        let of = |c: &Check| c.rule.starts_with("fill") && c.texts.get("field").is_some_and(|f| f == field);
        self.checks.iter().any(of)
    }

    /// True when a file, table or drawing layer of this name holds this layer.
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.trim();
        name.eq_ignore_ascii_case(self.id.as_str())
            || name.eq_ignore_ascii_case(&self.id.table())
            || name == self.title.zh
            || self.aliases.iter().any(|a| matches_pattern(&a.to_lowercase(), &name.to_lowercase()))
    }
}

/// `*` stands for any text, everything else for itself.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return text.ends_with(piece);
        }
        match text.find(piece) {
            Some(at) => text = &text[at + piece.len()..],
            None => return false,
        }
    }
    true
}

/// All layers, in drawing and listing order.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    themes: Vec<Arc<Theme>>,
    list: Vec<Arc<LayerDef>>,
    by_id: BTreeMap<LayerId, usize>,
}

impl Layers {
    /// The layer of an id.
    pub fn get(&self, id: &LayerId) -> Option<&Arc<LayerDef>> {
        self.by_id.get(id).map(|&i| &self.list[i])
    }

    /// The layer of an id given as text.
    pub fn named(&self, id: &str) -> Option<&Arc<LayerDef>> {
        self.get(&LayerId::new(id)?)
    }

    /// Themes in order.
    pub fn themes(&self) -> &[Arc<Theme>] {
        &self.themes
    }

    /// Layers in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<LayerDef>> {
        self.list.iter()
    }

    /// Number of layers.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod examples;
#[cfg(test)]
mod styles;
#[cfg(test)]
mod tests;
