//! What all requests share: the store, the engine, the gate, terrain, icons, glyphs, counters.

use crate::glyphs::Fonts;
use crate::import::jobs::Jobs;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::settings::{Settings, grid_of};
use crate::sprites::Sheet;
use crate::token::Token;
use ditu_access::{Action, Gate, Principal, View};
use ditu_model::layer::Kind;
use ditu_model::{FeatureSource, LayerDef, LayerId, Query, RevisionId};
use ditu_store::Store;
use ditu_terrain::{Grid, Terrain};
use ditu_tiles::Engine;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

/// A raster layer's terrain at a revision.
type TerrainAt = (RevisionId, Arc<Terrain>, Option<[f64; 4]>);

pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) fonts: Arc<Fonts>,
    pub(crate) sheets: [Sheet; 2],
    pub(crate) metrics: Metrics,
    /// The server's own reader, for tiles and terrain; what goes out is cut by the caller's view.
    source: Arc<dyn FeatureSource>,
    anonymous: BTreeMap<Action, Arc<View>>,
    operator: BTreeMap<Action, Arc<View>>,
    pub(crate) token: Token,
    pub(crate) jobs: Arc<Jobs>,
    terrain: RwLock<BTreeMap<LayerId, TerrainAt>>,
    rasters: PathBuf,
}

impl App {
    pub(crate) fn new(
        settings: Settings,
        store: Arc<dyn Store>,
        engine: Arc<Engine>,
        gate: &Gate,
        fonts: Fonts,
        sheets: [Sheet; 2],
        token: Token,
    ) -> App {
        let own = Arc::new(gate.view(&Principal::Operator, Action::Manage));
        let views = |who: &Principal| {
            [Action::Discover, Action::Read, Action::Download]
                .map(|a| (a, Arc::new(gate.view(who, a))))
                .into()
        };
        App {
            source: store.reader(own),
            anonymous: views(&Principal::Anonymous),
            operator: views(&Principal::Operator),
            token,
            jobs: Arc::new(Jobs::open(&settings)),
            terrain: RwLock::default(),
            rasters: settings.rasters(),
            settings,
            store,
            engine,
            fonts: Arc::new(fonts),
            sheets,
            metrics: Metrics::default(),
        }
    }

    /// What a principal may do one action on.
    pub(crate) fn view(&self, who: &Principal, action: Action) -> Result<Arc<View>, Problem> {
        match who {
            Principal::Anonymous => self.anonymous.get(&action).cloned().ok_or_else(Problem::not_found),
            Principal::Operator => self.operator.get(&action).cloned().ok_or_else(Problem::not_found),
        }
    }

    /// Brings tiles to the last acknowledged commit; the head.
    pub(crate) async fn fresh(&self) -> Result<RevisionId, Problem> {
        let head = self.store.head().await?;
        if self.engine.head() != head {
            self.engine.catch_up(self.source.as_ref(), head).await?;
        }
        Ok(head)
    }

    /// The terrain of a raster layer as of now, and its box.
    pub(crate) async fn terrain(&self, layer: &LayerId) -> Result<Option<TerrainAt>, Problem> {
        let Some(def) = self.settings.layers.get(layer).filter(|d| d.kind == Kind::Raster) else {
            return Ok(None);
        };
        let revision = self.source.revision(layer).await?;
        let known = self.terrain.read().unwrap_or_else(|e| e.into_inner()).get(layer).cloned();
        if let Some(known) = known.filter(|k| k.0 == revision) {
            return Ok(Some(known));
        }
        let files = self.grid_files(def).await?;
        let id = layer.clone();
        let made = actix_web::web::block(move || {
            let grids: Vec<Arc<Grid>> = files
                .iter()
                .filter_map(|path| match Grid::open(path) {
                    Ok(grid) => Some(Arc::new(grid)),
                    Err(error) => {
                        tracing::error!(path = %path.display(), %error, "a terrain grid cannot be read");
                        None
                    }
                })
                .collect();
            let all = grids.iter().map(|g| g.bounds()).reduce(|a, b| a.union(&b));
            let bounds = all.map(|b| [b.min[0], b.min[1], b.max[0], b.max[1]]);
            (revision, Arc::new(Terrain::new(id, grids)), bounds)
        });
        let made = made.await.map_err(|_| Problem::internal())?;
        self.terrain.write().unwrap_or_else(|e| e.into_inner()).insert(layer.clone(), made.clone());
        Ok(Some(made))
    }

    async fn grid_files(&self, def: &LayerDef) -> Result<Vec<PathBuf>, Problem> {
        let mut stream = self.source.scan(&def.id, Query::default()).await?;
        let mut files = Vec::new();
        while let Some(batch) = stream.batches.next().await {
            files.extend(batch?.iter().filter_map(|f| grid_of(&self.rasters, def, &f.row)));
        }
        Ok(files)
    }
}
