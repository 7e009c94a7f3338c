//! Prints nanoseconds a vertex of the inverse Gauss–Krüger series: `cargo run --release -p ditu-crs --example speed`.

use ditu_crs::{Crs, Transform};
use std::time::Instant;

fn main() {
    let zone = Crs::from_epsg(4525).expect("a code of the table");
    let transform = Transform::to_geographic(&zone, &Crs::CGCS2000).expect("one datum");
    let points: Vec<[f64; 2]> = (0..1_000_000)
        .map(|i| [37_568_000.0 + f64::from(i % 1000), 3_212_000.0 + f64::from(i / 1000)])
        .collect();
    for _ in 0..3 {
        let mut p = points.clone();
        let start = Instant::now();
        let lost = transform.apply(&mut p);
        println!("{:.1} ns a vertex, {lost} lost", start.elapsed().as_secs_f64() * 1e9 / p.len() as f64);
    }
}
