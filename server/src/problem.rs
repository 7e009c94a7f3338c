//! Problem documents (RFC 9457), in the caller's language.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use ditu_importers::Lang;
use ditu_model::{SourceError, Text};
use ditu_store::StoreError;
use ditu_tiles::TileError;
use std::fmt;

/// Why a request was not answered.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Stable, after `/problems/`.
    kind: &'static str,
    /// Chinese and English.
    title: (&'static str, &'static str),
    detail: Text,
    retry_after_s: Option<u32>,
    /// A member beside the usual ones.
    extra: Option<(&'static str, serde_json::Value)>,
}

impl Problem {
    fn new(
        status: StatusCode,
        kind: &'static str,
        title: (&'static str, &'static str),
        detail: Text,
    ) -> Problem {
        Problem { status, kind, title, detail, retry_after_s: None, extra: None }
    }

    /// What no view opens, and what does not exist: the same answer.
    pub(crate) fn not_found() -> Problem {
        let detail = Text::new(
            "这里没有您可以查看的内容；GET collections 列出可用图层",
            "there is nothing here that you may see; GET collections lists what there is",
        );
        Problem::new(StatusCode::NOT_FOUND, "not-found", ("未找到", "Not found"), detail)
    }

    /// The request itself is wrong.
    pub(crate) fn bad_request(zh: impl Into<String>, en: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", ("请求有误", "Bad request"), Text::new(zh, en))
    }

    /// The request does not fit what is there now.
    pub(crate) fn conflict(zh: impl Into<String>, en: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "conflict", ("冲突", "Conflict"), Text::new(zh, en))
    }

    /// The disk is full.
    pub(crate) fn full() -> Problem {
        let detail = Text::new(
            "服务器磁盘已满，已传的部分保留；清理后可续传",
            "the server's disk is full; what has come is kept, go on once there is room",
        );
        let title = ("磁盘已满", "Insufficient storage");
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "full", title, detail)
    }

    /// The same with one more member.
    pub(crate) fn with(self, name: &'static str, value: serde_json::Value) -> Problem {
        Problem { extra: Some((name, value)), ..self }
    }

    /// Credentials that are not valid.
    pub(crate) fn unauthorized() -> Problem {
        let detail = Text::new(
            "凭据无效；不带凭据可查看公开图层",
            "the credentials are not valid; without any you see what is open",
        );
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", ("未认证", "Unauthorized"), detail)
    }

    /// Something behind failed; the details are in the log, not in the answer.
    pub(crate) fn unavailable(retry_after_s: u32) -> Problem {
        let detail =
            Text::new("数据库暂时不可用，请稍后再试", "the store does not answer now; try again later");
        let p = Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            ("暂时不可用", "Unavailable"),
            detail,
        );
        Problem { retry_after_s: Some(retry_after_s), ..p }
    }

    /// A fault of the program.
    pub(crate) fn internal() -> Problem {
        let detail = Text::new("服务器内部错误，已记入日志", "the server failed; the log says more");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", ("内部错误", "Internal error"), detail)
    }

    /// As an answer in a language.
    pub(crate) fn response(&self, lang: Lang) -> HttpResponse {
        let (title, detail) = match lang {
            Lang::Zh => (self.title.0, &self.detail.zh),
            Lang::En => (self.title.1, &self.detail.en),
        };
        let mut body = serde_json::json!({
            "type": format!("/problems/{}", self.kind),
            "status": self.status.as_u16(),
            "title": title,
            "detail": detail,
        });
        if let Some((name, value)) = &self.extra {
            body[*name] = value.clone();
        }
        let mut response = HttpResponse::build(self.status);
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        response.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(s) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, HeaderValue::from(s)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"ditu\""));
        }
        response.body(body.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.title.1, self.detail.en)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response(Lang::Zh)
    }
}

impl From<SourceError> for Problem {
    fn from(e: SourceError) -> Problem {
        match e {
            SourceError::NoLayer(_) => Problem::not_found(),
            SourceError::Busy { retry_after_s } => Problem::unavailable(retry_after_s),
            e => {
                tracing::error!(error = %e, "reading the store");
                Problem::unavailable(5)
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(e: StoreError) -> Problem {
        match e {
            StoreError::NoLayer(_) => Problem::not_found(),
            StoreError::Busy { retry_after_s } => Problem::unavailable(retry_after_s),
            e => {
                tracing::error!(error = %e, cause = ?std::error::Error::source(&e), "the store failed");
                Problem::unavailable(5)
            }
        }
    }
}

impl From<TileError> for Problem {
    fn from(e: TileError) -> Problem {
        match e {
            TileError::NoLayer(_) | TileError::OutOfRange => Problem::not_found(),
            TileError::NamedTwice(layer) => Problem::bad_request(
                format!("图层 {layer} 写了两次"),
                format!("the layer {layer} is named twice"),
            ),
            TileError::TooManyLayers { most } => Problem::bad_request(
                format!("一次最多请求 {most} 个图层"),
                format!("a tile holds at most {most} layers"),
            ),
            TileError::Task(error) => {
                tracing::error!(%error, "making a tile");
                Problem::internal()
            }
            e => {
                tracing::error!(error = %e, "making a tile");
                Problem::unavailable(5)
            }
        }
    }
}
