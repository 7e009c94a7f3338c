//! What the binary carries: layer definitions, styles, icons, the web viewer. So it runs anywhere, without an
//! installation folder.

use rust_embed::{Embed, EmbeddedFile};

#[derive(Embed)]
#[folder = "../layers"]
struct LayerFiles;

#[derive(Embed)]
#[folder = "../styles"]
struct StyleFiles;

#[derive(Embed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct WebFiles;

/// The layer definitions, as [`ditu_model::Layers::parse`] takes them.
pub(crate) fn layer_files() -> Vec<(String, String)> {
    let text = |name: &str| LayerFiles::get(name).map(|f| String::from_utf8_lossy(&f.data).into_owned());
    LayerFiles::iter()
        .filter(|n| n.ends_with(".toml") && !n.ends_with(".examples.toml"))
        .filter_map(|n| Some((n.to_string(), text(&n)?)))
        .collect()
}

/// Names of the styles: folders with a `style.json`.
pub(crate) fn styles() -> Vec<String> {
    StyleFiles::iter().filter_map(|n| n.strip_suffix("/style.json").map(str::to_owned)).collect()
}

/// A style document.
pub(crate) fn style(name: &str) -> Option<EmbeddedFile> {
    StyleFiles::get(&format!("{name}/style.json"))
}

/// Icons: name and SVG.
pub(crate) fn icons() -> Vec<(String, Vec<u8>)> {
    StyleFiles::iter()
        .filter_map(|n| Some((n.strip_prefix("sprites/")?.strip_suffix(".svg")?.to_owned(), n)))
        .filter_map(|(name, path)| Some((name, StyleFiles::get(&path)?.data.into_owned())))
        .collect()
}

/// A file of the built web viewer.
pub(crate) fn web(path: &str) -> Option<EmbeddedFile> {
    WebFiles::get(path)
}
