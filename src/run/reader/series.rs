//! One metric of a snapshot: its cold rows, then its hot rows beyond them (format §14.1).

use super::cold::Cold;
use super::column::{As, Column, ColumnData, JsonTexts, MetricInfo};
use super::convert::{self, Native};
use super::pages;
use super::snapshot::Hot;
use super::source::{Attempt, Halt};
use crate::error::{Code, Error};
use crate::json::{self, Raw, RawKind, Spacing};
use crate::run::dtype::{self, Cell, Class, DType};
use crate::run::monotonic::{Monotonic, MonotonicTracker};
use std::ops::Range;

/// One metric of a snapshot. It does not change any more.
#[derive(Debug)]
pub struct Series {
    /// Cold rows.
    pub cold: Cold,
    /// What the manifest says of the cold values.
    pub flag: Option<Monotonic>,
    /// Steps of the hot rows.
    pub hot_steps: Vec<u32>,
    hot: HotValues,
}

#[derive(Debug)]
enum HotValues {
    Cells(Vec<Cell>),
    Texts(JsonTexts),
}

impl Series {
    /// Joins the cold rows with the hot rows whose steps are greater.
    pub fn join(cold: Cold, flag: Option<Monotonic>, rows: &mut Hot) -> Attempt<Series> {
        let after = cold.last_step()?;
        let mut hot_steps = Vec::new();
        let hot = if cold.dtype == DType::Json {
            let mut texts = JsonTexts::default();
            let mut spaced = Vec::new();
            rows.values(&cold.name, after, |step, raw| {
                spaced.clear();
                // The text that the row will have once it is cold.
                let text = json::transcode(raw.0, Spacing::Spaced, &mut spaced).ok();
                let text = text.and_then(|()| std::str::from_utf8(&spaced).ok());
                texts.push(text.ok_or_else(|| misfit(&cold, step, raw))?);
                hot_steps.push(step);
                Ok(())
            })?;
            HotValues::Texts(texts)
        } else {
            let mut cells = Vec::new();
            rows.values(&cold.name, after, |step, raw| {
                cells.push(hot_cell(cold.dtype, raw).ok_or_else(|| misfit(&cold, step, raw))?);
                hot_steps.push(step);
                Ok(())
            })?;
            HotValues::Cells(cells)
        };
        Ok(Series { cold, flag, hot_steps, hot })
    }

    /// Type of the values as stored.
    pub fn dtype(&self) -> DType {
        self.cold.dtype
    }

    /// Rows.
    pub fn rows(&self) -> u64 {
        self.cold.rows + self.hot_steps.len() as u64
    }

    /// What there is to know.
    pub fn info(&self) -> Attempt<MetricInfo> {
        let first_step = match self.cold.rows {
            0 => self.hot_steps.first().copied(),
            _ => Some(self.cold.step_at(0)?),
        };
        let last_step = match self.hot_steps.last() {
            Some(step) => Some(*step),
            None => self.cold.last_step()?,
        };
        let monotonic = match self.trend()? {
            Some(Monotonic::Inc) => 1,
            Some(Monotonic::Dec) => -1,
            None => 0,
        };
        Ok(MetricInfo { dtype: self.dtype(), monotonic, rows: self.rows(), first_step, last_step })
    }

    /// The flag of the cold values, carried on over the hot ones.
    fn trend(&self) -> Attempt<Option<Monotonic>> {
        let HotValues::Cells(cells) = &self.hot else { return Ok(None) };
        if cells.is_empty() {
            return Ok(self.flag.filter(|_| self.cold.rows > 0));
        }
        let ends = match self.cold.rows {
            0 => None,
            rows => Some((self.cold.cell(0)?, self.cold.cell(rows - 1)?)),
        };
        let mut tracker = MonotonicTracker::resume(self.dtype(), self.flag, ends);
        tracker.push_all(self.dtype(), cells);
        Ok(tracker.flag())
    }

    /// How many rows have a step below `step`.
    pub fn rows_below(&self, step: u64) -> Attempt<u64> {
        let cold = self.cold.rows_below(step)?;
        if cold < self.cold.rows {
            return Ok(cold);
        }
        Ok(cold + self.hot_steps.partition_point(|s| u64::from(*s) < step) as u64)
    }

    /// Appends the steps of rows.
    pub fn steps(&self, ranges: &[Range<u64>], out: &mut Vec<u32>) -> Attempt<()> {
        let first = out.len();
        out.resize(first + count(ranges) as usize, 0);
        self.read_steps(ranges, &mut out[first..])
    }

    /// Reads the steps of rows into a buffer of exactly as many.
    pub fn read_steps(&self, ranges: &[Range<u64>], mut out: &mut [u32]) -> Attempt<()> {
        for range in ranges {
            let (cold, hot) = self.split(range);
            let (to_cold, rest) = out.split_at_mut((cold.end - cold.start) as usize);
            let (to_hot, rest) = rest.split_at_mut(hot.len());
            out = rest;
            self.cold.steps(cold.start, to_cold)?;
            to_hot.copy_from_slice(&self.hot_steps[hot]);
        }
        Ok(())
    }

    /// A range of rows as cold rows and positions of hot rows.
    fn split(&self, range: &Range<u64>) -> (Range<u64>, Range<usize>) {
        let cold = self.cold.rows;
        let hot = |row: u64| (row.max(cold) - cold) as usize;
        (range.start.min(cold)..range.end.min(cold), hot(range.start)..hot(range.end))
    }

    /// The values of the hot rows, if they are numbers.
    pub fn hot_cells(&self) -> &[Cell] {
        match &self.hot {
            HotValues::Cells(cells) => cells,
            HotValues::Texts(_) => &[],
        }
    }

    /// Reads rows into a buffer of exactly as many values: with one `pread` per range where the stored type is the
    /// wanted one. A value that does not fit is [`Code::Type`].
    pub fn read<T: Native>(&self, ranges: &[Range<u64>], mut out: &mut [T]) -> Attempt<()> {
        for range in ranges {
            let (cold, hot) = self.split(range);
            let (to_cold, rest) = out.split_at_mut((cold.end - cold.start) as usize);
            let (to_hot, rest) = rest.split_at_mut(hot.len());
            out = rest;
            if self.dtype() == DType::Json {
                self.read_numbers(range, to_cold, to_hot)?;
                continue;
            }
            self.read_cold(cold, to_cold)?;
            for (i, place) in hot.zip(to_hot) {
                let fits = from_cell(self.dtype(), self.hot_cells()[i]);
                *place = fits.ok_or_else(|| self.refuse(self.cold.rows + i as u64, T::DTYPE))?;
            }
        }
        Ok(())
    }

    fn read_cold<T: Native>(&self, rows: Range<u64>, mut out: &mut [T]) -> Attempt<()> {
        if let (Some(size), true) = (self.dtype().size(), self.dtype() == T::DTYPE) {
            if let Some(bytes) = convert::bytes_of(out) {
                return self.cold.values.read(bytes, rows.start * size as u64);
            }
        }
        let Some(size) = self.dtype().size() else { return Ok(()) };
        self.cold.pieces(rows, &mut |row, bytes| {
            let (now, later) = std::mem::take(&mut out).split_at_mut(bytes.len() / size);
            out = later;
            convert::from_bytes(self.dtype(), bytes, now).map_err(|i| self.refuse(row + i as u64, T::DTYPE))
        })
    }

    /// JSON values that are numbers, or null for NaN, or truth values for 1 and 0.
    fn read_numbers<T: Native>(
        &self,
        range: &Range<u64>,
        to_cold: &mut [T],
        to_hot: &mut [T],
    ) -> Attempt<()> {
        let mut places = to_cold.iter_mut().chain(to_hot);
        self.texts(std::slice::from_ref(range), &mut |row, text| {
            let fits = number(Raw(text.as_bytes())).ok_or_else(|| self.refuse(row, T::DTYPE))?;
            if let Some(place) = places.next() {
                *place = fits;
            }
            Ok(())
        })
    }

    /// Hands on rows as JSON text, each with its row.
    fn texts(&self, ranges: &[Range<u64>], take: &mut dyn FnMut(u64, &str) -> Attempt<()>) -> Attempt<()> {
        for range in ranges {
            let (cold, hot) = self.split(range);
            match &self.hot {
                HotValues::Texts(texts) => {
                    self.cold.texts(cold, take)?;
                    for i in hot {
                        take(self.cold.rows + i as u64, texts.get(i).unwrap_or("null"))?;
                    }
                }
                HotValues::Cells(cells) => {
                    let mut text = Vec::new();
                    let mut written = |row: u64, cell: Cell| {
                        text.clear();
                        dtype::push_cell(&mut text, self.dtype(), cell);
                        take(row, &String::from_utf8_lossy(&text))
                    };
                    let mut outcome = Ok(());
                    self.cold.cells(cold, &mut |first, cells| {
                        let mut rows = (first..).zip(cells);
                        if outcome.is_ok() {
                            outcome = rows.try_for_each(|(row, cell)| written(row, *cell));
                        }
                    })?;
                    outcome?;
                    hot.into_iter().try_for_each(|i| written(self.cold.rows + i as u64, cells[i]))?;
                }
            }
        }
        Ok(())
    }

    /// Rows as a column of the wanted type.
    pub fn column(&self, ranges: &[Range<u64>], wanted: As) -> Attempt<Column> {
        let mut steps = self.zeroes::<u32>(ranges)?;
        self.read_steps(ranges, &mut steps)?;
        Ok(Column { steps, data: self.data(ranges, wanted)? })
    }

    /// The values of rows in the wanted type.
    pub fn data(&self, ranges: &[Range<u64>], wanted: As) -> Attempt<ColumnData> {
        let dtype = match (wanted, self.dtype().class()) {
            (As::Type(dtype), _) => dtype,
            (As::Standard, Class::Int) => DType::I64,
            _ => self.dtype(),
        };
        Ok(match dtype {
            DType::F32 => ColumnData::F32(self.collect(ranges)?),
            DType::F64 => ColumnData::F64(self.collect(ranges)?),
            DType::I8 => ColumnData::I8(self.collect(ranges)?),
            DType::I16 => ColumnData::I16(self.collect(ranges)?),
            DType::I32 => ColumnData::I32(self.collect(ranges)?),
            DType::I64 => ColumnData::I64(self.collect(ranges)?),
            DType::U8 => ColumnData::U8(self.collect(ranges)?),
            DType::U16 => ColumnData::U16(self.collect(ranges)?),
            DType::U32 => ColumnData::U32(self.collect(ranges)?),
            DType::U64 => ColumnData::U64(self.collect(ranges)?),
            DType::Json => {
                let mut texts = JsonTexts::default();
                self.texts(ranges, &mut |_, text| {
                    texts.push(text);
                    Ok(())
                })?;
                ColumnData::Json(texts)
            }
        })
    }

    fn collect<T: Native>(&self, ranges: &[Range<u64>]) -> Attempt<Vec<T>> {
        let mut values = self.zeroes(ranges)?;
        self.read(ranges, &mut values)?;
        Ok(values)
    }

    /// As many values as there are rows.
    fn zeroes<T: Native>(&self, ranges: &[Range<u64>]) -> Attempt<Vec<T>> {
        let rows = count(ranges);
        let too_many =
            || Error::new(Code::Io, format!("metric {}: no memory for {rows} rows", self.cold.name));
        usize::try_from(rows).ok().and_then(pages::zeroes).ok_or_else(|| Halt::Stop(too_many()))
    }

    /// The value of a row does not fit the wanted type.
    fn refuse(&self, row: u64, wanted: DType) -> Halt {
        let mut text = String::new();
        let found = self.texts(std::slice::from_ref(&(row..row + 1)), &mut |_, value| {
            text = value.chars().take(40).collect();
            Ok(())
        });
        let mut step = Vec::new();
        match found.and_then(|()| self.steps(std::slice::from_ref(&(row..row + 1)), &mut step)) {
            Ok(()) => Halt::Stop(Error::type_error(format!(
                "metric {} ({}): the value {text} at step {} is no {wanted}; read it as stored",
                self.cold.name,
                self.dtype(),
                step.first().copied().unwrap_or_default(),
            ))),
            Err(halt) => halt,
        }
    }
}

/// Rows in all.
pub fn count(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|r| r.end - r.start).sum()
}

fn from_cell<T: Native>(dtype: DType, cell: Cell) -> Option<T> {
    match dtype.class() {
        Class::Float => T::from_f64(f64::from_bits(cell)),
        _ => T::from_int(dtype::cell_to_i128(dtype, cell)),
    }
}

fn number<T: Native>(raw: Raw) -> Option<T> {
    match raw.kind() {
        RawKind::Null => T::from_f64(f64::NAN),
        RawKind::Bool => T::from_int(i128::from(raw.as_bool()?)),
        RawKind::Int => match int(raw) {
            Some(value) => T::from_int(value),
            // As a float it might be rounded into the range of the type.
            None if T::DTYPE.class() == Class::Int => None,
            None => T::from_f64(raw.as_f64()?),
        },
        _ => T::from_f64(raw.as_f64()?),
    }
}

fn int(raw: Raw) -> Option<i128> {
    raw.as_i64().map(i128::from).or_else(|| raw.as_u64().map(i128::from))
}

/// A hot value as a cell of the metric's type (format §14.1): null is NaN, an integer in a float metric that float,
/// and what the writer never logs must at least be exact.
fn hot_cell(dtype: DType, raw: Raw) -> Option<Cell> {
    match dtype {
        DType::F64 => number::<f64>(raw).map(f64::to_bits),
        // Not by way of f32's own parsing: the text is that of the widened value.
        DType::F32 => number::<f64>(raw).map(|v| f64::from(v as f32).to_bits()),
        DType::I8 => number::<i8>(raw).map(|v| i64::from(v) as Cell),
        DType::I16 => number::<i16>(raw).map(|v| i64::from(v) as Cell),
        DType::I32 => number::<i32>(raw).map(|v| i64::from(v) as Cell),
        DType::I64 => number::<i64>(raw).map(|v| v as Cell),
        DType::U8 => number::<u8>(raw).map(Cell::from),
        DType::U16 => number::<u16>(raw).map(Cell::from),
        DType::U32 => number::<u32>(raw).map(Cell::from),
        DType::U64 => number::<u64>(raw),
        DType::Json => None,
    }
}

fn misfit(cold: &Cold, step: u32, raw: Raw) -> Halt {
    let text: String = String::from_utf8_lossy(raw.0).chars().take(40).collect();
    let what = format!("metric {} ({}): the hot row of step {step} holds {text}", cold.name, cold.dtype);
    Halt::Stop(Error::new(Code::Corrupt, what))
}
