//! Looks at a disk after an accident: what a reader sees, what a writer makes of it, and what comes of that.

use super::pypi::Pypi;
use super::script::{options, V};
use super::{Cell, Content, Expect, RUN};
use plattli::run::options::{FinishOptions, WriterOptions};
use plattli::run::writer::Writer;
use plattli::store::{Done, Effect, MemoryStore};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Problems told in full before only their number is; the environment may ask for more.
pub fn told() -> usize {
    std::env::var("PLATTLI_TELL").ok().and_then(|text| text.parse().ok()).unwrap_or(8)
}

/// Examines images, each once however many accidents lead to it.
pub struct Examiner {
    seen: HashMap<u64, Rc<Findings>>,
    nested: HashSet<(u64, Option<u32>)>,
    /// Recovery is not killed in its turn.
    shallow: bool,
    pypi: Option<Pypi>,
    problems: Vec<String>,
    /// Accidents examined.
    pub accidents: usize,
    /// Accidents during recovery examined.
    pub nested_accidents: usize,
}

/// What was found on an image, whatever the accident was.
struct Findings {
    /// What a reader shows before anybody repairs anything.
    frozen: Result<Content, String>,
    /// What a writer that continues finds, and what it warns of.
    recovered: Result<(Content, Vec<String>), String>,
}

impl Examiner {
    pub fn new(with_pypi: bool) -> Examiner {
        Examiner {
            seen: HashMap::new(),
            nested: HashSet::new(),
            shallow: false,
            pypi: if with_pypi { Pypi::start() } else { None },
            problems: Vec::new(),
            accidents: 0,
            nested_accidents: 0,
        }
    }

    /// For accidents whose recovery is killed elsewhere at each of its operations.
    pub fn shallow() -> Examiner {
        Examiner { shallow: true, ..Self::new(true) }
    }

    /// Examines a disk that must hold what is expected. `context` tells the accident.
    pub fn examine(&mut self, image: &MemoryStore, expect: &Expect, context: &dyn Fn() -> String) {
        self.accidents += 1;
        let key = key(image);
        let found = match self.seen.get(&key) {
            Some(found) => found.clone(),
            None => {
                let found = Rc::new(self.look(image, context));
                self.seen.insert(key, found.clone());
                found
            }
        };
        let mut problem =
            |what: &str, error: String| self.problems.push(format!("{}\n  {what}: {error}", context()));
        match &found.frozen {
            Ok(content) => _ = expect.check(content).map_err(|e| problem("as it stands", e)),
            Err(error) => problem("as it stands it cannot be read", error.clone()),
        }
        match &found.recovered {
            Ok((_, warnings)) if !warnings.is_empty() && !expect.loose => {
                problem("recovery warns where nothing is wrong", format!("{warnings:?}"));
            }
            Ok((content, _)) => {
                // The open of a recovery may change the configuration; that is checked where it is looked at.
                let rows = Content { rows: content.rows.clone(), config: None };
                _ = expect.check(&rows).map_err(|e| problem("after recovery", e));
            }
            Err(error) => problem("recovery", error.clone()),
        }
    }

    /// Everything that depends on the image alone.
    fn look(&mut self, image: &MemoryStore, context: &dyn Fn() -> String) -> Findings {
        let frozen = read(image);
        if let (Ok(content), Some(pypi)) = (&frozen, &mut self.pypi) {
            pypi.expect(image, content, context());
        }
        let recovered = recover(image, &options()).and_then(|(opened, content)| {
            let warnings = warnings(image, &opened.1)?;
            let same_config = || frozen.as_ref().map(|c| c.config == content.config || c.config.is_none());
            if image.peek(format!("{RUN}/config.json")).is_none() && same_config() == Ok(false) {
                return Err(format!("the configuration became {:?}", content.config));
            }
            if let (Ok(frozen), true) = (&frozen, content.config.is_some()) {
                if frozen.rows != content.rows {
                    return Err(format!(
                        "recovery changed what could be read before:{frozen}\n  now:{content}"
                    ));
                }
            }
            let variant = self.seen.len();
            self.go_on(opened, &content, variant, context)?;
            self.interrupted(image, None, &content, !warnings.is_empty())?;
            self.cut_back(image, &content, variant, !warnings.is_empty())?;
            Ok((content, warnings))
        });
        Findings { frozen, recovered }
    }

    /// Writes on after a recovery, finishes, and reads all of it.
    fn go_on(
        &mut self,
        (store, writer): (MemoryStore, Writer),
        content: &Content,
        variant: usize,
        context: &dyn Fn() -> String,
    ) -> Result<(), String> {
        let mut expected = content.clone();
        let fail = |what: &str, e: plattli::Error| format!("going on: {what}: {e}");
        for _ in 0..3 {
            let step = writer.step().map_err(|e| fail("step", e))?;
            let mut row: Vec<(String, V)> = content
                .rows
                .iter()
                .map(|(name, rows)| {
                    let value = match rows.values().next() {
                        Some(Cell::Int(_)) => V::I8(1),
                        Some(Cell::Float(_)) => V::F32(0.5),
                        _ => V::Str("on"),
                    };
                    (name.clone(), value)
                })
                .collect();
            row.push(("go/on".into(), V::U16(9)));
            for (name, value) in &row {
                writer.write(name, value.value()).map_err(|e| fail(name, e))?;
            }
            writer.end_step().map_err(|e| fail("end_step", e))?;
            let class = |name: &str| match content.rows.get(name).and_then(|rows| rows.values().next()) {
                Some(Cell::Float(_)) => plattli::run::dtype::Class::Float,
                Some(Cell::Json(_)) => plattli::run::dtype::Class::Json,
                _ => plattli::run::dtype::Class::Int,
            };
            let cells: Vec<(String, Cell)> =
                row.iter().map(|(name, value)| (name.clone(), value.cell(class(name)))).collect();
            expected.put(step, &cells);
        }
        let finish =
            FinishOptions { optimize: variant & 1 == 0, archive: variant & 2 == 0, config_overrides: None };
        writer.finish(&finish).map_err(|e| fail("finish", e))?;
        let stats = writer.stats();
        writer.close().map_err(|e| fail("close", e))?;
        let found = read(&store)?;
        if found.rows != expected.rows {
            return Err(format!("written on and finished:{found}\n  instead of:{expected}"));
        }
        if (stats.dropped_rows, stats.io_errors) != (0, 0) {
            return Err(format!("a loss is reported where there was none: {stats:?}"));
        }
        let litter: Vec<String> =
            store.tree().into_iter().map(|(path, _)| path).filter(|p| is_litter(p)).collect();
        if !litter.is_empty() {
            return Err(format!("left behind after finish: {litter:?}"));
        }
        if let Some(pypi) = &mut self.pypi {
            pypi.expect(&store, &found, format!("{}\n  recovered, written on, finished", context()));
        }
        Ok(())
    }

    /// Kills the recovery at each of its operations and recovers again. `warned`: there is something to warn of.
    fn interrupted(
        &mut self,
        image: &MemoryStore,
        step: Option<u32>,
        expected: &Content,
        warned: bool,
    ) -> Result<(), String> {
        if self.shallow {
            return Ok(());
        }
        let options = WriterOptions { step, ..options() };
        let whole = image.snapshot();
        drop(open(&whole, &options)?);
        let log = whole.log();
        for op in log.iter().filter(|op| matches!(op.effect, Effect::Change | Effect::Grow)) {
            let data = matches!(op.what, "append" | "write_at") && op.len > 1;
            let variants: &[Done] = if data { &[Done::Nothing, Done::Half] } else { &[Done::Nothing] };
            for &done in variants {
                let store = image.snapshot();
                store.kill_at(op.n, done);
                drop(open(&store, &options));
                let again = store.revive();
                if !self.nested.insert((key(&again), step)) {
                    continue;
                }
                self.nested_accidents += 1;
                let at = |e: String| format!("recovery (step {step:?}) killed at {op} ({done:?} done): {e}");
                let frozen = read(&again).map_err(at)?;
                if step.is_none() && frozen.config.is_some() && frozen.rows != expected.rows {
                    return Err(at(format!("a reader sees:{frozen}\n  instead of:{expected}")));
                }
                let ((_, writer), content) = recover(&again, &options).map_err(at)?;
                let warnings = warnings(&again, &writer).map_err(at)?;
                if !warnings.is_empty() && !warned {
                    return Err(at(format!("the next recovery warns where nothing is wrong: {warnings:?}")));
                }
                if content.rows != expected.rows {
                    return Err(at(format!("the next recovery finds:{content}\n  instead of:{expected}")));
                }
            }
        }
        Ok(())
    }

    /// Goes back to some step, as a simulation does from its checkpoint.
    fn cut_back(
        &mut self,
        image: &MemoryStore,
        content: &Content,
        variant: usize,
        warned: bool,
    ) -> Result<(), String> {
        let steps: BTreeSet<u32> = content.rows.values().flat_map(|rows| rows.keys().copied()).collect();
        for step in steps {
            let options = WriterOptions { step: Some(step), ..options() };
            let (_, found) = recover(image, &options).map_err(|e| format!("at step {step}: {e}"))?;
            let expected = content.below(step);
            if found.rows != expected.rows {
                return Err(format!("continued at step {step}:{found}\n  instead of:{expected}"));
            }
            // All of them would take long and show little more.
            if (step as usize + variant).is_multiple_of(4) {
                self.interrupted(image, Some(step), &expected, warned)?;
            }
        }
        Ok(())
    }

    /// Fails with all problems found.
    pub fn conclude(mut self, what: &str) {
        let mut problems = std::mem::take(&mut self.problems);
        let mut read = 0;
        if let Some(pypi) = &mut self.pypi {
            problems.extend(pypi.problems());
            read = pypi.read;
        }
        eprintln!(
            "{what}: {} accidents, {} images, {} accidents during recovery, {read} images read by the PyPI reader, \
             {} problems",
            self.accidents,
            self.seen.len(),
            self.nested_accidents,
            problems.len()
        );
        let told: Vec<String> = problems.iter().take(told()).map(|p| format!("- {p}")).collect();
        assert!(
            problems.is_empty(),
            "{what}: {} problems, the first of them:\n{}",
            problems.len(),
            told.join("\n")
        );
    }
}

/// A file that nobody needs once a run is finished.
fn is_litter(path: &str) -> bool {
    path.ends_with(".tmp")
        || path.contains("hot.")
        || path.contains(".plattli.lock")
        || path.contains(".rejected")
}

/// What a reader of an image sees.
pub fn read(image: &MemoryStore) -> Result<Content, String> {
    Content::read(Arc::new(image.process()), Path::new(RUN)).map_err(|e| e.to_string())
}

fn open(store: &MemoryStore, options: &WriterOptions) -> Result<Writer, String> {
    let options = WriterOptions { reopen_finished: true, ..options.clone() };
    Writer::open_in(Arc::new(store.clone()), Path::new(RUN), &options)
        .map_err(|e| format!("cannot be opened: {e}"))
}

/// Opens a copy of an image for writing, and tells what it then holds.
pub fn recover(
    image: &MemoryStore,
    options: &WriterOptions,
) -> Result<((MemoryStore, Writer), Content), String> {
    let store = image.snapshot();
    let writer = open(&store, options)?;
    let content = read(&store)?;
    let step = writer.step().map_err(|e| e.to_string())?;
    let expected = options.step.unwrap_or_else(|| content.last_step().map_or(0, |s| s.wrapping_add(1)));
    // A metric with rows at the last possible step has no next one.
    if step != expected && content.last_step() != Some(u32::MAX) {
        return Err(format!("continues at step {step} instead of {expected}"));
    }
    Ok(((store, writer), content))
}

/// What a writer warns of, but for a torn line: that was never acknowledged, and saying so is right.
fn warnings(image: &MemoryStore, writer: &Writer) -> Result<Vec<String>, String> {
    let cut_short =
        |log: &str| image.peek(format!("{RUN}/plattli/{log}")).is_some_and(|text| !text.ends_with(b"\n"));
    let mut warnings = writer.warnings().map_err(|e| e.to_string())?;
    warnings.retain(|w| {
        !w.contains("torn line") || !(cut_short("hot.jsonl") || cut_short("hot.compacting.jsonl"))
    });
    if writer.stats().warnings < warnings.len() as u64 {
        return Err(format!("{} warnings counted of {warnings:?}", writer.stats().warnings));
    }
    Ok(warnings)
}

/// Tells images apart; neither the time of day nor the lock makes a difference.
pub fn key(image: &MemoryStore) -> u64 {
    const STAMP: &[u8] = b"\"when_exported\": \"";
    let mut hasher = DefaultHasher::new();
    for (path, bytes) in image.tree() {
        if path.contains(".plattli.lock") {
            continue;
        }
        path.hash(&mut hasher);
        match bytes.windows(STAMP.len()).position(|w| w == STAMP) {
            Some(at) if path.contains("plattli.json") => {
                bytes[..at].hash(&mut hasher);
                bytes[(at + STAMP.len() + 20).min(bytes.len())..].hash(&mut hasher);
            }
            _ => bytes.hash(&mut hasher),
        }
    }
    hasher.finish()
}
