//! A look at each column's file: on a network file system several at a time.
//!
//! That is all that is asked of a column that needs no mending, and there each question is a message and its answer. A
//! server answers others meanwhile, so the time of hundreds of columns is that of a few dozen.
//!
//! It is the server that has to answer. A job that goes on where it was a minute ago, and was on another node in between, is
//! on a system that still remembers what it was told then: columns shorter than they are, and names that were not there.

use crate::error::Result;
use crate::store::{ops, Metadata, Reach, Store};
use crate::threads::start_scoped;
use std::collections::HashSet;
use std::path::Path;
use std::thread;

/// Threads that look, the caller included.
const LOOKERS: usize = 8;

/// So many looks are worth a thread.
const WORTH_A_THREAD: usize = 8;

/// What each name denotes, in their order; of several errors one. All names are below `root`, at which [`ops::look_anew`]
/// has looked. Without leave to start threads, or where answers come at once, they are looked at one by one.
pub fn look_at_all(
    reach: Reach,
    store: &dyn Store,
    root: &Path,
    paths: &[&Path],
    threads: bool,
) -> Result<Vec<Option<Metadata>>> {
    if reach == Reach::Network {
        let folders: HashSet<_> = paths.iter().map(|path| ops::parent_of(path)).collect();
        let mut others = folders.into_iter().filter(|folder| *folder != root);
        others.try_for_each(|folder| ops::look_anew(store, reach, folder))?;
    }
    let look =
        |paths: &[&Path]| paths.iter().map(|path| ops::ask(store, reach, path)).collect::<Result<Vec<_>>>();
    let lookers = LOOKERS.min(paths.len() / WORTH_A_THREAD);
    if !threads || lookers < 2 || reach == Reach::Local {
        return look(paths);
    }
    let share = paths.len().div_ceil(lookers);
    let mut shares = paths.chunks(share);
    let first = shares.next().unwrap_or(&[]);
    let mut found = thread::scope(|scope| {
        let started: Vec<_> = shares
            .map(|share| {
                (share, start_scoped(scope, "plattli-look", move || Some(look(share)), |_panic| None))
            })
            .collect();
        let mut found = vec![look(first)];
        for (share, thread) in started {
            // A thread that cannot be had, or does not come to its end, leaves its share to this one.
            let looked = thread.ok().and_then(|thread| thread.join().ok().flatten());
            found.push(looked.unwrap_or_else(|| look(share)));
        }
        found
    });
    let mut all = Vec::with_capacity(paths.len());
    for share in found.drain(..) {
        all.append(&mut share?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Create, MemoryStore};
    use std::path::PathBuf;

    #[test]
    fn every_name_is_looked_at_once_and_told_in_order_with_threads_and_without() {
        let store = MemoryStore::new();
        store.create_dir(Path::new("/run")).unwrap();
        let names: Vec<PathBuf> = (0..101).map(|n| PathBuf::from(format!("/run/m{n}"))).collect();
        for (n, name) in names.iter().enumerate().filter(|(n, _)| n % 7 != 3) {
            store.open_append(name, Create::New).unwrap().append(&vec![b'x'; n]).unwrap();
        }
        let paths: Vec<&Path> = names.iter().map(PathBuf::as_path).collect();
        for (local, threads) in [(true, true), (false, false), (false, true)] {
            store.set_local(local);
            for count in [0, 1, 15, 16, 17, 101] {
                let before = store.ops();
                let found = look_at_all(
                    store.reach(Path::new("/run")),
                    &store,
                    Path::new("/run"),
                    &paths[..count],
                    threads,
                )
                .unwrap();
                assert_eq!(store.ops() - before, count as u64, "{count} names");
                let lengths: Vec<_> = found.iter().map(|found| found.as_ref().map(|m| m.len)).collect();
                let expected: Vec<_> = (0..count).map(|n| (n % 7 != 3).then_some(n as u64)).collect();
                assert_eq!(lengths, expected);
            }
        }
    }
}
