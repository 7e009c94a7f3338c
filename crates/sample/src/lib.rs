//! The invented city that the demo, the tests and the benches run on.
