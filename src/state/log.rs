//! The writer's end of the log: append, rotate, publish a checkpoint, keep backups.
//!
//! Every change of names leaves a set of files that [`super::load`] reads as the old or the new state; the table is in
//! docs/state.md, "Compaction".

use super::entry::{self, Map};
use super::files::Files;
use super::load::Loaded;
use super::options::{Options, Sync};
use crate::clock;
use crate::error::{Error, Result};
use crate::hotlog::HotLog;
use crate::store::{ops, Create, FileId, Store};
use std::sync::Arc;

/// A log file that is open for appending.
struct Active {
    log: HotLog,
    id: FileId,
}

/// How far a compaction has come.
enum Stage {
    /// None is under way.
    Whole,
    /// The log was renamed; this was the state then, and this the size of the renamed log.
    Rotated(Map, u64),
    /// The log begins with the checkpoint; the rotated log waits to become a backup.
    Published,
}

/// The log of a writer.
pub struct Log {
    store: Arc<dyn Store>,
    files: Files,
    sync: Sync,
    backups: usize,
    /// `None` between a rotation and the making of the new log.
    active: Option<Active>,
    stage: Stage,
    /// A sync failed: what the log holds may be in memory only, whatever a second sync says. Nothing is appended before
    /// a checkpoint has taken its place.
    distrust: Option<Error>,
    /// There are entries that no sync has covered.
    dirty: bool,
}

/// A checkpoint in a file of its own, on stable storage, not yet published.
pub struct Checkpoint(Active);

impl Log {
    /// Mends what `loaded` found and opens its end.
    pub fn open(
        store: Arc<dyn Store>,
        files: Files,
        options: &Options,
        loaded: Option<&Loaded>,
    ) -> Result<Log> {
        let mut log = Log {
            store,
            files,
            sync: options.sync,
            backups: options.backups as usize,
            active: None,
            stage: Stage::Whole,
            distrust: None,
            dirty: false,
        };
        let Some(loaded) = loaded else {
            log.begin()?;
            // Made by somebody who died before its name was on stable storage, perhaps; and perhaps it is not ours to read.
            _ = log.store.sync_dir(ops::parent_of(log.files.dir()));
            return Ok(log);
        };
        if loaded.damage.is_some() || (loaded.log.is_none() && loaded.rotated.is_none()) {
            log.replace(loaded)?;
        } else {
            log.mend(loaded)?;
        }
        Ok(log)
    }

    /// Puts a checkpoint of what was saved in the place of what is broken or missing. Damaged files are kept aside.
    fn replace(&mut self, loaded: &Loaded) -> Result<()> {
        let now = clock::unix_milliseconds();
        if loaded.damage.is_some() {
            for (found, what) in [(&loaded.log, "log"), (&loaded.rotated, "compacting")] {
                if let Some(found) = found {
                    ops::write_new(&*self.store, &self.files.damaged(what, now), &found.bytes)?;
                }
            }
        }
        self.stage = Stage::Rotated(loaded.map.clone(), 0);
        let checkpoint = write_checkpoint(&*self.store, &self.files, &loaded.map)?;
        self.publish(checkpoint, &loaded.map)?;
        self.retire()
    }

    /// Cuts a torn tail, and finishes a compaction that was interrupted.
    fn mend(&mut self, loaded: &Loaded) -> Result<()> {
        if let Some(found) = &loaded.log {
            let file = self.store.open_append(&found.path, Create::Never)?;
            let id = file.metadata()?.id;
            let mut log = HotLog::new(file, found.good_len);
            if found.good_len < found.bytes.len() as u64 {
                log.take_back(found.good_len)?;
            }
            if found.unended {
                log.append(b"\n")?;
            }
            // The process that wrote the last entry may have died before its sync, and this one is about to rely on it.
            log.sync()?;
            self.active = Some(Active { log, id });
        }
        self.store.sync_dir(self.files.dir())?;
        self.stage = match &loaded.rotated {
            None => Stage::Whole,
            Some(_) if loaded.published => Stage::Published,
            Some(found) => Stage::Rotated(loaded.base.clone(), found.good_len),
        };
        if let Some(base) = self.base() {
            let checkpoint = write_checkpoint(&*self.store, &self.files, &base)?;
            self.publish(checkpoint, &loaded.map)?;
        }
        self.retire()
    }

    /// Makes the log, durably. One that is there already was made by an attempt that was told it failed.
    fn begin(&mut self) -> Result<()> {
        let path = self.files.log();
        let file = self.store.open_append(&path, Create::IfMissing)?;
        let metadata = file.metadata()?;
        if metadata.len > 0 {
            return Err(Error::corrupt(
                &path,
                "somebody else has written a log just now: open the state again",
            ));
        }
        self.active = Some(Active { log: HotLog::new(file, 0), id: metadata.id });
        self.sync_names()
    }

    fn sync_names(&mut self) -> Result<()> {
        let synced = self.store.sync_dir(self.files.dir());
        self.distrust = synced.as_ref().err().cloned();
        synced
    }

    /// Why nothing can be appended before a compaction.
    pub fn distrusted(&self) -> Option<&Error> {
        self.distrust.as_ref()
    }

    /// Appends one entry, and syncs it if each is to be. After an error the log is what it was before.
    pub fn append(&mut self, line: &[u8]) -> Result<()> {
        if self.active.is_none() {
            self.begin()?;
        }
        let Some(active) = &mut self.active else { return Err(Error::internal("a state without a log")) };
        let before = active.log.good_len();
        active.log.append(line)?;
        self.dirty = true;
        if self.sync != Sync::Every {
            return Ok(());
        }
        let synced = self.sync();
        if let (Err(_), Some(active)) = (&synced, &mut self.active) {
            // The failed sync is the error to tell; the whole file is written anew before anything else is appended.
            _ = active.log.take_back(before);
        }
        synced
    }

    /// Forces what was appended to stable storage.
    pub fn sync(&mut self) -> Result<()> {
        if let (true, Some(active)) = (self.dirty, &self.active) {
            if let Err(e) = active.log.sync() {
                self.distrust = Some(e.clone());
                return Err(e);
            }
        }
        self.dirty = false;
        Ok(())
    }

    /// What a failed append has left is cut off.
    pub fn settle(&mut self) -> Result<()> {
        self.active.as_mut().map_or(Ok(()), |active| active.log.mend())
    }

    /// Bytes of the log and, where it still counts, of the rotated log.
    pub fn size(&self) -> u64 {
        let rotated = if let Stage::Rotated(_, size) = self.stage { size } else { 0 };
        rotated + self.active.as_ref().map_or(0, |active| active.log.good_len())
    }

    /// The bytes of the entries since the last checkpoint, it included.
    pub fn content(&self) -> Result<Vec<u8>> {
        let mut bytes = match self.stage {
            Stage::Rotated(_, size) => {
                let mut bytes = ops::read_file(&*self.store, &self.files.rotated())?.unwrap_or_default();
                bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
                if bytes.last().is_some_and(|last| *last != b'\n') {
                    bytes.push(b'\n');
                }
                bytes
            }
            _ => Vec::new(),
        };
        if let Some(active) = &self.active {
            bytes.extend(active.log.content()?);
        }
        Ok(bytes)
    }

    /// Renames the log and begins a new one; `state` is what it says by now. Where a rotated log exists from an earlier
    /// attempt it is left to be compacted first.
    pub fn rotate(&mut self, state: &Map) -> Result<()> {
        match self.stage {
            Stage::Rotated(..) => return Ok(()),
            Stage::Published => self.retire()?,
            Stage::Whole => {}
        }
        // Entries of the new log must not outlive those before them. Where this sync fails the checkpoint, which is written
        // from memory, stands in for the log.
        if self.distrust.is_none() {
            _ = self.sync();
        }
        let id = self.active.as_ref().map(|active| active.id);
        let (log, rotated) = (self.files.log(), self.files.rotated());
        match self.store.link_metadata(&rotated)? {
            // A rename that was done although it was refused.
            Some(there) if Some(there.id) == id => {}
            Some(_) => {
                return Err(Error::corrupt(
                    &rotated,
                    "it is in the way, and nobody compacts it: move it away",
                ))
            }
            None => self.store.rename(&log, &rotated)?,
        }
        self.stage = Stage::Rotated(state.clone(), self.size());
        self.active = None;
        if self.distrust.is_none() {
            self.begin()?;
        }
        Ok(())
    }

    /// The state that the checkpoint is to hold, if one is due.
    pub fn base(&self) -> Option<Map> {
        match &self.stage {
            Stage::Rotated(base, _) => Some(base.clone()),
            _ => None,
        }
    }

    /// Adds what was appended meanwhile to the checkpoint and puts it in the place of the log. `state` is the state
    /// now, for the case that the log cannot be believed.
    pub fn publish(&mut self, checkpoint: Checkpoint, state: &Map) -> Result<()> {
        let tmp = ops::tmp_of(&self.files.log());
        let next = match self.complete(checkpoint, state) {
            Ok(next) => next,
            Err(e) => {
                // The first error is the one to tell; a leftover is removed by the next attempt.
                _ = self.store.remove_file(&tmp);
                return Err(e);
            }
        };
        let log = self.files.log();
        if let Err(e) = self.store.rename(&tmp, &log) {
            // It may have been done all the same. Then what is open here is no longer the log.
            let there = self.store.link_metadata(&log).map(|there| there.map(|m| m.id));
            if !there.is_ok_and(|id| id == self.active.as_ref().map(|active| active.id)) {
                self.distrust = Some(e.clone());
            }
            return Err(e);
        }
        self.active = Some(next);
        self.stage = Stage::Published;
        self.dirty = false;
        self.sync_names()
    }

    fn complete(&mut self, checkpoint: Checkpoint, state: &Map) -> Result<Active> {
        if self.distrust.is_some() {
            return Ok(write_checkpoint(&*self.store, &self.files, state)?.0);
        }
        let Checkpoint(mut next) = checkpoint;
        let meanwhile = self.active.as_ref().map_or(Ok(Vec::new()), |active| active.log.content())?;
        if !meanwhile.is_empty() {
            next.log.append(&meanwhile)?;
            next.log.sync()?;
        }
        Ok(next)
    }

    /// Makes the rotated log the newest backup and removes the oldest ones.
    pub fn retire(&mut self) -> Result<()> {
        if !matches!(self.stage, Stage::Published) {
            return Ok(());
        }
        let rotated = self.files.rotated();
        let mut times = self.files.backups(&*self.store)?;
        if self.backups == 0 {
            ops::remove_if_present(&*self.store, &rotated)?;
        } else {
            let newest = times.last().map_or(0, |time| time.saturating_add(1));
            let time = clock::unix_milliseconds().max(newest);
            // A missing one was renamed by an attempt that was told it failed.
            if ops::if_present(self.store.rename(&rotated, &self.files.backup(time)))?.is_some() {
                times.push(time);
            }
        }
        self.stage = Stage::Whole;
        let surplus = times.len().saturating_sub(self.backups);
        for time in &times[..surplus] {
            ops::remove_if_present(&*self.store, &self.files.backup(*time))?;
        }
        Ok(())
    }
}

/// Writes a checkpoint of `state` to a file beside the log and syncs it.
pub fn write_checkpoint(store: &dyn Store, files: &Files, state: &Map) -> Result<Checkpoint> {
    let tmp = ops::tmp_of(&files.log());
    ops::remove_if_present(store, &tmp)?;
    let file = store.open_append(&tmp, Create::New)?;
    let id = file.metadata()?.id;
    let mut log = HotLog::new(file, 0);
    let written =
        log.append(&entry::checkpoint_line(clock::unix_milliseconds(), state)).and_then(|()| log.sync());
    if let Err(e) = written {
        // The first error is the one to tell; a leftover is removed by the next attempt.
        _ = store.remove_file(&tmp);
        return Err(e);
    }
    Ok(Checkpoint(Active { log, id }))
}
