//! ditu: the one binary. Command line in `cli/`, HTTP in `api/`; everything else lies in the crates.

mod api;
mod app;
mod assets;
mod audit;
mod cli;
mod diff_page;
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

fn main() {
    std::process::exit(cli::run());
}
