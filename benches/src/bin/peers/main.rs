//! Side by side: tiles from a running Ditu, then the same bytes as plain files from a bare HTTP server in this
//! process. Both are asked by the same client over the same number of connections, so the ratio is what Ditu's own
//! work costs.
//!
//! Usage: `peers URL [--layers basemap] [--bbox W,S,E,N] [--zooms 8-18] [--seconds 5] [--connections 8]
//! [--encoding zstd]`. Start the server with its tile cache off to measure encoding rather than memory copies.

mod client;
mod files;

use client::{Figures, Target};
use std::process::ExitCode;
use std::time::Duration;

struct Options {
    url: String,
    layers: String,
    bbox: [f64; 4],
    zooms: (u8, u8),
    seconds: u64,
    connections: usize,
    encoding: String,
}

fn options() -> Result<Options, String> {
    let mut args = std::env::args().skip(1);
    let mut o = Options {
        url: String::new(),
        layers: "basemap".into(),
        bbox: [111.60, 28.97, 111.80, 29.11],
        zooms: (8, 18),
        seconds: 5,
        connections: 8,
        encoding: "zstd".into(),
    };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--layers" => o.layers = value()?,
            "--bbox" => {
                let parts: Result<Vec<f64>, _> = value()?.split(',').map(str::parse).collect();
                o.bbox =
                    parts.map_err(|e| e.to_string())?.try_into().map_err(|_| "--bbox takes four numbers")?;
            }
            "--zooms" => {
                let text = value()?;
                let (a, b) = text.split_once('-').unwrap_or((&text, &text));
                o.zooms = (a.parse().map_err(|_| "--zooms a-b")?, b.parse().map_err(|_| "--zooms a-b")?);
            }
            "--seconds" => o.seconds = value()?.parse().map_err(|_| "--seconds takes a number")?,
            "--connections" => {
                o.connections = value()?.parse().map_err(|_| "--connections takes a number")?
            }
            "--encoding" => o.encoding = value()?,
            // cargo passes it when the binary is run by `cargo bench`.
            "--bench" => {}
            url if !url.starts_with('-') => o.url = url.trim_end_matches('/').to_owned(),
            other => return Err(format!("unknown option {other}")),
        }
    }
    if o.url.is_empty() { Err("name the server: peers http://127.0.0.1:8080".into()) } else { Ok(o) }
}

/// The tiles of a zoom over a box, in an order that is shuffled but the same each time.
fn tiles(bbox: [f64; 4], z: u8) -> Vec<(u32, u32)> {
    let n = f64::from(1u32 << z);
    let x = |lon: f64| ((lon + 180.0) / 360.0 * n) as u32;
    let y = |lat: f64| {
        let r = lat.to_radians();
        ((1.0 - (r.tan() + 1.0 / r.cos()).ln() / std::f64::consts::PI) / 2.0 * n) as u32
    };
    let mut list = Vec::new();
    for ty in y(bbox[3])..=y(bbox[1]) {
        for tx in x(bbox[0])..=x(bbox[2]) {
            list.push((tx, ty));
        }
    }
    list.sort_by_key(|&(x, y)| (u64::from(x) << 32 | u64::from(y)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    list
}

fn main() -> ExitCode {
    let o = match options() {
        Ok(o) => o,
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    };
    match run(&o) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e}");
            ExitCode::from(3)
        }
    }
}

fn run(o: &Options) -> std::io::Result<()> {
    let span = Duration::from_secs(o.seconds);
    let ditu = Target::parse(&o.url)?;
    println!("{} over {:?}, {} connections, {}", o.layers, o.bbox, o.connections, o.encoding);
    println!("zoom  tiles    ditu/s  p50 ms  p99 ms  max ms  mean kB  files/s  ratio");
    for z in o.zooms.0..=o.zooms.1 {
        let paths: Vec<String> =
            tiles(o.bbox, z).iter().map(|(x, y)| format!("/tiles/{}/{z}/{x}/{y}", o.layers)).collect();
        let (ours, bodies) = client::run(&ditu, &paths, &o.encoding, o.connections, span)?;
        let served = files::Server::start(&paths, bodies)?;
        let (theirs, _) = client::run(&served.target(), &paths, &o.encoding, o.connections, span)?;
        print_row(z, paths.len(), &ours, &theirs);
    }
    Ok(())
}

fn print_row(z: u8, tiles: usize, ours: &Figures, theirs: &Figures) {
    println!(
        "{z:4} {tiles:6} {:9.0} {:7.2} {:7.2} {:7.2} {:8.1} {:8.0} {:6.2}",
        ours.per_second,
        ours.p50_ms,
        ours.p99_ms,
        ours.max_ms,
        ours.mean_bytes / 1000.0,
        theirs.per_second,
        ours.per_second / theirs.per_second
    );
}
