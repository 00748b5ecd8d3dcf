//! What a script has asked for so far, and what of it has been acknowledged.

use super::script::{Act, Script};
use super::{Cell, Content};
use plattli::run::dtype::Class;
use plattli::run::options::{Config, Layout, WriterOptions};
use std::collections::BTreeMap;

/// All states that the calls of a script lead through, and the one that must survive.
pub struct Trail {
    states: Vec<Content>,
    acknowledged: usize,
    /// A call is under way whose work is done metric by metric: cutting back to a step.
    cutting: bool,
    layout: Layout,
    /// Only what survives a power cut counts as acknowledged: rows whose step was ended, not those that were shown.
    pub power: bool,
    /// `RUN/config.json`, which an open without a value links to.
    linked: Option<String>,
    classes: BTreeMap<String, Class>,
    row: Vec<(String, Cell)>,
    /// Configurations that may have stayed because changing them was refused.
    stayed: Vec<String>,
    pub step: u32,
}

/// What a run may hold at this moment.
#[derive(Clone, Debug)]
pub struct Expect {
    /// From the last acknowledged state to the last one asked for.
    pub states: Vec<Content>,
    /// Configurations that are right as well.
    pub configs: Vec<String>,
    /// Rows may be there in part: the direct layout writes metric by metric, and so does cutting back.
    pub loose: bool,
}

impl Trail {
    pub fn new(script: &Script) -> Trail {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let linked = script.files.iter().find(|(path, _)| *path == "/run/config.json");
        Trail {
            states: vec![Content::default()],
            acknowledged: 0,
            cutting: false,
            layout: Layout::Compacting,
            power: false,
            linked: linked.map(|(_, bytes)| text(bytes)),
            classes: BTreeMap::new(),
            row: Vec::new(),
            stayed: Vec::new(),
            step: 0,
        }
    }

    /// The last state asked for.
    pub fn last(&self) -> &Content {
        self.states.last().unwrap()
    }

    pub fn expect(&self) -> Expect {
        Expect {
            states: self.states[self.acknowledged..].to_vec(),
            configs: self.stayed.clone(),
            loose: self.cutting || self.layout == Layout::Direct,
        }
    }

    /// A call is about to be made.
    pub fn begin(&mut self, act: &Act) {
        match act {
            Act::Open(options) => self.open(options),
            Act::Write(name, value) | Act::Put(name, value) => {
                let own = value.dtype().class();
                let class = *self.classes.entry((*name).to_owned()).or_insert(own);
                let cell = value.cell(class);
                self.row.push(((*name).to_owned(), cell));
                if self.layout == Layout::Direct {
                    self.push_row();
                }
            }
            Act::End => {
                self.push_row();
                self.row.clear();
                self.step = self.step.wrapping_add(1);
            }
            Act::Flush => self.push_row(),
            Act::SetStep(step) => self.step = *step,
            Act::Config(text) => self.push_config((*text).to_owned()),
            Act::Finish(options) => {
                self.push_row();
                self.row.clear();
                if let (Some(extra), Some(config)) = (&options.config_overrides, &self.last().config) {
                    let merge = |old: &str| {
                        format!("{}, {}", old.trim_end_matches('}'), extra.trim_start_matches('{'))
                    };
                    let merged = merge(config);
                    self.stayed = self.stayed.iter().flat_map(|old| [old.clone(), merge(old)]).collect();
                    self.push_config(merged);
                }
            }
            Act::Close => {
                self.push_row();
                self.row.clear();
            }
            Act::Sync => {}
        }
    }

    /// The call has returned OK.
    pub fn done(&mut self, act: &Act) {
        let keeps = match act {
            Act::Write(..) | Act::Put(..) | Act::SetStep(_) => false,
            // Nothing of a bulk export is there before it is whole.
            Act::Flush | Act::Close | Act::Open(_) if self.power => false,
            Act::End | Act::Flush | Act::Sync | Act::Close => self.layout != Layout::Bulk,
            Act::Open(_) | Act::Config(_) | Act::Finish(_) => true,
        };
        if keeps {
            self.acknowledged = self.states.len() - 1;
            self.cutting = false;
        }
    }

    /// The call has returned an error. Of a write that means that its value was not taken; what ends or shows a row
    /// keeps it for a later call.
    pub fn failed(&mut self, act: &Act) {
        match act {
            Act::Write(..) | Act::Put(..) => _ = self.row.pop(),
            Act::Config(_) | Act::Finish(_) => {
                self.stayed.extend(self.states.iter().filter_map(|s| s.config.clone()));
                self.stayed.sort();
                self.stayed.dedup();
            }
            _ => {}
        }
    }

    /// A writer has ended with rows that it could not bring to the disk: what is there is what counts from now on.
    pub fn settle(&mut self, found: Content) {
        self.states.push(found);
        self.acknowledged = self.states.len() - 1;
        self.row.clear();
    }

    /// Something was asked for and not acknowledged.
    pub fn is_unsure(&self) -> bool {
        self.acknowledged + 1 < self.states.len()
    }

    fn open(&mut self, options: &WriterOptions) {
        self.layout = options.layout;
        self.row.clear();
        let mut next = self.last().clone();
        if let Some(step) = options.step {
            next = next.below(step);
            self.cutting = next.rows != self.last().rows;
            self.states.push(next.clone());
        }
        self.step = options.step.unwrap_or_else(|| next.last_step().map_or(0, |s| s.wrapping_add(1)));
        let config = match (&options.config, &self.linked) {
            (Config::Json(text), _) | (Config::Path(_), Some(text)) => text.clone(),
            (Config::Path(_), None) => next.config.clone().unwrap_or_else(|| "{}".into()),
        };
        self.push_config(config);
    }

    fn push_config(&mut self, config: String) {
        self.states.push(Content { config: Some(config), ..self.last().clone() });
    }

    fn push_row(&mut self) {
        if !self.row.is_empty() {
            let mut next = self.last().clone();
            next.put(self.step, &self.row);
            self.states.push(next);
        }
    }
}

impl Expect {
    /// Exactly one state.
    pub fn only(content: &Content) -> Expect {
        Expect { states: vec![content.clone()], configs: Vec::new(), loose: false }
    }

    /// Says what is wrong with what was found.
    pub fn check(&self, found: &Content) -> Result<(), String> {
        let wrong = |what: String| {
            let states: Vec<String> = self.states.iter().map(|s| s.to_string()).collect();
            Err(format!("{what}\n  found:{found}\n  allowed:{}", states.join("\n    or")))
        };
        if let Some(config) = &found.config {
            if !self.states.iter().any(|s| s.config.as_ref() == Some(config))
                && !self.configs.contains(config)
            {
                return wrong(format!("the configuration is {config}"));
            }
        }
        if self.states.iter().any(|s| s.rows == found.rows) {
            return Ok(());
        }
        if !self.loose {
            return wrong("rows are lost, added or changed".into());
        }
        for (name, rows) in &found.rows {
            for (step, cell) in rows {
                let known = |s: &Content| s.rows.get(name).and_then(|rows| rows.get(step)) == Some(cell);
                if !self.states.iter().any(known) {
                    return wrong(format!("{name} has {cell} at step {step}"));
                }
            }
        }
        // What all allowed states have in common was acknowledged and is not being dropped.
        for (name, rows) in &self.states[0].rows {
            for (step, cell) in rows {
                let has = |s: &Content| s.rows.get(name).and_then(|rows| rows.get(step)) == Some(cell);
                if self.states.iter().all(has) && !has(found) {
                    return wrong(format!("{name} has lost step {step}"));
                }
            }
        }
        Ok(())
    }
}
