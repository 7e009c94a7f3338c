//! The plainest peer there is: an HTTP server that answers each path with the bytes of a file.

use crate::client::Target;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;

/// A running file server; stops and removes its files when dropped.
pub(crate) struct Server {
    address: String,
    handle: ServerHandle,
    _dir: tempfile::TempDir,
}

impl Server {
    /// Writes each body to a file and serves it at its path.
    pub(crate) fn start(paths: &[String], bodies: Vec<Vec<u8>>) -> io::Result<Server> {
        let dir = tempfile::tempdir()?;
        for (path, body) in paths.iter().zip(bodies) {
            std::fs::write(dir.path().join(file_name(path)), body)?;
        }
        let root = Arc::new(dir.path().to_owned());
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let root: Arc<PathBuf> = root;
                let server = HttpServer::new(move || {
                    let root = root.clone();
                    App::new().default_service(web::get().to(move |r: HttpRequest| {
                        let file = root.join(file_name(r.path()));
                        async move {
                            match std::fs::read(file) {
                                Ok(bytes) => HttpResponse::Ok().body(bytes),
                                Err(_) => HttpResponse::NotFound().finish(),
                            }
                        }
                    }))
                })
                .workers(2)
                .disable_signals()
                .bind("127.0.0.1:0")?;
                let address = server.addrs()[0].to_string();
                let server = server.run();
                // The other side waits for this message before it asks; it cannot be gone.
                let _ = tell.send((address, server.handle()));
                server.await
            })
        });
        let (address, handle) = told.recv().map_err(|_| io::Error::other("the file server did not start"))?;
        Ok(Server { address, handle, _dir: dir })
    }

    pub(crate) fn target(&self) -> Target {
        Target { address: self.address.clone() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn file_name(path: &str) -> String {
    path.trim_start_matches('/').replace('/', "_")
}
