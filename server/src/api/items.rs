//! `/collections/{id}/items`: features as GeoJSON, by box and page.

use super::Caller;
use crate::app::App;
use crate::geojson;
use crate::problem::Problem;
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path, Query};
use ditu_access::Action;
use ditu_model::{Bounds, Feature, FeatureId, FeatureSource, LayerId, SourceError};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;

/// Features a page without `limit`, and at most.
const PAGE: usize = 100;
const PAGE_MOST: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    /// West, south, east, north in degrees.
    bbox: Option<String>,
    limit: Option<usize>,
    /// The last id of the page before.
    after: Option<FeatureId>,
    /// Only `json` is known.
    f: Option<String>,
}

/// Reads `bbox`.
fn bounds(text: &str) -> Result<Bounds, Problem> {
    let wrong =
        || Problem::bad_request("bbox 应为 西,南,东,北（度）", "bbox is west,south,east,north in degrees");
    let n: Vec<f64> =
        text.split(',').map(|n| n.trim().parse()).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let [w, s, e, n] = match n[..] {
        [w, s, e, n] => [w, s, e, n],
        [w, s, _, e, n, _] => [w, s, e, n],
        _ => return Err(wrong()),
    };
    let fits = [w, s, e, n].iter().all(|v| v.is_finite()) && w <= e && s <= n && s >= -90.0 && n <= 90.0;
    if fits { Ok(Bounds::new(w, s, e, n)) } else { Err(wrong()) }
}

/// Everything a query finds, in memory: a page.
pub(crate) async fn collect(
    reader: &dyn FeatureSource,
    layer: &LayerId,
    query: ditu_model::Query,
) -> Result<Vec<Feature>, SourceError> {
    let mut stream = reader.scan(layer, query).await?;
    let mut out = Vec::new();
    while let Some(batch) = stream.batches.next().await {
        out.extend(batch?);
    }
    Ok(out)
}

pub(crate) async fn list(
    app: Data<App>,
    caller: Caller,
    path: Path<String>,
    params: Query<Params>,
) -> Result<HttpResponse, Problem> {
    let view = caller.view(Action::Download)?;
    let scope = view.named(&path).ok_or_else(Problem::not_found)?.clone();
    if params.f.as_deref().is_some_and(|f| f != "json") {
        return Err(Problem::bad_request("只支持 f=json", "only f=json is known"));
    }
    let limit = params.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MOST).contains(&limit) {
        return Err(Problem::bad_request(
            format!("limit 应在 1 到 {PAGE_MOST} 之间"),
            format!("limit is 1 to {PAGE_MOST}"),
        ));
    }
    let box_ = params.bbox.as_deref().map(bounds).transpose()?;
    let layer = scope.layer().id.clone();
    let reader = app.store.reader(view.clone());
    // One more than asked for tells whether there is a next page.
    let query = ditu_model::Query { bounds: box_, ids: None, after: params.after, limit: Some(limit + 1) };
    let mut features = collect(reader.as_ref(), &layer, query).await?;
    let more = features.len() > limit;
    features.truncate(limit);
    let here = format!("{}/collections/{layer}/items", caller.base());
    let mut links = vec![json!({"rel": "self", "type": "application/geo+json", "href": here})];
    if let Some(last) = features.last().filter(|_| more) {
        let bbox = params.bbox.as_ref().map(|b| format!("&bbox={b}")).unwrap_or_default();
        let next = format!("{here}?limit={limit}&after={}{bbox}", last.id);
        links.push(json!({"rel": "next", "type": "application/geo+json", "href": next}));
    }
    let list: Vec<_> = features.iter().map(|f| geojson::feature(&scope, f)).collect();
    let mut body =
        json!({"type": "FeatureCollection", "numberReturned": list.len(), "features": list, "links": links});
    if box_.is_none() {
        body["numberMatched"] = reader.count(&layer).await?.into();
    }
    Ok(answer(&caller, &body))
}

pub(crate) async fn one(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, FeatureId)>,
) -> Result<HttpResponse, Problem> {
    let view = caller.view(Action::Download)?;
    let (name, id) = path.into_inner();
    let scope = view.named(&name).ok_or_else(Problem::not_found)?.clone();
    let query = ditu_model::Query { ids: Some(vec![id]), ..ditu_model::Query::default() };
    let found = collect(app.store.reader(view.clone()).as_ref(), &scope.layer().id, query).await?;
    let feature = found.first().ok_or_else(Problem::not_found)?;
    Ok(answer(&caller, &geojson::feature(&scope, feature)))
}

fn answer(caller: &Caller, body: &serde_json::Value) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/geo+json"))
        .insert_header((CACHE_CONTROL, caller.cache_control()))
        .body(body.to_string())
}
