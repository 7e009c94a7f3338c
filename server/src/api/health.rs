//! `/health` and `/metrics`.

use crate::app::App;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;

/// Whether the server can answer: the store does.
pub(crate) async fn health(app: Data<App>) -> Result<HttpResponse, Problem> {
    let head = app.store.head().await?;
    let body = serde_json::json!({"status": "ok", "head": head.0, "version": env!("CARGO_PKG_VERSION")});
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body))
}

/// Counters; they name no layer, so that they tell nobody what there is.
pub(crate) async fn metrics(app: Data<App>) -> HttpResponse {
    let (bytes, tiles) = app.engine.cached();
    let gauges = [
        ("ditu_head_revision", String::new(), app.engine.head().0),
        ("ditu_tile_cache_bytes", String::new(), bytes),
        ("ditu_tile_cache_tiles", String::new(), tiles),
    ];
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4"))
        .body(app.metrics.text(&gauges))
}
