//! HTTP: a file a resource. Every route that reads data takes a [`Caller`], and only a caller has a view.

mod caller;
mod city;
mod collections;
mod fonts;
mod health;
mod identify;
mod imports;
mod items;
mod sprites;
mod styles;
mod terrain;
mod tiles;
mod web;

pub(crate) use caller::Caller;

use crate::app::App;
use crate::problem::Problem;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, get};
use actix_web::{HttpResponse, web as aw};
use std::time::Instant;

/// The application with all routes.
pub(crate) fn app(
    data: Data<App>,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let query = aw::QueryConfig::default().error_handler(|e, _| {
        Problem::bad_request(format!("参数有误：{e}"), format!("wrong parameters: {e}")).into()
    });
    let path = aw::PathConfig::default().error_handler(|_, _| Problem::not_found().into());
    actix_web::App::new()
        .app_data(data)
        .app_data(query)
        .app_data(path)
        .wrap(from_fn(around))
        .route("/tiles/{layers}/{z}/{x}/{y}", get().to(tiles::tile))
        .route("/tiles/{layers}", get().to(tiles::tilejson))
        .route("/city", get().to(city::city))
        .route("/collections", get().to(collections::list))
        .route("/collections/{id}", get().to(collections::one))
        .route("/collections/{id}/items", get().to(items::list))
        .route("/collections/{id}/items/{feature}", get().to(items::one))
        .route("/identify", get().to(identify::at))
        .route("/styles", get().to(styles::list))
        .route("/styles/{name}", get().to(styles::one))
        .route("/sprites/{file}", get().to(sprites::file))
        .route("/fonts/{stack}/{range}", get().to(fonts::range))
        .route("/terrain/{layer}/{z}/{x}/{y}", get().to(terrain::tile))
        .configure(imports::routes)
        .route("/health", get().to(health::health))
        .route("/metrics", get().to(health::metrics))
        .default_service(aw::route().to(web::file))
}

/// Around every request: the language of problems, CORS, counters, a log line.
async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let begun = Instant::now();
    let lang = caller::lang(request.headers());
    let route = request.match_pattern().unwrap_or_else(|| "other".to_owned());
    let data = request.app_data::<Data<App>>().cloned();
    let method = request.method().clone();
    let path = request.path().to_owned();
    let reads = method == Method::GET || method == Method::HEAD || method == Method::OPTIONS;
    let changes = route.starts_with("/imports");
    let mut response = if reads || changes {
        next.call(request).await?.map_into_boxed_body()
    } else {
        let refused = HttpResponse::build(StatusCode::METHOD_NOT_ALLOWED)
            .insert_header(("allow", "GET, HEAD, OPTIONS"))
            .finish();
        request.into_response(refused)
    };
    let problem = response.response().error().and_then(|e| e.as_error::<Problem>()).cloned();
    if let Some(problem) = problem {
        let (request, _) = response.into_parts();
        response = ServiceResponse::new(request, problem.response(lang));
    }
    let headers = response.headers_mut();
    if !changes {
        // Maps of other sites may read what is open; nobody changes anything from there.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let status = response.status().as_u16();
    if let Some(app) = data {
        app.metrics.answered(&route, status);
        if route.starts_with("/tiles/{layers}/") {
            app.metrics.tile(begun.elapsed());
        }
    }
    tracing::debug!(%method, %path, status, ms = begun.elapsed().as_secs_f64() * 1e3, "answered");
    Ok(response)
}
