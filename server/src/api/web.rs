//! The viewer (which itself says what to do while there are no data), or a page for a binary without one.

use super::Caller;
use crate::app::App;
use crate::assets;
use crate::problem::Problem;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use ditu_access::Action;

const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; connect-src 'self' data: blob:; frame-ancestors 'self'";

pub(crate) async fn file(
    app: Data<App>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    caller.view(Action::Discover)?;
    let path = request.path().trim_start_matches('/');
    if path.is_empty() || path == "index.html" {
        return Ok(match assets::web("index.html") {
            Some(index) => page(&String::from_utf8_lossy(&index.data)),
            None if app.store.head().await?.0 == 0 => page(&welcome(
                "还没有数据",
                "No data yet",
                "导入测绘成果（或先生成示例城市），然后刷新本页：",
                "Import survey files (or write the sample city first), then reload:",
                "ditu sample city\nditu import city",
            )),
            None => page(&welcome(
                "程序中没有网页",
                "The viewer is not built in",
                "先构建 web/，再编译程序；数据接口可照常使用：",
                "Build web/, then the binary; the interfaces work all the same:",
                "/collections   /tiles/basemap   /styles/light",
            )),
        });
    }
    let file = assets::web(path).ok_or_else(Problem::not_found)?;
    if path.ends_with(".html") {
        return Ok(page(&String::from_utf8_lossy(&file.data)));
    }
    // The names of built files carry their hash.
    let cache =
        if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.metadata.mimetype().to_owned()))
        .insert_header((CACHE_CONTROL, cache))
        .body(Bytes::from(file.data.into_owned())))
}

fn page(html: &str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(html.to_owned())
}

fn welcome(zh: &str, en: &str, do_zh: &str, do_en: &str, commands: &str) -> String {
    format!(
        r#"<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>底图 Ditu</title><style>body{{font:16px/1.7 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:38rem;margin:12vh auto;padding:0 1rem;color:#222;background:#f7f5f0}}
pre{{background:#fff;border:1px solid #d9d4c7;border-radius:6px;padding:1rem;font-size:14px}}small{{color:#666}}</style></head>
<body><h1>底图 Ditu</h1><h2>{zh} <small>{en}</small></h2><p>{do_zh}<br><small>{do_en}</small></p><pre>{commands}</pre></body></html>"#
    )
}
