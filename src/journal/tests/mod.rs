//! A journal over a disk in memory: what it promises, and what is left of it when anything goes wrong.

mod compaction;
mod doubt;
mod faults;
mod following;
mod memory;
mod rules;

use super::*;
use crate::bucket::{Folder, Put, Source, Upload, Version};
use crate::store::MemoryStore;
use std::path::PathBuf;
use std::time::Duration;

const PLACE: &str = "/place";

fn folder(store: &MemoryStore) -> Arc<dyn Bucket> {
    Arc::new(Folder::new(Arc::new(store.clone()), PathBuf::from(PLACE), true))
}

fn options(threshold: u64) -> JournalOptions {
    JournalOptions { threshold, ..JournalOptions::default() }
}

/// A journal of a process on a disk.
fn journal(store: &MemoryStore, threshold: u64) -> Journal {
    Journal::open_in(folder(store), &options(threshold)).unwrap()
}

/// Stores each of these as one batch.
fn store_each(journal: &Journal, events: &[&str]) {
    for event in events {
        journal.append(event.as_bytes()).unwrap();
        journal.flush().unwrap();
    }
}

fn texts(events: &Events) -> Vec<String> {
    events.iter().map(|event| String::from_utf8(event.to_vec()).unwrap()).collect()
}

fn read(journal: &Journal) -> Vec<String> {
    texts(&journal.read().unwrap())
}

/// What another process reads.
fn seen(store: &MemoryStore) -> Vec<String> {
    read(&journal(&store.process(), 32))
}

/// What stands in the folder, without what is not yet or no longer an object.
fn files(store: &MemoryStore) -> Vec<String> {
    let names =
        store.tree().into_iter().filter_map(|(path, _)| path.strip_prefix("/place/").map(str::to_owned));
    names.filter(|name| !name.is_empty() && !name.starts_with('.')).collect()
}

/// The last part of the path that an operation is about.
fn name_of(op: &crate::store::Operation) -> String {
    op.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Puts an object by hand.
fn plant(store: &MemoryStore, name: &str, text: &str) {
    store.plant(format!("{PLACE}/{name}"), text.as_bytes());
}

fn single(number: u64) -> String {
    name::Batch::single(number).to_string()
}

fn range(first: u64, last: u64) -> String {
    name::Batch { first, to: Some(last) }.to_string()
}

fn list(first: u64, last: u64) -> String {
    name::Batch { first, to: Some(last) }.list()
}
