//! `/terrain/{layer}/{z}/{x}/{y}.png`: heights as colours, for hill shading.

use super::Caller;
use crate::app::App;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path, block};
use ditu_access::Action;
use ditu_terrain::TerrainError;

pub(crate) async fn tile(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, u8, u32, String)>,
) -> Result<HttpResponse, Problem> {
    let view = caller.view(Action::Read)?;
    let (layer, z, x, y) = path.into_inner();
    let y: u32 = y.strip_suffix(".png").and_then(|y| y.parse().ok()).ok_or_else(Problem::not_found)?;
    let id = view.named(&layer).ok_or_else(Problem::not_found)?.layer().id.clone();
    let (_, terrain, _) = app.terrain(&id).await?.ok_or_else(Problem::not_found)?;
    let png = block(move || terrain.tile(&view, z, x, y)).await.map_err(|_| Problem::internal())?;
    match png {
        Ok(png) => Ok(HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, caller.cache_control()))
            .insert_header((CONTENT_TYPE, "image/png"))
            .body(png)),
        Err(TerrainError::NotFound) => Err(Problem::not_found()),
        Err(e) => {
            tracing::error!(error = %e, "drawing a terrain tile");
            Err(Problem::internal())
        }
    }
}
