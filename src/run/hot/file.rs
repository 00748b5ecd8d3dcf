//! The file of the hot log: appending, replacing its end, writing it anew, syncing it.

use super::Compacting;
use crate::clock::Tick;
use crate::error::{Error, Result};
use crate::hotlog::HotLog;
use crate::run::core::Core;
use crate::run::engine::make_log;
use crate::run::name;
use crate::run::options::Durability;
use crate::store::{ops, Create, Store};
use std::path::Path;
use std::sync::Arc;

impl Compacting {
    /// Appends lines to the file that has the name of the log.
    pub(super) fn append(&mut self, core: &mut Core, lines: &[u8]) -> Result<()> {
        self.ensure_log(core)?;
        if self.displaced {
            self.renew_log(core)?;
        }
        let Some(log) = &mut self.hot else { return Err(Error::internal("the hot log is not open")) };
        log.append(lines)?;
        core.stats.bytes_written += lines.len() as u64;
        Ok(())
    }

    /// Replaces the end of the log from `start` on by `line`, atomically (format §10).
    pub(super) fn rewrite(&mut self, core: &mut Core, start: u64, line: &[u8]) -> Result<()> {
        let mut content = match &self.hot {
            Some(log) => log.content()?,
            None => return Err(Error::internal("there is no hot log to rewrite")),
        };
        content.truncate(usize::try_from(start).unwrap_or(usize::MAX));
        content.extend_from_slice(line);
        self.replace_log(core, content)
    }

    /// Writes the log anew as it is.
    pub(super) fn renew_log(&mut self, core: &mut Core) -> Result<()> {
        self.finish_rotation(core)?;
        let content = match &self.hot {
            Some(log) => log.content()?,
            None => return Ok(()),
        };
        self.replace_log(core, content)
    }

    pub(super) fn replace_log(&mut self, core: &mut Core, content: Vec<u8>) -> Result<()> {
        let len = content.len() as u64;
        self.displaced = true;
        let file = self.call(core, move |engine| {
            let (store, path) = (engine.columns.store(), engine.columns.root().join(name::HOT));
            ops::replace(&**store, &path, &content)?;
            store.open_append(&path, Create::Never)
        })?;
        self.hot = Some(HotLog::new(file, len));
        (self.suspect, self.displaced) = (false, false);
        core.stats.bytes_written += len;
        Ok(())
    }

    /// Opens the hot log of a run that has none yet.
    pub(super) fn ensure_log(&mut self, core: &mut Core) -> Result<()> {
        if self.hot.is_none() {
            let file = self.call(core, |engine| {
                let (store, root) = (engine.columns.store(), engine.columns.root());
                let file = make_log(&**store, &root.join(name::HOT))?;
                if engine.system {
                    store.sync_dir(root)?;
                }
                Ok(file)
            })?;
            self.hot = Some(HotLog::new(file, 0));
        }
        Ok(())
    }

    pub(super) fn sync_if_due(&mut self, core: &mut Core) -> Result<()> {
        if core.options.durability != Durability::System || self.unsynced_steps == 0 {
            return Ok(());
        }
        let by_steps = self.unsynced_steps >= u64::from(core.options.sync_steps.max(1));
        let milliseconds = core.options.sync_milliseconds;
        let by_time =
            milliseconds > 0 && self.last_sync.elapsed_ns() >= milliseconds.saturating_mul(1_000_000);
        if by_steps || by_time {
            self.sync_log(core)
        } else {
            Ok(())
        }
    }

    /// The log is on stable storage.
    pub(super) fn sync_log(&mut self, core: &mut Core) -> Result<()> {
        let result = self.try_sync_log(core);
        match &result {
            Ok(()) => {
                self.unsynced_steps = 0;
                self.last_sync = Tick::now();
            }
            Err(e) => core.note(e),
        }
        result
    }

    pub(super) fn try_sync_log(&mut self, core: &mut Core) -> Result<()> {
        let Some(log) = &self.hot else { return Ok(()) };
        core.stats.sync_count += 1;
        if !self.suspect {
            let result = log.sync();
            self.suspect = result.is_err();
            return result;
        }
        // A second fsync of the same pages would succeed and prove nothing.
        self.renew_log(core)
    }

    /// Everything acknowledged so far is on stable storage.
    pub fn sync(&mut self, core: &mut Core) -> Result<()> {
        self.collect(core);
        self.write_waiting(core)?;
        let run_dir = core.run_dir.clone();
        self.call(core, move |engine| {
            engine.sync_columns()?;
            let store = Arc::clone(engine.columns.store());
            sync_if_present(&*store, &engine.columns.root().join(name::HOT_COMPACTING))?;
            store.sync_dir(engine.columns.root())?;
            store.sync_dir(&run_dir)
        })?;
        self.sync_log(core)?;
        self.durable = true;
        self.trouble.take().map_or(Ok(()), Err)
    }
}

fn sync_if_present(store: &dyn Store, path: &Path) -> Result<()> {
    match ops::if_present(store.open_append(path, Create::Never))? {
        Some(file) => file.sync_all(),
        None => Ok(()),
    }
}
