//! What a delivery takes away from a layer, for which part of it the delivery is whole, and what may go unasked.

use crate::change::RevisionId;
use crate::feature::Row;
use crate::finding::Text;
use crate::geometry::Bounds;
use crate::layer::{LayerDef, LayerId};
use crate::value::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Names of features that a loss lists.
pub const EXAMPLES: usize = 5;

/// The part of a layer for which a delivery is whole: what is there of it and does not come is gone.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Part {
    /// The whole layer.
    #[default]
    All,
    /// The features that hold one of these texts in a field.
    Values {
        /// Index of the field.
        field: usize,
        /// Only so many characters of its text are compared, and there are more of them.
        prefix: Option<usize>,
        /// The texts.
        values: BTreeSet<String>,
    },
    /// The features whose box lies in a convex ring, counter-clockwise, longitude and latitude.
    Area(Vec<[f64; 2]>),
}

/// Degrees by which a feature may reach over the edge of an area and be in it: a centimetre.
const EDGE: f64 = 1e-7;

impl Part {
    /// The text by which a value belongs to a part; `None` when it belongs to none.
    pub fn text_of(value: &Value, prefix: Option<usize>) -> Option<&str> {
        let Value::Text(text) = value else { return None };
        let Some(n) = prefix else { return Some(text) };
        text.char_indices().nth(n).map(|(at, _)| &text[..at])
    }

    /// True for a row of this part.
    pub fn holds(&self, row: &Row) -> bool {
        match self {
            Part::All => true,
            Part::Values { field, prefix, values } => {
                Part::text_of(&row.values[*field], *prefix).is_some_and(|t| values.contains(t))
            }
            Part::Area(_) => row.geometry.as_ref().is_some_and(|g| self.contains(&g.bounds())),
        }
    }

    /// True for a box that lies in the area of this part.
    pub fn contains(&self, b: &Bounds) -> bool {
        let Part::Area(ring) = self else { return true };
        if b.is_empty() || ring.is_empty() {
            return false;
        }
        let inside = |p: [f64; 2]| {
            (0..ring.len()).all(|i| {
                let (a, c) = (ring[i], ring[(i + 1) % ring.len()]);
                let (dx, dy) = (c[0] - a[0], c[1] - a[1]);
                let length = dx.hypot(dy);
                // A ring of one point has no sides: distances from it are all there is.
                if length == 0.0 {
                    return (p[0] - a[0]).hypot(p[1] - a[1]) <= EDGE || ring.len() > 1;
                }
                dx * (p[1] - a[1]) - dy * (p[0] - a[0]) >= -EDGE * length
            })
        };
        [b.min, b.max, [b.min[0], b.max[1]], [b.max[0], b.min[1]]].into_iter().all(inside)
    }

    /// The box of its area.
    pub fn bounds(&self) -> Option<Bounds> {
        let Part::Area(ring) = self else { return None };
        let mut b = Bounds::EMPTY;
        ring.iter().for_each(|p| b.add(*p));
        Some(Bounds::new(b.min[0] - EDGE, b.min[1] - EDGE, b.max[0] + EDGE, b.max[1] + EDGE))
    }

    /// The part for people; `None` for the whole layer.
    pub fn describe(&self, def: &LayerDef) -> Option<Text> {
        match self {
            Part::All => None,
            Part::Values { field, prefix, values } => {
                let field = &def.fields[*field];
                let titled = |zh: bool| {
                    let each = values.iter().take(EXAMPLES).map(|v| {
                        let code = field.codes.as_ref().and_then(|c| c.find(v));
                        code.map_or(v.as_str(), |c| if zh { &c.title.zh } else { &c.title.en })
                    });
                    let all = each.collect::<Vec<_>>().join(if zh { "、" } else { ", " });
                    let more = values.len().saturating_sub(EXAMPLES);
                    match (more, zh) {
                        (0, _) => all,
                        (n, true) => format!("{all} 等 {} 种", n + EXAMPLES),
                        (n, false) => format!("{all} and {n} more"),
                    }
                };
                let (zh, en) = (titled(true), titled(false));
                Some(match prefix {
                    None => Text::new(
                        format!("{} 为 {zh}", field.title.zh),
                        format!("{} is {en}", field.title.en),
                    ),
                    Some(n) => Text::new(
                        format!("{} 前 {n} 位为 {zh}", field.title.zh),
                        format!("{} begins with {en}", field.title.en),
                    ),
                })
            }
            Part::Area(_) => self.bounds().map(|b| {
                let at = format!("{:.5}, {:.5} – {:.5}, {:.5}", b.min[0], b.min[1], b.max[0], b.max[1]);
                Text::new(format!("范围 {at} 之内"), format!("within {at}"))
            }),
        }
    }
}

/// What removing features needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Removal {
    /// Nothing.
    #[default]
    Allowed,
    /// Consent beyond the share that the layer declares.
    Asked,
    /// At least this share (0 to 1) of what is there must stay.
    Share(f64),
}

/// What emptying fields needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Emptying {
    /// Nothing.
    #[default]
    Allowed,
    /// Consent beyond the share that the layer declares, except for fields of these names.
    Asked(Vec<String>),
}

/// What may go by a delivery without a further word. The default lets everything go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Features that the delivery does not hold.
    pub removal: Removal,
    /// Values that the delivery has empty.
    pub emptying: Emptying,
    /// Taking back edits needs consent beyond the share that the layer declares for removal.
    pub reverting_asked: bool,
}

impl Terms {
    /// Everything beyond what a layer declares is asked.
    pub fn asked() -> Terms {
        Terms { removal: Removal::Asked, emptying: Emptying::Asked(Vec::new()), reverting_asked: true }
    }
}

/// A feature that goes or changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Example {
    /// Its key, or its id where it has none.
    pub name: String,
    /// Where it is, longitude and latitude.
    pub at: Option<[f64; 2]>,
}

/// What becomes of the values that a layer holds in one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldLoss {
    /// The field's name.
    pub field: String,
    /// What it is called.
    pub title: Text,
    /// Values that stay because the delivery has no column for them.
    pub kept: u64,
    /// Values that go because the delivery has them empty.
    pub emptied: u64,
    /// Values that those features held.
    pub held: u64,
    /// Some of the features that are emptied.
    pub examples: Vec<Example>,
}

/// Features that a delivery brings back to how they were before a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Reverted {
    /// The revision whose change is undone.
    pub revision: RevisionId,
    /// The number of features.
    pub rows: u64,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// A thing that needs consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Features would be removed.
    Removal,
    /// A field would be emptied; its name.
    Emptying(String),
    /// Edits would be taken back.
    Reverting,
}

impl Ask {
    /// The word that questions and flags use.
    pub fn word(&self) -> &'static str {
        match self {
            Ask::Removal => "removal",
            Ask::Emptying(_) => "emptying",
            Ask::Reverting => "reverting",
        }
    }
}

/// What a delivery takes away from one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// The layer.
    pub layer: LayerId,
    /// What the layer is called.
    pub title: Text,
    /// The part for which the delivery is whole, for people; `None` for the whole layer.
    pub part: Option<Text>,
    /// Features that the layer held.
    pub present: u64,
    /// Those of the part.
    pub inside: u64,
    /// Features that go.
    pub removed: u64,
    /// Of those, the ones in whose place others come: in a layer without a key, a changed feature is a new one.
    pub replaced: u64,
    /// Some of those that go.
    pub examples: Vec<Example>,
    /// Fields of which values stay or go.
    pub fields: Vec<FieldLoss>,
    /// Edits that are taken back, the latest revision first.
    pub reverted: Vec<Reverted>,
    /// What of this goes beyond what the terms and the layer allow.
    pub asks: Vec<Ask>,
}

fn names(examples: &[Example], between: &str) -> String {
    let all: Vec<&str> = examples.iter().map(|e| e.name.as_str()).filter(|n| !n.is_empty()).collect();
    all.join(between)
}

impl Loss {
    /// True when there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.removed == 0 && self.fields.is_empty() && self.reverted.is_empty() && self.part.is_none()
    }

    /// Features that are brought back to an earlier state.
    pub fn reverted_rows(&self) -> u64 {
        self.reverted.iter().map(|r| r.rows).sum()
    }

    /// Decides what needs consent.
    pub fn judge(&mut self, def: &LayerDef, terms: &Terms) {
        let beyond = |n: u64, of: u64, share: f64| n > def.few && n as f64 > share * of as f64;
        let gone = self.removed - self.replaced;
        let removal = match terms.removal {
            Removal::Allowed => false,
            Removal::Asked => beyond(gone, self.inside, def.may_remove),
            // A share that was stated is taken by its word: a few are not let through, nor what others take the place of.
            Removal::Share(least) => {
                self.removed > 0 && ((self.inside - self.removed) as f64) < least * self.inside as f64
            }
        };
        self.asks.clear();
        if removal {
            self.asks.push(Ask::Removal);
        }
        if let Emptying::Asked(but) = &terms.emptying {
            let each = self.fields.iter().filter(|f| beyond(f.emptied, f.held, def.may_empty));
            let asked = each.filter(|f| !but.contains(&f.field));
            self.asks.extend(asked.map(|f| Ask::Emptying(f.field.clone())));
        }
        if terms.reverting_asked && beyond(self.reverted_rows(), self.present, def.may_remove) {
            self.asks.push(Ask::Reverting);
        }
    }

    /// What is said of one thing that goes, how many of how many, with examples.
    pub fn text(&self, ask: &Ask) -> Text {
        let (zh, en) = (&self.title.zh, &self.title.en);
        let with = |text: (String, String), examples: &[Example]| match examples {
            [] => Text::new(text.0, text.1),
            some => Text::new(
                format!("{}，如 {}", text.0, names(some, "、")),
                format!("{}, such as {}", text.1, names(some, ", ")),
            ),
        };
        match ask {
            Ask::Removal => {
                let (n, of) = (self.removed - self.replaced, self.inside);
                let (of_zh, of_en) = match &self.part {
                    Some(p) => (format!("（{}）", p.zh), format!(" ({})", p.en)),
                    None => (String::new(), String::new()),
                };
                with(
                    (
                        format!("“{zh}”{of_zh}现有 {of} 个要素中有 {n} 个不在这批数据里，会被删除"),
                        format!(
                            "{en}{of_en}: {n} of the {of} features that are there are not in the delivery and would be removed"
                        ),
                    ),
                    &self.examples,
                )
            }
            Ask::Emptying(field) => {
                let Some(f) = self.fields.iter().find(|f| f.field == *field) else {
                    return Text::new(field.clone(), field.clone());
                };
                let (n, of) = (f.emptied, f.held);
                with(
                    (
                        format!("“{zh}”的“{}”（{field}）：现有 {of} 个值中有 {n} 个会被清空", f.title.zh),
                        format!("{en}: {n} of the {of} values of {} ({field}) would be emptied", f.title.en),
                    ),
                    &f.examples,
                )
            }
            Ask::Reverting => {
                let n = self.reverted_rows();
                let each = |zh: bool| -> String {
                    let all = self.reverted.iter().take(EXAMPLES).map(|r| {
                        if zh {
                            format!("版本 {} 的 {} 处", r.revision, r.rows)
                        } else {
                            format!("{} of revision {}", r.rows, r.revision)
                        }
                    });
                    all.collect::<Vec<_>>().join(if zh { "、" } else { ", " })
                };
                let examples: Vec<Example> =
                    self.reverted.iter().flat_map(|r| r.examples.clone()).take(EXAMPLES).collect();
                with(
                    (
                        format!("“{zh}”：这批数据比库中旧，会撤回 {n} 处修改（{}）", each(true)),
                        format!(
                            "{en}: the delivery is older than what is there and takes back {n} edits ({})",
                            each(false)
                        ),
                    ),
                    &examples,
                )
            }
        }
    }
}

/// What is taken away by the deliveries of a changeset; filled while a store works, for whoever gave it.
#[derive(Clone, Debug, Default)]
pub struct Losses(Arc<Mutex<Vec<Loss>>>);

impl Losses {
    /// Adds what a layer loses.
    pub fn add(&self, loss: Loss) {
        if !loss.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(loss);
        }
    }

    /// What is known now.
    pub fn list(&self) -> Vec<Loss> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_lies_in_an_area_when_its_corners_do() {
        let ring = vec![[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        let part = Part::Area(ring);
        for (b, inside) in [
            (Bounds::new(0.5, 0.5, 1.0, 1.0), true),
            (Bounds::new(0.0, 0.0, 2.0, 2.0), true),
            (Bounds::new(-5e-8, 0.0, 2.0, 2.0), true),
            (Bounds::new(1.0, 1.0, 2.1, 1.5), false),
            (Bounds::new(3.0, 3.0, 4.0, 4.0), false),
            (Bounds::EMPTY, false),
        ] {
            assert_eq!(part.contains(&b), inside, "{b:?}");
        }
        let point = Part::Area(vec![[1.0, 1.0]]);
        assert!(point.contains(&Bounds::new(1.0, 1.0, 1.0, 1.0)));
        assert!(!point.contains(&Bounds::new(1.0, 1.0, 1.1, 1.0)));
        let line = Part::Area(vec![[0.0, 0.0], [1.0, 0.0]]);
        assert!(line.contains(&Bounds::new(0.2, 0.0, 0.8, 0.0)));
        assert!(!line.contains(&Bounds::new(0.2, 0.0, 0.8, 0.1)));
    }

    #[test]
    fn a_prefix_needs_something_behind_it() {
        assert_eq!(Part::text_of(&Value::text("430702001001GB1"), Some(12)), Some("430702001001"));
        assert_eq!(Part::text_of(&Value::text("4307"), Some(4)), None);
        assert_eq!(Part::text_of(&Value::text("武陵区一"), Some(3)), Some("武陵区"));
        assert_eq!(Part::text_of(&Value::Null, None), None);
    }
}
