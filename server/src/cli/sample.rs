//! `ditu sample`: the invented city, as survey offices deliver it.

use super::{Failure, print, say};
use ditu_importers::Lang;
use ditu_sample::SampleOptions;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Folder to write into; made if needed
    dir: PathBuf,
    /// Size of the city, 1 to 20; 1 is about 120,000 features
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    scale: u32,
    /// Another seed, another city
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(args: &Args, lang: Lang, json: bool) -> Result<(), Failure> {
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let options = SampleOptions { scale: args.scale, seed: args.seed };
    let manifest = ditu_sample::write(&args.dir, &options, &|done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .map_err(|e| Failure::Environment(e.to_string()))?;
    bar.finish_and_clear();
    let total: u64 = manifest.files.iter().map(|f| f.features).sum();
    if json {
        let files: Vec<_> = manifest
            .files
            .iter()
            .map(|f| serde_json::json!({"path": f.path, "layer": f.layer, "features": f.features}))
            .collect();
        print(&serde_json::json!({"files": files, "features": total}).to_string());
        return Ok(());
    }
    let (zh, en) = (
        format!("已写出 {} 个文件、{total} 个要素：{}", manifest.files.len(), args.dir.display()),
        format!("wrote {} files with {total} features into {}", manifest.files.len(), args.dir.display()),
    );
    print(say(lang, &zh, &en));
    Ok(())
}
