#![doc = include_str!("../README.md")]

mod grant;
mod view;

pub use grant::{Action, Grant, LayerSet, Principal, Subject};
pub use view::{Gate, Scope, View, ViewHash};
