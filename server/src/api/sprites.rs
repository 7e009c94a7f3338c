//! `/sprites/{name}.{json,png}` and `@2x`: the icon sheet.

use super::Caller;
use crate::app::App;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Path};
use ditu_access::Action;

pub(crate) async fn file(
    app: Data<App>,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    caller.view(Action::Discover)?;
    let (name, kind) = path.rsplit_once('.').ok_or_else(Problem::not_found)?;
    let sheet = match name {
        "ditu" => &app.sheets[0],
        "ditu@2x" => &app.sheets[1],
        _ => return Err(Problem::not_found()),
    };
    let (body, mime) = match kind {
        "json" => (Bytes::from(sheet.json.as_bytes().to_vec()), "application/json"),
        "png" => (Bytes::from(sheet.png.as_ref().clone()), "image/png"),
        _ => return Err(Problem::not_found()),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((CONTENT_TYPE, mime))
        .body(body))
}
