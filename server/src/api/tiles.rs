//! `/tiles/{layers}/{z}/{x}/{y}` and `/tiles/{layers}`: vector tiles and TileJSON 3.0.0.

use super::Caller;
use crate::app::App;
use crate::problem::Problem;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH, VARY,
};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use ditu_access::{Action, View};
use ditu_model::LayerId;
use ditu_model::layer::Kind;
use ditu_tiles::{Encoding, TileCoord};

/// The name that stands for every vector layer of the view.
const BASEMAP: &str = "basemap";

/// The layers of a path, in its order.
fn layers(view: &View, path: &str) -> Result<Vec<LayerId>, Problem> {
    if path == BASEMAP {
        let vector = view.scopes().filter(|s| s.layer().kind != Kind::Raster);
        let mut all: Vec<LayerId> = vector.map(|s| s.layer().id.clone()).collect();
        all.sort();
        return if all.is_empty() { Err(Problem::not_found()) } else { Ok(all) };
    }
    path.split(',').map(|name| LayerId::new(name).ok_or_else(Problem::not_found)).collect()
}

pub(crate) async fn tile(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
    path: Path<(String, u8, u32, String)>,
) -> Result<HttpResponse, Problem> {
    let view = caller.view(Action::Read)?;
    let (names, z, x, y) = path.into_inner();
    let y = y.strip_suffix(".pbf").or_else(|| y.strip_suffix(".mvt")).unwrap_or(&y);
    let y = y.parse().map_err(|_| Problem::not_found())?;
    let at = TileCoord::new(z, x, y).ok_or_else(Problem::not_found)?;
    let layers = layers(&view, &names)?;
    app.fresh().await?;
    let encoding = negotiate(request.headers());
    let state = app.engine.etag(&view, &layers, at)?;
    let etag = format!("\"{state}-{}\"", encoding.name());
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, etag.as_str()));
    response.insert_header((VARY, "Accept-Encoding"));
    response.insert_header((CACHE_CONTROL, caller.cache_control()));
    if matches(request.headers(), &etag) {
        response.status(actix_web::http::StatusCode::NOT_MODIFIED);
        return Ok(response.finish());
    }
    let tile = app.engine.tile(&view, &layers, at, encoding).await?;
    if tile.empty {
        response.status(actix_web::http::StatusCode::NO_CONTENT);
        return Ok(response.finish());
    }
    response.insert_header((CONTENT_TYPE, "application/vnd.mapbox-vector-tile"));
    if encoding != Encoding::Identity {
        response.insert_header((CONTENT_ENCODING, encoding.name()));
    }
    Ok(response.body(tile.body))
}

pub(crate) async fn tilejson(
    app: Data<App>,
    caller: Caller,
    path: Path<String>,
) -> Result<HttpResponse, Problem> {
    let view = caller.view(Action::Read)?;
    let names = path.into_inner();
    let layers = layers(&view, &names)?;
    app.fresh().await?;
    let mut json = app.engine.tilejson(&view, &layers)?;
    json.tiles = vec![format!("{}/tiles/{names}/{{z}}/{{x}}/{{y}}", caller.base())];
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, caller.cache_control())).json(json))
}

/// The encoding with the highest weight; among equals the one that is cheapest to make.
fn negotiate(headers: &HeaderMap) -> Encoding {
    let known = [
        (Encoding::Zstd, "zstd"),
        (Encoding::Gzip, "gzip"),
        (Encoding::Brotli, "br"),
        (Encoding::Identity, "identity"),
    ];
    let asked: String = headers
        .get_all(ACCEPT_ENCODING)
        .filter_map(|v| v.to_str().ok())
        .collect::<Vec<_>>()
        .join(",")
        .to_ascii_lowercase();
    let weight = |name: &str| {
        let part = |wanted: &str| {
            asked.split(',').find_map(|part| {
                let mut words = part.split(';').map(str::trim);
                let named = words.next()?;
                let q =
                    words.find_map(|w| w.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0));
                (named == wanted || (wanted == "gzip" && named == "x-gzip")).then_some(q)
            })
        };
        match part(name) {
            Some(q) => q,
            None if name == "identity" => 0.001,
            None => part("*").unwrap_or(0.0),
        }
    };
    let mut best = (Encoding::Identity, 0.0);
    for (encoding, name) in known {
        let q = weight(name);
        if q > best.1 {
            best = (encoding, q);
        }
    }
    best.0
}

/// Whether `If-None-Match` names the validator; weak ones count (RFC 9110 §13.1.2).
fn matches(headers: &HeaderMap, etag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).any(|v| {
        let v = v.trim();
        v == "*" || v.strip_prefix("W/").unwrap_or(v) == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn t33_the_encoding_is_the_one_the_client_weighs_most() {
        let asked = |v: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_str(v).unwrap());
            negotiate(&headers)
        };
        for (header, wanted) in [
            ("gzip, deflate", Encoding::Gzip),
            ("gzip, deflate, br, zstd", Encoding::Zstd),
            ("br;q=1.0, gzip;q=0.5", Encoding::Brotli),
            ("zstd;q=0, *", Encoding::Gzip),
            ("*;q=0", Encoding::Identity),
            ("", Encoding::Identity),
            ("GZIP", Encoding::Gzip),
            ("identity, gzip;q=0.5", Encoding::Identity),
            ("gzip;q=nonsense", Encoding::Identity),
        ] {
            assert_eq!(asked(header), wanted, "{header}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Encoding::Identity);
    }

    #[test]
    fn t33_weak_validators_and_lists_match() {
        let asked = |v: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(v).unwrap());
            matches(&headers, "\"x-gzip\"")
        };
        assert!(asked("\"x-gzip\"") && asked("W/\"x-gzip\"") && asked("\"a\", \"x-gzip\"") && asked("*"));
        assert!(!asked("\"x\"") && !asked("x-gzip") && !asked(""));
    }
}
