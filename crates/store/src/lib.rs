#![doc = include_str!("../README.md")]

mod api;

pub use api::{FeatureVersion, Store, StoreError, Target};
