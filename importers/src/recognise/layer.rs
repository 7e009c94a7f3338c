//! Which layer a table is: by its name, by its columns, by the kind of its shapes.

use super::fields;
use crate::normal;
use crate::table::{ShapeSource, Table};
use ditu_model::layer::Kind;
use ditu_model::{Field, LayerDef, Layers, Shape};
use std::sync::Arc;

/// The outcome for one table.
pub(crate) enum Recognised {
    /// One layer.
    One(Arc<LayerDef>),
    /// Several that the evidence fits equally, best first.
    Several(Vec<Arc<LayerDef>>),
    /// None.
    None,
}

/// True when a layer can take the table's shapes. Closed lines may be areas, so lines may go into area layers if
/// nothing else fits (`loosely`).
fn takes(layer: &LayerDef, table: &Table, loosely: bool) -> bool {
    if table.raster.is_some() || layer.kind == Kind::Raster {
        return table.raster.is_some() && layer.kind == Kind::Raster;
    }
    let wanted = layer.kind.shape();
    match table.shapes {
        ShapeSource::File(None) => true,
        ShapeSource::File(Some(shape)) => {
            shape == wanted || (loosely && shape == Shape::Line && wanted == Shape::Polygon)
        }
        ShapeSource::Columns(..) => wanted == Shape::Point,
        // Lines whose ends are named get their place from another layer.
        ShapeSource::None => layer.checks.iter().any(|c| c.rule == "ends"),
    }
}

/// Whether a layer holds shapes of a kind, or closed lines of it.
pub(crate) fn holds(layer: &LayerDef, shape: Shape) -> bool {
    let Kind::Vector(wanted) = layer.kind else { return false };
    shape == wanted || shape == Shape::Line && wanted == Shape::Polygon
}

/// Whether any layer of this name holds shapes of a kind; `None` where none is called so.
pub(crate) fn may_hold(layers: &Layers, name: &str, shape: Shape) -> Option<bool> {
    let mut all = layers.iter().filter(|l| called(l, name)).peekable();
    all.peek()?;
    Some(all.any(|l| holds(l, shape)))
}

fn named(layer: &LayerDef, table: &Table) -> bool {
    called(layer, &table.name)
}

/// By the name as it stands, or as it is meant.
fn called(layer: &LayerDef, name: &str) -> bool {
    layer.is_called(name) || layer.is_called(&normal::code(name))
}

/// Tables of a file that are beside its data: the sheet frame of a drawing, the cover of a workbook. The file's name does not
/// speak for them.
const BESIDE: [&str; 14] = [
    "tk",
    "图框",
    "图廓",
    "图廓层",
    "defpoints",
    "说明",
    "填表说明",
    "填写说明",
    "编制说明",
    "目录",
    "封面",
    "汇总",
    "字段说明",
    "数据字典",
];

fn named_otherwise(layer: &LayerDef, table: &Table) -> bool {
    !BESIDE.contains(&normal::code(table.name.trim()).to_lowercase().as_str())
        && table.other_names.iter().any(|n| called(layer, n))
}

/// How well columns fit: fields found, and whether all required ones are (those a check fills count as found).
fn fit(layer: &LayerDef, table: &Table) -> (usize, bool) {
    let mapping = fields::map(layer, &table.columns, true);
    let needs = |f: &Field| f.required && !layer.is_filled(&f.name);
    let whole = layer.fields.iter().zip(&mapping).all(|(f, m)| m.is_some() || !needs(f));
    (mapping.iter().flatten().count(), whole)
}

/// Decides.
pub(crate) fn recognise(table: &Table, layers: &Layers) -> Recognised {
    for loosely in [false, true] {
        for by_name in [named as fn(&LayerDef, &Table) -> bool, named_otherwise] {
            let called: Vec<_> =
                layers.iter().filter(|l| takes(l, table, loosely) && by_name(l, table)).collect();
            match called.as_slice() {
                [] => {}
                [only] => return Recognised::One(Arc::clone(only)),
                several => return best(several, table, false),
            }
        }
    }
    // No name says so: the columns must, and clearly. A point list has the same ones whatever its points are.
    if table.format == "CASS DAT" {
        return Recognised::None;
    }
    let fitting: Vec<_> = layers
        .iter()
        .filter(|l| {
            let (found, whole) = fit(l, table);
            takes(l, table, false) && whole && found >= 3 && found * 2 >= table.columns.len()
        })
        .collect();
    match fitting.as_slice() {
        [] => Recognised::None,
        [only] => Recognised::One(Arc::clone(only)),
        several => best(several, table, true),
    }
}

fn best(several: &[&Arc<LayerDef>], table: &Table, margin: bool) -> Recognised {
    let mut scored: Vec<((bool, usize), &Arc<LayerDef>)> = several
        .iter()
        .map(|l| {
            let (found, whole) = fit(l, table);
            ((whole, found), *l)
        })
        .collect();
    scored.sort_by_key(|s| std::cmp::Reverse(s.0));
    let (first, second) = (scored[0].0, scored[1].0);
    let clear = if margin { first.1 >= second.1 + 2 } else { first > second && first.1 > second.1 };
    if clear {
        return Recognised::One(Arc::clone(scored[0].1));
    }
    Recognised::Several(scored.into_iter().map(|(_, l)| Arc::clone(l)).collect())
}
