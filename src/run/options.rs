//! What a caller may choose, and what a writer counts. The defaults are those of the C API.

pub use crate::worker::Placement;

/// How rows reach the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Layout {
    /// Rows go to the hot log and are compacted in the background (format §10, §11).
    #[default]
    Compacting,
    /// Each row goes straight to the value and index files; no hot log.
    Direct,
    /// Everything is staged and published whole by `finish`.
    Bulk,
}

/// What an acknowledged step survives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// The death of the process.
    #[default]
    Process,
    /// Also power loss, once its sync interval has passed.
    System,
}

/// What happens when the rows wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overload {
    /// `end_step` waits.
    #[default]
    Wait,
    /// The step is dropped whole and counted.
    Shed,
}

/// What happens when the disk refuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnIoError {
    /// Rows stay in memory within the backlog bound; every call tries again.
    #[default]
    Retry,
    /// The first error is latched: every later call returns it.
    Fail,
}

/// The run configuration that `config.json` is to hold (format §5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Config {
    /// A path, resolved against the run directory; if it exists `config.json` becomes a link to it.
    Path(String),
    /// JSON text of any value.
    Json(String),
}

impl Default for Config {
    fn default() -> Self {
        Config::Path("config.json".into())
    }
}

/// How a run is opened for writing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriterOptions {
    /// How rows reach the disk.
    pub layout: Layout,
    /// The step to continue from; rows at or beyond it are dropped. `None`: after the last recorded step.
    pub step: Option<u32>,
    /// Rows that the hot log holds before it is compacted, at least 1.
    pub hotsize: u64,
    /// The configuration.
    pub config: Config,
    /// Allows a finished archive to be unpacked and continued.
    pub reopen_finished: bool,
    /// Bulk layout: an existing output may be replaced.
    pub overwrite: bool,
    /// What an acknowledged step survives.
    pub durability: Durability,
    /// System durability: sync after so many steps or …
    pub sync_steps: u32,
    /// … after so many milliseconds, whichever comes first; 0 means "not by time".
    pub sync_milliseconds: u64,
    /// What happens when compaction cannot keep up.
    pub overload: Overload,
    /// Background threads: 0 for none; a run has no use for more than one.
    pub threads: u32,
    /// Where the background thread runs.
    pub placement: Placement,
    /// What happens when the disk refuses.
    pub on_io_error: OnIoError,
    /// Refuses a second writer.
    pub lock: bool,
    /// A broken line in the middle of a hot log is an error rather than moved aside.
    pub strict: bool,
}

impl Default for WriterOptions {
    fn default() -> Self {
        WriterOptions {
            layout: Layout::default(),
            step: None,
            hotsize: 200,
            config: Config::default(),
            reopen_finished: false,
            overwrite: false,
            durability: Durability::default(),
            sync_steps: 1,
            sync_milliseconds: 0,
            overload: Overload::default(),
            threads: 1,
            placement: Placement::default(),
            on_io_error: OnIoError::default(),
            lock: true,
            strict: false,
        }
    }
}

/// How a run is finished (format §13).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FinishOptions {
    /// Tightens integer columns and turns index files into segments where that pays.
    pub optimize: bool,
    /// Packs the folder into `metrics.plattli`.
    pub archive: bool,
    /// JSON object whose keys replace those of the configuration.
    pub config_overrides: Option<String>,
}

impl Default for FinishOptions {
    fn default() -> Self {
        FinishOptions { optimize: true, archive: true, config_overrides: None }
    }
}

/// What a writer has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WriterStats {
    /// Steps ended.
    pub steps: u64,
    /// Rows (steps with at least one value) handed to the operating system.
    pub rows: u64,
    /// Rows waiting in memory because the disk refused them.
    pub pending_rows: u64,
    /// Rows given up because the backlog was full.
    pub dropped_rows: u64,
    /// Steps shed under the overload policy.
    pub shed_steps: u64,
    /// Operations that the operating system refused.
    pub io_errors: u64,
    /// Attempts to repeat them.
    pub retries: u64,
    /// Compactions completed.
    pub compactions: u64,
    /// Things worth a look that were not errors (broken lines moved aside, values lost on disk).
    pub warnings: u64,
    /// Bytes written to logs and columns.
    pub bytes_written: u64,
    /// Times data were forced to stable storage.
    pub sync_count: u64,
    /// Nanoseconds of the caller's thread spent in `end_step` and `flush`, in all.
    pub caller_ns_total: u64,
    /// The longest of those calls.
    pub caller_ns_max: u64,
}

/// What a reader is asked to open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReadKind {
    /// Whatever is found first (format §2).
    #[default]
    Auto,
    /// A run folder.
    Folder,
    /// An archive.
    Archive,
}

/// How a run is opened for reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ReaderOptions {
    /// What to look for.
    pub kind: ReadKind,
    /// Leaves the rows of the hot logs out.
    pub exclude_hot: bool,
    /// A broken line in the middle of a hot log is an error rather than skipped with a warning.
    pub strict: bool,
}

/// Which rows of a column are wanted (format §14.3). Reversed ranges are empty.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum Selection {
    /// All of them.
    #[default]
    All,
    /// Steps from start to stop, both inclusive, either open.
    Steps {
        /// First step wanted.
        start: Option<i64>,
        /// Last step wanted.
        stop: Option<i64>,
    },
    /// Values from start to stop, both inclusive, either open; NaN is in no range.
    Values {
        /// Smallest value wanted.
        start: Option<f64>,
        /// Largest value wanted.
        stop: Option<f64>,
    },
    /// Row positions from start up to but without stop; negative ones count from the end.
    Positions {
        /// First row wanted.
        start: Option<i64>,
        /// First row not wanted.
        stop: Option<i64>,
    },
}
