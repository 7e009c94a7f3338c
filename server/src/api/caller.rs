//! Who asks, in which language, and what they may see. The only way from a request to a view.

use crate::app::App;
use crate::problem::Problem;
use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use ditu_access::{Action, Principal, View};
use ditu_importers::Lang;
use std::future::{Ready, ready};
use std::sync::Arc;

/// The principal behind a request.
pub(crate) struct Caller {
    who: Principal,
    app: Data<App>,
    base: String,
}

impl Caller {
    /// What the caller may do one action on.
    pub(crate) fn view(&self, action: Action) -> Result<Arc<View>, Problem> {
        self.app.view(&self.who, action)
    }

    /// Lets only the operator through.
    pub(crate) fn operator(&self) -> Result<(), Problem> {
        match self.who {
            Principal::Operator => Ok(()),
            Principal::Anonymous => Err(Problem::unauthorized()),
        }
    }

    /// The server as the caller addressed it: scheme, host and prefix, without a slash at the end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Whether caches that many share may keep the answer.
    pub(crate) fn cache_control(&self) -> &'static str {
        // Kept, but asked about each time: nothing is ever older than the last commit.
        match self.who {
            Principal::Anonymous => "public, no-cache",
            Principal::Operator => "private, no-cache",
        }
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Caller, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(app) = request.app_data::<Data<App>>().cloned() else {
            return ready(Err(Problem::internal()));
        };
        // Accounts come with registration; until then the operator's token is the only credential, and one that is not
        // valid is never "anonymous".
        let who = match request.headers().get(AUTHORIZATION) {
            None => Principal::Anonymous,
            Some(value) => {
                let token = value.to_str().ok().and_then(|v| v.strip_prefix("Bearer "));
                if !token.is_some_and(|t| app.token.is(t.trim())) {
                    return ready(Err(Problem::unauthorized()));
                }
                Principal::Operator
            }
        };
        let connection = request.connection_info();
        let prefix = request.headers().get("x-forwarded-prefix").and_then(|v| v.to_str().ok()).unwrap_or("");
        let base = format!("{}://{}{}", connection.scheme(), connection.host(), prefix.trim_end_matches('/'));
        drop(connection);
        ready(Ok(Caller { who, app, base }))
    }
}

/// The language asked for; Chinese unless English comes first.
pub(crate) fn lang(headers: &HeaderMap) -> Lang {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or("").to_ascii_lowercase();
    let first = asked.split(',').map(str::trim).find(|l| l.starts_with("zh") || l.starts_with("en"));
    if first.is_some_and(|l| l.starts_with("en")) { Lang::En } else { Lang::Zh }
}
