//! Features a second into a generation, and what a validator and an empty tile cost.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ditu_benches::{City, ORIGIN};
use ditu_tiles::{Config, Engine, TileCoord};

fn index(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    let dir = tempfile::tempdir().expect("a folder");
    let city = runtime.block_on(City::new(40)).expect("a city");
    let engine = Engine::open(dir.path(), city.layers.clone(), Config::default()).expect("an engine");
    let source = city.source();
    let mut group = c.benchmark_group("index");
    group.sample_size(10);
    group.throughput(Throughput::Elements(40 * 40 * 9));
    group.bench_function("build a generation of buildings", |b| {
        b.iter(|| {
            runtime.block_on(engine.build(source.as_ref(), &city.ids[0], &|_, _| ())).expect("a generation")
        })
    });
    group.throughput(Throughput::Elements(1));
    let world = ditu_crs::mercator::to_world([ORIGIN[0] + 0.02, ORIGIN[1] + 0.02]);
    let n = f64::from(1u32 << 16);
    let at = TileCoord::new(16, (world[0] * n) as u32, (world[1] * n) as u32).expect("a tile");
    group.bench_function("validator", |b| b.iter(|| engine.etag(&city.view, &city.ids, at)));
    let empty = TileCoord::new(16, 1, 1).expect("a tile");
    group.bench_function("empty tile", |b| b.iter(|| engine.encode(&city.view, &city.ids, empty)));
    group.finish();
}

criterion_group!(benches, index);
criterion_main!(benches);
