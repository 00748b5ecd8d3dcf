//! A writer at work while the reader reads: every interleaving, one operation at a time.
//!
//! The writer is a list of single operations on the disk, as a compacting writer does them: rows appended, H → K,
//! K → V with the manifest before the values, promotion, finish, archive. The reader's store does some of them
//! before each operation of the reader. Whatever the reader then shows must be what was written, up to one step that
//! is the same for all metrics and no less than what was acknowledged before it began.

use super::*;
use crate::run::archive::pack;
use crate::run::dtype::{DType, Value};
use crate::run::manifest::{Manifest, MetricEntry};
use crate::run::options::{FinishOptions, WriterOptions};
use crate::run::steps::Indices;
use crate::run::writer::Writer;
use crate::store::{ops, Create, Done, Store};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

type Act = Box<dyn Fn(&dyn Store) + Send + Sync>;

/// The writer's operations, and before how many of them each step is acknowledged.
struct Script {
    acts: Vec<Act>,
    /// (operations done, rows acknowledged): steps 0 … rows − 1.
    acknowledged: Vec<(usize, u32)>,
}

const METRICS: [&str; 4] = ["every", "odd/third", "irregular", "note"];

/// Whether a metric has a row at a step.
fn has(metric: &str, step: u32) -> bool {
    match metric {
        "every" => true,
        "odd/third" => step % 3 == 1,
        "irregular" => [0, 1, 4, 6, 7, 9, 12, 13, 14, 17].contains(&step),
        _ => step >= 5 && step % 2 == 1,
    }
}

/// Its value there, as the text that a reader shows.
fn value(metric: &str, step: u32) -> String {
    match metric {
        "every" => format!("{step}.5"),
        "note" => format!("{{\"at\": [{step}, \"x\"]}}"),
        "irregular" if step >= 9 => format!("{}", 1000 + step),
        _ => format!("{step}"),
    }
}

/// Its type once its values up to a step are known: one is promoted.
fn dtype(metric: &str, step: u32) -> DType {
    match metric {
        "every" => DType::F64,
        "note" => DType::Json,
        "irregular" if step >= 9 => DType::I16,
        _ => DType::I8,
    }
}

fn encoded(metric: &str, step: u32, dtype: DType) -> Vec<u8> {
    let text = value(metric, step);
    match dtype {
        DType::F64 => text.parse::<f64>().unwrap().to_le_bytes().to_vec(),
        DType::I8 => text.parse::<i8>().unwrap().to_le_bytes().to_vec(),
        DType::I16 => text.parse::<i16>().unwrap().to_le_bytes().to_vec(),
        _ => format!("{text}\n").into_bytes(),
    }
}

fn root() -> PathBuf {
    Path::new(RUN).join("plattli")
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Live,
    Finished,
    Archived,
}

struct Author {
    script: Script,
    manifest: Manifest,
    /// Steps per metric in V.
    cold: HashMap<&'static str, Vec<u32>>,
    /// Steps in H, and in K.
    hot: Vec<u32>,
}

impl Author {
    fn act(&mut self, act: impl Fn(&dyn Store) + Send + Sync + 'static) {
        self.script.acts.push(Box::new(act));
    }

    fn append(&mut self, file: String, bytes: Vec<u8>) {
        self.act(move |store| {
            let path = root().join(&file);
            ops::create_dirs(store, ops::parent_of(&path)).unwrap();
            store.open_append(&path, Create::IfMissing).unwrap().append(&bytes).unwrap();
        });
    }

    fn publish(&mut self) {
        let text = self.manifest.to_text();
        self.act(move |store| ops::replace(store, &root().join("plattli.json"), &text).unwrap());
    }

    fn entry(&mut self, metric: &str) -> &mut MetricEntry {
        &mut self.manifest.metrics.iter_mut().find(|(name, _)| name == metric).unwrap().1
    }

    /// First values and promotions are published before the row that needs them.
    fn announce(&mut self, step: u32) {
        for metric in METRICS.into_iter().filter(|m| has(m, step)) {
            let now = dtype(metric, step);
            if !self.manifest.metrics.iter().any(|(name, _)| name == metric) {
                self.manifest.metrics.push((metric.into(), MetricEntry::new(now)));
                self.cold.insert(metric, Vec::new());
                self.publish();
            } else if self.entry(metric).dtype != now {
                let wide: Vec<u8> = self.cold[metric].iter().flat_map(|s| encoded(metric, *s, now)).collect();
                let old = format!("{metric}.{}", self.entry(metric).dtype);
                self.act(move |store| {
                    ops::replace(store, &root().join(format!("{metric}.{now}")), &wide).unwrap()
                });
                self.entry(metric).dtype = now;
                self.publish();
                self.act(move |store| store.remove_file(&root().join(&old)).unwrap());
            }
        }
    }

    fn row(&mut self, step: u32) {
        let mut line = format!("{{\"step\":{step}");
        METRICS
            .into_iter()
            .filter(|m| has(m, step))
            .for_each(|m| line += &format!(",\"{m}\":{}", value(m, step)));
        line += "}\n";
        // In two halves: a reader may see a line that is still being written.
        let (front, back) = line.split_at(line.len() / 2);
        self.append("hot.jsonl".into(), front.as_bytes().to_vec());
        self.append("hot.jsonl".into(), back.as_bytes().to_vec());
        self.hot.push(step);
        self.script.acknowledged.push((self.script.acts.len(), step + 1));
    }

    fn rotate(&mut self, new_log_at_once: bool) {
        self.act(|store| {
            store.rename(&root().join("hot.jsonl"), &root().join("hot.compacting.jsonl")).unwrap()
        });
        if new_log_at_once {
            self.append("hot.jsonl".into(), Vec::new());
        }
    }

    fn compact(&mut self, log: &'static str) {
        let rows = std::mem::take(&mut self.hot);
        let mut changed = false;
        for metric in METRICS {
            let Some(mut count) = self.cold.get(metric).map(|c| c.len() as u64) else { continue };
            for step in rows.iter().filter(|s| has(metric, **s)) {
                if let Indices::List(list) = &mut self.entry(metric).indices {
                    changed |= list.append(count, *step).unwrap();
                }
                count += 1;
            }
        }
        if changed {
            self.publish();
        }
        for metric in METRICS {
            let steps: Vec<u32> = rows.iter().copied().filter(|s| has(metric, *s)).collect();
            if steps.is_empty() {
                continue;
            }
            let kept = self.entry(metric).dtype;
            let bytes: Vec<u8> = steps.iter().flat_map(|s| encoded(metric, *s, kept)).collect();
            let (front, back) = bytes.split_at(bytes.len() / 2);
            let file = format!("{metric}.{}", kept.suffix());
            self.append(file.clone(), front.to_vec());
            self.append(file, back.to_vec());
            self.cold.get_mut(metric).unwrap().extend(steps);
        }
        self.act(move |store| store.remove_file(&root().join(log)).unwrap());
    }

    fn finish(&mut self, steps: u32, archive: bool) {
        for metric in METRICS {
            let n = self.cold[metric].len() as u64;
            if let Indices::List(list) = &mut self.entry(metric).indices {
                list.close(n);
            }
        }
        self.manifest.run_rows = Some(u64::from(steps));
        self.publish();
        if archive {
            let tmp = Path::new(RUN).join("metrics.plattli.tmp");
            let path = Path::new(RUN).join("metrics.plattli");
            let from = tmp.clone();
            self.act(move |store| pack(store, &root(), &from, &HashMap::new()).unwrap());
            self.act(move |store| store.rename(&tmp, &path).unwrap());
            // As the reference removes it, in any order; values first is the worst.
            for file in ["every.f64", "irregular.i16", "plattli.json", "odd/third.i8"] {
                self.act(move |store| drop(ops::remove_if_present(store, &root().join(file))));
            }
            self.act(|store| ops::remove_tree(store, &root()).unwrap());
        }
    }
}

/// When rows are compacted, and whether the new log is there before there is a row for it.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// In the background: the next row is written meanwhile.
    Behind,
    /// The same, with an empty log at once.
    BehindWithNewLog,
    /// Within the step, so that no row is hot until the next one.
    Within,
}

fn script(steps: u32, hotsize: usize, style: Style, end: End) -> Script {
    let script = Script { acts: Vec::new(), acknowledged: vec![(0, 0)] };
    let mut author = Author { script, manifest: Manifest::default(), cold: HashMap::new(), hot: Vec::new() };
    for step in 0..steps {
        author.announce(step);
        if style == Style::Within {
            author.row(step);
            if author.hot.len() >= hotsize {
                author.rotate(step % 2 == 0);
                author.compact("hot.compacting.jsonl");
            }
        } else if author.hot.len() >= hotsize {
            author.rotate(style == Style::BehindWithNewLog);
            let pending = std::mem::take(&mut author.hot);
            author.row(step);
            let newer = std::mem::replace(&mut author.hot, pending);
            author.compact("hot.compacting.jsonl");
            author.hot = newer;
        } else {
            author.row(step);
        }
    }
    if end != End::Live {
        if !author.hot.is_empty() {
            author.compact("hot.jsonl");
        }
        author.finish(steps, end == End::Archived);
    }
    author.script
}

/// The reader's columns against what was written. Returns the number of rows shown.
fn check(reader: &Reader, at_least: u32, context: &str) -> u32 {
    let names = reader.metrics();
    let shown = names
        .iter()
        .map(|name| (name.as_str(), rows(reader, name).unwrap_or_else(|e| panic!("{context}: {e}"))));
    let shown: HashMap<&str, Vec<(u32, String)>> = shown.collect();
    let rows = shown.get("every").and_then(|rows| rows.last()).map_or(0, |(step, _)| step + 1);
    assert!(rows >= at_least, "{context}: {rows} rows shown, {at_least} were acknowledged");
    for metric in METRICS {
        let expected: Vec<(u32, String)> =
            (0..rows).filter(|s| has(metric, *s)).map(|s| (s, value(metric, s))).collect();
        let empty = Vec::new();
        let got = shown.get(metric).unwrap_or(&empty);
        assert!(*got == expected, "{context}: {metric} up to {rows} rows: {got:?}, expected {expected:?}");
    }
    rows
}

/// Before each operation of the reader the writer does so many of its own.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Operations of the writer before the reader comes.
    head_start: usize,
    /// The reader's operation at which the writer first goes on.
    first: usize,
    /// How many it then does …
    burst: usize,
    /// … and again after so many operations of the reader; 0: never.
    period: usize,
    /// The disk is one of this system.
    local: bool,
}

fn watch(script: &Arc<Script>, pace: Pace) {
    let disk = MemoryStore::new();
    disk.set_local(pace.local);
    let writer = disk.process();
    ops::create_dirs(&writer, &root()).unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let go_on = {
        let (script, done, writer) = (script.clone(), done.clone(), writer.clone());
        move |n: usize| {
            for _ in 0..n {
                let next = done.load(Ordering::Relaxed);
                if let Some(act) = script.acts.get(next) {
                    act(&writer);
                    done.store(next + 1, Ordering::Relaxed);
                }
            }
        }
    };
    let acknowledged = || {
        let done = done.load(Ordering::Relaxed);
        script.acknowledged.iter().filter(|(after, _)| *after <= done).map(|(_, rows)| *rows).max().unwrap()
    };
    go_on(pace.head_start);
    let store = disk.process();
    let (seen, hook) = (AtomicUsize::new(0), go_on.clone());
    store.before_each(move |_| {
        let n = seen.fetch_add(1, Ordering::Relaxed);
        let due = n.checked_sub(pace.first).is_some_and(|since| match pace.period {
            0 => since == 0,
            period => since.is_multiple_of(period),
        });
        if due {
            hook(pace.burst);
        }
    });
    let before = acknowledged();
    let context = format!("{pace:?}");
    let reader = match open(&store) {
        Ok(reader) => reader,
        Err(e) => {
            assert!(before == 0 && e.code() == Code::NotFound, "{context}: {e}");
            return;
        }
    };
    let first = check(&reader, before, &context);
    // The snapshot stays what it was, however far the writer has got.
    go_on(7);
    assert_eq!(
        check(&reader, first, &format!("{context}, again")),
        first,
        "{context}: the snapshot has moved"
    );
    let before = acknowledged();
    reader.refresh().unwrap();
    check(&reader, before, &format!("{context}, refreshed"));
}

fn watch_all(script: Script, firsts: usize, bursts: &[usize], periods: &[usize]) {
    let script = Arc::new(script);
    for head_start in 0..=script.acts.len() {
        for first in 0..firsts {
            for burst in bursts {
                for period in periods {
                    for local in [true, false] {
                        watch(&script, Pace { head_start, first, burst: *burst, period: *period, local });
                    }
                }
            }
        }
    }
}

#[test]
fn one_interruption_at_any_operation_shows_a_consistent_prefix() {
    watch_all(script(14, 2, Style::Behind, End::Live), 28, &[1, 5, 14], &[0]);
}

#[test]
fn one_interruption_shows_a_consistent_prefix_when_the_new_log_is_there_at_once() {
    watch_all(script(14, 3, Style::BehindWithNewLog, End::Live), 28, &[3, 9, 30], &[0]);
}

#[test]
fn a_writer_that_never_rests_shows_a_consistent_prefix() {
    watch_all(script(18, 2, Style::Behind, End::Live), 1, &[1, 3], &[1, 2]);
    watch_all(script(18, 1, Style::BehindWithNewLog, End::Live), 1, &[1, 7], &[1, 3]);
    watch_all(script(15, 4, Style::BehindWithNewLog, End::Archived), 1, &[1, 4], &[1, 2]);
    // So many interruptions that the logs are no longer waited for, and moments without a hot row among them.
    watch_all(script(90, 1, Style::Within, End::Live), 1, &[1, 3], &[2]);
}

#[test]
fn finish_under_the_reader_takes_nothing_away() {
    watch_all(script(10, 4, Style::Behind, End::Finished), 20, &[1, 4, 200], &[0]);
}

#[test]
fn archiving_under_the_reader_takes_nothing_away() {
    watch_all(script(10, 4, Style::BehindWithNewLog, End::Archived), 20, &[1, 4, 200], &[0]);
}

#[test]
fn a_run_without_hot_rows_is_seen_up_to_one_step_as_well() {
    watch_all(script(12, 1, Style::Within, End::Live), 24, &[2, 9, 26], &[0]);
    watch_all(script(12, 2, Style::Within, End::Finished), 1, &[1, 5], &[1, 2]);
}

/// A link to the newest run is set to another one, or directories are renamed, while a reader has the old run.
#[test]
fn a_run_that_takes_the_place_of_another_is_not_taken_for_it() {
    for local in [true, false] {
        let store = run(&open_metric("f32"), &[("m.f32", &f32s(&[1.0, 1.0, 1.0]))]);
        store.set_local(local);
        let other = r#"{"m": {"indices": [{"start": 7, "step": 1}], "dtype": "f32"}}"#;
        store.plant("/runs/next/plattli/plattli.json", other.as_bytes());
        store.plant("/runs/next/plattli/m.f32", &f32s(&[2.0, 2.0, 2.0]));
        let reader = open(&store).unwrap();
        store.rename(Path::new(RUN), Path::new("/runs/before")).unwrap();
        store.rename(Path::new("/runs/next"), Path::new(RUN)).unwrap();
        match rows(&reader, "m") {
            // One run or the other, but nothing of both.
            Ok(rows) => assert!(rows.iter().all(|(s, v)| (*s < 7) == (v == "1.0")), "{rows:?}"),
            Err(e) => assert_eq!(e.code(), Code::Busy, "{e}"),
        }
        assert_eq!(shown(&store, "m"), "7:2.0 8:2.0 9:2.0");
    }
}

#[test]
fn a_system_that_remembers_an_earlier_moment_of_a_run_sees_a_consistent_prefix() {
    fn write(store: &MemoryStore, steps: u32, finish: bool) -> Result<()> {
        let options = WriterOptions { threads: 0, hotsize: 3, ..WriterOptions::default() };
        let writer = Writer::open_in(Arc::new(store.clone()), Path::new(RUN), &options)?;
        for _ in 0..steps {
            let step = writer.step()?;
            writer.write("m", Value::F64(f64::from(step)))?;
            writer.end_step()?;
        }
        match finish {
            true => writer.finish(&FinishOptions::default()),
            false => writer.close(),
        }
    }
    for (before, finish) in [(1, false), (3, false), (4, true), (7, true)] {
        for n in 0.. {
            let here = MemoryStore::new();
            here.set_local(false);
            let writer = here.process();
            write(&writer, before, false).unwrap();
            here.remember();
            writer.kill_at(writer.ops() + n, Done::Whole);
            let done = write(&writer, 9, finish).is_ok();
            writer.kill();
            let context = format!("{before} rows, then operation {n}, finish: {finish}");
            let seen = open(&here).and_then(|reader| rows(&reader, "m"));
            let seen = seen.unwrap_or_else(|e| panic!("{context}: {e}"));
            let steps: Vec<u32> = seen.iter().map(|(step, _)| *step).collect();
            assert_eq!(steps, (0..steps.len() as u32).collect::<Vec<_>>(), "{context}");
            assert!(steps.len() >= before as usize, "{context}: {steps:?}");
            if done {
                // What was remembered of the logs has been asked anew by now.
                assert_eq!(rows(&open(&here).unwrap(), "m").unwrap().len(), before as usize + 9);
                break;
            }
        }
    }
}
