//! The child's side: takes a file's name on standard input, locks itself in, answers questions about the file in frames.
//! It keeps the file open between them and ends when nobody asks any more.

mod raster;
mod sandbox;
mod vector;

use crate::cells::Cells;
use crate::drivers;
use crate::frame;
use crate::types::{GridOptions, ReadOptions};
use gdal::Dataset;
use serde::{Deserialize, Serialize};
use std::ffi::CString;
use std::io::{BufRead, BufReader, BufWriter, Read, StdinLock, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use sandbox::MEMORY;

/// Where frames begin in the worker's output.
pub(crate) const MARK: &[u8; 8] = b"\0ditu-g\n";

/// What a worker is told first: the one file that it may read, and how it is opened.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Opening {
    pub(crate) path: PathBuf,
    pub(crate) options: ReadOptions,
}

/// One question about the file; a line of JSON, as the opening is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    Describe,
    Read {
        layer: String,
        to_cgcs2000: bool,
    },
    Grid {
        how: GridOptions,
    },
    /// Ends the answer to the question before.
    Stop,
}

/// A worker that is not asked anything for so long ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The shape of the cells that follow.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GridShape {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) bounds: [f64; 4],
    pub(crate) cells: Cells,
}

/// Where answers go.
type Out = BufWriter<StdoutLock<'static>>;

/// Answers the questions on standard input; the exit code of the process. It must be called before other threads start.
pub fn main() -> i32 {
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match serve(&mut Asked::new(), &mut out) {
        Ok(()) => 0,
        Err(why) => {
            let told = if sandbox::is_out_of_memory() {
                frame::write(&mut out, frame::TOO_LARGE, &[])
            } else {
                frame::write(&mut out, frame::ERROR, why.as_bytes())
            };
            // A closed pipe means that the parent has heard enough.
            let _ = told.and_then(|()| out.flush());
            1
        }
    }
}

/// Answers questions until there are no more, or one has no answer: then the file's state is not known any more.
fn serve(asked: &mut Asked, out: &mut Out) -> Result<(), String> {
    out.write_all(MARK).map_err(|e| e.to_string())?;
    let Some(Opening { path, options }) = asked.line()? else { return Ok(()) };
    prepare(&options);
    sandbox::enter(&path);
    end_with_parent();
    let mut open: Option<Dataset> = None;
    while let Some(question) = asked.line()? {
        match question {
            Question::Describe => {
                let description = vector::describe(kept(&mut open, &path, &options)?)?;
                let json = serde_json::to_vec(&description).map_err(|e| e.to_string())?;
                frame::write(out, frame::JSON, &json).map_err(|e| e.to_string())?;
            }
            Question::Read { layer, to_cgcs2000 } => {
                vector::read(kept(&mut open, &path, &options)?, &layer, to_cgcs2000, asked, out)?;
            }
            Question::Grid { how } => raster::grid(&path, &how, out)?,
            // Its question was answered meanwhile.
            Question::Stop => continue,
        }
        frame::write(out, frame::END, &[]).and_then(|()| out.flush()).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Ends this process when the parent is gone, whatever a driver is busy with. The kernel's signal for it would come when the
/// thread ends that started the worker, which others still ask.
#[allow(unsafe_code)]
fn end_with_parent() {
    let watch = || {
        let mut input = libc::pollfd { fd: libc::STDIN_FILENO, events: 0, revents: 0 };
        // SAFETY: one descriptor, which lives through the call; ending at once leaves nothing behind, files are only read.
        unsafe {
            while libc::poll(&mut input, 1, -1) < 0 {}
            libc::_exit(1);
        }
    };
    // Without it the worker ends when it next writes or waits.
    let _ = std::thread::Builder::new().stack_size(64 << 10).spawn(watch);
}

/// The file, opened at the first question.
fn kept<'a>(
    open: &'a mut Option<Dataset>,
    path: &Path,
    options: &ReadOptions,
) -> Result<&'a Dataset, String> {
    match open {
        Some(dataset) => Ok(dataset),
        None => Ok(open.insert(vector::open(path, options, true, true)?)),
    }
}

/// Where questions come from.
struct Asked(BufReader<StdinLock<'static>>);

impl Asked {
    fn new() -> Asked {
        // Larger than the buffer of standard input itself, which is thereby passed by: what was read is in this one.
        Asked(BufReader::with_capacity(1 << 16, std::io::stdin().lock()))
    }

    /// The next line; `None` when the parent has no more questions.
    fn line<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, String> {
        if !self.waits(PATIENCE) {
            return Ok(None);
        }
        let mut text = String::new();
        (&mut self.0).take(1 << 20).read_line(&mut text).map_err(|e| e.to_string())?;
        if text.is_empty() { Ok(None) } else { serde_json::from_str(&text).map_err(|e| e.to_string()) }
    }

    /// True when a line waits to be read, or comes within this time.
    #[allow(unsafe_code)]
    fn waits(&self, within: Duration) -> bool {
        if !self.0.buffer().is_empty() {
            return true;
        }
        let mut input = libc::pollfd { fd: libc::STDIN_FILENO, events: libc::POLLIN, revents: 0 };
        let milliseconds = i32::try_from(within.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: one descriptor, which lives through the call.
        unsafe { libc::poll(&mut input, 1, milliseconds) > 0 }
    }
}

fn prepare(options: &ReadOptions) {
    for (name, value) in drivers::CONFIG {
        let _ = gdal::config::set_config_option(name, value);
    }
    for (name, value) in &options.config {
        let _ = gdal::config::set_config_option(name, value);
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
pub(crate) fn probe_sandbox(path: &Path) -> bool {
    sandbox::enter(path)
}
