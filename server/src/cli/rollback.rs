//! `ditu rollback`: a layer as it was, as a new revision.

use super::{Failure, layer, open_existing, operator, print, say};
use crate::settings::Settings;
use crate::tiles;
use ditu_model::{Commit, Origin, RevisionId};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The layer
    layer: String,
    /// The revision to go back to; 0 is the empty layer
    revision: u64,
    /// Why
    #[arg(long, default_value = "")]
    message: String,
}

pub(crate) async fn run(args: Args, settings: Settings) -> Result<(), Failure> {
    let id = layer(&settings, &args.layer)?;
    let store = open_existing(&settings).await?;
    let origin = Origin {
        author: super::import::author(),
        message: args.message,
        source: format!("rollback {}", args.revision),
        transformation: String::new(),
    };
    let view = operator(&settings);
    match store.rollback(&view, &id, RevisionId(args.revision), origin).await? {
        Commit::Unchanged(head) => {
            let (zh, en) = (
                format!("内容相同，未产生新版本（当前 {head}）"),
                format!("nothing differs; the head stays {head}"),
            );
            print(say(settings.lang, &zh, &en));
        }
        Commit::Done(list) => {
            tiles::build(&settings, &store, list.iter().map(|r| r.layer.clone()).collect()).await?;
            for r in list {
                let (zh, en) = (
                    format!(
                        "{} 回到版本 {}：新版本 {}（+{} ~{} -{}）",
                        r.layer, args.revision, r.id, r.added, r.changed, r.removed
                    ),
                    format!(
                        "{} is as at {}: revision {} (+{} ~{} -{})",
                        r.layer, args.revision, r.id, r.added, r.changed, r.removed
                    ),
                );
                print(say(settings.lang, &zh, &en));
            }
        }
    }
    Ok(())
}
