//! The files that go into an archive, one after the other, of which the next ones are read while the last one is written.
//!
//! Reading is as much work as writing, and on a file system that has to be asked for each file most of it is waiting. So
//! readers, up to eight threads or none, have the files in turn, a few neighbours at a time, and hand on what they read in
//! loads of bounded size. Each is two loads ahead at most: memory grows with the number of readers and with nothing else.

use crate::error::{Error, Result};
use crate::store::{ops, File, Kind, Reach, Store};
use crate::threads::start_scoped;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

/// Bytes of a load: little enough to be still near the processor when they are written.
const LOAD: usize = 256 << 10;

/// Files that are in one load at most, and that a reader has in a row.
const GROUP: usize = 8;

/// Readers at most.
const MOST_READERS: usize = 8;

/// Where answers come at once so many bytes are worth a thread, …
const WORTH_A_THREAD: u64 = 1 << 20;

/// … if there are so many in a file: of small ones most is opening and closing, which threads do not do side by side.
const LARGE: u64 = 64 << 10;

/// A file to be read.
#[derive(Debug)]
pub enum Source {
    /// All of it, if it is a regular file.
    Whole(PathBuf),
    /// So many of its first bytes.
    Beginning {
        /// Its path.
        path: PathBuf,
        /// The file, if it is open already.
        opened: Option<Box<dyn File>>,
        /// How many bytes.
        bytes: u64,
    },
}

impl Source {
    /// How many bytes are wanted, as far as is known.
    fn bytes(&self) -> u64 {
        match self {
            Source::Whole(_) => 0,
            Source::Beginning { bytes, .. } => *bytes,
        }
    }
}

/// How many threads are worth reading these: none if none may be started.
pub fn readers(reach: Reach, sources: &[Source], threads: bool) -> usize {
    let bytes: u64 = sources.iter().map(Source::bytes).sum();
    let for_bytes = usize::from(bytes >= WORTH_A_THREAD && bytes / LARGE >= sources.len() as u64);
    match reach {
        _ if !threads => 0,
        Reach::Local => for_bytes,
        Reach::Daemon | Reach::Network => MOST_READERS.min(sources.len() / GROUP).max(for_bytes),
    }
}

/// What is said of a file, or of its bytes.
#[derive(Debug)]
enum Part {
    /// One begins, of which so many bytes follow; `None`: there is no regular file.
    Begin(Option<u64>),
    /// The next bytes of the load are its.
    Bytes(usize),
    /// Nothing follows.
    Failed(Error),
}

/// What was read in one go.
#[derive(Debug, Default)]
struct Load {
    bytes: Vec<u8>,
    parts: VecDeque<Part>,
    /// So many of the bytes were taken out.
    used: usize,
}

/// The files of one reader.
struct Reader<'a> {
    store: &'a dyn Store,
    sources: VecDeque<Source>,
    current: Option<Current>,
}

/// A file that is being read.
struct Current {
    file: Box<dyn File>,
    path: PathBuf,
    done: u64,
    size: u64,
}

impl Reader<'_> {
    /// Fills a load; `false` if there is nothing more.
    fn load(&mut self, load: &mut Load) -> bool {
        load.parts.clear();
        load.used = 0;
        if load.bytes.is_empty() {
            load.bytes.resize(LOAD, 0);
        }
        let (mut filled, mut begun) = (0, 0);
        while filled < LOAD && (self.current.is_some() || begun < GROUP) {
            let read = match &mut self.current {
                Some(current) => current.read(&mut load.bytes[filled..]).map(Part::Bytes),
                None => match self.sources.pop_front() {
                    Some(source) => self.begin(source).map(Part::Begin),
                    None => break,
                },
            };
            match &read {
                Ok(Part::Bytes(n)) => filled += n,
                Ok(_) => begun += 1,
                Err(_) => self.sources.clear(),
            }
            self.current.take_if(|current| read.is_err() || current.done == current.size);
            load.parts.push_back(read.unwrap_or_else(Part::Failed));
        }
        !load.parts.is_empty()
    }

    fn begin(&mut self, source: Source) -> Result<Option<u64>> {
        let (file, path, size) = match source {
            Source::Beginning { path, opened, bytes } => {
                (opened.map_or_else(|| self.store.open_read(&path), Ok)?, path, bytes)
            }
            Source::Whole(path) => {
                let Some(file) = ops::if_present(self.store.open_read(&path))? else { return Ok(None) };
                let found = file.metadata()?;
                if found.kind != Kind::File {
                    return Ok(None);
                }
                (file, path, found.len)
            }
        };
        self.current = Some(Current { file, path, done: 0, size });
        Ok(Some(size))
    }
}

impl Current {
    fn read(&mut self, room: &mut [u8]) -> Result<usize> {
        let want = room.len().min(usize::try_from(self.size - self.done).unwrap_or(usize::MAX));
        let got = ops::read_full(&*self.file, &mut room[..want], self.done)?;
        if got < want {
            return Err(Error::corrupt(&self.path, "became shorter while it was packed"));
        }
        self.done += got as u64;
        Ok(got)
    }
}

/// Where a share of the files comes from.
enum Lane<'a> {
    /// This thread reads it.
    Here(Reader<'a>),
    /// Another one does, and gets back the loads that were used.
    There { loads: mpsc::Receiver<Load>, used: mpsc::Sender<Load> },
}

/// The files, in order: [`Ahead::begin`] each and take its [`Ahead::piece`]s.
pub struct Ahead<'a> {
    lanes: Vec<(Lane<'a>, Load)>,
    next: usize,
    lane: usize,
}

impl Ahead<'_> {
    /// Begins the next file, of which so many bytes are to be taken. `None`: there is no regular file.
    pub fn begin(&mut self) -> Result<Option<u64>> {
        self.lane = self.next / GROUP % self.lanes.len();
        self.next += 1;
        match self.part()? {
            Part::Begin(size) => Ok(size),
            Part::Failed(e) => Err(e),
            Part::Bytes(_) => Err(Error::internal("a file was not read to its end")),
        }
    }

    /// The next bytes of the file, at least one.
    pub fn piece(&mut self) -> Result<&[u8]> {
        match self.part()? {
            Part::Bytes(n) => {
                let (_, load) = &mut self.lanes[self.lane];
                let from = load.used;
                load.used += n;
                Ok(&load.bytes[from..load.used])
            }
            Part::Failed(e) => Err(e),
            Part::Begin(_) => Err(Error::internal("a file was read beyond its end")),
        }
    }

    fn part(&mut self) -> Result<Part> {
        let (lane, load) = &mut self.lanes[self.lane];
        if load.parts.is_empty() {
            match lane {
                Lane::Here(reader) => _ = reader.load(load),
                Lane::There { loads, used } => {
                    if !load.bytes.is_empty() {
                        // A reader that has come to its end needs no memory any more.
                        _ = used.send(std::mem::take(load));
                    }
                    *load = loads.recv().unwrap_or_default();
                }
            }
        }
        load.parts
            .pop_front()
            .ok_or_else(|| Error::internal("a file was read that is not among those read ahead"))
    }
}

/// Has so many threads read the files while `take` takes them; with none of them, `take` reads. A thread that cannot be
/// had leaves its share to it. All have ended when this returns.
pub fn read_ahead<R>(
    store: &dyn Store,
    sources: Vec<Source>,
    readers: usize,
    take: impl FnOnce(&mut Ahead<'_>) -> R,
) -> R {
    let mut shares: Vec<VecDeque<Source>> = (0..readers.max(1)).map(|_| VecDeque::new()).collect();
    for (index, source) in sources.into_iter().enumerate() {
        shares[index / GROUP % readers.max(1)].push_back(source);
    }
    thread::scope(|scope| {
        let (mut lanes, mut started) = (Vec::new(), Vec::new());
        for sources in shares {
            let reader = Reader { store, sources, current: None };
            let lane = match readers {
                0 => Lane::Here(reader),
                _ => start(scope, reader, &mut started),
            };
            lanes.push((lane, Load::default()));
        }
        // Whoever waits to hand on a load learns that nobody takes it, and ends.
        let taken = take(&mut Ahead { lanes, next: 0, lane: 0 });
        for thread in started {
            // What happened to it was told in its turn.
            _ = thread.join();
        }
        taken
    })
}

fn start<'scope, 'env>(
    scope: &'scope thread::Scope<'scope, 'env>,
    reader: Reader<'scope>,
    started: &mut Vec<thread::ScopedJoinHandle<'scope, ()>>,
) -> Lane<'scope> {
    let (hand, handed) = mpsc::channel::<Reader<'scope>>();
    let (full, loads) = mpsc::sync_channel(1);
    let (used, empty) = mpsc::channel();
    let told = full.clone();
    let work = move || {
        let Ok(mut reader) = handed.recv() else { return };
        loop {
            let mut load: Load = empty.try_recv().unwrap_or_default();
            if !reader.load(&mut load) || full.send(load).is_err() {
                return;
            }
        }
    };
    let panicked = move |panic| {
        let failed = Part::Failed(Error::internal(format!("reading a file to be packed panicked: {panic}")));
        // Nobody may be there any more.
        _ = told.send(Load { parts: [failed].into(), ..Load::default() });
    };
    let thread = start_scoped(scope, "plattli-read", work, panicked);
    let reader = match thread {
        Ok(thread) => {
            started.push(thread);
            match hand.send(reader) {
                Ok(()) => return Lane::There { loads, used },
                Err(mpsc::SendError(reader)) => reader,
            }
        }
        Err(_) => reader,
    };
    Lane::Here(reader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Tick;
    use crate::error::Code;
    use crate::store::MemoryStore;
    use std::path::Path;
    use std::time::Duration;

    const SIZES: [usize; 9] = [0, 1, 700, LOAD - 1, LOAD, LOAD + 1, 3 * LOAD + 5, 20_000, 4];

    fn path(n: usize) -> PathBuf {
        PathBuf::from(format!("/run/m{n}"))
    }

    fn content(n: usize) -> Vec<u8> {
        (0..SIZES[n % SIZES.len()]).map(|i| (i * 7 + i / 256 + n) as u8).collect()
    }

    /// A folder of files; of each third one no size is given, and some are open.
    fn files(store: &MemoryStore, count: usize) -> Vec<Source> {
        store.create_dir(Path::new("/run")).unwrap();
        (0..count).for_each(|n| store.plant(path(n), &content(n)));
        let source = |n: usize| match n % 3 {
            0 => Source::Whole(path(n)),
            _ => Source::Beginning {
                path: path(n),
                opened: (n % 5 == 1).then(|| store.open_read(&path(n)).unwrap()),
                bytes: content(n).len() as u64,
            },
        };
        (0..count).map(source).collect()
    }

    fn first(n: usize, bytes: u64) -> Source {
        Source::Beginning { path: path(n), opened: None, bytes }
    }

    fn rest(ahead: &mut Ahead<'_>, size: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < size {
            bytes.extend_from_slice(ahead.piece()?);
        }
        Ok(bytes)
    }

    #[test]
    fn files_come_whole_and_in_order_whoever_reads_them() {
        for readers in [0, 1, 2, 8] {
            for count in [0, 1, GROUP, GROUP + 1, 61] {
                let store = MemoryStore::new();
                let sources = files(&store, count);
                read_ahead(&store, sources, readers, |ahead| {
                    for n in 0..count {
                        let size = ahead.begin().unwrap().unwrap();
                        assert!(
                            rest(ahead, size).unwrap() == content(n),
                            "file {n} of {count}, {readers} readers"
                        );
                    }
                    assert_eq!(ahead.begin().unwrap_err().code(), Code::Internal, "there is no other file");
                });
            }
        }
    }

    #[test]
    fn what_is_no_file_is_told_in_its_turn_and_so_is_an_error() {
        for readers in [0, 1, 3] {
            let store = MemoryStore::new();
            let mut sources = files(&store, 60);
            store.create_dir(Path::new("/run/folder")).unwrap();
            sources[12] = Source::Whole("/run/folder".into());
            sources[15] = Source::Whole("/run/none".into());
            // Longer than it is.
            sources[35] = first(35, 5000);
            read_ahead(&store, sources, readers, |ahead| {
                for n in 0..35 {
                    let size = ahead.begin().unwrap();
                    assert_eq!(size.is_none(), [12, 15].contains(&n), "file {n}");
                    assert!(size.is_none_or(|size| rest(ahead, size).unwrap() == content(n)), "file {n}");
                }
                assert_eq!(ahead.begin().unwrap(), Some(5000));
                let short = rest(ahead, 5000).map(|_| "whole").unwrap_err();
                assert!(short.code() == Code::Corrupt && short.to_string().contains("/run/m35"), "{short}");
            });
        }
    }

    #[test]
    fn a_panic_is_an_error_in_its_turn() {
        for readers in [1, 3] {
            let store = MemoryStore::new();
            let sources = files(&store, 40);
            store.before_each(|operation| assert!(!operation.path.ends_with("m20"), "unlucky"));
            let told = read_ahead(&store, sources, readers, |ahead| {
                for n in 0..40 {
                    let size = ahead.begin().map_err(|e| (n, e))?.unwrap();
                    rest(ahead, size).map_err(|e| (n, e))?;
                }
                Ok(())
            });
            let (n, e) = told.unwrap_err();
            // What the thread had read with it is lost with it.
            assert!((9..=20).contains(&n) && e.code() == Code::Internal, "file {n}: {e}");
            assert!(e.to_string().contains("unlucky"), "{e}");
        }
    }

    #[test]
    fn readers_are_two_loads_ahead_and_no_more_and_stop_when_nobody_reads_on() {
        const FILES: usize = 4000;
        for readers in [1, 4] {
            let store = MemoryStore::new();
            store.create_dir(Path::new("/run")).unwrap();
            store.plant(path(2), &content(2));
            let most = store.ops() + (readers * 3 * GROUP * 2) as u64;
            read_ahead(&store, (0..FILES).map(|_| first(2, 700)).collect(), readers, |ahead| {
                assert_eq!(ahead.begin().unwrap(), Some(700));
                // Until they wait, or have gone too far.
                let (mut before, began) = (0, Tick::now());
                while before != store.ops() && store.ops() <= most && began.elapsed_ns() < 20_000_000_000 {
                    before = store.ops();
                    thread::sleep(Duration::from_millis(20));
                }
            });
            assert!(store.ops() <= most, "{} operations", store.ops());
        }
    }

    #[test]
    fn threads_are_started_where_they_are_allowed_and_have_something_to_do() {
        let sources = |count: usize, bytes| -> Vec<Source> { (0..count).map(|n| first(n, bytes)).collect() };
        let chosen = |reach, count, bytes, threads| readers(reach, &sources(count, bytes), threads);
        assert_eq!(chosen(Reach::Local, 8, 1 << 20, false), 0);
        assert_eq!(chosen(Reach::Network, 1000, 1, false), 0);
        assert_eq!(chosen(Reach::Local, 100, 100, true), 0);
        assert_eq!(chosen(Reach::Local, 8, 1 << 17, true), 1);
        assert_eq!(chosen(Reach::Local, 1000, (64 << 10) - 1, true), 0);
        assert_eq!(chosen(Reach::Local, 1000, 64 << 10, true), 1);
        assert_eq!(chosen(Reach::Network, 7, 100, true), 0);
        assert_eq!(chosen(Reach::Network, 7, 1 << 30, true), 1);
        assert_eq!(chosen(Reach::Daemon, 16, 1, true), 2);
        assert_eq!(chosen(Reach::Network, 1000, 1, true), 8);
    }
}
