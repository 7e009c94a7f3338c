//! `ditu serve`: starts the server and stops it gracefully.

use super::{Failure, open, print, say};
use crate::api;
use crate::app::App;
use crate::glyphs::Fonts;
use crate::settings::Settings;
use crate::sprites;
use crate::token::Token;
use actix_web::{HttpServer, web};
use ditu_access::{Gate, Grant, LayerSet};
use ditu_tiles::{Config, Engine};
use std::sync::Arc;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "DITU_ADDR", default_value = "127.0.0.1:8080")]
    addr: String,
    /// Layers that anybody may see beside the open ones; `all` for every layer
    #[arg(long, value_name = "LAYER", num_args = 1.., value_delimiter = ',')]
    public: Vec<String>,
    /// Memory for finished tiles; 0 keeps none
    #[arg(long, value_name = "MB", default_value_t = 256)]
    tile_cache_mb: u64,
    /// Threads that answer requests [default: one a processor]
    #[arg(long)]
    workers: Option<usize>,
    /// Logs as JSON lines
    #[arg(long)]
    log_json: bool,
}

pub(crate) fn run(args: Args, settings: Settings) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("DITU_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if args.log_json {
        logs.json().init();
    } else {
        logs.with_ansi(false).init();
    }
    let mut grants = vec![Grant::operator(), Grant::open_layers()];
    for name in &args.public {
        grants.push(Grant::public(if name == "all" {
            LayerSet::All
        } else {
            LayerSet::One(super::layer(&settings, name)?)
        }));
    }
    if !args.public.is_empty() {
        tracing::warn!(
            layers = args.public.join(","),
            "--public: anybody who reaches this address sees these layers"
        );
    }
    let gate = Gate::new(settings.layers.clone(), grants);
    actix_web::rt::System::new().block_on(serve(args, settings, gate))
}

async fn serve(args: Args, settings: Settings, gate: Gate) -> Result<(), Failure> {
    let store = open(&settings).await?;
    let config = Config { cache_bytes: args.tile_cache_mb << 20, ..Config::default() };
    let engine = Engine::open(&settings.generations(), settings.layers.clone(), config)
        .map_err(|e| Failure::Environment(e.to_string()))?;
    let sheets = [sprites::sheet(1), sprites::sheet(2)];
    let [Ok(one), Ok(two)] = sheets else {
        let wrong = sheets.into_iter().find_map(Result::err).unwrap_or_default();
        return Err(Failure::Refused(wrong));
    };
    let fonts = web::block(Fonts::find).await.map_err(|e| Failure::environment("fonts", e))?;
    for stack in crate::glyphs::STACKS.into_iter().filter(|s| !fonts.has(s)) {
        tracing::warn!(
            font = stack,
            "the font is not installed; Chinese labels need the package fonts-noto-cjk"
        );
    }
    let lang = settings.lang;
    let (token, words) = Token::load(&settings).map_err(|e| Failure::environment("operator.token", e))?;
    let app = web::Data::new(App::new(settings, store, Arc::new(engine), &gate, fonts, [one, two], token));
    // Tiles that a later import left behind are made now and not at the first request.
    if let Err(problem) = app.fresh().await {
        tracing::error!(%problem, "the tiles could not be brought to the head");
    }
    let import = format!("import.html#token={words}");
    let shared = app.clone();
    let mut server = HttpServer::new(move || api::app(shared.clone())).shutdown_timeout(10);
    if let Some(n) = args.workers {
        server = server.workers(n.max(1));
    }
    let server = server.bind(&args.addr).map_err(|e| Failure::environment(&args.addr, e))?;
    for addr in server.addrs() {
        print(&format!("{} http://{addr}", say(lang, "底图服务已启动：", "Ditu serves")));
        print(&format!(
            "{} http://{addr}/{import}",
            say(lang, "数据导入页（勿外传）：", "import page (keep to yourself):")
        ));
    }
    server.run().await.map_err(|e| Failure::environment("serving", e))?;
    tracing::info!("stopped");
    Ok(())
}
