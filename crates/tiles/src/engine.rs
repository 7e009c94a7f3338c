//! The engine: generations on disk, changes over them in memory, tiles out.

use crate::cache;
use crate::compress::{Encoding, compress};
use crate::coord::{BUFFER, EXTENT, FINE, TileCoord, to_grid};
use crate::encode::{self, Budget, Source};
use crate::error::TileError;
use crate::generation::{Builder, Generation, GenerationInfo, definition_hash};
use crate::tilejson::{TileJson, VectorLayer};
use bytes::Bytes;
use ditu_access::{Scope, View};
use ditu_model::source::Changed;
use ditu_model::{Bounds, FeatureSource, LayerDef, LayerId, Layers, Query, RevisionId};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// What an engine may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Bytes of finished tiles kept in memory; 0 keeps none.
    pub cache_bytes: u64,
    /// A layer in a tile stops growing at this many bytes, uncompressed.
    pub max_tile_bytes: usize,
    /// Features a layer holds at most in a tile; what is left out is left out by rank.
    pub max_features: usize,
    /// Changes kept in memory over a generation; more, and the layer is built again.
    pub delta_limit: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { cache_bytes: 256 << 20, max_tile_bytes: 4 << 20, max_features: 30_000, delta_limit: 5_000 }
    }
}

/// A tile ready to send.
#[derive(Clone, Debug)]
pub struct Tile {
    /// The body in the encoding asked for; no bytes for an empty tile in [`Encoding::Identity`].
    pub body: Bytes,
    /// A strong validator of the uncompressed content, without quotes.
    pub etag: String,
    /// True when no layer has anything here.
    pub empty: bool,
}

/// Left, top, right, bottom on the finest grid.
type Box4 = [i32; 4];

/// A layer as a view shows it, and its state if it has any.
type Shown<'v> = (&'v Scope, Option<Arc<State>>);

/// One layer's state: immutable, replaced whole.
struct State {
    base: Option<Arc<Generation>>,
    delta: Option<Arc<Generation>>,
    gone: HashSet<u64>,
    revision: RevisionId,
    /// Names the state that `changes` count from.
    epoch: u64,
    changes: Vec<(u64, Box4)>,
}

/// Makes tiles of the layers of one city. Knows no store: it reads a [`FeatureSource`].
pub struct Engine {
    dir: PathBuf,
    layers: Arc<Layers>,
    config: Config,
    states: RwLock<BTreeMap<LayerId, Arc<State>>>,
    head: AtomicU64,
    catching: tokio::sync::Mutex<()>,
    cache: Option<moka::future::Cache<cache::Key, Tile>>,
}

/// How many changes a generation carries on; beyond, validators start anew.
const CHANGES_KEPT: usize = 20_000;
/// Layers one tile may hold.
const LAYERS_MOST: usize = 200;
/// From this zoom on a tile is small enough to be made where it was asked for.
const SMALL_FROM: u8 = 16;

impl Engine {
    /// Opens the folder of generations, making it if needed. A file that is damaged or of another definition is set
    /// aside with a warning and counts as absent.
    ///
    /// # Errors
    /// [`TileError::Io`] when the folder cannot be made or listed.
    pub fn open(dir: &Path, layers: Arc<Layers>, config: Config) -> Result<Engine, TileError> {
        std::fs::create_dir_all(dir).map_err(TileError::io(dir))?;
        let engine = Engine {
            dir: dir.to_owned(),
            layers,
            states: RwLock::default(),
            head: AtomicU64::new(0),
            catching: tokio::sync::Mutex::new(()),
            cache: cache::new(config.cache_bytes),
            config,
        };
        engine.pick_up()?;
        Ok(engine)
    }

    /// The revision that tiles show; 0 before [`Engine::catch_up`].
    pub fn head(&self) -> RevisionId {
        RevisionId(self.head.load(Ordering::Acquire))
    }

    /// A layer's generation.
    pub fn generation(&self, layer: &LayerId) -> Option<GenerationInfo> {
        self.state(layer)?.base.as_ref().map(|g| g.info())
    }

    fn state(&self, layer: &LayerId) -> Option<Arc<State>> {
        self.states.read().unwrap_or_else(|e| e.into_inner()).get(layer).cloned()
    }

    fn put(&self, layer: &LayerId, state: State) {
        self.states.write().unwrap_or_else(|e| e.into_inner()).insert(layer.clone(), Arc::new(state));
    }

    fn path(&self, layer: &LayerId, revision: RevisionId) -> PathBuf {
        self.dir.join(format!("{layer}.{revision}.gen"))
    }

    /// Loads generations that are newer than what is held, as another process may have made them.
    fn pick_up(&self) -> Result<(), TileError> {
        let mut newest: BTreeMap<LayerId, (u64, PathBuf)> = BTreeMap::new();
        for entry in std::fs::read_dir(&self.dir).map_err(TileError::io(&self.dir))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some((layer, revision)) = name.strip_suffix(".gen").and_then(|n| n.rsplit_once('.')) else {
                continue;
            };
            let (Some(def), Ok(revision)) = (self.layers.named(layer), revision.parse::<u64>()) else {
                continue;
            };
            let best = newest.entry(def.id.clone()).or_insert((revision, entry.path()));
            if revision > best.0 {
                *best = (revision, entry.path());
            }
        }
        for (layer, (revision, path)) in newest {
            let held = self.state(&layer).and_then(|s| s.base.as_ref().map(|b| b.revision().0));
            if held.is_some_and(|h| h >= revision) {
                continue;
            }
            let Some(def) = self.layers.get(&layer) else { continue };
            match Generation::open(&path) {
                Ok(g) if g.definition() == definition_hash(def) && g.layer() == layer.as_str() => {
                    self.put(&layer, State::of(Arc::new(g)));
                }
                Ok(_) => tracing::info!(%layer, "the layer's definition changed; its tiles are built again"),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "a tile generation is damaged and set aside; it is built again");
                    let _ = std::fs::rename(&path, path.with_extension("damaged"));
                }
            }
        }
        Ok(())
    }

    /// Builds a layer's generation from all its features and swaps it in. `progress` is told features done and to do.
    ///
    /// # Errors
    /// [`TileError`] when the source or the disk fails; the generation in use stays.
    pub async fn build(
        &self,
        source: &dyn FeatureSource,
        layer: &LayerId,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<GenerationInfo, TileError> {
        let def = self.layers.get(layer).ok_or_else(|| TileError::NoLayer(layer.clone()))?;
        let total = source.count(layer).await?;
        let mut stream = source.scan(layer, Query::default()).await?;
        let mut builder = Builder::new(def.clone(), false);
        let mut done = 0;
        while let Some(batch) = stream.batches.next().await {
            let batch = batch?;
            done += batch.len() as u64;
            // Quantising a batch takes milliseconds of processor time: not on a thread that serves requests.
            builder = tokio::task::spawn_blocking(move || {
                batch.iter().for_each(|f| builder.add(f));
                builder
            })
            .await
            .map_err(|e| TileError::Task(e.to_string()))?;
            progress(done, total.max(done));
        }
        let revision = stream.revision;
        let (epoch, changes) = self.carried(source, layer, revision).await?;
        let path = self.path(layer, revision);
        let generation = tokio::task::spawn_blocking(move || {
            let bytes = builder.finish(revision, epoch, &changes);
            Generation::write(&path, &bytes)
                .and_then(|()| Generation::open(&path))
                .map_err(TileError::io(&path))
        })
        .await
        .map_err(|e| TileError::Task(e.to_string()))??;
        let info = generation.info();
        self.put(layer, State::of(Arc::new(generation)));
        self.remove_older(layer, revision);
        Ok(info)
    }

    /// What a new generation inherits so that validators of untouched tiles live on.
    async fn carried(
        &self,
        source: &dyn FeatureSource,
        layer: &LayerId,
        to: RevisionId,
    ) -> Result<(Option<u64>, Vec<(u64, Box4)>), TileError> {
        let Some(base) = self.state(layer).and_then(|s| s.base.clone()) else {
            return Ok((None, Vec::new()));
        };
        if base.revision() > to {
            return Ok((None, Vec::new()));
        }
        let mut changes = base.changes();
        let since = source.changes(layer, base.revision(), self.config.delta_limit).await?;
        match since.features {
            Some(list) if changes.len() + list.len() <= CHANGES_KEPT && since.revision == to => {
                changes.extend(boxes(&list));
                Ok((Some(base.epoch()), changes))
            }
            _ => Ok((None, Vec::new())),
        }
    }

    fn remove_older(&self, layer: &LayerId, keep: RevisionId) {
        let prefix = format!("{layer}.");
        for entry in std::fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let revision =
                name.strip_prefix(&prefix).and_then(|n| n.strip_suffix(".gen")).and_then(|n| n.parse().ok());
            if revision.is_some_and(|r: u64| r < keep.0) {
                // Readers that still map it keep it until they let go.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Brings all layers to the store's head: picks up newer generations, lays later changes over them, builds again
    /// where there are too many. Returns at once when nothing changed; concurrent callers share one run.
    ///
    /// # Errors
    /// [`TileError`] when the source or the disk fails.
    pub async fn catch_up(&self, source: &dyn FeatureSource, head: RevisionId) -> Result<(), TileError> {
        if self.head() >= head && head.0 > 0 {
            return Ok(());
        }
        let _one = self.catching.lock().await;
        if self.head() >= head && head.0 > 0 {
            return Ok(());
        }
        self.pick_up()?;
        for def in self.layers.iter().filter(|d| !is_raster(d)) {
            let revision = source.revision(&def.id).await?;
            if self.state(&def.id).is_some_and(|s| s.revision == revision) {
                continue;
            }
            self.follow(source, def).await?;
        }
        self.head.store(head.0, Ordering::Release);
        Ok(())
    }

    async fn follow(&self, source: &dyn FeatureSource, def: &Arc<LayerDef>) -> Result<(), TileError> {
        let base = self.state(&def.id).and_then(|s| s.base.clone());
        let since = base.as_ref().map(|b| b.revision()).unwrap_or_default();
        let changes = source.changes(&def.id, since, self.config.delta_limit).await?;
        let list = match changes.features {
            // A generation of a later state than the store's: the store was replaced.
            Some(_) if since > changes.revision => None,
            // Nothing to lay changes over: the layer is new to this folder.
            Some(list) if base.is_none() && !list.is_empty() => None,
            other => other,
        };
        let Some(list) = list else {
            tracing::info!(layer = %def.id, "building the layer's tiles");
            self.build(source, &def.id, &|_, _| ()).await?;
            return Ok(());
        };
        let def = def.clone();
        let layer = def.id.clone();
        let state = tokio::task::spawn_blocking(move || {
            let mut builder = Builder::new(def, true);
            list.iter().filter_map(|c| c.now.as_ref()).for_each(|f| builder.add(f));
            let delta = Generation::memory(builder.finish(changes.revision, None, &[]))?;
            let mut all = base.as_ref().map(|b| b.changes()).unwrap_or_default();
            all.extend(boxes(&list));
            Ok::<_, std::io::Error>(State {
                epoch: base.as_ref().map_or(0, |b| b.epoch()),
                gone: list.iter().map(|c| c.id).collect(),
                delta: (!list.is_empty()).then(|| Arc::new(delta)),
                base,
                revision: changes.revision,
                changes: all,
            })
        })
        .await
        .map_err(|e| TileError::Task(e.to_string()))?
        .map_err(TileError::io(&self.dir))?;
        self.put(&layer, state);
        Ok(())
    }

    fn scopes<'v>(&self, view: &'v View, layers: &[LayerId]) -> Result<Vec<Shown<'v>>, TileError> {
        if layers.len() > LAYERS_MOST {
            return Err(TileError::TooManyLayers { most: LAYERS_MOST });
        }
        let mut out: Vec<Shown<'_>> = Vec::with_capacity(layers.len());
        for layer in layers {
            let scope = view.scope(layer).filter(|s| !is_raster(s.layer()));
            let scope = scope.ok_or_else(|| TileError::NoLayer(layer.clone()))?;
            if out.iter().any(|(s, _)| s.layer().id == *layer) {
                return Err(TileError::NamedTwice(layer.clone()));
            }
            out.push((scope, self.state(layer)));
        }
        Ok(out)
    }

    /// A tile as plain MVT bytes, without cache. No bytes when nothing is there.
    ///
    /// # Errors
    /// [`TileError::NoLayer`] for what the view does not show, [`TileError::NamedTwice`] for a layer named twice.
    pub fn encode(&self, view: &View, layers: &[LayerId], at: TileCoord) -> Result<Vec<u8>, TileError> {
        let scopes = self.scopes(view, layers)?;
        let mut out = Vec::new();
        let budget = Budget { bytes: self.config.max_tile_bytes, features: self.config.max_features };
        for (scope, state) in &scopes {
            if let Some(state) = state {
                let source =
                    Source { base: state.base.as_deref(), delta: state.delta.as_deref(), gone: &state.gone };
                encode::layer(&mut out, &source, scope, at, budget);
            }
        }
        Ok(out)
    }

    /// A tile's validator, without making it: changes exactly when a change touches the buffered tile, or the data were
    /// replaced.
    ///
    /// # Errors
    /// As [`Engine::encode`].
    pub fn etag(&self, view: &View, layers: &[LayerId], at: TileCoord) -> Result<String, TileError> {
        Ok(format!("{:032x}", self.state_hash(view, layers, at)?))
    }

    fn state_hash(&self, view: &View, layers: &[LayerId], at: TileCoord) -> Result<u128, TileError> {
        let scopes = self.scopes(view, layers)?;
        let touched = fine_box(at);
        let mut h = Xxh3::new();
        h.update(&view.hash().bytes());
        h.update(&[at.z]);
        h.update(&at.x.to_le_bytes());
        h.update(&at.y.to_le_bytes());
        h.update(&(self.config.max_tile_bytes as u64).to_le_bytes());
        for (scope, state) in scopes {
            h.update(scope.layer().id.as_str().as_bytes());
            h.update(&[0]);
            let Some(state) = state else { continue };
            h.update(&state.epoch.to_le_bytes());
            let meets = |b: &Box4| {
                b[0] <= touched[2] && touched[0] <= b[2] && b[1] <= touched[3] && touched[1] <= b[3]
            };
            let last = state.changes.iter().filter(|(_, b)| meets(b)).map(|(r, _)| *r).max();
            h.update(&last.unwrap_or(0).to_le_bytes());
        }
        Ok(h.digest128())
    }

    /// A tile in an encoding, from the cache or made once for all who ask.
    ///
    /// # Errors
    /// As [`Engine::encode`]; [`TileError::Compress`].
    pub async fn tile(
        self: &Arc<Self>,
        view: &Arc<View>,
        layers: &[LayerId],
        at: TileCoord,
        encoding: Encoding,
    ) -> Result<Tile, TileError> {
        let state = self.state_hash(view, layers, at)?;
        let make = || {
            let (engine, view, layers) = (self.clone(), view.clone(), layers.to_vec());
            move || {
                let mvt = engine.encode(&view, &layers, at)?;
                let empty = mvt.is_empty();
                let body = match encoding {
                    _ if empty => Bytes::new(),
                    Encoding::Identity => Bytes::from(mvt),
                    other => Bytes::from(compress(&mvt, other)?),
                };
                Ok(Tile { body, etag: format!("{state:032x}"), empty })
            }
        };
        let run = async {
            if at.z >= SMALL_FROM {
                return make()();
            }
            tokio::task::spawn_blocking(make()).await.map_err(|e| TileError::Task(e.to_string()))?
        };
        match &self.cache {
            Some(cache) => cache::get(cache, (xxh3_128(&state.to_le_bytes()), encoding), run).await,
            None => run.await,
        }
    }

    /// What a set of layers holds; `tiles` is left empty.
    ///
    /// # Errors
    /// As [`Engine::encode`].
    pub fn tilejson(&self, view: &View, layers: &[LayerId]) -> Result<TileJson, TileError> {
        let scopes = self.scopes(view, layers)?;
        let mut bounds = Bounds::EMPTY;
        let (mut low, mut high) = (24, 0);
        let mut vector_layers = Vec::new();
        for (scope, state) in &scopes {
            let def = scope.layer();
            let (zooms, shown) = (def.display.zooms.clone(), scope.zooms());
            let (from, to) = (*zooms.start().max(shown.start()), *zooms.end().min(shown.end()));
            (low, high) = (low.min(from), high.max(to.min(FINE)));
            for g in state.iter().flat_map(|s| [&s.base, &s.delta]).flatten() {
                if let Some(b) = g.info().bounds {
                    bounds = bounds.union(&b);
                }
            }
            let fields = scope.fields().map(|i| &def.fields[i]).filter(|f| f.in_tiles).map(|f| {
                let unit = f.unit.as_ref().map(|u| format!(" ({u})")).unwrap_or_default();
                (f.name.clone(), format!("{} {}{unit}", f.title.zh, f.title.en))
            });
            vector_layers.push(VectorLayer {
                id: def.id.as_str().to_owned(),
                description: format!("{} {}", def.title.zh, def.title.en),
                minzoom: from,
                maxzoom: to,
                fields: fields.collect(),
            });
        }
        let b = if bounds.is_empty() { Bounds::new(-180.0, -85.0511, 180.0, 85.0511) } else { bounds };
        Ok(TileJson {
            tilejson: "3.0.0",
            tiles: Vec::new(),
            name: layers.iter().map(LayerId::as_str).collect::<Vec<_>>().join(","),
            bounds: [b.min[0], b.min[1], b.max[0], b.max[1]],
            center: [(b.min[0] + b.max[0]) / 2.0, (b.min[1] + b.max[1]) / 2.0, f64::from(low.min(high))],
            minzoom: low.min(high),
            maxzoom: high,
            vector_layers,
        })
    }

    /// Bytes of finished tiles in memory, and how many tiles.
    pub fn cached(&self) -> (u64, u64) {
        self.cache.as_ref().map_or((0, 0), |c| (c.weighted_size(), c.entry_count()))
    }
}

impl State {
    fn of(base: Arc<Generation>) -> State {
        State {
            revision: base.revision(),
            epoch: base.epoch(),
            changes: base.changes(),
            base: Some(base),
            delta: None,
            gone: HashSet::new(),
        }
    }
}

fn is_raster(def: &LayerDef) -> bool {
    def.kind == ditu_model::layer::Kind::Raster
}

/// The boxes of changes on the finest grid, each with the revision of its change.
fn boxes(list: &[Changed]) -> impl Iterator<Item = (u64, Box4)> + '_ {
    list.iter().flat_map(|c| c.touched.iter().filter_map(|b| Some((c.revision.0, grid_box(b)?))))
}

/// A box in degrees on the finest grid; `None` when it is empty.
fn grid_box(b: &Bounds) -> Option<Box4> {
    if b.is_empty() {
        return None;
    }
    let clamp = |p: [f64; 2]| [p[0].clamp(-180.0, 180.0), p[1].clamp(-85.051, 85.051)];
    let (nw, se) = (to_grid(clamp([b.min[0], b.max[1]]))?, to_grid(clamp([b.max[0], b.min[1]]))?);
    Some([nw[0], nw[1], se[0], se[1]])
}

/// The buffered tile on the finest grid, with a pixel's room for rounding.
fn fine_box(at: TileCoord) -> Box4 {
    let scale = |v: i64| {
        let v = if at.z <= FINE { v << (FINE - at.z) } else { v >> (at.z - FINE) };
        v.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    };
    let (e, b) = (i64::from(EXTENT), i64::from(BUFFER) + 16);
    let (x, y) = (i64::from(at.x) * e, i64::from(at.y) * e);
    [scale(x - b), scale(y - b), scale(x + e + b), scale(y + e + b)]
}
