//! `/imports`: deliveries over HTTP, for the import page. Only the operator may.

use super::Caller;
use crate::app::App;
use crate::import::jobs::{Job, JobError, Offset};
use crate::problem::Problem;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{self, Bytes, Data, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use ditu_importers::Choice;
use ditu_model::{LayerId, Mode};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Bytes of a piece.
const PIECE: usize = 16 << 20;
/// Bytes of any other body.
const BODY: usize = 1 << 20;

pub(super) fn routes(config: &mut ServiceConfig) {
    let json = web::JsonConfig::default().limit(BODY).error_handler(|e, _| {
        Problem::bad_request(format!("请求内容有误：{e}"), format!("the body is wrong: {e}")).into()
    });
    config
        .app_data(json)
        .app_data(web::PayloadConfig::new(PIECE))
        .service(web::resource("/imports").get(list).post(create))
        .service(web::resource("/imports/{id}").get(one).delete(remove))
        .service(web::resource("/imports/{id}/files").post(announce))
        .service(web::resource("/imports/{id}/files/{n}").get(file).patch(append))
        .service(web::resource("/imports/{id}/plan").post(plan))
        .service(web::resource("/imports/{id}/check").post(check))
        .service(web::resource("/imports/{id}/commit").post(commit))
        .service(web::resource("/imports/{id}/preview").get(preview))
        .service(web::resource("/imports/{id}/report.{kind}").get(report));
}

impl From<JobError> for Problem {
    fn from(e: JobError) -> Problem {
        match e {
            JobError::None => Problem::not_found(),
            JobError::Limit(zh, en) => Problem::conflict(zh, en),
            JobError::Busy => Problem::conflict(
                "现在不能这样做：正在处理，或还没到这一步",
                "not now: it is at work, or this is not its turn",
            ),
            JobError::Offset(at) => {
                Problem::conflict(format!("续传位置应为 {at}"), format!("the next piece begins at {at}"))
                    .with("offset", at.into())
            }
            JobError::Name(name) => Problem::bad_request(
                format!("文件名不能用，或文件还没有传完：{name}"),
                format!("the file's name cannot be used, or the file has not come whole: {name}"),
            ),
            JobError::Io(e) => {
                tracing::error!(error = %e, "keeping an upload");
                match e.kind() {
                    std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Problem::full(),
                    _ => Problem::internal(),
                }
            }
        }
    }
}

fn job(app: &App, caller: &Caller, id: &str) -> Result<Arc<Job>, Problem> {
    caller.operator()?;
    Ok(app.jobs.get(id)?)
}

fn answer(app: &App, status: StatusCode, job: &Job) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(job.to_json(&app.settings.layers))
}

async fn list(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    caller.operator()?;
    let all: Vec<_> = app.jobs.list().iter().map(|j| j.to_json(&app.settings.layers)).collect();
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({ "imports": all })))
}

async fn create(app: Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    caller.operator()?;
    let job = app.jobs.create()?;
    Ok(answer(&app, StatusCode::CREATED, &job))
}

async fn one(app: Data<App>, caller: Caller, id: Path<String>) -> Result<HttpResponse, Problem> {
    let job = job(&app, &caller, &id)?;
    Ok(answer(&app, StatusCode::OK, &job))
}

async fn remove(app: Data<App>, caller: Caller, id: Path<String>) -> Result<HttpResponse, Problem> {
    caller.operator()?;
    app.jobs.remove(&id)?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Announce {
    name: String,
    size: u64,
}

async fn announce(
    app: Data<App>,
    caller: Caller,
    id: Path<String>,
    body: Json<Announce>,
) -> Result<HttpResponse, Problem> {
    let job = job(&app, &caller, &id)?;
    job.reopen()?;
    Ok(HttpResponse::Created().json(job.announce(&body.name, body.size)?))
}

async fn file(app: Data<App>, caller: Caller, path: Path<(String, usize)>) -> Result<HttpResponse, Problem> {
    let job = job(&app, &caller, &path.0)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(job.file(path.1)?))
}

async fn append(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, usize)>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let job = job(&app, &caller, &path.0)?;
    let offset = request.headers().get("upload-offset").and_then(|v| v.to_str().ok()?.parse().ok());
    let Some(offset) = offset else {
        return Err(Problem::bad_request("缺少 Upload-Offset", "Upload-Offset is missing"));
    };
    job.reopen()?;
    let n = path.1;
    let kept = web::block(move || job.append(n, Offset(offset), &body));
    Ok(HttpResponse::Ok().json(kept.await.map_err(|_| Problem::internal())??))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    file: Option<String>,
    table: Option<String>,
    layer: Option<String>,
    crs: Option<String>,
    encoding: Option<String>,
    heights: Option<String>,
    units: Option<String>,
    nodata: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    #[serde(default)]
    choices: Vec<Said>,
    #[serde(default)]
    mode: Way,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Way {
    #[default]
    Replace,
    Upsert,
    Append,
}

impl Said {
    fn choice(self) -> Result<Choice, Problem> {
        let layer = self.layer.map(|l| {
            LayerId::new(&l).ok_or_else(|| {
                Problem::bad_request(format!("没有图层 {l}"), format!("there is no layer {l}"))
            })
        });
        let crs = self
            .crs
            .map(|c| c.parse().map_err(|e: String| Problem::bad_request(format!("不认识坐标系：{c}"), e)));
        let heights = self
            .heights
            .map(|h| h.parse().map_err(|e: String| Problem::bad_request(format!("不认识高程基准：{h}"), e)));
        let units = self
            .units
            .map(|u| u.parse().map_err(|e: String| Problem::bad_request(format!("不认识坐标单位：{u}"), e)));
        let nodata = self
            .nodata
            .map(|n| n.parse().map_err(|e: String| Problem::bad_request(format!("不是无效值：{n}"), e)));
        Ok(Choice {
            file: self.file,
            table: self.table,
            layer: layer.transpose()?,
            crs: crs.transpose()?,
            encoding: self.encoding,
            heights: heights.transpose()?,
            units: units.transpose()?,
            nodata: nodata.transpose()?,
        })
    }
}

async fn plan(
    app: Data<App>,
    caller: Caller,
    id: Path<String>,
    body: Json<Plan>,
) -> Result<HttpResponse, Problem> {
    let job = job(&app, &caller, &id)?;
    let Plan { choices, mode } = body.into_inner();
    let choices = choices.into_iter().map(Said::choice).collect::<Result<Vec<_>, _>>()?;
    let mode = match mode {
        Way::Replace => Mode::Replace,
        Way::Upsert => Mode::Upsert,
        Way::Append => Mode::Append,
    };
    app.jobs.plan(&job, &app.settings, &app.store, choices, mode)?;
    Ok(answer(&app, StatusCode::ACCEPTED, &job))
}

async fn check(app: Data<App>, caller: Caller, id: Path<String>) -> Result<HttpResponse, Problem> {
    let job = job(&app, &caller, &id)?;
    app.jobs.check(&job, &app.settings, &app.store)?;
    Ok(answer(&app, StatusCode::ACCEPTED, &job))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Commit {
    #[serde(default)]
    message: String,
    min_match: Option<f64>,
}

async fn commit(
    app: Data<App>,
    caller: Caller,
    id: Path<String>,
    body: Json<Commit>,
) -> Result<HttpResponse, Problem> {
    let job = job(&app, &caller, &id)?;
    if body.min_match.is_some_and(|m| !(0.0..=1.0).contains(&m)) {
        return Err(Problem::bad_request("min_match 应在 0 到 1 之间", "min_match is 0 to 1"));
    }
    let Commit { message, min_match } = body.into_inner();
    app.jobs.commit(&job, &app.settings, &app.store, message, min_match)?;
    Ok(answer(&app, StatusCode::ACCEPTED, &job))
}

async fn preview(app: Data<App>, caller: Caller, id: Path<String>) -> Result<HttpResponse, Problem> {
    let job = job(&app, &caller, &id)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/geo+json"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(job.preview(&app.settings.layers).to_string()))
}

async fn report(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, kind) = path.into_inner();
    let report = job(&app, &caller, &id)?.report().ok_or_else(Problem::not_found)?;
    let (mime, body) = match kind.as_str() {
        "html" => ("text/html; charset=utf-8", report.to_html().into_bytes()),
        "json" => ("application/json", report.to_json().to_string().into_bytes()),
        "gpkg" => {
            let made = web::block(move || -> std::io::Result<Vec<u8>> {
                let dir = tempfile::tempdir()?;
                let path = dir.path().join("report.gpkg");
                report.write_geopackage(&path)?;
                std::fs::read(path)
            });
            let bytes = made.await.map_err(|_| Problem::internal())?.map_err(JobError::Io)?;
            ("application/geopackage+sqlite3", bytes)
        }
        _ => return Err(Problem::not_found()),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, mime))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"report-{id}.{kind}\"")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body))
}
