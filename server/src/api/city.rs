//! `/city`: what the city is called, where it lies, where maps open, and its plane coordinates. No secret: it names no layer.

use super::Caller;
use crate::app::App;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use ditu_access::Action;

pub(crate) async fn city(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    caller.view(Action::Discover)?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, caller.cache_control()))
        .json(app.settings.home.json()))
}
