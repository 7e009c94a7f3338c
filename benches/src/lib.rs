//! What the benches share: a block city in a memory store, so that no file and no clock but the bench's own is in play.
#![allow(missing_docs)]

use ditu_access::{Action, Gate, Grant, LayerSet, Principal, View};
use ditu_model::{
    Changeset, Delivery, FeatureSource, Geometry, LayerId, Layers, Losses, Mode, Origin, Row, RowOp, Terms,
    Value,
};
use ditu_store::{Store, memory};
use std::sync::Arc;

const THEME: &str = r#"
theme = "t"
title = { zh = "测试", en = "Test" }
[[layer]]
id = "t.building"
title = { zh = "房屋", en = "Building" }
geometry = "polygon"
sharing = "open"
display = { zooms = [13, 22], tolerance_px = 0.5, min_size_px = 1.0 }
[[layer.field]]
name = "name"
title = { zh = "名称", en = "Name" }
type = "text"
in_tiles = true
[[layer.field]]
name = "floors"
title = { zh = "层数", en = "Floors" }
type = "integer"
in_tiles = true
[[layer]]
id = "t.road"
title = { zh = "道路", en = "Road" }
geometry = "line"
sharing = "open"
display = { zooms = [8, 22], tolerance_px = 0.5 }
[[layer.field]]
name = "kind"
title = { zh = "类别", en = "Kind" }
type = "text"
in_tiles = true
"#;

/// A city of `side` × `side` blocks of 120 m with nine buildings each, and the streets between.
pub struct City {
    pub layers: Arc<Layers>,
    pub store: Arc<dyn Store>,
    pub view: Arc<View>,
    pub ids: Vec<LayerId>,
}

/// The north-west corner's neighbourhood: where the city begins, degrees.
pub const ORIGIN: [f64; 2] = [111.60, 28.95];

impl City {
    pub async fn new(side: usize) -> Result<City, Box<dyn std::error::Error>> {
        let files = [("basemap.toml".into(), "themes = [\"t\"]".into()), ("t.toml".into(), THEME.into())];
        let layers = Arc::new(Layers::parse(&files)?);
        let store = memory(layers.clone());
        let operator =
            Gate::new(layers.clone(), [Grant::operator()]).view(&Principal::Operator, Action::Manage);
        let ids: Vec<LayerId> = layers.iter().map(|l| l.id.clone()).collect();
        let block = 0.0012;
        let at = move |i: usize, j: usize| [ORIGIN[0] + i as f64 * block, ORIGIN[1] + j as f64 * block];
        let building = move |k: usize| {
            let (cell, part) = (k / 9, k % 9);
            let [x, y] = at(cell % side, cell / side);
            let (x, y, s) =
                (x + (part % 3) as f64 * 3.5e-4 + 1e-4, y + (part / 3) as f64 * 3.5e-4 + 1e-4, 2e-4);
            let ring = [[0., 0.], [s, 0.], [s, s * 0.6], [s * 0.5, s * 0.6], [s * 0.5, s], [0., s], [0., 0.]];
            let ring = ring.iter().map(|p: &[f64; 2]| [x + p[0], y + p[1]]).collect();
            let values = vec![Value::text(format!("楼{}", k % 5000)), Value::Integer((k % 33) as i64)];
            Row { values, geometry: Some(Geometry::polygon(vec![ring])) }
        };
        let road = move |k: usize| {
            let (i, along) = (k / 2, k.is_multiple_of(2));
            let points = (0..=side * 4).map(|s| {
                let (a, b) = (s as f64 / 4.0 * block, i as f64 * block);
                if along { [ORIGIN[0] + a, ORIGIN[1] + b] } else { [ORIGIN[0] + b, ORIGIN[1] + a] }
            });
            let kind = ["主干路", "次干路", "支路"][i % 3];
            Row { values: vec![Value::text(kind)], geometry: Some(Geometry::line(points.collect())) }
        };
        let delivery = |layer: &LayerId, n: usize, row: Box<dyn Fn(usize) -> Row + Send>| Delivery {
            layer: layer.clone(),
            mode: Mode::Replace,
            rows: Box::new((0..n.div_ceil(2000)).map(move |b| {
                Ok((b * 2000..((b + 1) * 2000).min(n))
                    .map(|k| RowOp::Put { id: None, row: row(k) })
                    .collect())
            })),
        };
        let deliveries = vec![
            delivery(&ids[0], side * side * 9, Box::new(building)),
            delivery(&ids[1], side * 2, Box::new(road)),
        ];
        store
            .commit(
                &operator,
                Changeset {
                    origin: Origin::default(),
                    deliveries,
                    terms: Terms::default(),
                    losses: Losses::default(),
                },
            )
            .await?;
        let view = Gate::new(layers.clone(), [Grant::public(LayerSet::All)])
            .view(&Principal::Anonymous, Action::Read);
        Ok(City { layers, store, view: Arc::new(view), ids })
    }

    /// Reads everything.
    pub fn source(&self) -> Arc<dyn FeatureSource> {
        self.store.reader(self.view.clone())
    }
}
