//! From layer files as written to layers as meant. A mistake names file, line, key and cure.

use super::raw::{self, RawFile, RawLayer};
use super::*;
use std::collections::BTreeSet;
use std::path::Path;
use toml::Spanned;

/// One mistake in a layer file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {key}: {what}; {cure}")]
pub struct DefinitionError {
    /// File name.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The key at fault, as a path such as `layer.field.type`.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub cure: String,
}

/// All mistakes found in a folder of layer files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionErrors(pub Vec<DefinitionError>);

impl fmt::Display for DefinitionErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, e) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            e.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for DefinitionErrors {}

/// The file that orders the themes.
const ORDER: &str = "basemap.toml";

impl Layers {
    /// Reads a folder: `basemap.toml` names the themes in order, `<theme>.toml` defines each.
    ///
    /// *Errors*: all mistakes of all files at once.
    pub fn read_dir(dir: &Path) -> Result<Layers, DefinitionErrors> {
        let read = |name: &str| {
            std::fs::read_to_string(dir.join(name)).map_err(|e| {
                DefinitionErrors(vec![DefinitionError {
                    file: dir.join(name).display().to_string(),
                    line: 0,
                    key: "file".into(),
                    what: format!("cannot be read: {e}"),
                    cure: "put the file there or name another folder".into(),
                }])
            })
        };
        let order = read(ORDER)?;
        let mut files = vec![(ORDER.to_owned(), order.clone())];
        for theme in theme_names(&order)? {
            files.push((format!("{theme}.toml"), read(&format!("{theme}.toml"))?));
        }
        Layers::parse(&files)
    }

    /// Reads the same from texts: `(file name, text)`, `basemap.toml` among them.
    ///
    /// *Errors*: as [`Layers::read_dir`].
    pub fn parse(files: &[(String, String)]) -> Result<Layers, DefinitionErrors> {
        let text_of = |name: &str| files.iter().find(|(n, _)| n == name).map(|(_, t)| t.as_str());
        let mut layers = Layers::default();
        let mut errors = Vec::new();
        for theme in theme_names(text_of(ORDER).unwrap_or("themes = []"))? {
            let name = format!("{theme}.toml");
            let Some(text) = text_of(&name) else {
                errors.push(DefinitionError {
                    file: ORDER.into(),
                    line: 1,
                    key: "themes".into(),
                    what: format!("there is no file {name}"),
                    cure: "add the file or take the theme out of the list".into(),
                });
                continue;
            };
            let mut file = File { name: &name, text, errors: Vec::new() };
            match toml::from_str::<RawFile>(text) {
                Ok(raw) => file.take(&theme, raw, &mut layers),
                Err(e) => {
                    let at = e.span().map_or(0, |s| s.start);
                    let what = e.message().to_owned();
                    let key = key_at(text, at);
                    file.add(
                        at,
                        &key,
                        &what,
                        "see the theme files beside it for the keys and values there are",
                    );
                }
            }
            errors.append(&mut file.errors);
        }
        if errors.is_empty() { Ok(layers) } else { Err(DefinitionErrors(errors)) }
    }
}

fn theme_names(order: &str) -> Result<Vec<String>, DefinitionErrors> {
    let raw: raw::RawOrder = toml::from_str(order).map_err(|e| {
        let at = e.span().map_or(0, |s| s.start);
        DefinitionErrors(vec![DefinitionError {
            file: ORDER.into(),
            line: line_of(order, at),
            key: key_at(order, at),
            what: e.message().to_owned(),
            cure: "write themes = [\"control\", …]".into(),
        }])
    })?;
    Ok(raw.themes.into_iter().map(Spanned::into_inner).collect())
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
}

/// The key on the line of a byte offset, or the nearest table header above it.
fn key_at(text: &str, at: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let line = line_of(text, at) - 1;
    let own = lines.get(line).and_then(|l| l.split_once('=')).map(|(k, _)| k.trim().to_owned());
    let table = lines.iter().take(line + 1).rev().find(|l| l.trim_start().starts_with('['));
    let table = table.map(|t| t.trim().trim_matches(['[', ']']).to_owned());
    match (table, own) {
        (Some(t), Some(k)) => format!("{t}.{k}"),
        (t, k) => k.or(t).unwrap_or_else(|| "file".into()),
    }
}

struct File<'a> {
    name: &'a str,
    text: &'a str,
    errors: Vec<DefinitionError>,
}

impl File<'_> {
    fn add(&mut self, at: usize, key: &str, what: &str, cure: &str) {
        self.errors.push(DefinitionError {
            file: self.name.to_owned(),
            line: line_of(self.text, at),
            key: key.to_owned(),
            what: what.to_owned(),
            cure: cure.to_owned(),
        });
    }

    fn take(&mut self, theme: &str, raw: RawFile, layers: &mut Layers) {
        if raw.theme.get_ref() != theme {
            self.add(
                raw.theme.span().start,
                "theme",
                "is not the file's name",
                &format!("write theme = \"{theme}\""),
            );
        }
        let theme = Arc::new(Theme { id: theme.to_owned(), title: text(raw.title) });
        layers.themes.push(theme.clone());
        let mut codes = BTreeMap::new();
        for (name, list) in raw.codes {
            let mut seen = BTreeSet::new();
            for code in &list.values {
                if !seen.insert(code.code.get_ref().clone()) {
                    let what = format!("{} stands twice in the list {name}", code.code.get_ref());
                    self.add(code.code.span().start, "codes.values.code", &what, "keep one of them");
                }
            }
            let values = list.values.into_iter().map(|c| Code {
                code: c.code.into_inner(),
                title: Text { zh: c.zh, en: c.en },
                aliases: c.aliases,
            });
            let list = CodeList {
                name: name.clone(),
                title: text(list.title),
                edition: list.edition,
                codes: values.collect(),
            };
            codes.insert(name, Arc::new(list));
        }
        for raw in raw.layers {
            let at = raw.id.span().start;
            let id = raw.id.get_ref().clone();
            let Some(id) = LayerId::new(&id).filter(|i| i.as_str().split('.').next() == Some(&theme.id))
            else {
                let cure = format!("write {}. and a name of a–z, 0–9 and _", theme.id);
                self.add(at, "layer.id", &format!("{id} is not a layer id of this theme"), &cure);
                continue;
            };
            if layers.by_id.contains_key(&id) {
                self.add(at, "layer.id", &format!("{id} is defined twice"), "rename or remove one");
                continue;
            }
            let def = self.layer(id.clone(), theme.clone(), raw, &codes);
            layers.by_id.insert(id, layers.list.len());
            layers.list.push(Arc::new(def));
        }
    }

    fn layer(
        &mut self,
        id: LayerId,
        theme: Arc<Theme>,
        raw: RawLayer,
        codes: &BTreeMap<String, Arc<CodeList>>,
    ) -> LayerDef {
        let fields: Vec<Field> = raw.fields.into_iter().map(|f| self.field(f, codes)).collect();
        let mut names = BTreeSet::new();
        for f in &fields {
            if !names.insert(f.name.as_str()) || ["fid", "id", "geom"].contains(&f.name.as_str()) {
                let what = format!("{} is taken", f.name);
                self.add(raw.id.span().start, "layer.field.name", &what, "choose another name");
            }
        }
        let index = |name: &Spanned<String>, key: &str, file: &mut Self| {
            let found = fields.iter().position(|f| f.name == *name.get_ref());
            if found.is_none() {
                let what = format!("{id} has no field {}", name.get_ref());
                file.add(name.span().start, key, &what, "name one of its fields");
            }
            found
        };
        let key = raw.key.iter().filter_map(|k| index(k, "layer.key", self)).collect();
        let label = raw.label.and_then(|l| {
            Some(Label {
                field: index(&l.field, "layer.label.field", self)?,
                fallback: l.fallback.as_ref().and_then(|f| index(f, "layer.label.fallback", self)),
                rank: l.rank.as_ref().and_then(|f| index(f, "layer.label.rank", self)),
            })
        });
        let by = raw.display.by.as_ref().and_then(|f| index(f, "layer.display.by", self));
        let [low, high] = *raw.display.zooms.get_ref();
        if low > high || high > 24 {
            let what = format!("[{low}, {high}] is no range of zooms");
            self.add(
                raw.display.zooms.span().start,
                "layer.display.zooms",
                &what,
                "write [lowest, highest], 0 to 24",
            );
        }
        for (value, zoom) in &raw.display.by_value {
            let known = by.and_then(|b| fields[b].codes.as_ref()).is_none_or(|c| c.find(value).is_some());
            if !known {
                let what = format!("{value} is not in the field's code list");
                self.add(zoom.span().start, "layer.display.by_value", &what, "use a code of the list");
            }
        }
        for code in &raw.gb {
            if code.get_ref().is_empty() || !code.get_ref().bytes().all(|b| b.is_ascii_digit()) {
                let what = format!("{:?} is no GB/T 13923 code", code.get_ref());
                self.add(code.span().start, "layer.gb", &what, "write 1 to 8 digits");
            }
        }
        let near = Resolution::default();
        let resolution = Resolution {
            plane_m: self.distance(raw.resolution_m, near.plane_m, "layer.resolution_m"),
            height_m: self.distance(raw.height_resolution_m, near.height_m, "layer.height_resolution_m"),
        };
        let checks = raw.checks.into_iter().map(|c| self.check(c)).collect();
        LayerDef {
            id,
            title: text(raw.title),
            theme,
            kind: match raw.geometry {
                raw::RawKind::Point => Kind::Vector(Shape::Point),
                raw::RawKind::Line => Kind::Vector(Shape::Line),
                raw::RawKind::Polygon => Kind::Vector(Shape::Polygon),
                raw::RawKind::Raster => Kind::Raster,
            },
            key,
            aliases: raw.aliases,
            gb: raw.gb.into_iter().map(Spanned::into_inner).collect(),
            sharing: match raw.sharing {
                raw::RawSharing::Open => Sharing::Open,
                raw::RawSharing::Restricted => Sharing::Restricted,
                raw::RawSharing::Private => Sharing::Private,
            },
            display: Display {
                zooms: low..=high,
                by,
                by_value: raw.display.by_value.into_iter().map(|(k, v)| (k, v.into_inner())).collect(),
                default: raw.display.default.map_or(low, Spanned::into_inner),
                min_size_px: raw.display.min_size_px.unwrap_or(1.0),
                tolerance_px: raw.display.tolerance_px.unwrap_or(0.5),
                shared_borders: raw.display.shared_borders,
            },
            label,
            checks,
            geometry_policy: raw.geometry_policy.map_or(Policy::Repair, policy),
            resolution,
            directed: raw.directed.unwrap_or(true),
            fields,
        }
    }

    /// A length within which nothing differs. One that would hide what a survey sees is a mistake.
    fn distance(&mut self, raw: Option<Spanned<f64>>, default: f64, key: &str) -> f64 {
        let Some(raw) = raw else { return default };
        if !(0.0..=1.0).contains(raw.get_ref()) {
            let what = format!("{} is no such length", raw.get_ref());
            self.add(raw.span().start, key, &what, "write metres, 0 to 1, such as 0.0001");
        }
        raw.into_inner()
    }

    fn field(&mut self, raw: raw::RawField, codes: &BTreeMap<String, Arc<CodeList>>) -> Field {
        let at = raw.name.span().start;
        let name = raw.name.into_inner();
        let ok = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
            && name.len() <= 63
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !ok {
            self.add(at, "layer.field.name", &format!("{name} is no field name"), "use a–z, 0–9 and _");
        }
        let list = raw.codes.and_then(|c| {
            let found = codes.get(c.get_ref()).cloned();
            if found.is_none() {
                let what = format!("there is no code list {}", c.get_ref());
                self.add(c.span().start, "layer.field.codes", &what, "define it under [codes] in this file");
            }
            found
        });
        let pattern = raw.pattern.and_then(|p| match regex::Regex::new(p.get_ref()) {
            Ok(r) => Some(r),
            Err(e) => {
                self.add(
                    p.span().start,
                    "layer.field.pattern",
                    &e.to_string(),
                    "mend the regular expression",
                );
                None
            }
        });
        let range = raw.range.map(|r| {
            if r.get_ref()[0] > r.get_ref()[1] {
                self.add(r.span().start, "layer.field.range", "is upside down", "write [least, greatest]");
            }
            r.into_inner()
        });
        Field {
            name,
            title: text(raw.title),
            kind: match raw.kind {
                raw::RawType::Text => FieldType::Text,
                raw::RawType::Integer => FieldType::Integer,
                raw::RawType::Real => FieldType::Real,
                raw::RawType::Boolean => FieldType::Boolean,
                raw::RawType::Date => FieldType::Date,
                raw::RawType::DateTime => FieldType::DateTime,
                raw::RawType::Json => FieldType::Json,
            },
            width: raw.width,
            unit: raw.unit,
            elevation: raw.elevation,
            codes: list,
            required: raw.required,
            sensitive: raw.sensitive,
            in_tiles: raw.in_tiles.unwrap_or(true),
            aliases: raw.aliases,
            pattern,
            range,
        }
    }

    fn check(&mut self, raw: raw::RawCheck) -> Check {
        let mut check = Check {
            rule: raw.rule.get_ref().clone(),
            severity: match raw.severity {
                raw::RawSeverity::Error => Severity::Error,
                raw::RawSeverity::Warning => Severity::Warning,
                raw::RawSeverity::Note => Severity::Note,
            },
            policy: raw.policy.map_or(Policy::Repair, policy),
            numbers: BTreeMap::new(),
            texts: BTreeMap::new(),
        };
        for (name, value) in raw.params {
            match value {
                toml::Value::Integer(i) => {
                    check.numbers.insert(name, i as f64);
                }
                toml::Value::Float(f) => {
                    check.numbers.insert(name, f);
                }
                toml::Value::String(s) => {
                    check.texts.insert(name, s);
                }
                _ => {
                    let key = format!("layer.check.{name}");
                    self.add(
                        raw.rule.span().start,
                        &key,
                        "is neither number nor text",
                        "write one of the two",
                    );
                }
            }
        }
        check
    }
}

fn text(raw: raw::RawText) -> Text {
    Text { zh: raw.zh, en: raw.en }
}

fn policy(raw: raw::RawPolicy) -> Policy {
    match raw {
        raw::RawPolicy::Repair => Policy::Repair,
        raw::RawPolicy::Quarantine => Policy::Quarantine,
        raw::RawPolicy::Refuse => Policy::Refuse,
    }
}
