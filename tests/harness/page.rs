//! The import page's side of deliveries over HTTP.

use super::http::{Answer, request_with};
use super::{City, Server};
use serde_json::{Value as Json, json};
use std::fs;
use std::time::{Duration, Instant};

/// A caller with the operator's token.
pub(crate) struct Page<'a> {
    server: &'a Server,
    pub(crate) token: String,
}

impl<'a> Page<'a> {
    pub(crate) fn of(city: &City, server: &'a Server) -> Page<'a> {
        let token = fs::read_to_string(city.data().join("operator.token")).unwrap();
        Page { server, token: format!("Bearer {}", token.trim()) }
    }

    pub(crate) fn ask(&self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut headers = vec![("Authorization", self.token.as_str()), ("Accept-Language", "en")];
        headers.extend(more);
        request_with(&self.server.addr, method, path, &headers, body)
    }

    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &Json, status: u16) -> Json {
        let a = self.ask("POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes());
        assert_eq!(a.status, status, "{path}: {}", a.text());
        a.json()
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Json {
        let a = self.ask("GET", path, &[], b"");
        assert_eq!(a.status, 200, "{path}: {}", a.text());
        a.json()
    }

    pub(crate) fn patch(&self, path: &str, offset: u64, bytes: &[u8]) -> Answer {
        let offset = offset.to_string();
        let kind = ("Content-Type", "application/offset+octet-stream");
        self.ask("PATCH", path, &[("Upload-Offset", &offset), kind], bytes)
    }

    /// A new job with these files in it.
    #[track_caller]
    pub(crate) fn deliver(&self, files: &[(&str, Vec<u8>)]) -> String {
        let id = self.post("/imports", &json!({}), 201)["id"].as_str().unwrap().to_owned();
        for (name, bytes) in files {
            let file =
                self.post(&format!("/imports/{id}/files"), &json!({"name": name, "size": bytes.len()}), 201);
            let path = format!("/imports/{id}/files/{}", file["n"]);
            for (i, piece) in bytes.chunks(1000).enumerate() {
                let a = self.patch(&path, i as u64 * 1000, piece);
                assert_eq!(a.status, 200, "{}", a.text());
            }
        }
        id
    }

    /// Does a step and waits for its end.
    #[track_caller]
    pub(crate) fn step(&self, id: &str, step: &str, body: &Json) -> Json {
        self.post(&format!("/imports/{id}/{step}"), body, 202);
        self.wait(id)
    }

    #[track_caller]
    pub(crate) fn wait(&self, id: &str) -> Json {
        let begun = Instant::now();
        loop {
            let job = self.get(&format!("/imports/{id}"));
            if job["state"] != "working" {
                return job;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{job}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
