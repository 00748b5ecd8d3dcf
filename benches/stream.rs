//! Rows a second into a stream store: `cargo bench --bench stream -- [SECONDS] [FOLDER] [PRODUCERS]`.
//!
//! Eight partitions, batches of 1,000 rows of a time and four doubles, built anew for each append as a simulation
//! would. Prints what was taken, what was shed, and the largest resident memory.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

#[cfg(feature = "stream")]
fn main() {
    bench::run();
}

#[cfg(not(feature = "stream"))]
fn main() {
    println!("this needs the feature stream");
}

#[cfg(feature = "stream")]
mod bench {
    use arrow_array::{Float64Array, Int64Array, RecordBatch};
    use arrow_schema::{DataType, Field, Schema, SchemaRef};
    use plattli::store::DiskStore;
    use plattli::stream::{Stream, StreamOptions, Want};
    use plattli::Code;
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    const PARTITIONS: usize = 8;
    const ROWS: usize = 1000;

    fn batch(schema: &SchemaRef, start: u64) -> RecordBatch {
        let time =
            Int64Array::from_iter_values((0..ROWS as u64).map(|i| 1_700_000_000_000 + (start + i) as i64));
        let column = |k: u64| {
            let values = (0..ROWS as u64).map(|i| (start + i) as f64 * 1e-3 + k as f64);
            Arc::new(Float64Array::from_iter_values(values)) as _
        };
        RecordBatch::try_new(schema.clone(), vec![Arc::new(time), column(0), column(1), column(2), column(3)])
            .unwrap()
    }

    /// A figure from `/proc/self/status`, in MiB.
    fn status(name: &str) -> u64 {
        let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
    }

    pub fn run() {
        let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
        let number = |i: usize, otherwise| arguments.get(i).and_then(|a| a.parse().ok()).unwrap_or(otherwise);
        let (seconds, producers) = (number(0, 5), number(2, 1) as usize);
        let kept = tempfile::tempdir().unwrap();
        let folder = arguments.get(1).map_or(kept.path().to_path_buf(), PathBuf::from).join("stream");
        let stream = Stream::open(Arc::new(DiskStore), &folder, &StreamOptions::default()).unwrap();
        let mut fields = vec![Field::new("time", DataType::Int64, false)];
        fields.extend(["a", "b", "c", "d"].map(|name| Field::new(name, DataType::Float64, false)));
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        let start = Instant::now();
        let end = start + Duration::from_secs(seconds);
        let waits: Vec<Vec<Duration>> = std::thread::scope(|scope| {
            let produce = |producer: usize| {
                let (stream, schema) = (&stream, &schema);
                move || {
                    let names: Vec<String> = (0..PARTITIONS).map(|p| format!("rank{p}")).collect();
                    let mut next = [0; PARTITIONS];
                    let mut waits = Vec::new();
                    while Instant::now() < end {
                        for p in (producer..PARTITIONS).step_by(producers) {
                            let batch = batch(schema, next[p]);
                            let before = Instant::now();
                            match stream.append("probes", &names[p], batch) {
                                Ok(span) => next[p] = span.end,
                                Err(e) if e.code() == Code::Overloaded => {}
                                Err(e) => panic!("{e}"),
                            }
                            waits.push(before.elapsed());
                        }
                    }
                    waits
                }
            };
            let threads: Vec<_> = (0..producers).map(|p| scope.spawn(produce(p))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        stream.checkpoint().unwrap();
        let took = start.elapsed().as_secs_f64();
        let stats = stream.stats();
        let mut waits: Vec<Duration> = waits.into_iter().flatten().collect();
        waits.sort();
        let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize];
        println!(
            "{:.2} million rows/s over {took:.1} s, all of them recorded",
            stats.rows as f64 / took / 1e6
        );
        println!(
            "{} rows, {} shed; {} segments dropped",
            stats.rows, stats.shed_rows, stats.dropped_segments
        );
        println!("append: p50 {:?}  p90 {:?}  p99 {:?}  max {:?}", at(0.5), at(0.9), at(0.99), at(1.0));
        println!("disk {} MiB; memory {} MiB at most", stats.bytes >> 20, status("VmHWM"));
        let view = stream.view("probes", "rank0", Want::All).unwrap().unwrap();
        println!("rank0 keeps records {} to {} in {} segments", view.first, view.next, view.segments.len());
        stream.close().unwrap();
    }
}
