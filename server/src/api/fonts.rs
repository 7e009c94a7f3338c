//! `/fonts/{fontstack}/{start}-{end}.pbf`: glyph ranges.

use super::Caller;
use crate::app::App;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path, block};
use ditu_access::Action;

pub(crate) async fn range(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    caller.view(Action::Discover)?;
    let (stack, range) = path.into_inner();
    let ends = range.strip_suffix(".pbf").and_then(|r| r.split_once('-')).ok_or_else(Problem::not_found)?;
    let start: u32 = ends.0.parse().map_err(|_| Problem::not_found())?;
    let end: u32 = ends.1.parse().map_err(|_| Problem::not_found())?;
    if !start.is_multiple_of(256) || start > 0x10_ff00 || end != start + 255 || stack.len() > 500 {
        return Err(Problem::not_found());
    }
    let fonts = app.fonts.clone();
    let drawn = block(move || fonts.range(&stack, start)).await.map_err(|_| Problem::internal())?;
    let glyphs = drawn.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .insert_header((CONTENT_TYPE, "application/x-protobuf"))
        .body(glyphs.as_ref().clone()))
}
