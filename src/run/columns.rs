//! The cold side of a run while it is written: one value file per metric, steps described before values exist.
//!
//! Everything here can be repeated: a column remembers up to which step it is described and stored, and a batch
//! given a second time after an error goes on where it stopped.

use super::batch::{Batch, Values};
use super::dtype::{self, Cell, DType};
use super::files::Files;
use super::manifest::{Manifest, MetricEntry};
use super::monotonic::Monotonic;
use super::name;
use super::steps::{Indices, SegmentList};
use super::values;
use crate::clock;
use crate::error::Result;
use crate::store::{ops, File, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a column that something is true of: the first `rows`, the last of which has the step `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Extent {
    /// Number of rows.
    pub rows: u64,
    /// Step of the last one.
    pub last: Option<u32>,
}

impl Extent {
    fn extend(&mut self, rows: u64, last: Option<u32>) {
        self.rows += rows;
        self.last = last.or(self.last);
    }
}

/// One metric in cold storage.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type of the value file.
    pub dtype: DType,
    /// How its steps are described.
    pub indices: Indices,
    /// The flag in the manifest.
    pub flag: Option<Monotonic>,
    /// Keys of the manifest that are not ours, carried along.
    pub extra: Vec<(String, String)>,
    /// Rows whose steps are described, in the manifest or the index file.
    pub described: Extent,
    /// Rows whose values are in the value file.
    pub stored: Extent,
    /// Bytes of whole values in the value file.
    pub value_bytes: u64,
    /// The value file.
    pub value_path: PathBuf,
    /// The index file, whether or not it is in use.
    pub index_path: PathBuf,
    /// The manifest is to list it.
    listed: bool,
}

impl Column {
    /// A column without rows.
    pub fn new(root: &Path, name: &str, dtype: DType, indices: Indices) -> Self {
        Column {
            name: name.to_owned(),
            dtype,
            indices,
            flag: None,
            extra: Vec::new(),
            described: Extent::default(),
            stored: Extent::default(),
            value_bytes: 0,
            value_path: name::value_path(root, name, dtype),
            index_path: name::indices_path(root, name),
            listed: false,
        }
    }

    /// Bytes of the index file that describe the described rows.
    pub fn index_bytes(&self) -> u64 {
        self.described.rows * size_of::<u32>() as u64
    }
}

/// All columns of a run folder.
#[derive(Debug)]
pub struct Columns {
    store: Arc<dyn Store>,
    root: PathBuf,
    files: Files,
    columns: Vec<Column>,
    /// Ids of the columns that the manifest lists, in order of their first publication.
    listed: Vec<u32>,
    /// The manifest on disk does not say what the columns say.
    unpublished: bool,
    /// Nothing is published until the end (bulk layout).
    staged: bool,
    bytes_written: u64,
    scratch: Vec<u8>,
    cells: Vec<Cell>,
}

impl Columns {
    /// No columns yet, in the folder `root`.
    pub fn new(store: Arc<dyn Store>, root: &Path, open_files: usize, staged: bool) -> Self {
        Columns {
            files: Files::new(Arc::clone(&store), root, open_files),
            store,
            root: root.to_path_buf(),
            columns: Vec::new(),
            listed: Vec::new(),
            unpublished: false,
            staged,
            bytes_written: 0,
            scratch: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The run folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The columns, by id.
    pub fn all(&self) -> &[Column] {
        &self.columns
    }

    /// The columns, by id, for recovery and finish, which change them together with their files.
    pub fn all_mut(&mut self) -> &mut [Column] {
        &mut self.columns
    }

    /// Adds a column as it was found, to be listed in the manifest.
    pub fn add(&mut self, column: Column) {
        self.columns.push(column);
        self.list((self.columns.len() - 1) as u32);
    }

    /// Adds a column that has an id but no values yet; the manifest does not list it.
    pub fn reserve(&mut self, column: Column) {
        self.columns.push(column);
    }

    /// Lists a column in the manifest from now on.
    pub fn list(&mut self, id: u32) {
        let column = &mut self.columns[id as usize];
        if !std::mem::replace(&mut column.listed, true) {
            self.listed.push(id);
            self.unpublished = true;
        }
    }

    /// The manifest says what the columns say.
    pub fn set_published(&mut self) {
        self.unpublished = false;
    }

    /// Bytes written to value and index files since the last call.
    pub fn take_bytes_written(&mut self) -> u64 {
        std::mem::take(&mut self.bytes_written)
    }

    /// The flags to be published with the next manifest, by id (format §9.4).
    pub fn set_flags(&mut self, flags: &[Option<Monotonic>]) {
        for (column, flag) in self.columns.iter_mut().zip(flags) {
            self.unpublished |= column.flag != *flag;
            column.flag = *flag;
        }
    }

    /// The manifest that describes the columns (format §6).
    pub fn manifest(&self, run_rows: Option<u64>) -> Manifest {
        self.manifest_of(run_rows, |_, column| MetricEntry {
            indices: column.indices.clone(),
            dtype: column.dtype,
            monotonic: column.flag,
            extra: column.extra.clone(),
        })
    }

    /// The manifest that describes the columns by what `entry` says of each.
    pub fn manifest_of(
        &self,
        run_rows: Option<u64>,
        entry: impl Fn(usize, &Column) -> MetricEntry,
    ) -> Manifest {
        let listed = self.listed.iter().map(|id| (*id as usize, &self.columns[*id as usize]));
        Manifest {
            metrics: listed.map(|(id, column)| (column.name.clone(), entry(id, column))).collect(),
            when_exported: Some(clock::utc_now()),
            run_rows,
        }
    }

    /// Replaces the manifest if it does not say what the columns say.
    pub fn publish(&mut self) -> Result<()> {
        if self.unpublished && !self.staged {
            // A manifest always survives a power cut, so the files that it names must.
            self.files.sync_names()?;
            ops::replace(&*self.store, &self.root.join(name::MANIFEST), &self.manifest(None).to_text())?;
            self.unpublished = false;
        }
        Ok(())
    }

    /// Moves rows into the columns in the order of format §11 row 4: steps into index files or segment lists, then
    /// the manifest if it changed, then the values. May be repeated after an error.
    pub fn absorb(&mut self, batch: &Batch) -> Result<()> {
        let by_column = batch.by_column(self.columns.len());
        for (id, values) in by_column.columns() {
            self.describe(id as usize, values)?;
        }
        self.publish()?;
        for (id, values) in by_column.columns() {
            self.store_values(id as usize, values, batch)?;
        }
        Ok(())
    }

    /// Moves rows into the columns of the direct layout: values, then steps (format §11). New metrics come first, then
    /// the manifest if it changed, so that what it lists exists and no flag in it is ever wrong about a value. May be
    /// repeated after an error.
    ///
    /// `durable`: what is described is on stable storage before its description, so that no step is ever given a
    /// value that the power took. Says how many syncs that took.
    pub fn absorb_direct(&mut self, batch: &Batch, durable: bool) -> Result<u64> {
        let by_column = batch.by_column(self.columns.len());
        let new: Vec<bool> = self.columns.iter().map(|c| c.described.rows == 0).collect();
        let mut syncs = 0;
        for wanted in [true, false] {
            let columns = || by_column.columns().filter(|(id, _)| new[*id as usize] == wanted);
            for (id, values) in columns() {
                self.store_values(id as usize, values, batch)?;
            }
            syncs += if durable { self.sync()? } else { 0 };
            for (id, values) in columns() {
                self.describe(id as usize, values)?;
            }
            syncs += if durable { self.sync()? } else { 0 };
            self.publish()?;
        }
        Ok(syncs)
    }

    fn describe(&mut self, id: usize, values: Values<'_>) -> Result<()> {
        let column = &mut self.columns[id];
        let last = column.described.last;
        let new = values.pieces().map(|piece| piece.beyond(last).steps).filter(|steps| !steps.is_empty());
        match &mut column.indices {
            Indices::File => {
                self.scratch.clear();
                let mut newest = None;
                for steps in new {
                    self.scratch.extend(steps.iter().flat_map(|step| step.to_le_bytes()));
                    newest = steps.last().copied();
                }
                if newest.is_some() {
                    self.files.append(&column.index_path, column.index_bytes(), &self.scratch)?;
                    self.bytes_written += self.scratch.len() as u64;
                    column.described.extend((self.scratch.len() / size_of::<u32>()) as u64, newest);
                }
                Ok(())
            }
            Indices::List(list) => {
                for steps in new {
                    let before = column.described.rows;
                    let changed = list.append_all(&mut column.described.rows, steps);
                    let added = (column.described.rows - before) as usize;
                    column.described.last = steps[..added].last().copied().or(column.described.last);
                    self.unpublished |= changed?;
                }
                self.spill(id)
            }
        }
    }

    /// Replaces an over-long list of segments by an index file, complete before the manifest names it (format §7).
    pub fn spill(&mut self, id: usize) -> Result<()> {
        let column = &self.columns[id];
        match &column.indices {
            Indices::List(list) if list.must_spill(column.described.rows) => self.spill_always(id),
            _ => Ok(()),
        }
    }

    /// Replaces a list of segments by an index file, whatever its length (direct layout).
    pub fn spill_always(&mut self, id: usize) -> Result<()> {
        let column = &mut self.columns[id];
        let rows = column.described.rows;
        let Indices::List(list) = &column.indices else { return Ok(()) };
        let text = steps_text(list, rows);
        self.files.forget(&column.index_path);
        write_in_folder(&*self.store, &column.index_path, &text)?;
        self.files.note_written(&column.index_path);
        self.bytes_written += text.len() as u64;
        column.indices = Indices::File;
        self.unpublished = true;
        Ok(())
    }

    /// Makes the value file of a column without rows if there is none: in the direct layout both files of a metric
    /// exist before the manifest names it.
    pub fn make_empty(&mut self, id: usize) -> Result<()> {
        let column = &self.columns[id];
        if column.stored.rows == 0 && !ops::is_file(&*self.store, &column.value_path)? {
            write_in_folder(&*self.store, &column.value_path, b"")?;
        }
        Ok(())
    }

    fn store_values(&mut self, id: usize, values: Values<'_>, batch: &Batch) -> Result<()> {
        let column = &mut self.columns[id];
        let last = column.stored.last;
        let mut newest = None;
        self.cells.clear();
        for piece in values.pieces().map(|piece| piece.beyond(last)) {
            self.cells.extend(piece.cells());
            newest = piece.steps.last().copied().or(newest);
        }
        if newest.is_none() {
            return Ok(());
        }
        self.scratch.clear();
        if column.dtype == DType::Json {
            for cell in &self.cells {
                self.scratch.extend_from_slice(batch.json(*cell));
                self.scratch.push(b'\n');
            }
        } else {
            dtype::encode(column.dtype, &self.cells, &mut self.scratch);
        }
        self.files.append(&column.value_path, column.value_bytes, &self.scratch)?;
        column.value_bytes += self.scratch.len() as u64;
        column.stored.extend(self.cells.len() as u64, newest);
        self.bytes_written += self.scratch.len() as u64;
        Ok(())
    }

    /// Gives a column a wider type (format §9.2): the values converted beside the old file and published, then the
    /// manifest, then the old file removed. May be repeated after an error.
    pub fn promote(&mut self, id: usize, wider: DType) -> Result<()> {
        let column = &self.columns[id];
        if column.dtype == wider {
            return self.publish();
        }
        let old_path = column.value_path.clone();
        // A run that was cut back has an empty file, and the reference's `finish` wants it to be there.
        let has_file = column.stored.rows > 0 || ops::is_file(&*self.store, &old_path)?;
        if has_file {
            self.write_values_as(id, wider)?;
        }
        self.set_dtype(id, wider);
        self.publish()?;
        self.files.forget(&old_path);
        if has_file {
            ops::remove_if_present(&*self.store, &old_path)?;
        }
        Ok(())
    }

    /// Writes the values of a column in another type to the file of that type, durably. The column goes on with its
    /// old file until [`Columns::set_dtype`].
    pub fn write_values_as(&mut self, id: usize, dtype: DType) -> Result<()> {
        let column = &self.columns[id];
        let path = name::value_path(&self.root, &column.name, dtype);
        let (from, rows) = ((column.dtype, dtype), column.stored.rows);
        self.files.forget(&path);
        let mut written = 0;
        ops::replace_with(&*self.store, &path, |file| {
            values::convert(&*self.store, &column.value_path, from, rows, |bytes| {
                file.write_at(bytes, written)?;
                written += bytes.len() as u64;
                Ok(())
            })
        })?;
        self.bytes_written += written;
        Ok(())
    }

    /// From now on a column has the values of its rows in the file of this type.
    pub fn set_dtype(&mut self, id: usize, dtype: DType) {
        let column = &mut self.columns[id];
        column.dtype = dtype;
        column.value_path = name::value_path(&self.root, &column.name, dtype);
        if let Some(size) = dtype.size() {
            column.value_bytes = column.stored.rows * size as u64;
        }
        self.unpublished = true;
    }

    /// The first and the last value of a column that is in cold storage, if it has values and they are numbers.
    pub fn read_ends(&self, id: usize) -> Result<Option<(Cell, Cell)>> {
        let column = &self.columns[id];
        let (Some(size), Some(last)) = (column.dtype.size(), column.stored.rows.checked_sub(1)) else {
            return Ok(None);
        };
        let file = self.store.open_read(&column.value_path)?;
        let mut cells = Vec::with_capacity(2);
        for row in [0, last] {
            let mut bytes = [0; 8];
            let got = ops::read_full(&*file, &mut bytes[..size], row * size as u64)?;
            dtype::decode(column.dtype, &bytes[..got], &mut cells);
        }
        Ok(match cells[..] {
            [first, last] => Some((first, last)),
            _ => None,
        })
    }

    /// The run ends: no more files are to be held open than there are.
    pub fn hold_no_more(&mut self) {
        self.files.hold_no_more();
    }

    /// The file of a column, if it is held open; it is opened anew when it is needed again.
    pub fn take_open(&mut self, path: &Path) -> Option<Box<dyn File>> {
        self.files.take(path)
    }

    /// Closes all files: what is open when it is removed may keep a name.
    pub fn close_files(&mut self) {
        self.files.close();
    }

    /// Everything in the columns is on stable storage. Says how many syncs that took.
    pub fn sync(&mut self) -> Result<u64> {
        self.files.sync()
    }
}

/// The first `rows` steps of a list as the content of an index file.
fn steps_text(list: &SegmentList, rows: u64) -> Vec<u8> {
    let mut steps = Vec::new();
    list.expand(rows, 0..rows, &mut steps);
    steps.iter().flat_map(|s| s.to_le_bytes()).collect()
}

/// Writes and syncs a file whose folder may not exist yet.
fn write_in_folder(store: &dyn Store, path: &Path, bytes: &[u8]) -> Result<()> {
    ops::create_dirs(store, ops::parent_of(path))?;
    ops::write_new(store, path, bytes)
}
