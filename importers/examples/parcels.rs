//! A million parcels through the cadastre's checks: how long, and how much memory.
//!
//! `cargo run --release -p ditu-importers --example parcels -- [COUNT]` writes parcels with shared, bent borders and some
//! planted faults as a shapefile, and a county around them; then reads and checks both as an import does.

use ditu_gdal::Worker;
use ditu_importers::{Choice, City, CrsChoice, Lang, Options, plan};
use ditu_model::{Bounds, Layers, Mode, Text};
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Metres between parcels.
const PITCH: f64 = 25.0;
/// South-western corner, EPSG:4546.
const CORNER: [f64; 2] = [552_000.0, 3_200_000.0];

/// A corner of the lattice, shaken so that no border is straight.
fn corner(i: usize, j: usize) -> [f64; 2] {
    let shake = |k: usize| (((i * 7_919 + j * 104_729 + k * 1_299_709) % 1_000) as f64 / 1_000.0 - 0.5) * 8.0;
    let round = |v: f64| (v * 1000.0).round() / 1000.0;
    [round(CORNER[0] + i as f64 * PITCH + shake(1)), round(CORNER[1] + j as f64 * PITCH + shake(2))]
}

fn write(folder: &Path, count: usize) -> Result<(usize, usize), Box<dyn Error>> {
    let side = (count as f64).sqrt().ceil() as usize;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(folder.join("宗地.csv"))?);
    writeln!(out, "宗地代码,地类编码,WKT")?;
    let (mut n, mut planted) = (0, 0);
    let mut wkt = String::new();
    'all: for j in 0..side {
        for i in 0..side {
            if n == count {
                break 'all;
            }
            n += 1;
            let mut ring = [corner(i, j), corner(i + 1, j), corner(i + 1, j + 1), corner(i, j + 1)];
            if n % 49_999 == 0 {
                // Reaches two metres into its neighbour.
                ring[1][0] += 2.0;
                planted += 1;
            }
            wkt.clear();
            for p in ring.iter().chain([&ring[0]]) {
                write!(wkt, "{}{:.3} {:.3}", if wkt.is_empty() { "" } else { "," }, p[0], p[1])?;
            }
            writeln!(
                out,
                "430702{:03}{:03}GB{:05},0701,\"POLYGON(({wkt}))\"",
                n / 1_000_000 % 1_000,
                n / 10_000 % 100 + 1,
                n % 10_000
            )?;
        }
    }
    out.flush()?;
    let (w, s) = (CORNER[0] - 100.0, CORNER[1] - 100.0);
    let (e, n_) = (w + (side + 8) as f64 * PITCH, s + (side + 8) as f64 * PITCH);
    let county = format!(
        "政区代码,政区名称,级别,WKT\n430702,武陵区,县级,\"POLYGON(({w} {s},{e} {s},{e} {n_},{w} {n_},{w} {s}))\"\n"
    );
    std::fs::write(folder.join("行政区.csv"), county)?;
    Ok((n, planted))
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "gdal-worker") {
        std::process::exit(ditu_gdal::worker::main());
    }
    let count = args.first().map_or(Ok(1_000_000), |c| c.parse())?;
    let folder = std::env::temp_dir().join(format!("ditu-parcels-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (n, planted) = write(&folder, count)?;
    let layers = Arc::new(Layers::read_dir(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../layers")))?);
    let options = Options {
        choices: vec![Choice { crs: Some(CrsChoice::Epsg(4546)), ..Choice::default() }],
        controls: Vec::new(),
        present: None,
        mode: Mode::Replace,
        part: None,
        scratch: folder.join("scratch"),
        worker: Worker::of_this_program("gdal-worker")?,
        city: Some(Arc::new(City::new(
            Text::new("常德市", "Changde"),
            Bounds::new(110.48, 28.40, 112.30, 30.13),
        ))),
        layers: None,
    };
    std::fs::create_dir_all(&options.scratch)?;
    let began = Instant::now();
    let plan = plan(std::slice::from_ref(&folder), &layers, &options).map_err(|r| r.to_string())?;
    let run = plan.run();
    let report = run.report.clone();
    for delivery in run.deliveries {
        for batch in delivery.rows {
            batch?;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let memory = std::fs::read_to_string("/proc/self/status")?;
    let peak = memory.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM unknown");
    println!("{}", report.snapshot().summary(Lang::En));
    println!(
        "{n} parcels, {planted} planted overlaps: {seconds:.1} s, {:.0} parcels/s, {peak}",
        n as f64 / seconds
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
