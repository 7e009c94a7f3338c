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

/// Rows are made by one thread and let go by another, and a tile by whichever worker is free: where the C library's
/// allocator takes locks for that, this one does not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// mimalloc's `mi_option_purge_delay`: how long (ms) a page that nobody uses is kept before it goes back to the kernel.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

/// Keeps free pages for a second. After the 10 ms that are usual, the batches of an import would get pages that the kernel
/// must clear each time: a tenth of all its work.
#[allow(unsafe_code)]
fn keep_pages() {
    // SAFETY: the option is an index that the library checks, and no other thread runs yet.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 1_000) };
}

fn main() {
    keep_pages();
    std::process::exit(cli::run());
}
