//! Archives.

use crate::fixture::*;
use crate::memory::{alone, measured};
use plattli::run::options::{FinishOptions, ReaderOptions, WriterOptions};
use plattli::run::writer::Writer;
use plattli::store::MemoryStore;
use plattli::Code;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::Arc;
use zip::write::SimpleFileOptions;
use zip::CompressionMethod::{Deflated, Stored};

const ARCHIVE: &str = "/runs/heat/metrics.plattli";

fn finished() -> Vec<u8> {
    let disk = live();
    let writer = Writer::open_in(Arc::new(disk.clone()), Path::new(RUN), &WriterOptions::default()).unwrap();
    writer.finish(&FinishOptions::default()).unwrap();
    writer.close().unwrap();
    disk.peek(ARCHIVE).unwrap()
}

fn disk_with(archive: &[u8]) -> MemoryStore {
    let disk = MemoryStore::new();
    disk.plant(ARCHIVE, archive);
    disk
}

fn read_archive(archive: &[u8], bound: usize) -> plattli::Result<(Contents, Vec<String>)> {
    let disk = disk_with(archive);
    let (by_file, peak) = measured(|| read(&disk, ARCHIVE, &ReaderOptions::default()));
    assert!(peak < bound, "{peak} bytes for an archive of {}", archive.len());
    let by_folder = read(&disk, RUN, &ReaderOptions::default());
    assert_eq!(by_file.is_ok(), by_folder.is_ok());
    let reopen = WriterOptions { reopen_finished: true, ..Default::default() };
    let (resumed, peak) = measured(|| resume(&disk, &reopen));
    assert!(peak < 2 * bound, "{peak} bytes to reopen an archive of {}", archive.len());
    if by_file.is_err() {
        // Whatever cannot be read is not touched by a writer either.
        assert!(resumed.is_err());
        assert_eq!(disk.peek(ARCHIVE).unwrap(), archive);
    }
    by_file
}

fn zip_of(members: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn an_archive_cut_anywhere_is_refused() {
    alone(|| {
        let archive = finished();
        assert_eq!(read_archive(&archive, 2_000_000).unwrap(), (whole(), vec![]));
        for cut in 0..archive.len() {
            read_archive(&archive[..cut], 2_000_000).unwrap_err();
        }
    });
}

#[test]
fn an_archive_with_any_byte_changed_is_survived() {
    alone(|| {
        let archive = finished();
        for at in 0..archive.len() {
            for flip in [0xff, 0x01, 0x80] {
                let mut archive = archive.clone();
                archive[at] ^= flip;
                let disk = disk_with(&archive);
                let (_, peak) = measured(|| _ = read(&disk, ARCHIVE, &ReaderOptions::default()));
                assert!(peak < 2_000_000, "{peak} bytes with byte {at} changed");
            }
        }
    });
}

#[test]
fn a_zip_bomb_is_refused_in_bounded_memory() {
    alone(|| {
        const MANIFEST: &[u8] =
            b"{\"b\": {\"indices\": [{\"start\": 0, \"step\": 1}], \"dtype\": \"u8\"}, \"run_rows\": 1}";
        let zeros = vec![0; 200 << 20];
        let bomb = zip_of(&[("plattli.json", MANIFEST), ("config.json", b"{}"), ("b.u8", &zeros)], Deflated);
        assert!(bomb.len() < 1 << 20);
        drop(zeros);
        let error = read_archive(&bomb, 80 << 20).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt, "{error}");
        let spaces = vec![b' '; 200 << 20];
        let bomb = zip_of(&[("plattli.json", &spaces)], Deflated);
        drop(spaces);
        read_archive(&bomb, 80 << 20).unwrap_err();
    });
}

#[test]
fn sizes_that_an_archive_only_claims_cost_no_memory() {
    alone(|| {
        let archive = finished();
        let directory = archive.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
        // Compressed size, size and name length of every entry of the directory, made huge.
        for (field, len) in [(20, 4), (24, 4), (28, 2), (30, 2), (42, 4)] {
            let mut archive = archive.clone();
            let mut at = directory;
            while let Some(next) = archive[at..].windows(4).position(|w| w == b"PK\x01\x02") {
                at += next;
                archive[at + field..at + field + len].fill(0xfe);
                at += 4;
            }
            read_archive(&archive, 2_000_000).unwrap_err();
        }
        // Number of entries, size and place of the directory.
        let end = archive.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
        for field in [8, 10, 12, 14, 16, 18] {
            let mut archive = archive.clone();
            archive[end + field..end + field + 2].fill(0xfe);
            _ = read_archive(&archive, 2_000_000);
        }
    });
}

#[test]
fn a_member_that_leaves_the_folder_is_never_unpacked() {
    alone(|| {
        const MANIFEST: &[u8] = b"{\"run_rows\": 0}";
        for name in
            ["../evil", "/runs/evil", "a/../../evil", "a\\..\\evil", "./evil", "a//b", "..", "plattli.json/x"]
        {
            let archive =
                zip_of(&[("config.json", b"{}"), ("plattli.json", MANIFEST), (name, b"evil")], Stored);
            let disk = disk_with(&archive);
            let reopen = WriterOptions { reopen_finished: true, ..Default::default() };
            resume(&disk, &reopen).map(drop).expect_err(name);
            assert!(disk.tree().iter().all(|(path, _)| !path.contains("evil")), "{name}");
            assert_eq!(disk.peek(ARCHIVE).unwrap(), archive);
        }
    });
}

#[test]
fn what_is_no_archive_is_passed_over() {
    alone(|| {
        for archive in [&b""[..], b"PK", b"PK\x05\x06", &[0; 100], &[b'P'; 70_000]] {
            let disk = live();
            disk.plant(ARCHIVE, archive);
            assert_eq!(read(&disk, RUN, &ReaderOptions::default()).unwrap().0, whole());
            assert!(read(&disk, ARCHIVE, &ReaderOptions::default()).is_err());
        }
    });
}
