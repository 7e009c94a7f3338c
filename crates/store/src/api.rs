//! The store as the rest of Ditu sees it: one trait, its errors, and how a store is named.

use async_trait::async_trait;
use ditu_access::View;
use ditu_model::{
    Changeset, Commit, Difference, Feature, FeatureId, FeatureSource, LayerId, Layers, Loss, Origin, Preview,
    Revision, RevisionId, Text,
};
use std::path::PathBuf;
use std::sync::Arc;

/// Why a store refused or failed. Every variant leaves the store as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The layer does not exist in this view.
    #[error("there is no layer {0}")]
    NoLayer(LayerId),
    /// The view was not made for writing.
    #[error("this view may not change {0}")]
    Forbidden(LayerId),
    /// The revision does not exist, or is later than the head.
    #[error("there is no revision {0}")]
    NoRevision(RevisionId),
    /// Two rows carry one key, or an appended row a key that is there already.
    #[error("{layer}: the key {key} appears twice; a layer's key names one feature")]
    DuplicateKey {
        /// The layer.
        layer: LayerId,
        /// The key's values, joined by `, `.
        key: String,
    },
    /// An edit names a feature that is not there.
    #[error("{layer}: there is no feature {id}")]
    NoFeature {
        /// The layer.
        layer: LayerId,
        /// The id.
        id: FeatureId,
    },
    /// A delivery would take away more than it may without consent.
    #[error("{}; nothing was committed", asked(losses).en)]
    Consent {
        /// What each layer would lose; at least one of them asks for something.
        losses: Vec<Loss>,
    },
    /// The delivery's stream failed; holds its words.
    #[error("the delivery stopped: {0}")]
    Delivery(String),
    /// Another writer holds the store.
    #[error("the store is being written by another program; try again in {retry_after_s} s")]
    Busy {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The layers in the store are not those of `layers/`, and the difference cannot be made good.
    #[error("{what}; {cure}")]
    Schema {
        /// What differs.
        what: String,
        /// What to do.
        cure: String,
    },
    /// Disk, file or database at fault.
    #[error("{what}: {source}")]
    Environment {
        /// What was tried, and on what.
        what: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// The error in both languages, with its causes.
    pub fn text(&self) -> Text {
        // The cause's own words come along: "opening x" alone helps nobody.
        let mut en = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(s) = source {
            if !en.contains(&s.to_string()) {
                en += &format!(": {s}");
            }
            source = s.source();
        }
        let zh = match self {
            StoreError::NoLayer(layer) => format!("没有图层 {layer}"),
            StoreError::Forbidden(layer) => format!("没有修改 {layer} 的权限"),
            StoreError::NoRevision(revision) => format!("没有版本 {revision}"),
            StoreError::DuplicateKey { layer, key } => {
                format!("{layer}：主键 {key} 出现两次；一个主键只能对应一个要素")
            }
            StoreError::NoFeature { layer, id } => format!("{layer}：没有要素 {id}"),
            StoreError::Consent { losses } => format!("{}；未入库", asked(losses).zh),
            StoreError::Delivery(words) => match words.split_once(" / ") {
                Some((zh, other)) => {
                    en = other.to_owned();
                    zh.to_owned()
                }
                None => words.clone(),
            },
            StoreError::Busy { retry_after_s } => format!("另一个程序正在写入；{retry_after_s} 秒后再试"),
            StoreError::Schema { .. } => format!("库中的图层与 layers/ 不符：{en}"),
            StoreError::Environment { .. } => format!("磁盘、文件或数据库有问题：{en}"),
        };
        Text::new(zh, en)
    }
}

/// What needs consent, in one line.
fn asked(losses: &[Loss]) -> Text {
    let each = losses.iter().flat_map(|l| l.asks.iter().map(|a| l.text(a)));
    let (zh, en): (Vec<String>, Vec<String>) = each.map(|t| (t.zh, t.en)).unzip();
    Text::new(zh.join("；"), en.join("; "))
}

/// One version of a feature, as its history lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureVersion {
    /// The revision that made it so.
    pub revision: RevisionId,
    /// The feature from that revision on; `None` when it was removed.
    pub feature: Option<Feature>,
}

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One GeoPackage file; made when it is not there.
    GeoPackage(PathBuf),
    /// A schema in a PostgreSQL database with PostGIS; made when it is not there.
    PostGis {
        /// `postgres://user:password@host:port/database`.
        url: String,
        /// The schema's name.
        schema: String,
    },
}

/// A store of features in revisions. Every call takes a view (or makes a reader for one) and shows nothing beyond it.
#[async_trait]
pub trait Store: Send + Sync {
    /// The layers it holds.
    fn layers(&self) -> &Arc<Layers>;

    /// The last revision committed by any process: never older than a commit acknowledged before the call, and cheap
    /// enough to ask for every tile.
    async fn head(&self) -> Result<RevisionId, StoreError>;

    /// Commits all deliveries as one revision, or none. The view must be made for [`ditu_access::Action::Edit`] or
    /// above and hold every layer named.
    async fn commit(&self, view: &View, changeset: Changeset) -> Result<Commit, StoreError>;

    /// What a commit of this would do, a layer each, with at most `limit` differences; nothing of it is kept. Layers on
    /// which it would do nothing are left out. The view must allow the commit.
    async fn preview(
        &self,
        view: &View,
        changeset: Changeset,
        limit: usize,
    ) -> Result<Vec<Preview>, StoreError>;

    /// Revisions, latest first, of one layer or of all in the view.
    async fn revisions(
        &self,
        view: &View,
        layer: Option<&LayerId>,
        limit: usize,
    ) -> Result<Vec<Revision>, StoreError>;

    /// All versions of one feature, oldest first; empty when it never was.
    async fn feature_history(
        &self,
        view: &View,
        layer: &LayerId,
        id: FeatureId,
    ) -> Result<Vec<FeatureVersion>, StoreError>;

    /// What differs between two revisions, in id order, at most `limit` features.
    async fn diff(
        &self,
        view: &View,
        layer: &LayerId,
        a: RevisionId,
        b: RevisionId,
        limit: usize,
    ) -> Result<Vec<Difference>, StoreError>;

    /// Brings a layer back to how it was at `to`, as a new revision.
    async fn rollback(
        &self,
        view: &View,
        layer: &LayerId,
        to: RevisionId,
        origin: Origin,
    ) -> Result<Commit, StoreError>;

    /// Reads under a view: layers it does not hold are absent, fields it hides come back NULL, features outside its
    /// area are absent and others are cut at it.
    fn reader(&self, view: Arc<View>) -> Arc<dyn FeatureSource>;
}
