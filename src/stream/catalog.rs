//! The manifest: which segments there are, in SQLite. The one place that reaches the disk by itself.
#![allow(clippy::disallowed_methods)]

use crate::error::{Code, Error, Result};
use crate::store::{ops, Store};
use crate::stream::view::Format;
use rusqlite::{params, Connection, OpenFlags};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A partition by its names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Name of the partition.
    pub partition: Arc<str>,
}

impl Key {
    /// The key of these names.
    pub fn new(topic: &str, partition: &str) -> Self {
        Key { topic: topic.into(), partition: partition.into() }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.partition)
    }
}

/// What the manifest says about a segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Where it belongs.
    pub key: Key,
    /// Its number.
    pub segment: u64,
    /// Oldest and newest time; zeros without records.
    pub time: (i64, i64),
    /// Indices of its records, those in its cache included.
    pub records: Range<u64>,
    /// Bytes of its files.
    pub size: u64,
    /// What the file is.
    pub format: Format,
}

/// `version` in the table.
fn version(format: Format) -> i64 {
    match format {
        Format::Arrow => 1,
        Format::Parquet => 2,
    }
}

/// A segment by its place.
pub type Place = (Key, u64);

/// The manifest, open for this process alone.
pub struct Catalog {
    store: Arc<dyn Store>,
    path: PathBuf,
    connection: Mutex<Connection>,
    /// Rows that were told but not yet committed, the latest of each segment.
    noted: Mutex<BTreeMap<Place, Row>>,
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catalog {}", self.path.display())
    }
}

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS segments (
    topic TEXT NOT NULL, partition TEXT NOT NULL, segment INTEGER NOT NULL,
    time_start INTEGER NOT NULL, time_end INTEGER NOT NULL,
    record_start INTEGER NOT NULL, record_end INTEGER NOT NULL,
    size INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (topic, partition, segment));
CREATE INDEX IF NOT EXISTS segments_by_record ON segments (topic, partition, record_start);
CREATE INDEX IF NOT EXISTS segments_by_time ON segments (topic, partition, time_start, time_end);
CREATE TABLE IF NOT EXISTS replicated (
    topic TEXT NOT NULL, partition TEXT NOT NULL, segment INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, segment)) WITHOUT ROWID;
";

const UPSERT: &str = "
INSERT INTO segments
    (topic, partition, segment, time_start, time_end, record_start, record_end, size, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (topic, partition, segment) DO UPDATE SET
    time_start = excluded.time_start, time_end = excluded.time_end, record_start = excluded.record_start,
    record_end = excluded.record_end, size = excluded.size, version = excluded.version";

const SELECT: &str = "
SELECT topic, partition, segment, time_start, time_end, record_start, record_end, size, version FROM segments
WHERE ?1 IS NULL OR (topic = ?1 AND partition = ?2 AND segment = ?3) ORDER BY topic, partition, segment";

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SQLite has signed numbers only.
fn signed(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| Error::internal(format!("{value} does not fit into the manifest")))
}

fn unsigned(value: i64) -> rusqlite::Result<u64> {
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, value))
}

impl Catalog {
    /// Opens the manifest at `path`, made if missing; `:memory:` for one that is forgotten. What cannot be read is
    /// removed and made anew; then the sentence says so. `durable`: a commit reaches the disk itself.
    pub fn open(store: Arc<dyn Store>, path: &Path, durable: bool) -> Result<(Catalog, Option<String>)> {
        let (connection, finding) = match connect(path, durable) {
            Ok(connection) => (connection, None),
            Err(first) if is_damage(&first) => {
                let finding = format!(
                    "the manifest {} could not be read ({first}) and was made anew from the segments",
                    path.display()
                );
                for file in [path.to_path_buf(), journal_of(path)] {
                    match std::fs::remove_file(&file) {
                        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                            return Err(Error::io("remove the damaged manifest", &file, &e))
                        }
                        _ => {}
                    }
                }
                (connect(path, durable).map_err(|e| told(path, &e))?, Some(finding))
            }
            Err(e) => return Err(told(path, &e)),
        };
        let (connection, noted) = (Mutex::new(connection), Mutex::default());
        Ok((Catalog { store, path: path.to_path_buf(), connection, noted }, finding))
    }

    /// All rows, ascending.
    pub fn rows(&self) -> Result<Vec<Row>> {
        let connection = lock(&self.connection);
        self.check(read_rows(&connection, None))
    }

    /// The row of a segment, committed or told.
    pub fn row(&self, place: &Place) -> Result<Option<Row>> {
        let connection = lock(&self.connection);
        if let Some(row) = lock(&self.noted).get(place) {
            return Ok(Some(row.clone()));
        }
        let rows = self.check(read_rows(&connection, Some(place)))?;
        Ok(rows.into_iter().next())
    }

    /// Segments that were replicated.
    pub fn replicated(&self) -> Result<HashSet<Place>> {
        let connection = lock(&self.connection);
        self.check(read_replicated(&connection))
    }

    /// Tells a row; it is committed by the next [`Catalog::flush`].
    pub fn note(&self, row: Row) {
        lock(&self.noted).insert((row.key.clone(), row.segment), row);
    }

    /// Commits what was told. Says whether there was anything.
    pub fn flush(&self) -> Result<bool> {
        let mut connection = lock(&self.connection);
        let rows = std::mem::take(&mut *lock(&self.noted));
        if rows.is_empty() {
            return Ok(false);
        }
        let committed = self.commit(&mut connection, |transaction| {
            let mut statement = transaction.prepare(UPSERT)?;
            rows.values().try_for_each(|row| {
                let [segment, start, end, size] =
                    [row.segment, row.records.start, row.records.end, row.size].map(|v| v as i64);
                let (topic, partition) = (&*row.key.topic, &*row.key.partition);
                let version = version(row.format);
                let values =
                    params![topic, partition, segment, row.time.0, row.time.1, start, end, size, version];
                statement.execute(values).map(drop)
            })
        });
        if committed.is_err() {
            // What was told since is newer.
            let mut noted = lock(&self.noted);
            rows.into_iter().for_each(|(place, row)| _ = noted.entry(place).or_insert(row));
        }
        committed.map(|()| true)
    }

    /// Removes rows, told ones included.
    pub fn remove(&self, places: &[Place]) -> Result<()> {
        let mut connection = lock(&self.connection);
        places.iter().for_each(|place| _ = lock(&self.noted).remove(place));
        self.commit(&mut connection, |transaction| {
            for table in ["segments", "replicated"] {
                let mut statement = transaction.prepare(&format!(
                    "DELETE FROM {table} WHERE topic = ?1 AND partition = ?2 AND segment = ?3"
                ))?;
                for (key, segment) in places {
                    statement.execute(params![&*key.topic, &*key.partition, *segment as i64])?;
                }
            }
            Ok(())
        })
    }

    /// Records that a segment was replicated.
    pub fn set_replicated(&self, (key, segment): &Place) -> Result<()> {
        let segment = signed(*segment)?;
        let mut connection = lock(&self.connection);
        self.commit(&mut connection, |transaction| {
            transaction
                .execute(
                    "INSERT OR IGNORE INTO replicated VALUES (?1, ?2, ?3)",
                    params![&*key.topic, &*key.partition, segment],
                )
                .map(drop)
        })
    }

    /// Bytes of the manifest and its journal.
    pub fn size(&self) -> Result<u64> {
        let of = |path: &Path| Ok(self.store.metadata(path)?.map_or(0, |m| m.len));
        Ok(of(&self.path)? + of(&journal_of(&self.path))?)
    }

    /// One transaction. Looking at the journal before and at the manifest after it lets a test stop in between.
    fn commit(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<()> {
        self.store.metadata(&journal_of(&self.path))?;
        let run = || {
            let transaction = connection.transaction()?;
            work(&transaction)?;
            transaction.commit()
        };
        self.check(run())?;
        self.store.metadata(&self.path).map(drop)
    }

    fn check<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|e| told(&self.path, &e))
    }
}

fn journal_of(path: &Path) -> PathBuf {
    ops::with_suffix(path, "-journal")
}

fn told(path: &Path, error: &rusqlite::Error) -> Error {
    Error::new(Code::Io, format!("the manifest {} cannot be used: {error}", path.display()))
}

/// The file is not what it should be, rather than out of reach.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, SchemaChanged, TypeMismatch, Unknown};
    match error {
        rusqlite::Error::SqliteFailure(e, _) => {
            // Unknown: a statement that does not fit the tables that are there.
            matches!(e.code, DatabaseCorrupt | NotADatabase | SchemaChanged | TypeMismatch | Unknown)
        }
        rusqlite::Error::SqlInputError { .. } => true,
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..) => true,
        _ => false,
    }
}

/// Opens it, on a file system without locks without locks: the lock of the folder keeps others away.
fn connect(path: &Path, durable: bool) -> rusqlite::Result<Connection> {
    match prove(Connection::open(path)?, durable) {
        Err(e) if has_no_locks(&e) => {
            prove(Connection::open_with_flags_and_vfs(path, OpenFlags::default(), c"unix-none")?, durable)
        }
        other => other,
    }
}

/// The file system refuses to lock anything.
fn has_no_locks(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi;
    let refusals = [
        ffi::SQLITE_IOERR_LOCK,
        ffi::SQLITE_IOERR_RDLOCK,
        ffi::SQLITE_IOERR_CHECKRESERVEDLOCK,
        ffi::SQLITE_PROTOCOL,
    ];
    error.sqlite_error().is_some_and(|e| refusals.contains(&e.extended_code))
}

/// Proves that everything in it can be read.
fn prove(connection: Connection, durable: bool) -> rusqlite::Result<Connection> {
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update_and_check(None, "journal_mode", "TRUNCATE", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", if durable { "FULL" } else { "OFF" })?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(code, Some(verdict)));
    }
    connection.execute_batch(TABLES)?;
    read_rows(&connection, None)?;
    read_replicated(&connection)?;
    Ok(connection)
}

fn read_rows(connection: &Connection, place: Option<&Place>) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare(SELECT)?;
    let names = place.map(|(key, _)| (&*key.topic, &*key.partition));
    let wanted = params![names.map(|n| n.0), names.map(|n| n.1), place.map(|(_, number)| *number as i64)];
    let rows = statement.query_map(wanted, |row| {
        let number = |i: usize| row.get::<_, i64>(i).and_then(unsigned);
        let text = |i: usize| row.get::<_, String>(i).map(Arc::<str>::from);
        let format = match row.get::<_, i64>(8)? {
            2 => Format::Parquet,
            _ => Format::Arrow,
        };
        Ok(Row {
            key: Key { topic: text(0)?, partition: text(1)? },
            segment: number(2)?,
            time: (row.get(3)?, row.get(4)?),
            records: number(5)?..number(6)?,
            size: number(7)?,
            format,
        })
    })?;
    rows.collect()
}

fn read_replicated(connection: &Connection) -> rusqlite::Result<HashSet<Place>> {
    let mut statement = connection.prepare("SELECT topic, partition, segment FROM replicated")?;
    let rows = statement.query_map([], |row| {
        let text = |i: usize| row.get::<_, String>(i).map(Arc::<str>::from);
        Ok((Key { topic: text(0)?, partition: text(1)? }, row.get::<_, i64>(2).and_then(unsigned)?))
    })?;
    rows.collect()
}
