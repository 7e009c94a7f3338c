//! What a job does: recognise, check and compare, commit.

use super::{Job, JobError, Jobs, State, Step};
use crate::cli::Failure;
use crate::import::{self, Request, Scratch};
use crate::settings::Settings;
use crate::tiles;
use ditu_importers::{Choice, PartChoice, Plan};
use ditu_model::{Commit, Mode, Terms, Text};
use ditu_store::{Store, StoreError};
use std::sync::Arc;

/// Differences a layer that a map shows.
const DIFFERENCES: usize = 2_000;

/// Ends a step as failed when whatever does it stops halfway.
struct Guard(Arc<Job>);

impl Drop for Guard {
    fn drop(&mut self) {
        let mut inner = self.0.inner();
        if inner.state == State::Working {
            inner.state = State::Failed;
            inner.error = Some(Text::new(
                "处理意外中断，已记入日志；可重试",
                "the work stopped unexpectedly; the log says more. Try again",
            ));
        }
    }
}

fn of_machine(why: &Text) -> Text {
    Text::new(format!("运行环境故障：{}", why.zh), format!("the machine failed: {}", why.en))
}

impl Job {
    fn failed(&self, failure: &Failure) {
        let why = failure.text();
        tracing::error!(folder = %self.folder().display(), error = why.en, "an import failed");
        let mut inner = self.inner();
        inner.state = State::Failed;
        inner.error = Some(of_machine(&why));
    }

    fn refused(&self, why: &StoreError) {
        let text = match why {
            StoreError::Delivery(_) | StoreError::Consent { .. } => why.text(),
            other => of_machine(&other.text()),
        };
        let mut inner = self.inner();
        inner.state = match why {
            StoreError::Environment { .. } | StoreError::Busy { .. } => State::Failed,
            StoreError::Consent { .. } => State::Checked,
            _ => State::Refused,
        };
        inner.error = Some(text);
    }
}

impl Jobs {
    /// Recognises what came; goes on in the background.
    pub(crate) fn plan(
        self: &Arc<Self>,
        job: &Arc<Job>,
        settings: &Settings,
        store: &Arc<dyn Store>,
        choices: Vec<Choice>,
        mode: Mode,
        part: Option<PartChoice>,
    ) -> Result<(), JobError> {
        let sources = job.sources().map_err(|missing| {
            JobError::Name(if missing.is_empty() { "…".to_owned() } else { missing.join(", ") })
        })?;
        let mut inner = job.begin(Step::Plan)?;
        inner.forget();
        inner.step = Some(Step::Plan);
        (inner.choices, inner.mode) = (choices.clone(), mode);
        inner.part.clone_from(&part);
        drop(inner);
        let (jobs, job, settings, store) = (self.clone(), job.clone(), settings.clone(), store.clone());
        actix_web::rt::spawn(async move {
            let guard = Guard(job.clone());
            let Ok(_turn) = jobs.turn.acquire().await else { return };
            let request = Request { sources, choices, mode, part };
            if let Err(failure) = job.do_plan(&settings, &store, request).await {
                job.failed(&failure);
            }
            drop(guard);
        });
        Ok(())
    }

    /// Reads and checks every row and compares with the store; changes nothing.
    pub(crate) fn check(
        self: &Arc<Self>,
        job: &Arc<Job>,
        settings: &Settings,
        store: &Arc<dyn Store>,
    ) -> Result<(), JobError> {
        let plan = job.begin(Step::Check)?.plan.clone();
        let Some((plan, _scratch)) = plan else { return Err(JobError::Busy) };
        let (jobs, job, settings, store) = (self.clone(), job.clone(), settings.clone(), store.clone());
        actix_web::rt::spawn(async move {
            let guard = Guard(job.clone());
            let Ok(_turn) = jobs.turn.acquire().await else { return };
            if let Err(failure) = job.do_check(&settings, &store, plan).await {
                job.failed(&failure);
            }
            drop((guard, _scratch));
        });
        Ok(())
    }

    /// Commits one revision and builds tiles.
    pub(crate) fn commit(
        self: &Arc<Self>,
        job: &Arc<Job>,
        settings: &Settings,
        store: &Arc<dyn Store>,
        message: String,
        terms: Terms,
    ) -> Result<(), JobError> {
        let mut inner = job.begin(Step::Commit)?;
        inner.message.clone_from(&message);
        let plan = inner.plan.clone();
        drop(inner);
        let Some((plan, _scratch)) = plan else { return Err(JobError::Busy) };
        let (jobs, job, settings, store) = (self.clone(), job.clone(), settings.clone(), store.clone());
        actix_web::rt::spawn(async move {
            let guard = Guard(job.clone());
            let Ok(_turn) = jobs.turn.acquire().await else { return };
            if let Err(failure) = job.do_commit(&settings, &store, plan, message, terms).await {
                job.failed(&failure);
            }
            drop((guard, _scratch));
        });
        Ok(())
    }
}

impl Job {
    async fn do_plan(
        &self,
        settings: &Settings,
        store: &Arc<dyn Store>,
        request: Request,
    ) -> Result<(), Failure> {
        let scratch =
            Scratch::inside(&settings.data).map_err(|e| Failure::environment("scratch folder", e))?;
        let planned = import::plan(settings, request, scratch.path(), Some(store)).await?;
        let sample = match planned.as_ref().ok().cloned() {
            Some(plan) => tokio::task::spawn_blocking(move || plan.sample())
                .await
                .map_err(|e| Failure::environment("reading", e))?,
            None => Vec::new(),
        };
        let mut inner = self.inner();
        match planned {
            Ok(plan) => {
                inner.sample = sample;
                inner.report = Some(plan.report());
                inner.plan = Some((plan, Arc::new(scratch)));
                inner.state = State::Planned;
            }
            Err(refusal) => {
                inner.questions = refusal.questions;
                inner.report = Some(refusal.report);
                inner.state = State::Refused;
            }
        }
        Ok(())
    }

    async fn do_check(&self, settings: &Settings, store: &Arc<dyn Store>, plan: Plan) -> Result<(), Failure> {
        import::record_controls(settings, &plan, "import page")?;
        let run = plan.run();
        self.inner().progress = Some(run.progress.clone());
        // What goes beyond what may go unasked is shown, and asked by the page.
        let (report, done) =
            import::preview(settings, store.as_ref(), run, Terms::asked(), DIFFERENCES).await;
        self.inner().report = Some(report);
        match done {
            Ok((previews, losses)) => {
                let mut inner = self.inner();
                inner.previews = previews;
                inner.losses = losses;
                inner.state = State::Checked;
            }
            Err(why) => self.refused(&why),
        }
        Ok(())
    }

    async fn do_commit(
        &self,
        settings: &Settings,
        store: &Arc<dyn Store>,
        plan: Plan,
        message: String,
        terms: Terms,
    ) -> Result<(), Failure> {
        import::record_controls(settings, &plan, "import page")?;
        let run = plan.run();
        self.inner().progress = Some(run.progress.clone());
        let author = "import page".to_owned();
        let (report, done) = import::commit(settings, store, run, author, message, terms).await?;
        let name = done.as_ref().map_or_else(|_| "refused".to_owned(), import::report_name);
        import::keep_report(settings, &report, &name)?;
        self.inner().report = Some(report);
        match done {
            Err(why) => {
                if let StoreError::Consent { losses } = &why {
                    self.inner().losses.clone_from(losses);
                }
                self.refused(&why);
            }
            Ok(Commit::Unchanged(head)) => self.committed(head.0),
            Ok(Commit::Done(list)) => {
                let revision = list.first().map_or(0, |r| r.id.0);
                // The revision stands; tiles that are not built now are built at the first request.
                let layers = list.into_iter().map(|r| r.layer).collect();
                if let Err(failure) = tiles::build(settings, store, layers).await {
                    tracing::error!(error = failure.text().en, "tiles after an import");
                }
                self.committed(revision);
            }
        }
        Ok(())
    }

    fn committed(&self, revision: u64) {
        let mut inner = self.inner();
        inner.revision = Some(revision);
        inner.state = State::Committed;
        inner.plan = None;
        drop(inner);
        let mut manifest = self.manifest();
        manifest.revision = Some(revision);
        if let Err(error) = manifest.write(self.folder()) {
            tracing::warn!(%error, "an import's manifest");
        }
        // What was delivered is in the store; the files would only take space.
        let _ = std::fs::remove_dir_all(self.folder().join("files"));
    }
}
