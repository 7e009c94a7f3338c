//! Opens a store by its name.

use crate::api::{Store, StoreError, Target};
use crate::gpkg;
use ditu_model::Layers;
use std::path::PathBuf;
use std::sync::Arc;

impl Target {
    /// Reads `postgres://…` (with `?schema=NAME` or `&schema=NAME`; `ditu` otherwise) or a path.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Target, String> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return if text.is_empty() {
                Err("the path is empty".into())
            } else {
                Ok(Target::GeoPackage(PathBuf::from(text)))
            };
        }
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut schema = "ditu".to_owned();
        let mut rest = Vec::new();
        for part in query.split('&').filter(|p| !p.is_empty()) {
            match part.split_once('=') {
                Some(("schema", name)) => name.clone_into(&mut schema),
                _ => rest.push(part),
            }
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if schema.is_empty() || !schema.chars().all(plain) || schema.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err(format!(
                "the schema name “{schema}” is not made of lower-case letters, digits and _"
            ));
        }
        let url = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        Ok(Target::PostGis { url, schema })
    }
}

/// Opens a store, making file or schema when they are not there, and adding tables of layers declared since.
///
/// # Errors
/// [`StoreError::Environment`] when file or database cannot be reached; [`StoreError::Schema`] when what is there does
/// not fit `layers`.
pub async fn open(target: &Target, layers: Arc<Layers>) -> Result<Arc<dyn Store>, StoreError> {
    match target {
        Target::GeoPackage(path) => gpkg::open(path, layers).await,
        Target::PostGis { url, schema } => crate::postgis::open(url, schema, layers).await,
    }
}
