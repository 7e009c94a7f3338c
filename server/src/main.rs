//! ditu: the one binary. Command line in `cli/`, HTTP in `api/`; everything else lies in the crates.

mod api;
mod app;
mod assets;
mod audit;
mod cli;
mod diff_page;
mod difference;
mod geojson;
mod glyphs;
mod import;
mod metrics;
mod problem;
mod sealed;
mod settings;
mod sprites;
mod tiles;
mod token;

/// Rows are made by one thread and let go by another, and a tile by whichever worker is free: where the C library's
/// allocator takes locks for that, this one does not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    std::process::exit(cli::run());
}
