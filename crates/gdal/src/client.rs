//! The parent's side: starts a worker a question, reads its answer, stops it when nobody listens any more.

use crate::frame;
use crate::types::{Description, GridInfo, ReadOptions, SourceRow};
use crate::worker::Request;
use ditu_model::Bounds;
use ditu_terrain::Grid;
use std::io::{BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GdalError {
    /// No allowed driver takes the file, or the driver gave up; GDAL's own words.
    #[error("{0}")]
    Unreadable(String),
    /// The worker was stopped by a limit or crashed on the file.
    #[error("reading the file was stopped: {0}")]
    Stopped(String),
    /// The driver needs more memory for the file than a worker may take ([`Worker::MEMORY`]).
    #[error("it needs more memory than a file may take")]
    TooLarge,
    /// The worker could not be started or the pipe failed: the machine is at fault.
    #[error("starting the reader: {0}")]
    Io(#[from] std::io::Error),
    /// The grid could not be written.
    #[error(transparent)]
    Grid(#[from] ditu_terrain::GridError),
}

/// How to start a worker: a program that calls [`crate::worker::main`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its added environment.
    pub env: Vec<(String, String)>,
}

impl Worker {
    /// Address space in bytes that a worker may take.
    pub const MEMORY: u64 = crate::worker::MEMORY;

    /// The running program with one argument: how `ditu` starts its workers.
    ///
    /// # Errors
    /// When the running program's path is not known.
    pub fn of_this_program(subcommand: &str) -> std::io::Result<Worker> {
        Ok(Worker { program: std::env::current_exe()?, args: vec![subcommand.into()], env: Vec::new() })
    }

    /// For tests: the running test binary, restricted to the test function of this full name, which must call
    /// [`Worker::serve_if_asked`] first and otherwise do nothing.
    ///
    /// # Errors
    /// When the running program's path is not known.
    pub fn of_test(test: &str) -> std::io::Result<Worker> {
        let args = ["--exact", test, "--nocapture", "--quiet", "--test-threads=1"].map(String::from).to_vec();
        let env = vec![("DITU_GDAL_WORKER".into(), "1".into())];
        Ok(Worker { program: std::env::current_exe()?, args, env })
    }

    /// Ends this process as a worker if [`Worker::of_test`] started it; else returns.
    pub fn serve_if_asked() {
        if std::env::var_os("DITU_GDAL_WORKER").is_some() {
            std::process::exit(crate::worker::main());
        }
    }

    /// What is in a file.
    ///
    /// # Errors
    /// [`GdalError`].
    pub fn describe(&self, path: &Path) -> Result<Description, GdalError> {
        self.describe_with(path, &ReadOptions::default())
    }

    /// What is in a file, opened with options.
    ///
    /// # Errors
    /// [`GdalError`].
    pub fn describe_with(&self, path: &Path, options: &ReadOptions) -> Result<Description, GdalError> {
        let mut answer =
            self.start(&Request::Describe { path: absolute(path)?, options: options.clone() })?;
        let json = answer.json()?;
        answer.end()?;
        serde_json::from_slice(&json).map_err(|e| GdalError::Stopped(e.to_string()))
    }

    /// The rows of one table.
    ///
    /// # Errors
    /// [`GdalError`] when the worker does not start; what the file does wrong comes with the rows.
    pub fn read(&self, path: &Path, layer: &str, options: &ReadOptions) -> Result<Rows, GdalError> {
        let request = Request::Read { path: absolute(path)?, layer: layer.into(), options: options.clone() };
        Ok(Rows { answer: self.start(&request)?, batch: Vec::new().into_iter(), done: false })
    }

    /// Makes a raster's first band into a terrain grid file in EPSG:4490. `source_epsg` replaces the CRS that the file
    /// states.
    ///
    /// # Errors
    /// [`GdalError`]; also when PROJ has no published operation to CGCS2000, or the grid would be larger than 64 M
    /// cells.
    pub fn grid(&self, path: &Path, out: &Path, source_epsg: Option<u32>) -> Result<GridInfo, GdalError> {
        let mut answer = self.start(&Request::Grid { path: absolute(path)?, epsg: source_epsg })?;
        let json = answer.json()?;
        let shape: crate::worker::GridShape =
            serde_json::from_slice(&json).map_err(|e| GdalError::Stopped(e.to_string()))?;
        let mut values = Vec::with_capacity(shape.width * shape.height);
        loop {
            match answer.next()? {
                (frame::CELLS, bytes) => {
                    values
                        .extend(bytes.chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])));
                }
                (frame::END, _) => break,
                _ => return Err(GdalError::Stopped("an unexpected answer".into())),
            }
        }
        let [w, s, e, n] = shape.bounds;
        let some = || values.iter().copied().filter(|v| v.is_finite());
        let info = GridInfo {
            width: shape.width,
            height: shape.height,
            bounds: shape.bounds,
            min: some().fold(f32::INFINITY, f32::min),
            max: some().fold(f32::NEG_INFINITY, f32::max),
            empty: (values.len() - some().count()) as u64,
        };
        if info.min > info.max {
            return Err(GdalError::Unreadable("the raster holds no data at all".into()));
        }
        let grid = Grid::new(shape.width, shape.height, Bounds::new(w, s, e, n), values)
            .ok_or_else(|| GdalError::Stopped("the cells do not fit the raster's size".into()))?;
        grid.write(out)?;
        Ok(info)
    }

    fn start(&self, request: &Request) -> Result<Answer, GdalError> {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let text = serde_json::to_string(request).map_err(std::io::Error::other)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A worker that died at once is reported by its exit, below.
            let _ = stdin.write_all(text.as_bytes());
        }
        let stdout = child.stdout.take().ok_or_else(|| std::io::Error::other("no pipe to the reader"))?;
        Ok(Answer { child, stdout: BufReader::with_capacity(1 << 16, stdout), began: false })
    }
}

fn absolute(path: &Path) -> Result<PathBuf, GdalError> {
    // GDAL gives meaning to names that begin with /vsi; a canonical path is of this file system.
    let path = path.canonicalize()?;
    let odd = path.starts_with("/vsimem") || path.to_string_lossy().starts_with("/vsi");
    if odd { Err(GdalError::Unreadable("this path cannot be read".into())) } else { Ok(path) }
}

struct Answer {
    child: Child,
    stdout: BufReader<ChildStdout>,
    began: bool,
}

impl Answer {
    fn next(&mut self) -> Result<(u8, Vec<u8>), GdalError> {
        if !self.began {
            // A test harness may print before the worker begins; the mark says where frames start.
            self.skip_to_mark()?;
            self.began = true;
        }
        match frame::read(&mut self.stdout) {
            Ok(Some((frame::ERROR, text))) => {
                Err(GdalError::Unreadable(String::from_utf8_lossy(&text).into_owned()))
            }
            Ok(Some((frame::TOO_LARGE, _))) => Err(GdalError::TooLarge),
            Ok(Some(frame)) => Ok(frame),
            Ok(None) | Err(_) => Err(self.died()),
        }
    }

    fn skip_to_mark(&mut self) -> Result<(), GdalError> {
        use std::io::Read;
        let mark = crate::worker::MARK;
        let (mut seen, mut byte, mut read) = (0, [0u8; 1], 0);
        while seen < mark.len() {
            read += 1;
            if read > 4096 || self.stdout.read(&mut byte)? == 0 {
                return Err(self.died());
            }
            seen = if byte[0] == mark[seen] { seen + 1 } else { usize::from(byte[0] == mark[0]) };
        }
        Ok(())
    }

    fn json(&mut self) -> Result<Vec<u8>, GdalError> {
        match self.next()? {
            (frame::JSON, payload) => Ok(payload),
            _ => Err(GdalError::Stopped("an unexpected answer".into())),
        }
    }

    fn end(&mut self) -> Result<(), GdalError> {
        match self.next()? {
            (frame::END, _) => Ok(()),
            _ => Err(GdalError::Stopped("an unexpected answer".into())),
        }
    }

    fn died(&mut self) -> GdalError {
        let _ = self.child.kill();
        let Ok(status) = self.child.wait() else { return GdalError::Stopped("the reader is gone".into()) };
        GdalError::Stopped(match status.signal() {
            Some(libc::SIGABRT | libc::SIGKILL) => return GdalError::TooLarge,
            Some(libc::SIGXCPU) => "it took more processor time than a file may".into(),
            Some(signal) => format!("the reader crashed (signal {signal}); the file is broken"),
            None => format!("the reader ended early ({status})"),
        })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Rows from a worker, in file order. Stops after the first error.
pub struct Rows {
    answer: Answer,
    batch: std::vec::IntoIter<SourceRow>,
    done: bool,
}

impl Iterator for Rows {
    type Item = Result<SourceRow, GdalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.batch.next() {
                return Some(Ok(row));
            }
            if self.done {
                return None;
            }
            match self.answer.next() {
                Ok((frame::ROWS, payload)) => match frame::rows(&payload) {
                    Some(rows) => self.batch = rows.into_iter(),
                    None => {
                        self.done = true;
                        return Some(Err(GdalError::Stopped("an unexpected answer".into())));
                    }
                },
                Ok(_) => self.done = true,
                Err(e) => {
                    self.done = true;
                    return Some(Err(e));
                }
            }
        }
    }
}
