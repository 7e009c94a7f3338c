//! Where the data are and how to speak: flags, environment, `ditu.toml`, in this order.

use clap::{Args, ValueEnum};
use ditu_importers::Lang;
use ditu_model::{Bounds, LayerDef, Layers, Row, Value};
use ditu_store::Target;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags that hold for every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Flags {
    /// Folder with the data: city.gpkg, generations, rasters, reports [default: ./ditu-data]
    #[arg(long, global = true, env = "DITU_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Database instead of city.gpkg: postgres://user:password@host/name[?schema=ditu]
    #[arg(long, global = true, env = "DITU_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Folder with layer definitions instead of the built-in ones
    #[arg(long, global = true, env = "DITU_LAYERS", value_name = "DIR")]
    layers: Option<PathBuf>,
    /// Language of messages
    #[arg(long, global = true, env = "DITU_LANG", value_name = "LANG")]
    lang: Option<LangFlag>,
    /// Machine-readable output
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LangFlag {
    Zh,
    En,
}

/// `ditu.toml` in the working folder.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct FileSettings {
    data: Option<PathBuf>,
    database: Option<String>,
    layers: Option<PathBuf>,
    lang: Option<LangFlag>,
    /// West, south, east, north in degrees.
    city: Option<[f64; 4]>,
}

/// The home case: Changde, with what lies close around it.
const CHANGDE: [f64; 4] = [110.48, 28.40, 112.30, 30.13];

/// What a command works with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) target: Target,
    pub(crate) layers: Arc<Layers>,
    /// The city's box, by which coordinates are recognised.
    pub(crate) city: Bounds,
    pub(crate) lang: Lang,
    pub(crate) json: bool,
}

impl Flags {
    /// The language, before anything else can fail.
    pub(crate) fn lang(&self) -> Lang {
        match self.lang {
            Some(LangFlag::Zh) => Lang::Zh,
            Some(LangFlag::En) => Lang::En,
            None => {
                let named = ["LC_ALL", "LC_MESSAGES", "LANG"];
                let set = named.into_iter().find_map(|n| std::env::var(n).ok().filter(|v| !v.is_empty()));
                if set.is_some_and(|v| v.starts_with("zh")) { Lang::Zh } else { Lang::En }
            }
        }
    }

    /// Reads `ditu.toml` and the layer definitions.
    ///
    /// # Errors
    /// What is wrong, with file and line.
    pub(crate) fn settings(&self) -> Result<Settings, String> {
        let file = match std::fs::read_to_string("ditu.toml") {
            Ok(text) => toml::from_str::<FileSettings>(&text).map_err(|e| format!("ditu.toml: {e}"))?,
            Err(_) => FileSettings::default(),
        };
        let data = self.data.clone().or(file.data).unwrap_or_else(|| "ditu-data".into());
        let lang = match (self.lang, file.lang) {
            (None, Some(LangFlag::Zh)) => Lang::Zh,
            (None, Some(LangFlag::En)) => Lang::En,
            _ => self.lang(),
        };
        let target = match self.database.clone().or(file.database) {
            Some(url) => Target::parse(&url)?,
            None => Target::GeoPackage(data.join("city.gpkg")),
        };
        let layers = match self.layers.clone().or(file.layers) {
            Some(dir) => Layers::read_dir(&dir),
            None => Layers::parse(&crate::assets::layer_files()),
        };
        let layers = Arc::new(layers.map_err(|e| e.to_string())?);
        let [w, s, e, n] = file.city.unwrap_or(CHANGDE);
        Ok(Settings { data, target, layers, city: Bounds::new(w, s, e, n), lang, json: self.json })
    }
}

impl Settings {
    pub(crate) fn generations(&self) -> PathBuf {
        self.data.join("generations")
    }

    pub(crate) fn rasters(&self) -> PathBuf {
        self.data.join("rasters")
    }

    pub(crate) fn reports(&self) -> PathBuf {
        self.data.join("reports")
    }

    /// True when the data folder holds a store, or the store is a database.
    pub(crate) fn exists(&self) -> bool {
        match &self.target {
            Target::GeoPackage(path) => path.exists(),
            Target::PostGis { .. } => true,
        }
    }
}

/// The grid file of a raster.
pub(crate) fn grid_path(rasters: &Path, sha256: &str) -> PathBuf {
    rasters.join(format!("{sha256}.grid"))
}

/// The grid file that a raster's row names.
pub(crate) fn grid_of(rasters: &Path, def: &LayerDef, row: &Row) -> Option<PathBuf> {
    match &row.values[def.field("file")?] {
        // A hash and nothing else: the name comes from the store, yet it must not lead out of the folder.
        Value::Text(sha) if sha.bytes().all(|b| b.is_ascii_hexdigit()) => Some(grid_path(rasters, sha)),
        _ => None,
    }
}
