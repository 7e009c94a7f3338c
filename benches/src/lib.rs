//! Benches and the side-by-side run against peers.
