//! The files of these tests are made by hand, on the real file system.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use super::*;
use crate::store::DiskStore;
use std::collections::HashMap;
use std::fs;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::CompressionMethod;

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A zip file made by the crate: (name, method, content).
fn zipped(members: &[(&str, CompressionMethod, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, method, content) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(*method)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const STORED: CompressionMethod = CompressionMethod::Stored;
const DEFLATED: CompressionMethod = CompressionMethod::Deflated;

fn opened(bytes: &[u8]) -> Result<ArchiveReader> {
    let dir = dir();
    let path = dir.path().join("a.plattli");
    fs::write(&path, bytes).unwrap();
    ArchiveReader::open_strict(&DiskStore, &path)
}

fn put_u16(bytes: &mut [u8], at: usize, value: u16) {
    bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

fn put_u32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn position(bytes: &[u8], of: &[u8]) -> usize {
    memchr::memmem::find(bytes, of).unwrap()
}

/// The folder of format §15 after `finish` without archive.
fn vector_folder(root: &Path) {
    fs::create_dir_all(root.join("solver")).unwrap();
    fs::write(root.join("plattli.json"), r#"{"when_exported": "T", "run_rows": 5}"#).unwrap();
    fs::write(root.join("config.json"), "{\"dt\": 0.01, \"case\": \"Höhle\"}").unwrap();
    fs::write(root.join("note.jsonl"), "\"start\"\n{\"k\": [1, 2.5]}\n").unwrap();
    fs::write(root.join("res.f32"), [1.5f32, 0.75, f32::NAN, 0.1, 0.25].map(f32::to_le_bytes).concat())
        .unwrap();
    fs::write(root.join("solver/iters.u8"), [12, 9, 11]).unwrap();
}

#[test]
fn a_packed_folder_has_the_members_order_and_checksums_of_the_reference() {
    let dir = dir();
    let (root, tmp) = (dir.path().join("plattli"), dir.path().join("metrics.plattli.tmp"));
    vector_folder(&root);
    pack(&DiskStore, &root, &tmp, &HashMap::new()).unwrap();
    let bytes = fs::read(&tmp).unwrap();
    let order = ["config.json", "note.jsonl", "plattli.json", "res.f32", "solver/iters.u8"];
    assert!(order.map(|name| position(&bytes, name.as_bytes())).is_sorted());
    let archive = ArchiveReader::open(&DiskStore, &tmp).unwrap().unwrap();
    archive.verify().unwrap();
    let crc = |name: &str| archive.directory.member(archive.directory.find(name).unwrap()).crc32;
    assert_eq!(crc("res.f32"), 0xfd31_d871);
    assert_eq!(crc("solver/iters.u8"), 0xb04b_42b7);
    assert_eq!(crc("note.jsonl"), 0x7b03_db2a);
    assert_eq!(crc("config.json"), 0xac5e_3f4e);
    let mut slice = [0; 4];
    assert_eq!(archive.read_at("res.f32", 4, &mut slice).unwrap(), 4);
    assert_eq!(f32::from_le_bytes(slice), 0.75);
    // Sizes stand in the local headers, no flag promises a descriptor after the data.
    assert_eq!(u16::from_le_bytes([bytes[6], bytes[7]]) & 8, 0);
    assert_ne!(&bytes[18..22], &[0; 4]);
}

#[test]
fn members_are_ordered_by_their_path_parts_and_links_hold_what_they_denote() {
    let dir = dir();
    let (root, tmp) = (dir.path().join("plattli"), dir.path().join("out.tmp"));
    fs::create_dir_all(root.join("a")).unwrap();
    for name in ["a/b.u8", "a-b.f32", "a.u16", "plattli.json", "é.u8"] {
        fs::write(root.join(name), name).unwrap();
    }
    fs::write(dir.path().join("real.json"), "{\"linked\": 1}").unwrap();
    std::os::unix::fs::symlink("../real.json", root.join("config.json")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("dangling")).unwrap();
    pack(&DiskStore, &root, &tmp, &HashMap::new()).unwrap();
    let bytes = fs::read(&tmp).unwrap();
    let order = ["a/b.u8", "a-b.f32", "a.u16", "config.json", "plattli.json", "é.u8"];
    assert!(order.map(|name| position(&bytes, name.as_bytes())).is_sorted());
    let archive = ArchiveReader::open(&DiskStore, &tmp).unwrap().unwrap();
    assert_eq!(archive.read_all("config.json").unwrap(), b"{\"linked\": 1}");
    assert_eq!(archive.size("dangling"), None);
    assert_eq!(archive.read_all("é.u8").unwrap(), "é.u8".as_bytes());

    pack(
        &DiskStore,
        &root,
        &tmp,
        &HashMap::from([("config.json".to_owned(), Content::Bytes(b"{}".to_vec()))]),
    )
    .unwrap();
    let archive = ArchiveReader::open(&DiskStore, &tmp).unwrap().unwrap();
    assert_eq!(archive.read_all("config.json").unwrap(), b"{}");
}

#[test]
fn packing_and_unpacking_give_the_folder_back() {
    let dir = dir();
    let (root, tmp, back) = (dir.path().join("plattli"), dir.path().join("out.tmp"), dir.path().join("back"));
    vector_folder(&root);
    // Larger than what is kept in memory, so that the header is completed after its data have left.
    let large: Vec<u8> = (0..3_000_001u32).map(|i| (i * 7) as u8).collect();
    fs::write(root.join("large.bin"), &large).unwrap();
    fs::write(root.join("empty.f64"), "").unwrap();
    pack(&DiskStore, &root, &tmp, &HashMap::new()).unwrap();
    let archive = ArchiveReader::open(&DiskStore, &tmp).unwrap().unwrap();
    archive.verify().unwrap();
    unpack(&DiskStore, &archive, &back).unwrap();
    for (name, _) in ops::walk_files(&DiskStore, &root).unwrap() {
        assert_eq!(fs::read(root.join(&name)).unwrap(), fs::read(back.join(&name)).unwrap(), "{name}");
    }
    assert_eq!(ops::walk_files(&DiskStore, &back).unwrap().len(), 7);
}

#[test]
fn a_deflated_archive_reads_like_a_stored_one() {
    let values: Vec<u8> = (0..100_000u32).flat_map(|i| (i / 100).to_le_bytes()).collect();
    let archive = opened(&zipped(&[
        ("plattli.json", DEFLATED, b"{}"),
        ("d/", STORED, b""),
        ("m.u32", DEFLATED, &values),
    ]))
    .unwrap();
    assert_eq!(archive.names().collect::<Vec<_>>(), ["m.u32", "plattli.json"]);
    assert_eq!(archive.read_all("m.u32").unwrap(), values);
    let mut slice = [0; 40];
    assert_eq!(archive.read_at("m.u32", 399_980, &mut slice).unwrap(), 20);
    assert_eq!(slice[..20], values[399_980..]);
    archive.verify().unwrap();
}

#[test]
fn a_prefix_or_a_comment_does_not_hide_the_archive() {
    let plain = zipped(&[("plattli.json", STORED, b"{}")]);
    let mut commented = plain.clone();
    let end = commented.len() - 2;
    put_u16(&mut commented, end, 9);
    commented.extend_from_slice(b"PK\x05\x06 fake");
    for bytes in [[b"#!/bin/sh\n".as_slice(), &plain].concat(), commented] {
        assert_eq!(opened(&bytes).unwrap().read_all("plattli.json").unwrap(), b"{}");
    }
}

#[test]
fn what_is_no_archive_is_passed_over() {
    let dir = dir();
    let path = dir.path().join("metrics.plattli");
    assert!(ArchiveReader::open(&DiskStore, &path).unwrap().is_none());
    let plain = zipped(&[("plattli.json", STORED, b"{}")]);
    let other = zipped(&[("x", STORED, b"{}")]);
    for bytes in [&b""[..], b"PK\x05\x06", &[0; 100_000], &plain[..plain.len() - 3], &other] {
        fs::write(&path, bytes).unwrap();
        assert!(ArchiveReader::open(&DiskStore, &path).unwrap().is_none());
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(ArchiveReader::open(&DiskStore, &path).unwrap().is_none());
}

#[test]
fn encrypted_and_strangely_compressed_members_are_refused_with_a_reason() {
    for (offset, value, word) in [(8, 1u16, "encrypted"), (10, 12, "method 12")] {
        let mut bytes = zipped(&[("m.u8", STORED, b"123"), ("plattli.json", STORED, b"{}")]);
        let entry = position(&bytes, b"PK\x01\x02");
        put_u16(&mut bytes, entry + offset, value);
        let error = opened(&bytes).unwrap().read_all("m.u8").unwrap_err();
        assert_eq!(error.code(), Code::Corrupt);
        assert!(error.message().contains(word), "{error}");
    }
}

#[test]
fn a_zip_bomb_is_refused_before_it_goes_off() {
    let zeros = vec![0; 1 << 20];
    let honest = zipped(&[("m.u8", DEFLATED, &zeros), ("plattli.json", STORED, b"{}")]);
    assert_eq!(opened(&honest).unwrap().read_all("m.u8").unwrap(), zeros);
    let entry = position(&honest, b"PK\x01\x02");

    let mut claims = honest.clone();
    put_u32(&mut claims, entry + 24, 0xf000_0000);
    let error = opened(&claims).unwrap().read_all("m.u8").unwrap_err();
    assert!(error.message().contains("far more"), "{error}");

    let mut lies = honest.clone();
    put_u32(&mut lies, entry + 24, 1000);
    assert_eq!(opened(&lies).unwrap().read_all("m.u8").unwrap_err().code(), Code::Corrupt);
    put_u32(&mut lies, entry + 24, 2 << 20);
    assert_eq!(opened(&lies).unwrap().read_all("m.u8").unwrap_err().code(), Code::Corrupt);
}

#[test]
fn overlapping_members_are_refused() {
    let mut bytes =
        zipped(&[("m.u8", STORED, &[7; 100]), ("n.u8", STORED, b"123"), ("plattli.json", STORED, b"{}")]);
    let entry = position(&bytes, b"PK\x01\x02");
    for field in [20, 24] {
        put_u32(&mut bytes, entry + field, 140);
    }
    let error = opened(&bytes).unwrap_err();
    assert!(error.message().contains("overlaps"), "{error}");
}

#[test]
fn a_flipped_byte_is_found_when_unpacking() {
    let dir = dir();
    for method in [STORED, DEFLATED] {
        let content: Vec<u8> = (0..1000u32).flat_map(|i| (i * i).to_le_bytes()).collect();
        let mut bytes = zipped(&[("m.u32", method, &content), ("plattli.json", STORED, b"{}")]);
        bytes[600] ^= 4;
        let archive = opened(&bytes).unwrap();
        assert_eq!(archive.verify().unwrap_err().code(), Code::Corrupt);
        assert!(unpack(&DiskStore, &archive, &dir.path().join(format!("{method}"))).is_err());
    }
}

#[test]
fn member_names_that_leave_the_folder_are_refused() {
    let dir = dir();
    for name in ["../evil", "/etc/evil", "a/../../evil", "a\\evil", "c:evil", "a//evil", "./evil", "a/."] {
        let archive = opened(&zipped(&[(name, STORED, b"x"), ("plattli.json", STORED, b"{}")])).unwrap();
        let error = unpack(&DiskStore, &archive, &dir.path().join("in/side")).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt, "{name}");
        assert!(!dir.path().join("in").exists(), "{name}");
    }
}

#[test]
fn every_cut_and_every_flipped_byte_is_survived() {
    let whole =
        zipped(&[("m.u8", DEFLATED, &[7; 300]), ("n.u8", STORED, b"123"), ("plattli.json", STORED, b"{}")]);
    for len in 0..whole.len() {
        assert!(opened(&whole[..len]).is_err());
    }
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            if let Ok(archive) = opened(&bytes) {
                for name in archive.names() {
                    _ = archive.read_all(name);
                }
                _ = archive.verify();
            }
        }
    }
}

#[test]
fn a_zip64_end_record_and_zip64_fields_are_understood() {
    // By hand: one member whose entry keeps sizes and offset in the zip64 field.
    let (name, data) = (b"plattli.json".as_slice(), b"{}".as_slice());
    let mut bytes = Vec::new();
    let local = zipped(&[("plattli.json", STORED, b"{}")]);
    let entry = position(&local, b"PK\x01\x02");
    bytes.extend_from_slice(&local[..entry]);
    let mut head = local[entry..entry + 46].to_vec();
    for at in [20, 24, 42] {
        put_u32(&mut head, at, u32::MAX);
    }
    put_u16(&mut head, 30, 28);
    let directory = bytes.len() as u64;
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(&[1, 0, 24, 0]);
    for value in [data.len() as u64, data.len() as u64, 0] {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    let size = bytes.len() as u64 - directory;
    let record = bytes.len() as u64;
    bytes.extend_from_slice(b"PK\x06\x06");
    bytes.extend_from_slice(&44u64.to_le_bytes());
    bytes.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [1, 1, size, directory] {
        bytes.extend_from_slice(&u64::to_le_bytes(value));
    }
    bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    bytes.extend_from_slice(&record.to_le_bytes());
    bytes.extend_from_slice(&1u32.to_le_bytes());
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
    let archive = opened(&bytes).unwrap();
    assert_eq!(archive.read_all("plattli.json").unwrap(), data);

    // The same record promising a directory of 2^60 bytes must cost nothing.
    let at = record as usize + 40;
    bytes[at..at + 8].copy_from_slice(&(1u64 << 60).to_le_bytes());
    assert_eq!(opened(&bytes).unwrap_err().code(), Code::Corrupt);
}

#[test]
fn a_directory_of_holes_costs_neither_time_nor_memory() {
    let dir = dir();
    let path = dir.path().join("metrics.plattli");
    // 1 TiB of nothing, and an end record that calls it a directory.
    let mut end = b"PK\x06\x06".to_vec();
    end.extend_from_slice(&44u64.to_le_bytes());
    end.extend_from_slice(&[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [1 << 34, 1 << 34, 1u64 << 40, 0] {
        end.extend_from_slice(&value.to_le_bytes());
    }
    end.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    end.extend_from_slice(&(1u64 << 40).to_le_bytes());
    end.extend_from_slice(&1u32.to_le_bytes());
    end.extend_from_slice(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
    let file = fs::File::create(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &end, 1 << 40).unwrap();
    let error = ArchiveReader::open_strict(&DiskStore, &path).unwrap_err();
    assert!(error.message().contains("garbled"), "{error}");
}
