//! The language of the scripts: what a simulation does with its writer.

use super::Cell;
use plattli::json::{self, Spacing};
use plattli::run::dtype::{Class, DType, Value};
use plattli::run::options::{Config, FinishOptions, Layout, WriterOptions};

/// A value to be written.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum V {
    F32(f32),
    F64(f64),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    Bool(bool),
    Str(&'static str),
    Json(&'static str),
}

impl V {
    pub fn value(&self) -> Value<'static> {
        match *self {
            V::F32(v) => Value::F32(v),
            V::F64(v) => Value::F64(v),
            V::I8(v) => Value::I8(v),
            V::I16(v) => Value::I16(v),
            V::I32(v) => Value::I32(v),
            V::I64(v) => Value::I64(v),
            V::U8(v) => Value::U8(v),
            V::U16(v) => Value::U16(v),
            V::U32(v) => Value::U32(v),
            V::U64(v) => Value::U64(v),
            V::Bool(v) => Value::Bool(v),
            V::Str(v) => Value::Str(v),
            V::Json(v) => Value::Json(v.as_bytes()),
        }
    }

    pub fn dtype(&self) -> DType {
        self.value().own_dtype()
    }

    fn int(&self) -> Option<i128> {
        Some(match *self {
            V::I8(v) => v.into(),
            V::I16(v) => v.into(),
            V::I32(v) => v.into(),
            V::I64(v) => v.into(),
            V::U8(v) => v.into(),
            V::U16(v) => v.into(),
            V::U32(v) => v.into(),
            V::U64(v) => v.into(),
            _ => return None,
        })
    }

    fn float(&self) -> Option<f64> {
        match *self {
            V::F32(v) => Some(v.into()),
            V::F64(v) => Some(v),
            _ => self.int().map(|v| v as f64),
        }
    }

    /// The value as it must be read back from a metric of a class.
    pub fn cell(&self, class: Class) -> Cell {
        match class {
            Class::Int => Cell::Int(self.int().expect("an integer for an integer metric")),
            Class::Float => Cell::float(self.float().expect("a number for a float metric")),
            Class::Json => {
                let mut text = Vec::new();
                match *self {
                    V::Bool(v) => text = v.to_string().into_bytes(),
                    V::Str(v) => json::push_str(&mut text, v),
                    V::Json(v) => json::transcode(v.as_bytes(), Spacing::Spaced, &mut text).expect("JSON"),
                    _ => match self.int() {
                        Some(v) => text = v.to_string().into_bytes(),
                        None => json::push_f64(&mut text, self.float().expect("a number")),
                    },
                }
                Cell::Json(String::from_utf8(text).expect("UTF-8"))
            }
        }
    }
}

/// One call.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    Open(WriterOptions),
    /// By name.
    Write(&'static str, V),
    /// By id; the metric is registered with the type of the value at its first use after an open.
    Put(&'static str, V),
    End,
    Flush,
    Sync,
    SetStep(u32),
    Config(&'static str),
    Finish(FinishOptions),
    Close,
}

/// A program.
#[derive(Clone, Debug)]
pub struct Script {
    pub name: &'static str,
    /// Files that are there before it starts.
    pub files: Vec<(&'static str, &'static [u8])>,
    pub acts: Vec<Act>,
}

impl Script {
    pub fn new(name: &'static str) -> Script {
        Script { name, files: Vec::new(), acts: Vec::new() }
    }

    pub fn file(mut self, path: &'static str, bytes: &'static [u8]) -> Script {
        self.files.push((path, bytes));
        self
    }

    pub fn act(mut self, act: Act) -> Script {
        self.acts.push(act);
        self
    }

    pub fn open(self, options: WriterOptions) -> Script {
        self.act(Act::Open(options))
    }

    pub fn write(self, name: &'static str, value: V) -> Script {
        self.act(Act::Write(name, value))
    }

    /// A step with one value of each metric.
    pub fn step(mut self, row: &[(&'static str, V)]) -> Script {
        self.acts.extend(row.iter().map(|(name, value)| Act::Write(name, *value)));
        self.act(Act::End)
    }

    /// Steps at which one metric has a value derived from the step.
    pub fn at(mut self, name: &'static str, steps: &[u32]) -> Script {
        for &step in steps {
            self = self.act(Act::SetStep(step)).step(&[(name, V::F64(f64::from(step) + 0.25))]);
        }
        self
    }

    pub fn finish(self, optimize: bool, archive: bool) -> Script {
        self.act(Act::Finish(FinishOptions { optimize, archive, config_overrides: None })).act(Act::Close)
    }

    pub fn close(self) -> Script {
        self.act(Act::Close)
    }

    /// The same script with other options at every open.
    pub fn with(mut self, change: impl Fn(&mut WriterOptions)) -> Script {
        for act in &mut self.acts {
            if let Act::Open(options) = act {
                change(options);
            }
        }
        self
    }
}

/// The options of the scripts: small logs, no thread.
pub fn options() -> WriterOptions {
    WriterOptions { hotsize: 2, threads: 0, ..WriterOptions::default() }
}

pub fn continue_at(step: u32) -> WriterOptions {
    WriterOptions { step: Some(step), ..options() }
}

pub fn layout(layout: Layout) -> WriterOptions {
    WriterOptions { layout, ..options() }
}

pub fn config(text: &str) -> WriterOptions {
    WriterOptions { config: Config::Json(text.into()), ..options() }
}
