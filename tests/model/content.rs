//! What a run holds: for each metric its rows, and the configuration.

use plattli::run::options::{ReaderOptions, Selection};
use plattli::run::reader::{As, ColumnData, Reader};
use plattli::store::{MemoryStore, Store};
use plattli::{Code, Error};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// One value, as far as a type must not change it.
#[derive(Clone, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Cell {
    /// An integer of any width.
    Int(i128),
    /// The bits of a binary64; all NaN are one.
    Float(u64),
    /// Spaced text.
    Json(String),
}

impl Cell {
    pub fn float(v: f64) -> Cell {
        Cell::Float(if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Int(v) => write!(f, "{v}"),
            Cell::Float(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Cell::Json(text) => f.write_str(text),
        }
    }
}

/// Rows by metric and step; metrics without rows are left out.
pub type Rows = BTreeMap<String, BTreeMap<u32, Cell>>;

/// What a run holds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Content {
    pub rows: Rows,
    /// `None` while there is no run.
    pub config: Option<String>,
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, rows) in &self.rows {
            write!(f, "\n    {name}:")?;
            rows.iter().try_for_each(|(step, cell)| write!(f, " {step}={cell}"))?;
        }
        write!(f, "\n    config: {}", self.config.as_deref().unwrap_or("(no run)"))
    }
}

impl Content {
    /// What our reader finds; empty if there is no run.
    pub fn read(store: Arc<dyn Store>, path: &Path) -> Result<Content, Error> {
        let reader = match Reader::open_in(store, path, &ReaderOptions::default()) {
            Err(e) if e.code() == Code::NotFound => return Ok(Content::default()),
            other => other?,
        };
        if let Some(warning) = reader.warnings().first() {
            return Err(Error::internal(format!("warned: {warning}")));
        }
        Self::of(&reader)
    }

    /// The same, whatever the reader warns of.
    pub fn read_lenient(store: &MemoryStore) -> Result<Content, Error> {
        match Reader::open_in(Arc::new(store.process()), Path::new(super::RUN), &ReaderOptions::default()) {
            Err(e) if e.code() == Code::NotFound => Ok(Content::default()),
            reader => Self::of(&reader?),
        }
    }

    /// What a reader shows.
    pub fn of(reader: &Reader) -> Result<Content, Error> {
        let mut rows = Rows::new();
        for name in reader.metrics().iter().cloned() {
            let column = reader.column(&name, &Selection::All, As::Storage)?;
            let cells = cells(&column.data);
            if cells.len() != column.steps.len() {
                return Err(Error::internal(format!(
                    "{name}: {} steps, {} values",
                    column.steps.len(),
                    cells.len()
                )));
            }
            if !column.steps.windows(2).all(|w| w[0] < w[1]) {
                return Err(Error::internal(format!("{name}: steps {:?} do not ascend", column.steps)));
            }
            if !cells.is_empty() {
                rows.insert(name, column.steps.into_iter().zip(cells).collect());
            }
        }
        Ok(Content { rows, config: Some(reader.config()?) })
    }

    /// The last step of any metric.
    pub fn last_step(&self) -> Option<u32> {
        self.rows.values().filter_map(|rows| rows.keys().next_back()).max().copied()
    }

    /// Only the rows below a step.
    pub fn below(&self, step: u32) -> Content {
        let mut content = self.clone();
        for rows in content.rows.values_mut() {
            rows.retain(|s, _| *s < step);
        }
        content.rows.retain(|_, rows| !rows.is_empty());
        content
    }

    /// Puts a row's values in.
    pub fn put(&mut self, step: u32, row: &[(String, Cell)]) {
        for (name, cell) in row {
            self.rows.entry(name.clone()).or_default().insert(step, cell.clone());
        }
    }
}

fn cells(data: &ColumnData) -> Vec<Cell> {
    fn ints<T: Copy + Into<i128>>(v: &[T]) -> Vec<Cell> {
        v.iter().map(|&v| Cell::Int(v.into())).collect()
    }
    match data {
        ColumnData::F32(v) => v.iter().map(|&v| Cell::float(v.into())).collect(),
        ColumnData::F64(v) => v.iter().map(|&v| Cell::float(v)).collect(),
        ColumnData::I8(v) => ints(v),
        ColumnData::I16(v) => ints(v),
        ColumnData::I32(v) => ints(v),
        ColumnData::I64(v) => ints(v),
        ColumnData::U8(v) => ints(v),
        ColumnData::U16(v) => ints(v),
        ColumnData::U32(v) => ints(v),
        ColumnData::U64(v) => ints(v),
        ColumnData::Json(v) => v.iter().map(|text| Cell::Json(text.to_owned())).collect(),
    }
}
