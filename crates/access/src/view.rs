//! The gate and the views it makes.

use crate::grant::{Action, Grant, LayerSet, Principal, Subject};
use ditu_model::{Bounds, LayerDef, LayerId, Layers, Sharing};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Names a view's rights: equal rights, equal hash. 128 bits of SHA-256 over the canonical form.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ViewHash([u8; 16]);

impl ViewHash {
    /// The bytes, for cache keys and ETags.
    pub fn bytes(&self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Debug for ViewHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

/// What a view shows of one layer.
#[derive(Clone, Debug)]
pub struct Scope {
    layer: Arc<LayerDef>,
    fields: Vec<bool>,
    /// `None` is everywhere; else the union of these boxes.
    area: Option<Vec<Bounds>>,
    zooms: RangeInclusive<u8>,
}

impl Scope {
    /// The layer's definition.
    pub fn layer(&self) -> &Arc<LayerDef> {
        &self.layer
    }

    /// True when the field at this index is shown.
    pub fn shows(&self, field: usize) -> bool {
        self.fields.get(field).copied().unwrap_or(false)
    }

    /// Indices of the fields that are shown.
    pub fn fields(&self) -> impl Iterator<Item = usize> + '_ {
        self.fields.iter().enumerate().filter_map(|(i, &shown)| shown.then_some(i))
    }

    /// The boxes (EPSG:4490 degrees) outside which nothing is shown and at which geometry is cut; `None` is no limit.
    pub fn area(&self) -> Option<&[Bounds]> {
        self.area.as_deref()
    }

    /// The tile zooms at which the layer is shown.
    pub fn zooms(&self) -> RangeInclusive<u8> {
        self.zooms.clone()
    }
}

/// What one principal may do one action on: layers, fields, area, zooms. Made only by [`Gate::view`].
#[derive(Clone, Debug)]
pub struct View {
    action: Action,
    hash: ViewHash,
    scopes: BTreeMap<LayerId, Scope>,
}

impl View {
    /// The action it was made for: a store takes a commit only under a view made for [`Action::Edit`] or above.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Names the rights of this view.
    pub fn hash(&self) -> ViewHash {
        self.hash
    }

    /// What it shows of a layer; `None` is nothing, and must be answered as "no such layer".
    pub fn scope(&self, layer: &LayerId) -> Option<&Scope> {
        self.scopes.get(layer)
    }

    /// What it shows of a layer named as text.
    pub fn named(&self, layer: &str) -> Option<&Scope> {
        self.scope(&LayerId::new(layer)?)
    }

    /// All layers it shows, in id order.
    pub fn scopes(&self) -> impl ExactSizeIterator<Item = &Scope> {
        self.scopes.values()
    }
}

/// Holds the layers and the grants, and decides.
#[derive(Clone, Debug)]
pub struct Gate {
    layers: Arc<Layers>,
    grants: Vec<Grant>,
}

impl Gate {
    /// A gate over these layers and grants. The operator's own grant is always there.
    pub fn new(layers: Arc<Layers>, grants: impl IntoIterator<Item = Grant>) -> Gate {
        let grants = grants.into_iter().chain([Grant::operator()]).collect();
        Gate { layers, grants }
    }

    /// The layers it guards.
    pub fn layers(&self) -> &Arc<Layers> {
        &self.layers
    }

    /// Decides what `who` may do `action` on. Grants add up: fields, areas and zooms of all grants that reach a layer
    /// are united. A layer that no grant reaches is absent.
    pub fn view(&self, who: &Principal, action: Action) -> View {
        let mut scopes = BTreeMap::new();
        for layer in self.layers.iter() {
            let reach = |g: &&Grant| serves(&g.subject, who) && opens(&g.layers, layer) && g.action >= action;
            let mut scope: Option<Scope> = None;
            for grant in self.grants.iter().filter(reach) {
                let fields = layer.fields.iter().map(|f| grant.sensitive || !f.sensitive).collect::<Vec<_>>();
                let zooms = grant.zooms.clone().unwrap_or(0..=24);
                match &mut scope {
                    None => {
                        let area = grant.area.map(|a| vec![a]);
                        scope = Some(Scope { layer: layer.clone(), fields, area, zooms });
                    }
                    Some(s) => {
                        s.fields.iter_mut().zip(&fields).for_each(|(a, b)| *a |= b);
                        s.area = match (s.area.take(), grant.area) {
                            (Some(mut all), Some(one)) => {
                                all.push(one);
                                Some(all)
                            }
                            _ => None,
                        };
                        s.zooms = *s.zooms.start().min(zooms.start())..=*s.zooms.end().max(zooms.end());
                    }
                }
            }
            if let Some(scope) = scope {
                scopes.insert(layer.id.clone(), scope);
            }
        }
        View { action, hash: hash(&scopes), scopes }
    }
}

fn serves(subject: &Subject, who: &Principal) -> bool {
    match subject {
        Subject::Everyone => true,
        Subject::Operator => *who == Principal::Operator,
    }
}

fn opens(set: &LayerSet, layer: &LayerDef) -> bool {
    match set {
        LayerSet::All => true,
        LayerSet::Open => layer.sharing == Sharing::Open,
        LayerSet::One(id) => layer.id == *id,
    }
}

fn hash(scopes: &BTreeMap<LayerId, Scope>) -> ViewHash {
    let mut h = Sha256::new();
    for (id, s) in scopes {
        h.update((id.as_str().len() as u32).to_le_bytes());
        h.update(id.as_str());
        h.update([*s.zooms.start(), *s.zooms.end(), u8::from(s.area.is_some())]);
        let mut boxes: Vec<[u64; 4]> = (s.area.iter().flatten())
            .map(|b| [b.min[0], b.min[1], b.max[0], b.max[1]].map(f64::to_bits))
            .collect();
        boxes.sort_unstable();
        boxes.dedup();
        h.update((boxes.len() as u32).to_le_bytes());
        boxes.iter().flatten().for_each(|v| h.update(v.to_le_bytes()));
        h.update((s.fields.len() as u32).to_le_bytes());
        s.fields.iter().for_each(|f| h.update([u8::from(*f)]));
    }
    let mut out = [0; 16];
    out.copy_from_slice(&h.finalize()[..16]);
    ViewHash(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers() -> Arc<Layers> {
        let layer = |id: &str, sharing: &str| {
            format!(
                r#"
[[layer]]
id = "t.{id}"
title = {{ zh = "甲", en = "A" }}
geometry = "point"
sharing = "{sharing}"
display = {{ zooms = [0, 18] }}
[[layer.field]]
name = "name"
title = {{ zh = "名", en = "Name" }}
type = "text"
[[layer.field]]
name = "owner"
title = {{ zh = "主", en = "Owner" }}
type = "text"
sensitive = true
"#
            )
        };
        let text = format!(
            "theme = \"t\"\ntitle = {{ zh = \"甲\", en = \"T\" }}\n{}{}{}",
            layer("open", "open"),
            layer("shut", "restricted"),
            layer("own", "private")
        );
        let files = [("basemap.toml".into(), "themes = [\"t\"]".into()), ("t.toml".into(), text)];
        Arc::new(Layers::parse(&files).unwrap())
    }

    fn ids(v: &View) -> Vec<&str> {
        v.scopes().map(|s| s.layer().id.as_str()).collect()
    }

    #[test]
    fn l02_a_fresh_gate_shows_the_anonymous_open_layers_without_sensitive_fields() {
        let gate = Gate::new(layers(), [Grant::open_layers()]);
        let view = gate.view(&Principal::Anonymous, Action::Read);
        assert_eq!(ids(&view), ["t.open"]);
        assert_eq!(view.named("t.open").unwrap().fields().collect::<Vec<_>>(), [0]);
        assert!(view.named("t.shut").is_none());
        assert!(ids(&gate.view(&Principal::Anonymous, Action::Edit)).is_empty());
        assert!(ids(&Gate::new(layers(), []).view(&Principal::Anonymous, Action::Discover)).is_empty());
    }

    #[test]
    fn the_operator_sees_all_and_widening_names_layers() {
        let shut = LayerId::new("t.shut").unwrap();
        let gate = Gate::new(layers(), [Grant::open_layers(), Grant::public(LayerSet::One(shut))]);
        assert_eq!(ids(&gate.view(&Principal::Anonymous, Action::Read)), ["t.open", "t.shut"]);
        let all = gate.view(&Principal::Operator, Action::Manage);
        assert_eq!(ids(&all), ["t.open", "t.own", "t.shut"]);
        assert!(all.named("t.own").unwrap().shows(1));
    }

    #[test]
    fn equal_rights_share_a_hash_and_any_difference_parts_them() {
        let area = |x: f64| Grant { area: Some(Bounds::new(x, 29., 112., 30.)), ..Grant::open_layers() };
        let view = |grants: Vec<Grant>| Gate::new(layers(), grants).view(&Principal::Anonymous, Action::Read);
        let base = view(vec![Grant::open_layers()]);
        assert_eq!(base.hash(), view(vec![Grant::open_layers(), Grant::open_layers()]).hash());
        assert_eq!(base.hash(), view(vec![Grant::open_layers(), area(111.)]).hash());
        let two = view(vec![area(110.), area(111.)]);
        assert_eq!(two.hash(), view(vec![area(111.), area(110.)]).hash());
        let others = [
            view(vec![area(111.)]),
            two,
            view(vec![Grant::public(LayerSet::All)]),
            view(vec![Grant { sensitive: true, ..Grant::open_layers() }]),
            view(vec![Grant { zooms: Some(0..=12), ..Grant::open_layers() }]),
            view(vec![]),
        ];
        for (i, a) in others.iter().enumerate() {
            assert_ne!(a.hash(), base.hash(), "{i}");
            assert!(others[..i].iter().all(|b| b.hash() != a.hash()), "{i}");
        }
    }
}
