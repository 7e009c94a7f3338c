//! A store to test, and small things to put into it.

use crate::{Store, Target, open};
use ditu_access::{Action, Gate, Grant, LayerSet, Principal, View};
use ditu_model::{
    Bounds, Changeset, Commit, Delivery, Feature, Geometry, LayerId, Layers, Losses, Mode, Origin, Query,
    RevisionId, Row, RowOp, Terms, Value,
};
use futures_util::StreamExt;
use std::sync::Arc;

pub(super) const BASEMAP: &str = "themes = [\"t\"]";
pub(super) const THEME: &str = r#"
theme = "t"
title = { zh = "测试", en = "Test" }

[[layer]]
id = "t.spot"
title = { zh = "点", en = "Spot" }
geometry = "point"
sharing = "open"
key = ["code"]
display = { zooms = [0, 18] }

[[layer.field]]
name = "code"
title = { zh = "code", en = "code" }
type = "text"

[[layer.field]]
name = "label"
title = { zh = "名称", en = "Name" }
type = "text"

[[layer.field]]
name = "n"
title = { zh = "n", en = "n" }
type = "integer"

[[layer.field]]
name = "r"
title = { zh = "r", en = "r" }
type = "real"

[[layer.field]]
name = "b"
title = { zh = "b", en = "b" }
type = "boolean"

[[layer.field]]
name = "d"
title = { zh = "d", en = "d" }
type = "date"

[[layer.field]]
name = "t"
title = { zh = "t", en = "t" }
type = "datetime"

[[layer.field]]
name = "j"
title = { zh = "j", en = "j" }
type = "json"

[[layer.field]]
name = "secret"
title = { zh = "secret", en = "secret" }
type = "text"
sensitive = true

[[layer]]
id = "t.area"
title = { zh = "面", en = "Area" }
geometry = "polygon"
sharing = "private"
display = { zooms = [0, 18] }

[[layer.field]]
name = "name"
title = { zh = "名", en = "Name" }
type = "text"
"#;

pub(crate) fn layers() -> Arc<Layers> {
    let files = [("basemap.toml".to_owned(), BASEMAP.to_owned()), ("t.toml".to_owned(), THEME.to_owned())];
    Arc::new(Layers::parse(&files).unwrap())
}

pub(crate) fn id(name: &str) -> LayerId {
    LayerId::new(name).unwrap()
}

/// What the operator may do.
pub(crate) fn operator() -> Arc<View> {
    Arc::new(Gate::new(layers(), [Grant::operator()]).view(&Principal::Operator, Action::Manage))
}

/// What anybody may read, within an area if one is given.
pub(super) fn public(area: Option<Bounds>) -> Arc<View> {
    let grant = Grant { area, ..Grant::public(LayerSet::All) };
    Arc::new(Gate::new(layers(), [grant]).view(&Principal::Anonymous, Action::Read))
}

pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    /// Where it is; a store in memory is nowhere.
    pub(crate) target: Option<Target>,
    _dir: Option<tempfile::TempDir>,
}

impl World {
    pub(super) fn memory() -> World {
        World { store: crate::memory(layers()), target: None, _dir: None }
    }

    pub(super) async fn geopackage() -> World {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::GeoPackage(dir.path().join("city.gpkg"));
        World { store: open(&target, layers()).await.unwrap(), target: Some(target), _dir: Some(dir) }
    }

    pub(crate) async fn postgis(test: &str) -> World {
        let url = std::env::var("DITU_TEST_DATABASE").expect(
            "DITU_TEST_DATABASE names no database: run `make test`, or `eval \"$(scripts/postgres.sh start)\"` first",
        );
        // PostgreSQL cuts names at 63 bytes.
        let schema = format!("c_{}", &test[..test.len().min(50)]);
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        client.batch_execute("CREATE EXTENSION IF NOT EXISTS postgis").await.ok();
        client.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
        let target = Target::PostGis { url, schema };
        World { store: open(&target, layers()).await.unwrap(), target: Some(target), _dir: None }
    }

    /// A second opening of the same store, as another process has it.
    pub(crate) async fn again(&self) -> Arc<dyn Store> {
        match &self.target {
            Some(target) => open(target, layers()).await.unwrap(),
            None => self.store.clone(),
        }
    }

    pub(crate) async fn put(&self, layer: &str, mode: Mode, rows: Vec<Row>) -> Commit {
        self.store.commit(&operator(), delivery(layer, mode, rows)).await.unwrap()
    }

    pub(crate) async fn all(&self, layer: &str) -> Vec<Feature> {
        self.scan(operator(), layer, Query::default()).await
    }

    pub(super) async fn scan(&self, view: Arc<View>, layer: &str, query: Query) -> Vec<Feature> {
        let mut stream = self.store.reader(view).scan(&id(layer), query).await.unwrap();
        let mut out = Vec::new();
        while let Some(batch) = stream.batches.next().await {
            out.extend(batch.unwrap());
        }
        out
    }

    pub(crate) async fn head(&self) -> RevisionId {
        self.store.head().await.unwrap()
    }
}

pub(super) fn origin() -> Origin {
    Origin {
        author: "测试员".into(),
        message: "m".into(),
        source: "a.shp".into(),
        transformation: "none".into(),
    }
}

pub(super) fn changes(layer: &str, mode: Mode, ops: Vec<RowOp>) -> Changeset {
    let rows: Vec<Result<Vec<RowOp>, String>> = ops.chunks(3).map(|c| Ok(c.to_vec())).collect();
    Changeset {
        origin: origin(),
        deliveries: vec![Delivery { layer: id(layer), mode, rows: Box::new(rows.into_iter()) }],
        terms: Terms::default(),
        losses: Losses::default(),
    }
}

pub(crate) fn delivery(layer: &str, mode: Mode, rows: Vec<Row>) -> Changeset {
    changes(layer, mode, rows.into_iter().map(|row| RowOp::Put { id: None, row }).collect())
}

/// A spot with a code, a number and a place.
pub(crate) fn spot(code: &str, n: i64, at: [f64; 2]) -> Row {
    let mut values = vec![Value::Null; 9];
    values[0] = Value::text(code);
    values[1] = Value::text(format!("沅江{code}"));
    values[2] = Value::Integer(n);
    values[8] = Value::text("秘密");
    Row { values, geometry: Some(Geometry::point(at[0], at[1])) }
}

/// A square.
pub(crate) fn area(name: &str, at: [f64; 2], size: f64) -> Row {
    let [x, y] = at;
    let ring = vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]];
    Row { values: vec![Value::text(name)], geometry: Some(Geometry::polygon(vec![ring])) }
}

pub(super) fn revision(commit: &Commit) -> RevisionId {
    match commit {
        Commit::Done(list) => list[0].id,
        Commit::Unchanged(id) => panic!("nothing changed at {id}"),
    }
}

pub(crate) fn counts(commit: &Commit) -> (u64, u64, u64) {
    match commit {
        Commit::Done(list) => (list[0].added, list[0].changed, list[0].removed),
        Commit::Unchanged(_) => (0, 0, 0),
    }
}
