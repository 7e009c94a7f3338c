//! ditu: the one binary. Command line in `cli/`, HTTP in `api/`; everything else lies in the crates.

mod api;
mod app;
mod assets;
mod cli;
mod geojson;
mod glyphs;
mod import;
mod metrics;
mod problem;
mod settings;
mod sprites;
mod tiles;

fn main() {
    std::process::exit(cli::run());
}
