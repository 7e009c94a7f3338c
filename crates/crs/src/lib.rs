//! Gauss-Krueger, Mercator, fitted control and GCJ-02/BD-09 in pure Rust.
