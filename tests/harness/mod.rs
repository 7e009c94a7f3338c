//! Runs the real binary: commands with their output, a server on a free port, a small HTTP client.

pub(crate) mod http;
pub(crate) mod inputs;
pub(crate) mod page;

use http::Answer;
use serde_json::Value as Json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// The binary under test.
const BIN: &str = env!("CARGO_BIN_EXE_ditu");

/// What a finished command said.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Fails with all that was said unless the status is the wanted one.
    #[track_caller]
    pub(crate) fn expect(self, status: i32) -> Output {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A data folder and a folder for deliveries, gone when dropped.
pub(crate) struct City {
    dir: Arc<TempDir>,
    database: Option<String>,
}

impl City {
    pub(crate) fn new() -> City {
        City { dir: Arc::new(tempfile::tempdir().unwrap()), database: None }
    }

    /// The same with the store in PostGIS.
    pub(crate) fn in_database(url: String) -> City {
        City { database: Some(url), ..City::new() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Writes a delivery; the path it has.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A command on this city, not started yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut c = Command::new(BIN);
        c.args(args).current_dir(self.dir.path());
        for name in ["DITU_DATABASE", "DITU_LAYERS", "DITU_LANG", "DITU_ADDR", "LANG", "LC_ALL"] {
            c.env_remove(name);
        }
        c.env("DITU_DATA", self.data()).env("DITU_LANG", "en");
        if let Some(url) = &self.database {
            c.env("DITU_DATABASE", url);
        }
        c
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let out = self.command(args).output().unwrap();
        Output {
            status: out.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn import(&self, source: &Path) -> Output {
        self.run(&["import", source.to_str().unwrap()]).expect(0)
    }

    /// What `layers --json` tells of a layer.
    #[track_caller]
    pub(crate) fn layer(&self, id: &str) -> Json {
        let all = self.run(&["layers", "--json"]).expect(0);
        let all: Json = serde_json::from_str(&all.stdout).unwrap();
        all.as_array().unwrap().iter().find(|l| l["id"] == id).unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn count(&self, id: &str) -> u64 {
        self.layer(id)["count"].as_u64().unwrap()
    }

    /// The number of revisions.
    #[track_caller]
    pub(crate) fn revisions(&self) -> usize {
        let all = self.run(&["history", "--json"]).expect(0);
        serde_json::from_str::<Json>(&all.stdout).unwrap().as_array().unwrap().len()
    }

    /// Starts `ditu serve` on a free port and waits for its address.
    pub(crate) fn serve(&self, args: &[&str]) -> Server {
        let mut all = vec!["serve", "--addr", "127.0.0.1:0", "--workers", "2"];
        all.extend(args);
        let mut child = self.command(&all).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim().rsplit_once("http://").map(|(_, a)| a.to_owned());
        let Some(addr) = addr else {
            let _ = child.kill();
            panic!("the server said {line:?} and no address");
        };
        Server { child, addr, _dir: self.dir.clone() }
    }
}

/// A running server, killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) addr: String,
    /// The data outlive the server.
    _dir: Arc<TempDir>,
}

impl Server {
    /// GET without any header of note.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    pub(crate) fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        http::request(&self.addr, "GET", path, headers)
    }

    /// GET of a document that must be there.
    #[track_caller]
    pub(crate) fn json(&self, path: &str) -> Json {
        let a = self.get(path);
        assert_eq!(a.status, 200, "{path}: {}", a.text());
        a.json()
    }

    /// Asks the server to stop.
    pub(crate) fn terminate(&self) {
        let done = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Waits for the end; the exit status.
    pub(crate) fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every path below a folder with its size and content, for "nothing changed".
pub(crate) fn listing(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut out = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return out };
    for e in entries {
        let path = e.unwrap().path();
        if path.is_dir() {
            out.push((path.clone(), Vec::new()));
            out.extend(listing(&path));
        } else {
            let content = fs::read(&path).unwrap();
            out.push((path, content));
        }
    }
    out.sort();
    out
}

/// A file of the shared test data, for tests in modules named `shared`.
pub(crate) fn shared(path: &str) -> PathBuf {
    let root = std::env::var_os("DITU_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let path = root.join(path);
    assert!(path.exists(), "{} is missing; DITU_TEST_DATA names the folder", path.display());
    path
}
