//! Archives, packed by us and packed again by somebody else.

use super::*;
use crate::run::archive::pack;
use crate::store::Store;
use std::io::{Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::CompressionMethod;

const MANIFEST: &str = r#"{"m": {"indices": [{"start": 0, "stop": 5, "step": 1}], "dtype": "f32"}, "d/i": {"indices": "indices", "dtype": "u8"}, "note": {"indices": [{"start": 0, "stop": 8, "step": 4}], "dtype": "jsonl"}, "when_exported": "T", "run_rows": 5}"#;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("plattli.json", MANIFEST.into()),
        ("config.json", b"{\"dt\": 0.01}".to_vec()),
        ("m.f32", f32s(&[1.5, 0.75, f32::NAN, 0.1, 0.25])),
        ("d/i.u8", vec![12, 9, 11]),
        ("d/i.indices", u32s(&[0, 1, 3])),
        ("note.jsonl", b"\"start\"\n{\"k\": [1, 2.5]}\n".to_vec()),
        ("hot.jsonl", b"{\"step\":9,\"m\":1.0}\n".to_vec()),
    ]
}

fn check(reader: &Reader) {
    assert_eq!(*reader.metrics(), ["d/i", "m", "note"]);
    let all =
        |name: &str| rows(reader, name).unwrap().iter().map(|(s, v)| format!("{s}:{v}")).collect::<Vec<_>>();
    assert_eq!(all("m"), ["0:1.5", "1:0.75", "2:NaN", "3:0.10000000149011612", "4:0.25"]);
    assert_eq!(all("d/i"), ["0:12", "1:9", "3:11"]);
    assert_eq!(all("note"), ["0:\"start\"", "4:{\"k\": [1, 2.5]}"]);
    assert_eq!(reader.config().unwrap(), "{\"dt\": 0.01}");
    assert_eq!(reader.approx_max_rows(12).unwrap(), 5);
    let tail = Selection::Positions { start: Some(-1), stop: None };
    let mut last = [0f32];
    assert_eq!(reader.read_into("m", &tail, None, &mut last).unwrap(), 1);
    assert_eq!(last, [0.25]);
}

#[test]
fn an_archive_reads_like_its_folder() {
    let owned = files();
    let store = folder(&owned.iter().map(|(n, b)| (*n, b.as_slice())).collect::<Vec<_>>());
    check(&open(&store).unwrap());
    let archive = Path::new(RUN).join("metrics.plattli");
    pack(&store, &Path::new(RUN).join("plattli"), &archive, &HashMap::new()).unwrap();
    let reader = open(&store).unwrap();
    assert_eq!(reader.location(), archive);
    check(&reader);
    // What is open stays readable.
    store.remove_file(&archive).unwrap();
    check(&reader);
}

#[test]
fn an_archive_that_was_packed_again_and_compressed_reads_the_same() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("d/", SimpleFileOptions::default()).unwrap();
    for (name, bytes) in files() {
        zip.start_file(name, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))
            .unwrap();
        zip.write_all(&bytes).unwrap();
    }
    let store = MemoryStore::new();
    store.plant(format!("{RUN}.plattli"), &zip.finish().unwrap().into_inner());
    let options = ReaderOptions::default();
    check(&Reader::open_in(Arc::new(store), format!("{RUN}.plattli"), &options).unwrap());
}

#[test]
fn a_value_in_an_archive_costs_one_read_once_it_is_known() {
    let mut owned = files();
    // The end of the file, which is read when it is opened, holds none of the values.
    let large = [b"a.bin", b"z.bin"].map(|name| (std::str::from_utf8(name).unwrap(), vec![7; 20_000]));
    owned.extend(large);
    let store = folder(&owned.iter().map(|(n, b)| (*n, b.as_slice())).collect::<Vec<_>>());
    pack(&store, &Path::new(RUN).join("plattli"), &Path::new(RUN).join("metrics.plattli"), &HashMap::new())
        .unwrap();
    let reader = open(&store).unwrap();
    let tail = Selection::Positions { start: Some(-1), stop: None };
    let mut last = [0f32];
    reader.read_into("m", &tail, None, &mut last).unwrap();
    let before = store.ops();
    reader.read_into("m", &tail, None, &mut last).unwrap();
    assert_eq!(store.ops() - before, 1);
}

#[test]
fn a_member_that_is_missing_is_an_error_and_not_an_empty_column() {
    let store = MemoryStore::new();
    store.plant(format!("{RUN}/plattli/plattli.json"), MANIFEST.as_bytes());
    pack(&store, &Path::new(RUN).join("plattli"), &Path::new(RUN).join("metrics.plattli"), &HashMap::new())
        .unwrap();
    let error = shown(&store, "m");
    assert!(error.starts_with("Corrupt") && error.contains("m.f32"), "{error}");
}
