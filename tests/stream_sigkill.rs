//! A writer that is killed for real: every row that was handed to the operating system is there.
#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod stream_help;

use plattli::store::DiskStore;
use plattli::stream::{Stream, StreamOptions};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use stream_help::*;

const FOLDER: &str = "PLATTLI_TEST_STREAM_FOLDER";

fn disk(dir: &Path, checkpoint: Duration) -> Stream {
    let options = StreamOptions {
        roll_rows: 20_000,
        store_bytes: 8 << 20,
        checkpoint,
        min_free_bytes: 0,
        ..StreamOptions::default()
    };
    Stream::open(Arc::new(DiskStore), dir, &options).unwrap()
}

/// Not a test of its own: what the killed process does. It tells the rows of each checkpoint that returned.
#[test]
fn the_writer_that_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let stream = disk(Path::new(&folder), Duration::ZERO);
    let mut next = ["a", "b"].map(|p| content(&stream, "t", p).unwrap().end);
    for step in 0_u64.. {
        for (i, partition) in ["a", "b"].into_iter().enumerate() {
            let rows = [1, 700, 1500, 90][(step as usize + i) % 4];
            // What is refused is tried again.
            while append(&stream, "t", partition, next[i]..next[i] + rows).is_err() {}
            next[i] += rows;
        }
        if stream.checkpoint().is_ok() {
            println!("\nrecorded {} {}", next[0], next[1]);
        }
    }
}

#[test]
fn after_a_real_sigkill_every_row_handed_to_the_operating_system_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = vec![0, 0];
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_writer_that_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut recorded = 0;
        while recorded <= 3 * round {
            let line = lines.next().expect("the writer goes on").unwrap();
            recorded += u64::from(line.starts_with("recorded "));
            if let Some(rest) = line.strip_prefix("recorded ") {
                told = rest.split(' ').map(|n| n.parse().unwrap()).collect();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before the kill reached it.
        for line in lines.map_while(Result::ok) {
            let numbers: Vec<u64> = line
                .strip_prefix("recorded ")
                .into_iter()
                .flat_map(|r| r.split(' '))
                .flat_map(str::parse)
                .collect();
            if numbers.len() == 2 && line.ends_with(|c: char| c.is_ascii_digit()) {
                // The last line may be torn within a number: it is then smaller, never larger.
                told = told.iter().zip(numbers).map(|(a, b)| *a.max(&b)).collect();
            }
        }
        // Every other time the next writer finds what the kill has left, and a copy of it is looked at.
        let copy = tempfile::tempdir().unwrap();
        let looked_at = if round % 2 == 0 { folder.path() } else { copy.path() };
        if round % 2 == 1 {
            let all = format!("{}/.", folder.path().display());
            assert!(Command::new("cp").arg("-a").arg(all).arg(copy.path()).status().unwrap().success());
        }
        let stream = disk(looked_at, Duration::ZERO);
        for (partition, told) in ["a", "b"].into_iter().zip(&told) {
            let found = content(&stream, "t", partition).unwrap();
            assert!(found.end >= *told, "round {round}: {partition} has {found:?} of {told} recorded rows");
        }
        let lost: Vec<String> = stream.findings().into_iter().filter(|f| f.contains("lost")).collect();
        assert!(lost.is_empty(), "{lost:?}");
        stream.close().unwrap();
    }
    assert!(told[0] > 20_000, "{told:?}");
}
