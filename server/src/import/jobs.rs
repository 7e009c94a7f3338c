//! Deliveries that come over HTTP: files in pieces, then plan, check and commit, one step at a time.
//!
//! A job is a folder in the data folder, `uploads/<id>/`: `job.json` with the files' names and sizes, and `files/` with
//! what has come of them. It outlives the server; what was planned or checked does not, and is done again.

mod files;
mod state;
mod steps;

pub(crate) use files::Offset;
pub(crate) use state::Job;
use state::{State, Step};

use crate::settings::Settings;
use files::Manifest;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Jobs that nobody touched for so long are removed.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Jobs at a time.
const JOBS: usize = 100;

/// Why a job cannot be made or changed.
#[derive(Debug)]
pub(crate) enum JobError {
    /// There is none of this name.
    None,
    /// Too many are there, or one is too large: what, in both languages.
    Limit(&'static str, &'static str),
    /// It is at work, or in the wrong state.
    Busy,
    /// A piece does not continue what is there; where it should.
    Offset(u64),
    /// A name that leads elsewhere or is none.
    Name(String),
    /// The disk.
    Io(io::Error),
}

impl From<io::Error> for JobError {
    fn from(e: io::Error) -> JobError {
        JobError::Io(e)
    }
}

/// All jobs.
pub(crate) struct Jobs {
    folder: PathBuf,
    all: Mutex<BTreeMap<String, Arc<Job>>>,
    /// One import reads at a time: the map's readers come first.
    turn: tokio::sync::Semaphore,
}

impl Jobs {
    /// What lies in the data folder from before.
    pub(crate) fn open(settings: &Settings) -> Jobs {
        let folder = settings.data.join("uploads");
        let jobs = Jobs { folder, all: Mutex::default(), turn: tokio::sync::Semaphore::new(1) };
        for entry in std::fs::read_dir(&jobs.folder).into_iter().flatten().flatten() {
            let Some(id) = entry.file_name().to_str().map(str::to_owned) else { continue };
            match Manifest::read(&entry.path()) {
                Ok(manifest) => {
                    jobs.lock().insert(id.clone(), Arc::new(Job::new(id, entry.path(), manifest)));
                }
                Err(error) => tracing::warn!(path = %entry.path().display(), %error, "is no upload"),
            }
        }
        jobs
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Job>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new job without files.
    pub(crate) fn create(&self) -> Result<Arc<Job>, JobError> {
        self.sweep();
        if self.lock().len() >= JOBS {
            return Err(JobError::Limit(
                "未完成的导入太多，先删除一些",
                "there are too many unfinished imports; delete some first",
            ));
        }
        std::fs::create_dir_all(&self.folder)?;
        let made = jiff::Timestamp::now();
        let stamp = made.strftime("%Y%m%d%H%M%S").to_string();
        let folder = tempfile::Builder::new().prefix(&format!("{stamp}-")).tempdir_in(&self.folder)?.keep();
        let id = folder.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let manifest = Manifest { created: made.to_string(), ..Manifest::default() };
        manifest.write(&folder)?;
        let job = Arc::new(Job::new(id.clone(), folder, manifest));
        self.lock().insert(id, job.clone());
        Ok(job)
    }

    pub(crate) fn get(&self, id: &str) -> Result<Arc<Job>, JobError> {
        self.lock().get(id).cloned().ok_or(JobError::None)
    }

    /// All, the newest first.
    pub(crate) fn list(&self) -> Vec<Arc<Job>> {
        self.lock().values().rev().cloned().collect()
    }

    /// Removes a job with its files; not while it works.
    pub(crate) fn remove(&self, id: &str) -> Result<(), JobError> {
        let job = self.get(id)?;
        if job.state() == State::Working {
            return Err(JobError::Busy);
        }
        self.lock().remove(id);
        std::fs::remove_dir_all(job.folder()).or_else(|e| match e.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(e.into()),
        })
    }

    fn sweep(&self) {
        let old = |job: &Arc<Job>| {
            let touched = job.folder().join(files::MANIFEST).metadata().and_then(|m| m.modified());
            job.state() != State::Working
                && touched.is_ok_and(|t| SystemTime::now().duration_since(t).is_ok_and(|d| d > KEPT))
        };
        let ids: Vec<String> = self.lock().iter().filter(|(_, j)| old(j)).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let _ = self.remove(&id);
        }
    }
}
