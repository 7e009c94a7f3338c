//! Prints rows a second of a first bulk import, its repetition and a full read:
//! `cargo run --release -p ditu-store --example bulk -- PATH|postgres://… [ROWS]`.

use ditu_access::{Action, Gate, Grant, Principal};
use ditu_model::{
    Changeset, Delivery, Geometry, LayerId, Layers, Losses, Mode, Origin, Query, Row, RowOp, Terms, Value,
};
use ditu_store::{Target, open};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Instant;

const THEME: &str = r#"
theme = "t"
title = { zh = "测试", en = "Test" }
[[layer]]
id = "t.building"
title = { zh = "房屋", en = "Building" }
geometry = "polygon"
sharing = "open"
key = ["code"]
display = { zooms = [14, 18] }
[[layer.field]]
name = "code"
title = { zh = "编码", en = "Code" }
type = "text"
[[layer.field]]
name = "structure"
title = { zh = "结构", en = "Structure" }
type = "text"
[[layer.field]]
name = "floors"
title = { zh = "层数", en = "Floors" }
type = "integer"
[[layer.field]]
name = "area"
title = { zh = "面积", en = "Area" }
type = "real"
"#;

fn rows(n: u64) -> impl Iterator<Item = Result<Vec<RowOp>, String>> + Send {
    let row = |i: u64| {
        let (x, y) = (111.5 + (i % 700) as f64 * 3e-4, 28.9 + (i / 700) as f64 * 3e-4);
        let ring = [[0., 0.], [2., 0.], [2., 1.], [1., 1.], [1., 2.], [0., 2.], [0., 0.]];
        let ring = ring.iter().map(|p: &[f64; 2]| [x + p[0] * 1e-4, y + p[1] * 1e-4]).collect();
        let values = vec![
            Value::text(format!("430702{i:012}")),
            Value::text("混"),
            Value::Integer((i % 30) as i64),
            Value::Real(i as f64 * 0.37),
        ];
        RowOp::Put { id: None, row: Row { values, geometry: Some(Geometry::polygon(vec![ring])) } }
    };
    (0..n.div_ceil(2000)).map(move |b| Ok((b * 2000..((b + 1) * 2000).min(n)).map(row).collect()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let target = Target::parse(&args.next().ok_or("a path or a database")?)?;
    let n: u64 = args.next().map_or(Ok(300_000), |n| n.parse())?;
    let files = [("basemap.toml".into(), "themes = [\"t\"]".into()), ("t.toml".into(), THEME.into())];
    let layers = Arc::new(Layers::parse(&files)?);
    let layer = LayerId::new("t.building").ok_or("a layer")?;
    let view = Gate::new(layers.clone(), [Grant::operator()]).view(&Principal::Operator, Action::Manage);
    let store = open(&target, layers).await?;
    for name in ["first import", "the same again"] {
        let start = Instant::now();
        let delivery = Delivery { layer: layer.clone(), mode: Mode::Replace, rows: Box::new(rows(n)) };
        store
            .commit(
                &view,
                Changeset {
                    origin: Origin::default(),
                    deliveries: vec![delivery],
                    terms: Terms::default(),
                    losses: Losses::default(),
                },
            )
            .await?;
        println!("{name}: {:.0} rows/s", n as f64 / start.elapsed().as_secs_f64());
    }
    let start = Instant::now();
    let mut stream = store.reader(Arc::new(view)).scan(&layer, Query::default()).await?;
    let mut read = 0;
    while let Some(batch) = stream.batches.next().await {
        read += batch?.len();
    }
    println!("read: {:.0} rows/s", read as f64 / start.elapsed().as_secs_f64());
    Ok(())
}
