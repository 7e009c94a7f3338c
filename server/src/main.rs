//! ditu
fn main() {}
