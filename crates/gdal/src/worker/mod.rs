//! The child's side: takes one question on standard input, locks itself in, answers in frames, ends.

mod raster;
mod sandbox;
mod vector;

use crate::drivers;
use crate::frame;
use crate::types::ReadOptions;
use serde::{Deserialize, Serialize};
use std::ffi::CString;
use std::io::{BufWriter, Read, StdoutLock, Write};
use std::path::PathBuf;

pub(crate) use sandbox::MEMORY;

/// Where frames begin in the worker's output.
pub(crate) const MARK: &[u8; 8] = b"\0ditu-g\n";

/// One question.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    Describe { path: PathBuf, options: ReadOptions },
    Read { path: PathBuf, layer: String, options: ReadOptions },
    Grid { path: PathBuf, epsg: Option<u32> },
}

/// The shape of the cells that follow.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GridShape {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bounds: [f64; 4],
}

/// Where answers go.
type Out = BufWriter<StdoutLock<'static>>;

/// Answers the one question on standard input; the exit code of the process. It must be called before other threads
/// start.
pub fn main() -> i32 {
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let result = answer(&mut out);
    let ended = match &result {
        Ok(()) => frame::write(&mut out, frame::END, &[]),
        Err(_) if sandbox::is_out_of_memory() => frame::write(&mut out, frame::TOO_LARGE, &[]),
        Err(why) => frame::write(&mut out, frame::ERROR, why.as_bytes()),
    };
    // A closed pipe means that the parent has heard enough.
    match ended.and_then(|()| out.flush()) {
        Ok(()) => i32::from(result.is_err()),
        Err(_) => 1,
    }
}

fn answer(out: &mut Out) -> Result<(), String> {
    out.write_all(MARK).map_err(|e| e.to_string())?;
    let mut text = String::new();
    std::io::stdin().lock().take(1 << 20).read_to_string(&mut text).map_err(|e| e.to_string())?;
    let request: Request = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let (Request::Describe { path, .. } | Request::Read { path, .. } | Request::Grid { path, .. }) = &request;
    prepare(&request);
    sandbox::enter(path);
    match &request {
        Request::Describe { path, options } => {
            let description = vector::describe(path, options)?;
            let json = serde_json::to_vec(&description).map_err(|e| e.to_string())?;
            frame::write(out, frame::JSON, &json).map_err(|e| e.to_string())
        }
        Request::Read { path, layer, options } => vector::read(path, layer, options, out),
        Request::Grid { path, epsg } => raster::grid(path, *epsg, out),
    }
}

fn prepare(request: &Request) {
    for (name, value) in drivers::CONFIG {
        let _ = gdal::config::set_config_option(name, value);
    }
    if let Request::Describe { options, .. } | Request::Read { options, .. } = request {
        for (name, value) in &options.config {
            let _ = gdal::config::set_config_option(name, value);
        }
    }
    gdal::DriverManager::register_all();
    quiet();
}

/// Errors are read back with [`last_error`], never printed.
#[allow(unsafe_code)]
fn quiet() {
    // SAFETY: sets a handler that GDAL itself provides; no other thread exists yet.
    unsafe {
        gdal_sys::CPLSetErrorHandler(Some(gdal_sys::CPLQuietErrorHandler));
    }
}

/// GDAL's last message, or the given text when it has none.
#[allow(unsafe_code)]
fn last_error(otherwise: &str) -> String {
    // SAFETY: the pointer is never null and points to a NUL-terminated thread-local buffer, which is copied at once.
    let text = unsafe { std::ffi::CStr::from_ptr(gdal_sys::CPLGetLastErrorMsg()) };
    let text = String::from_utf8_lossy(text.to_bytes()).into_owned();
    if text.is_empty() { otherwise.to_owned() } else { text }
}

fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "")).expect("the zero bytes were taken out")
}

/// Enters the sandbox in a test; true when the kernel restricts files.
#[cfg(test)]
pub(crate) fn probe_sandbox(path: &std::path::Path) -> bool {
    sandbox::enter(path)
}
