//! `/collections` and `/collections/{id}`: the layers that the caller may see.

use super::Caller;
use crate::app::App;
use crate::geojson::type_name;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Path};
use ditu_access::{Action, Scope, View};
use ditu_model::layer::Kind;
use ditu_model::{Shape, Sharing};
use serde_json::{Value as Json, json};
use std::sync::Arc;

pub(crate) async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    let view = caller.view(Action::Discover)?;
    app.fresh().await?;
    let mut collections = Vec::new();
    // In the order of the base map, from the ground up.
    for def in app.settings.layers.iter() {
        if let Some(scope) = view.scope(&def.id) {
            collections.push(collection(&app, &caller, &view, scope).await?);
        }
    }
    let links = json!([{"rel": "self", "type": "application/json", "href": format!("{}/collections", caller.base())}]);
    let body = json!({"collections": collections, "links": links});
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, caller.cache_control())).json(body))
}

pub(crate) async fn one(app: Data<App>, caller: Caller, path: Path<String>) -> Result<HttpResponse, Problem> {
    let view = caller.view(Action::Discover)?;
    app.fresh().await?;
    let scope = view.named(&path).ok_or_else(Problem::not_found)?;
    let body = collection(&app, &caller, &view, scope).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, caller.cache_control())).json(body))
}

async fn collection(app: &App, caller: &Caller, view: &Arc<View>, scope: &Scope) -> Result<Json, Problem> {
    let def = scope.layer();
    let reader = app.store.reader(view.clone());
    let (count, revision) = (reader.count(&def.id).await?, reader.revision(&def.id).await?);
    let extent = if def.kind == Kind::Raster {
        app.terrain(&def.id).await?.and_then(|t| t.2)
    } else {
        Some(app.engine.tilejson(view, std::slice::from_ref(&def.id))?.bounds).filter(|_| count > 0)
    };
    let kind = match def.kind {
        Kind::Raster => "raster",
        Kind::Vector(Shape::Point) => "point",
        Kind::Vector(Shape::Line) => "line",
        Kind::Vector(Shape::Polygon) => "polygon",
    };
    let sharing = match def.sharing {
        Sharing::Open => "open",
        Sharing::Restricted => "restricted",
        Sharing::Private => "private",
    };
    let fields: Vec<Json> = scope
        .fields()
        .map(|i| {
            let f = &def.fields[i];
            let codes: Option<Vec<Json>> = f.codes.as_ref().map(|list| {
                list.codes
                    .iter()
                    .map(|c| json!({"code": c.code, "zh": c.title.zh, "en": c.title.en}))
                    .collect()
            });
            json!({"name": f.name, "title": {"zh": f.title.zh, "en": f.title.en}, "type": type_name(f.kind),
                "unit": f.unit, "codes": codes, "sensitive": f.sensitive})
        })
        .collect();
    let here = format!("{}/collections/{}", caller.base(), def.id);
    Ok(json!({
        "id": def.id.as_str(),
        "title": {"zh": def.title.zh, "en": def.title.en},
        "theme": {"id": def.theme.id, "title": {"zh": def.theme.title.zh, "en": def.theme.title.en}},
        "itemType": "feature",
        "geometry": kind,
        "sharing": sharing,
        "minzoom": def.display.zooms.start(),
        "maxzoom": def.display.zooms.end(),
        "count": count,
        "extent": extent,
        "fields": fields,
        "label": def.label.as_ref().filter(|l| scope.shows(l.field)).map(|l| def.fields[l.field].name.clone()),
        "revision": revision.0,
        "crs": ["http://www.opengis.net/def/crs/EPSG/0/4490"],
        "links": [
            {"rel": "self", "type": "application/json", "href": here},
            {"rel": "items", "type": "application/geo+json", "href": format!("{here}/items")},
        ],
    }))
}
