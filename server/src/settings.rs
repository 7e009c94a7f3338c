//! Where the data are and how to speak: flags, environment, `ditu.toml`, in this order.

use crate::city::{Home, known};
use clap::{Args, ValueEnum};
use ditu_importers::Lang;
use ditu_model::{LayerDef, Layers, Row, Text};
use ditu_store::Target;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::{Table, Value};

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

#[derive(ValueEnum, Clone, Copy, Debug)]
enum LangFlag {
    Zh,
    En,
}

/// What `ditu.toml` in the working folder says.
#[derive(Default)]
struct FileSettings {
    data: Option<PathBuf>,
    database: Option<String>,
    layers: Option<PathBuf>,
    lang: Option<Lang>,
    city: Option<Home>,
}

/// The file's name, and its keys.
const FILE: &str = "ditu.toml";
const KEYS: [&str; 5] = ["data", "database", "layers", "lang", "city"];

impl FileSettings {
    /// Reads the file's text. The language is what it says itself, as far as that can be read.
    fn read(text: &str) -> Result<FileSettings, (Option<Lang>, Text)> {
        let table: Table = toml::from_str(text).map_err(|e| {
            let line = text[..e.span().map_or(0, |s| s.start).min(text.len())].lines().count().max(1);
            let why = e.message();
            (None, Text::new(format!("第 {line} 行：{why}"), format!("line {line}: {why}")))
        })?;
        let lang = match table.get("lang").and_then(Value::as_str) {
            Some("zh") => Some(Lang::Zh),
            Some("en") => Some(Lang::En),
            _ => None,
        };
        FileSettings::of(&table, lang).map_err(|why| (lang, why))
    }

    fn of(table: &Table, lang: Option<Lang>) -> Result<FileSettings, Text> {
        known("", table, &KEYS)?;
        if table.contains_key("lang") && lang.is_none() {
            return Err(Text::new("lang 写 \"zh\" 或 \"en\"", "lang is \"zh\" or \"en\""));
        }
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Text::new(
                format!("{key} 应是加引号的文字"),
                format!("{key} is a text in quotation marks"),
            )),
        };
        Ok(FileSettings {
            data: text("data")?.map(PathBuf::from),
            database: text("database")?,
            layers: text("layers")?.map(PathBuf::from),
            lang,
            city: table.get("city").map(Home::read).transpose()?,
        })
    }
}

/// What a command works with.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    pub(crate) target: Target,
    pub(crate) layers: Arc<Layers>,
    /// The city and how its maps open.
    pub(crate) home: Home,
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
        let wrong = |lang: Option<Lang>, why: Text| {
            let said = if self.lang.is_some() { self.lang() } else { lang.unwrap_or_else(|| self.lang()) };
            match said {
                Lang::Zh => format!("{FILE}：{}", why.zh),
                Lang::En => format!("{FILE}: {}", why.en),
            }
        };
        let file = match std::fs::read_to_string(FILE) {
            Ok(text) => FileSettings::read(&text).map_err(|(lang, why)| wrong(lang, why))?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => FileSettings::default(),
            Err(e) => {
                return Err(wrong(
                    None,
                    Text::new(format!("无法读取（{e}）"), format!("cannot be read ({e})")),
                ));
            }
        };
        let data = self.data.clone().or(file.data).unwrap_or_else(|| "ditu-data".into());
        let lang = file.lang.filter(|_| self.lang.is_none()).unwrap_or_else(|| self.lang());
        let target = match self.database.clone().or(file.database) {
            Some(url) => Target::parse(&url)?,
            None => Target::GeoPackage(data.join("city.gpkg")),
        };
        let layers = match self.layers.clone().or(file.layers) {
            Some(dir) => Layers::read_dir(&dir),
            None => Layers::parse(&crate::assets::layer_files()),
        };
        let layers = Arc::new(layers.map_err(|e| e.to_string())?);
        Ok(Settings { data, target, layers, home: file.city.unwrap_or_default(), lang, json: self.json })
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
        ditu_model::Value::Text(sha) if sha.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Some(grid_path(rasters, sha))
        }
        _ => None,
    }
}
