//! The parent's side: asks a worker, reads its answer, stops it when nobody listens any more. A worker that has answered
//! waits a while with its file open, because the next question is mostly about the same file.

use crate::cells::Cells;
use crate::frame;
use crate::types::{Description, GridInfo, GridOptions, ReadOptions, SourceRow};
use crate::worker::{self, Opening, Question};
use ditu_model::Bounds;
use ditu_terrain::Grid;
use std::io::{BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

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
    /// The raster holds no height at all; what it holds instead.
    #[error("the raster holds no heights at all")]
    NoHeights(Box<Cells>),
    /// The grid could not be written.
    #[error(transparent)]
    Grid(#[from] ditu_terrain::GridError),
}

/// How to start a worker: a program that calls [`crate::worker::main`].
#[derive(Clone, Debug)]
pub struct Worker {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its added environment.
    pub env: Vec<(String, String)>,
    idle: Idle,
}

impl Worker {
    /// Address space in bytes that a worker may take.
    pub const MEMORY: u64 = worker::MEMORY;

    /// A program with its arguments.
    pub fn new(program: PathBuf, args: Vec<String>) -> Worker {
        Worker { program, args, env: Vec::new(), idle: Idle::default() }
    }

    /// The running program with one argument: how `ditu` starts its workers.
    ///
    /// # Errors
    /// When the running program's path is not known.
    pub fn of_this_program(subcommand: &str) -> std::io::Result<Worker> {
        Ok(Worker::new(std::env::current_exe()?, vec![subcommand.into()]))
    }

    /// For tests: the running test binary, restricted to the test function of this full name, which must call
    /// [`Worker::serve_if_asked`] first and otherwise do nothing.
    ///
    /// # Errors
    /// When the running program's path is not known.
    pub fn of_test(test: &str) -> std::io::Result<Worker> {
        let args = ["--exact", test, "--nocapture", "--quiet", "--test-threads=1"].map(String::from).to_vec();
        let mut worker = Worker::new(std::env::current_exe()?, args);
        worker.env.push(("DITU_GDAL_WORKER".into(), "1".into()));
        Ok(worker)
    }

    /// Ends this process as a worker if [`Worker::of_test`] started it; else returns.
    pub fn serve_if_asked() {
        if std::env::var_os("DITU_GDAL_WORKER").is_some() {
            std::process::exit(worker::main());
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
        let mut answer = self.ask(path, options, &Question::Describe)?;
        let json = answer.json()?;
        answer.end()?;
        serde_json::from_slice(&json).map_err(|e| GdalError::Stopped(e.to_string()))
    }

    /// The rows of one table.
    ///
    /// # Errors
    /// [`GdalError`] when the worker does not start; what the file does wrong comes with the rows.
    pub fn read(&self, path: &Path, layer: &str, options: &ReadOptions) -> Result<Rows, GdalError> {
        let question = Question::Read { layer: layer.into(), to_cgcs2000: options.to_cgcs2000 };
        Ok(Rows { answer: self.ask(path, options, &question)?, batch: Vec::new().into_iter() })
    }

    /// Makes a raster's first band into a terrain grid file in EPSG:4490. What is no height takes no part in it.
    ///
    /// # Errors
    /// [`GdalError`]; also when PROJ has no published operation to CGCS2000, or the grid would be larger than 64 M
    /// cells.
    pub fn grid(&self, path: &Path, out: &Path, how: &GridOptions) -> Result<GridInfo, GdalError> {
        let mut answer = self.ask(path, &ReadOptions::default(), &Question::Grid { how: how.clone() })?;
        let json = answer.json()?;
        let shape: worker::GridShape =
            serde_json::from_slice(&json).map_err(|e| GdalError::Stopped(e.to_string()))?;
        let mut values = Vec::with_capacity(shape.width * shape.height);
        loop {
            match answer.next()? {
                Some((frame::CELLS, bytes)) => {
                    values
                        .extend(bytes.chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])));
                }
                None => break,
                Some(_) => return Err(GdalError::Stopped("an unexpected answer".into())),
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
            cells: shape.cells,
        };
        if info.min > info.max {
            return Err(GdalError::NoHeights(Box::new(info.cells)));
        }
        let grid = Grid::new(shape.width, shape.height, Bounds::new(w, s, e, n), values)
            .ok_or_else(|| GdalError::Stopped("the cells do not fit the raster's size".into()))?;
        grid.write(out)?;
        Ok(info)
    }

    /// Asks about a file: of a worker that has it open already, else of a new one.
    fn ask(&self, path: &Path, options: &ReadOptions, question: &Question) -> Result<Answer, GdalError> {
        let options = ReadOptions { to_cgcs2000: false, ..options.clone() };
        let opening = Opening { path: absolute(path)?, options };
        // One that broke on what nobody wanted of its last answer is no answer to this question.
        let waiting =
            self.idle.take(&opening).and_then(|mut talk| talk.say(question).is_ok().then_some(talk));
        let talk = match waiting {
            Some(talk) => talk,
            None => {
                let mut talk = self.start(opening)?;
                talk.say(question)?;
                talk
            }
        };
        Ok(Answer { talk: Some(talk), idle: self.idle.clone() })
    }

    fn start(&self, opening: Opening) -> Result<Talk, GdalError> {
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let pipe = || std::io::Error::other("no pipe to the reader");
        let stdin = child.stdin.take().ok_or_else(pipe)?;
        let stdout = BufReader::with_capacity(1 << 16, child.stdout.take().ok_or_else(pipe)?);
        let line = serde_json::to_string(&opening).map_err(std::io::Error::other)?;
        let mut talk = Talk { opening, child, stdin, stdout, began: false, owed: false };
        talk.line(&line);
        Ok(talk)
    }
}

fn absolute(path: &Path) -> Result<PathBuf, GdalError> {
    // GDAL gives meaning to names that begin with /vsi; a canonical path is of this file system.
    let path = path.canonicalize()?;
    let odd = path.starts_with("/vsimem") || path.to_string_lossy().starts_with("/vsi");
    if odd { Err(GdalError::Unreadable("this path cannot be read".into())) } else { Ok(path) }
}

/// Workers that have a file open and nothing to do, the last used last.
#[derive(Clone, Debug, Default)]
struct Idle(Arc<Mutex<Vec<(Instant, Talk)>>>);

impl Idle {
    /// No more of them wait: each holds a file in memory.
    const MOST: usize = 2;

    fn all(&self) -> MutexGuard<'_, Vec<(Instant, Talk)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, opening: &Opening) -> Option<Talk> {
        let mut all = self.all();
        // One that waited almost as long as it does is about to end.
        all.retain(|(since, _)| since.elapsed() < worker::PATIENCE.mul_f32(0.8));
        let at = all.iter().position(|(_, talk)| talk.opening == *opening)?;
        let mut talk = all.remove(at).1;
        matches!(talk.child.try_wait(), Ok(None)).then_some(talk)
    }

    fn put(&self, talk: Talk) {
        let mut all = self.all();
        all.push((Instant::now(), talk));
        if all.len() > Idle::MOST {
            all.remove(0);
        }
    }
}

/// A worker and the pipes to it; it ends with this.
#[derive(Debug)]
struct Talk {
    opening: Opening,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    began: bool,
    /// The rest of an answer that nobody wants is still to come.
    owed: bool,
}

impl Talk {
    fn line(&mut self, text: &str) {
        // A worker that died at once is reported by its exit, when it is listened to.
        let _ = self.stdin.write_all(format!("{text}\n").as_bytes());
    }

    fn say(&mut self, question: &Question) -> Result<(), GdalError> {
        while self.owed {
            self.owed = self.next()?.0 != frame::END;
        }
        let text = serde_json::to_string(question).map_err(std::io::Error::other)?;
        self.line(&text);
        Ok(())
    }

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
        let mark = worker::MARK;
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

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer to a question, frame by frame. A worker whose answer is at its end, or is not wanted to its end, waits for
/// the next question.
struct Answer {
    /// `None` when the answer is over.
    talk: Option<Talk>,
    idle: Idle,
}

impl Answer {
    /// The next frame; `None` at the end. After an error there is no more.
    fn next(&mut self) -> Result<Option<(u8, Vec<u8>)>, GdalError> {
        let Some(mut talk) = self.talk.take() else { return Ok(None) };
        let frame = talk.next()?;
        if frame.0 == frame::END {
            self.idle.put(talk);
            return Ok(None);
        }
        self.talk = Some(talk);
        Ok(Some(frame))
    }

    fn json(&mut self) -> Result<Vec<u8>, GdalError> {
        match self.next()? {
            Some((frame::JSON, payload)) => Ok(payload),
            _ => Err(GdalError::Stopped("an unexpected answer".into())),
        }
    }

    fn end(&mut self) -> Result<(), GdalError> {
        match self.next()? {
            None => Ok(()),
            _ => Err(GdalError::Stopped("an unexpected answer".into())),
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(mut talk) = self.talk.take() {
            if let Ok(text) = serde_json::to_string(&Question::Stop) {
                talk.line(&text);
            }
            talk.owed = true;
            self.idle.put(talk);
        }
    }
}

/// Rows from a worker, in file order. Stops after the first error.
pub struct Rows {
    answer: Answer,
    batch: std::vec::IntoIter<SourceRow>,
}

impl Iterator for Rows {
    type Item = Result<SourceRow, GdalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.batch.next() {
                return Some(Ok(row));
            }
            let rows = match self.answer.next() {
                Ok(None) => return None,
                Ok(Some((frame::ROWS, payload))) => frame::rows(&payload),
                Ok(Some(_)) => None,
                Err(e) => return Some(Err(e)),
            };
            match rows {
                Some(rows) => self.batch = rows.into_iter(),
                None => {
                    self.answer.talk = None;
                    return Some(Err(GdalError::Stopped("an unexpected answer".into())));
                }
            }
        }
    }
}
