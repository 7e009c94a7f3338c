//! Reads a delivery as an import would, throws the rows away, prints what was found and how fast.
//!
//! `cargo run --release -p ditu-importers --example read -- SOURCE… [--layer ID] [--crs CODE] [--encoding NAME]
//! [--no-city]`

use ditu_gdal::Worker;
use ditu_importers::{Choice, City, Lang, Options, plan};
use ditu_model::{Bounds, Layers, Mode, Text};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "gdal-worker") {
        std::process::exit(ditu_gdal::worker::main());
    }
    let layers = Layers::read_dir(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../layers")))?;
    let scratch = std::env::temp_dir().join(format!("ditu-read-{}", std::process::id()));
    std::fs::create_dir_all(&scratch)?;
    let flag = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1)).cloned();
    let options = Options {
        choices: vec![Choice {
            layer: flag("--layer").and_then(|l| ditu_model::LayerId::new(&l)),
            crs: flag("--crs").map(|c| c.parse()).transpose()?,
            encoding: flag("--encoding"),
            ..Choice::default()
        }],
        controls: Vec::new(),
        present: None,
        mode: Mode::Replace,
        part: None,
        scratch: scratch.clone(),
        worker: Worker::of_this_program("gdal-worker")?,
        city: (!args.iter().any(|a| a == "--no-city")).then(|| {
            let bounds = Bounds::new(110.48, 28.40, 112.30, 30.13);
            Arc::new(City::new(Text::new("常德市", "Changde"), bounds))
        }),
        layers: None,
    };
    let sources: Vec<PathBuf> = args.iter().take_while(|a| !a.starts_with("--")).map(PathBuf::from).collect();
    let began = Instant::now();
    let planned = plan(&sources, &Arc::new(layers), &options);
    let result = match planned {
        Err(refusal) => {
            println!("{refusal}");
            Ok(())
        }
        Ok(plan) => read(plan, began),
    };
    std::fs::remove_dir_all(&scratch)?;
    result
}

fn read(plan: ditu_importers::Plan, began: Instant) -> Result<(), Box<dyn std::error::Error>> {
    for d in plan.datasets() {
        println!(
            "{} [{}] → {}: {} rows, {}; {}",
            d.file, d.format, d.layer, d.features, d.crs, d.crs_evidence.en
        );
        for m in &d.mapping {
            print!(" {}→{}", m.column, m.field);
        }
        println!(" unused: {}", d.unused.join(", "));
    }
    println!("planned in {:.2} s", began.elapsed().as_secs_f64());
    let run = plan.run();
    for delivery in run.deliveries {
        let (began, mut rows, mut vertices) = (Instant::now(), 0usize, 0usize);
        for batch in delivery.rows {
            let ops = match batch {
                Ok(ops) => ops,
                Err(why) => {
                    println!("aborted: {why}");
                    break;
                }
            };
            for op in ops {
                rows += 1;
                if let ditu_model::RowOp::Put { row, .. } = op {
                    vertices += row.geometry.map_or(0, |g| g.coords.len());
                }
            }
        }
        let s = began.elapsed().as_secs_f64();
        println!(
            "{}: {rows} rows, {vertices} vertices in {s:.2} s: {:.0} features/s",
            delivery.layer,
            rows as f64 / s
        );
    }
    println!("{}", run.transformation);
    let report = run.report.snapshot();
    print!("{}", report.summary(Lang::En));
    if let Ok(path) = std::env::var("DITU_REPORT") {
        std::fs::write(format!("{path}.html"), report.to_html())?;
        std::fs::write(format!("{path}.json"), report.to_json().to_string())?;
    }
    Ok(())
}
