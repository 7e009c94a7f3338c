//! Layer files as written: every key known, none checked for sense. [`super::load`] makes sense of them.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) theme: Spanned<String>,
    pub(super) title: RawText,
    #[serde(default)]
    pub(super) codes: BTreeMap<String, RawCodes>,
    #[serde(default, rename = "layer")]
    pub(super) layers: Vec<RawLayer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawText {
    pub(super) zh: String,
    pub(super) en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCodes {
    pub(super) title: RawText,
    pub(super) edition: String,
    pub(super) values: Vec<RawCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCode {
    pub(super) code: Spanned<String>,
    pub(super) zh: String,
    pub(super) en: String,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawKind {
    Point,
    Line,
    Polygon,
    Raster,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawSharing {
    Open,
    Restricted,
    Private,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawPolicy {
    Repair,
    Quarantine,
    Refuse,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawSeverity {
    Error,
    Warning,
    Note,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLayer {
    pub(super) id: Spanned<String>,
    pub(super) title: RawText,
    pub(super) geometry: RawKind,
    #[serde(default)]
    pub(super) key: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    #[serde(default)]
    pub(super) gb: Vec<Spanned<String>>,
    pub(super) sharing: RawSharing,
    pub(super) geometry_policy: Option<RawPolicy>,
    pub(super) resolution_m: Option<Spanned<f64>>,
    pub(super) height_resolution_m: Option<Spanned<f64>>,
    pub(super) directed: Option<bool>,
    pub(super) display: RawDisplay,
    pub(super) label: Option<RawLabel>,
    #[serde(default, rename = "field")]
    pub(super) fields: Vec<RawField>,
    #[serde(default, rename = "check")]
    pub(super) checks: Vec<RawCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDisplay {
    pub(super) zooms: Spanned<[u8; 2]>,
    pub(super) by: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) by_value: BTreeMap<String, Spanned<u8>>,
    pub(super) default: Option<Spanned<u8>>,
    pub(super) min_size_px: Option<f64>,
    pub(super) tolerance_px: Option<f64>,
    #[serde(default)]
    pub(super) shared_borders: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLabel {
    pub(super) field: Spanned<String>,
    pub(super) fallback: Option<Spanned<String>>,
    pub(super) rank: Option<Spanned<String>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawType {
    Text,
    Integer,
    Real,
    Boolean,
    Date,
    DateTime,
    Json,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawField {
    pub(super) name: Spanned<String>,
    pub(super) title: RawText,
    #[serde(rename = "type")]
    pub(super) kind: RawType,
    pub(super) width: Option<u32>,
    pub(super) unit: Option<String>,
    #[serde(default)]
    pub(super) elevation: bool,
    pub(super) codes: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) sensitive: bool,
    pub(super) in_tiles: Option<bool>,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    pub(super) pattern: Option<Spanned<String>>,
    pub(super) range: Option<Spanned<[f64; 2]>>,
}

#[derive(Deserialize)]
pub(super) struct RawCheck {
    pub(super) rule: Spanned<String>,
    pub(super) severity: RawSeverity,
    pub(super) policy: Option<RawPolicy>,
    #[serde(flatten)]
    pub(super) params: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOrder {
    pub(super) themes: Vec<Spanned<String>>,
}
