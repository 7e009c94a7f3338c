//! Tiles a second by zoom, plain and compressed, from a city of 90,000 buildings.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ditu_benches::{City, ORIGIN};
use ditu_tiles::{Config, Encoding, Engine, TileCoord, compress};

fn encode(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let (city, engine) = runtime.block_on(async {
        let city = City::new(100).await.expect("a city");
        let engine = Engine::open(dir.path(), city.layers.clone(), Config::default()).expect("an engine");
        for id in &city.ids {
            engine.build(city.source().as_ref(), id, &|_, _| ()).await.expect("a generation");
        }
        (city, engine)
    });
    let mut group = c.benchmark_group("encode");
    for z in [12u8, 14, 16, 18] {
        let world = ditu_crs::mercator::to_world([ORIGIN[0] + 0.05, ORIGIN[1] + 0.05]);
        let n = f64::from(1u32 << z);
        let at = TileCoord::new(z, (world[0] * n) as u32, (world[1] * n) as u32).expect("a tile");
        let tile = engine.encode(&city.view, &city.ids, at).expect("a tile");
        group.throughput(Throughput::Bytes(tile.len() as u64));
        group.bench_function(format!("z{z}"), |b| b.iter(|| engine.encode(&city.view, &city.ids, at)));
        for encoding in [Encoding::Gzip, Encoding::Zstd, Encoding::Brotli] {
            let name = format!("z{z} {}", encoding.name());
            group.bench_function(name, |b| b.iter(|| compress(&tile, encoding)));
        }
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
