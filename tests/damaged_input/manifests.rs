//! The manifest.

use crate::fixture::*;
use crate::memory::{alone, measured};
use plattli::run::options::{ReaderOptions, WriterOptions};
use plattli::store::MemoryStore;
use plattli::Code;

/// Neither a reader nor a writer takes it, and both say which file is at fault.
fn refused(disk: &MemoryStore, manifest: &str) {
    let shown = &manifest[..manifest.len().min(100)];
    for error in [
        read(disk, RUN, &ReaderOptions::default()).expect_err(shown),
        resume(disk, &WriterOptions::default()).map(drop).expect_err(shown),
    ] {
        assert_eq!(error.code(), Code::Corrupt, "{shown}: {error}");
        assert!(error.message().contains("plattli.json") && error.message().len() < 2000, "{error}");
    }
}

#[test]
fn a_manifest_cut_anywhere_is_refused() {
    alone(|| {
        for cut in 0..MANIFEST.len() {
            refused(&with(&live(), "plattli.json", &MANIFEST.as_bytes()[..cut]), &MANIFEST[..cut]);
        }
    });
}

#[test]
fn a_manifest_of_nonsense_is_refused() {
    alone(|| {
        let deep = "[".repeat(1_000_000);
        let within = format!("{{\"a\": {{\"indices\": [], \"dtype\": \"f32\", \"x\": {deep}");
        for manifest in [
            "null",
            "[]",
            "5",
            "\"x\"",
            "{\"a\": 5}",
            "{\"a\": \"b\"}",
            "{\"a\": {}}",
            "{\"a\": {\"indices\": []}}",
            "{\"a\": {\"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [], \"dtype\": \"f16\"}}",
            "{\"a\": {\"indices\": [], \"dtype\": 3}}",
            "{\"a\": {\"indices\": \"elsewhere\", \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": 7, \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [7], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": 0}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": 0, \"step\": 0}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": -1, \"step\": 1}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": 5, \"stop\": 5, \"step\": 1}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": 0, \"step\": 1}, {\"start\": 9, \"step\": 1}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": 0, \"stop\": 9, \"step\": 1}, {\"start\": 3, \"step\": 1}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": 1e300, \"step\": 1}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": 0, \"step\": 99999999999999999999999999}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [{\"start\": 99999999999999999999999999, \"step\": 1}], \"dtype\": \"f32\"}}",
            "{\"a\": {\"indices\": [], \"dtype\": \"f32\"}} x",
            "\u{feff}{}",
            "{\"\\ud800\": {\"indices\": [], \"dtype\": \"f32\"}}",
            &deep,
            &within,
        ] {
            let disk = with(&live(), "plattli.json", manifest.as_bytes());
            let ((), peak) = measured(|| refused(&disk, manifest));
            assert!(peak < 1_000_000 + 16 * manifest.len(), "{peak} bytes for {} bytes", manifest.len());
        }
        let disk = with(&live(), "plattli.json", b"{\"a\": {\"indices\": [], \"dtype\": \"f\xff32\"}}");
        refused(&disk, "invalid UTF-8");
        refused(&with(&live(), "plattli.json", &[0; 512]), "zeros");
    });
}

#[test]
fn a_name_that_leaves_the_folder_is_refused_before_anything_is_touched() {
    alone(|| {
        let disk = live();
        disk.plant("/etc/secret.f32", &7.0f32.to_le_bytes());
        disk.plant("/runs/secret.f32", &7.0f32.to_le_bytes());
        for name in [
            "../secret",
            "../../secret",
            "a/../../../secret",
            "/etc/secret",
            "..",
            ".",
            "a/./b",
            "a//b",
            "",
            "\\\\",
            "c:x",
            "a\\u0000",
            "step",
            "hot",
        ] {
            let manifest = format!(
                "{{\"{name}\": {{\"indices\": [{{\"start\": 0, \"step\": 1}}], \"dtype\": \"f32\"}}}}"
            );
            refused(&with(&disk, "plattli.json", manifest.as_bytes()), &manifest);
        }
        assert_eq!(disk.peek("/runs/secret.f32").unwrap().len(), 4);
    });
}

#[test]
fn a_manifest_that_promises_gigabytes_costs_what_is_really_there() {
    alone(|| {
        let many: Vec<String> = (0..20_000u64)
            .map(|i| {
                format!("{{\"start\": {}, \"stop\": {}, \"step\": 1}}", i * 200_000, i * 200_000 + 199_999)
            })
            .collect();
        for indices in [
            "[{\"start\": 0, \"step\": 1}]".to_string(),
            "[{\"start\": 0, \"stop\": 4294967296, \"step\": 1}]".into(),
            "[{\"start\": 4294967295, \"step\": 4294967295}]".into(),
            "[{\"start\": 0, \"stop\": 4294967290, \"step\": 1}, {\"start\": 4294967294, \"step\": 1}]"
                .into(),
            "[{\"start\": 0, \"stop\": 18446744073709551615, \"step\": 1}]".into(),
            format!("[{}]", many.join(", ")),
        ] {
            for dtype in ["f32", "f64", "jsonl", "u8"] {
                let manifest = format!("{{\"big\": {{\"indices\": {indices}, \"dtype\": \"{dtype}\"}}, \"run_rows\": 4294967296}}");
                let disk = with(&live(), "plattli.json", manifest.as_bytes());
                for values in [&b""[..], b"12\n13\n14\n", &[b'5'; 64]] {
                    let disk = with(&disk, &format!("big.{dtype}"), values);
                    let (_, peak) = measured(|| _ = read(&disk, RUN, &ReaderOptions::default()));
                    assert!(
                        peak < 1_000_000 + 40 * manifest.len(),
                        "{peak} bytes for {dtype}, {}",
                        &indices[..60.min(indices.len())]
                    );
                    let (_, peak) = measured(|| _ = resume(&disk, &WriterOptions::default()));
                    assert!(
                        peak < 1_000_000 + 40 * manifest.len(),
                        "{peak} bytes to resume {dtype}, {}",
                        &indices[..60.min(indices.len())]
                    );
                }
            }
        }
    });
}

#[test]
fn numbers_beyond_the_format_in_the_metadata_are_no_harm() {
    alone(|| {
        for extra in [
            "\"run_rows\": 1e999",
            "\"run_rows\": -5",
            "\"when_exported\": 7",
            "\"when_exported\": null",
            "\"run_rows\": 99999999999999999999",
        ] {
            let manifest = format!(
                "{}, {extra}}}",
                MANIFEST.strip_suffix(", \"when_exported\": \"2026-11-20T05:08:13Z\"}").unwrap()
            );
            let disk = with(&live(), "plattli.json", manifest.as_bytes());
            _ = read(&disk, RUN, &ReaderOptions::default());
            _ = resume(&disk, &WriterOptions::default());
        }
    });
}
