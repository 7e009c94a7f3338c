//! `/styles`: the finished MapLibre styles, with this server's addresses and the city's view filled in.

use super::Caller;
use crate::app::App;
use crate::assets;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Path};
use ditu_access::Action;
use serde_json::{Value as Json, json};

pub(crate) async fn list(caller: Caller) -> Result<HttpResponse, Problem> {
    caller.view(Action::Discover)?;
    let mut names = assets::styles();
    names.sort();
    let styles: Vec<Json> = names
        .iter()
        .map(|n| json!({"id": n, "links": [{"rel": "stylesheet", "type": "application/vnd.mapbox.style+json", "href": format!("{}/styles/{n}", caller.base())}]}))
        .collect();
    Ok(HttpResponse::Ok().json(json!({"styles": styles})))
}

pub(crate) async fn one(app: Data<App>, caller: Caller, path: Path<String>) -> Result<HttpResponse, Problem> {
    caller.view(Action::Discover)?;
    let file = assets::style(&path).ok_or_else(Problem::not_found)?;
    let mut style: Json = serde_json::from_slice(&file.data).map_err(|e| {
        tracing::error!(error = %e, style = %path, "a built-in style is not JSON");
        Problem::internal()
    })?;
    absolute(&mut style, caller.base());
    let view = app.settings.home.view;
    style["center"] = json!(view.centre);
    style["zoom"] = json!(view.zoom);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "public, no-cache")).json(style))
}

/// Puts the server's address before every path in glyphs, sprite and sources.
fn absolute(style: &mut Json, base: &str) {
    let full = |v: &mut Json| {
        if let Some(path) = v.as_str().filter(|p| p.starts_with('/')) {
            *v = format!("{base}{path}").into();
        }
    };
    for key in ["glyphs", "sprite"] {
        style.get_mut(key).map(full);
    }
    let sources = style.get_mut("sources").and_then(Json::as_object_mut);
    for source in sources.into_iter().flat_map(|s| s.values_mut()) {
        source.get_mut("url").map(full);
        source.get_mut("tiles").and_then(Json::as_array_mut).into_iter().flatten().for_each(full);
    }
}
