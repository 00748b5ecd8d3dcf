//! Value files, step files and the configuration.

use crate::fixture::*;
use crate::memory::{alone, measured};
use plattli::run::options::{FinishOptions, ReaderOptions, WriterOptions};
use plattli::run::writer::Writer;
use std::path::Path;
use std::sync::Arc;

/// Every row is one of the undamaged run.
fn is_part_of_whole(contents: &Contents) -> bool {
    let whole = whole();
    contents
        .iter()
        .all(|(name, rows)| rows.iter().all(|row| whole.get(name).is_some_and(|all| all.contains(row))))
}

#[test]
fn a_column_cut_anywhere_yields_only_true_rows_and_the_others_all_theirs() {
    alone(|| {
        for (file, metric) in [
            ("res.f32", "res"),
            ("solver/iters.i64", "solver/iters"),
            ("note.jsonl", "note"),
            ("far.f64", "far"),
            ("far.indices", "far"),
        ] {
            let bytes = bytes_of(&live(), file);
            for cut in 0..bytes.len() {
                let disk = with(&live(), file, &bytes[..cut]);
                let before = read(&disk, RUN, &ReaderOptions::default());
                if let Ok((contents, _)) = &before {
                    assert!(is_part_of_whole(contents), "{file} cut at {cut}: {contents:?}");
                    for (name, rows) in whole() {
                        assert!(
                            name == metric || contents[&name] == rows,
                            "{file} cut at {cut} harmed {name}"
                        );
                    }
                }
                let Ok(after) = resume(&disk, &WriterOptions::default()) else { continue };
                let (resumed, _) = read(&after, RUN, &ReaderOptions::default()).unwrap();
                assert!(is_part_of_whole(&resumed), "{file} cut at {cut} after resuming: {resumed:?}");
                if let Ok((contents, _)) = before {
                    assert_eq!(resumed, contents, "{file} cut at {cut}: resuming changed what is read");
                }
            }
        }
    });
}

#[test]
fn values_whose_steps_are_missing_are_not_thrown_away() {
    alone(|| {
        use plattli::store::Store;
        let disk = live();
        disk.remove_file(format!("{ROOT}/far.indices").as_ref()).unwrap();
        let error = resume(&disk, &WriterOptions::default()).map(drop).unwrap_err();
        assert!(error.message().contains("far.indices"), "{error}");
    });
}

#[test]
fn a_column_without_hot_logs_that_is_cut_keeps_its_first_rows() {
    alone(|| {
        use plattli::store::Store;
        let cold = live();
        for log in ["hot.jsonl", "hot.compacting.jsonl"] {
            cold.remove_file(format!("{ROOT}/{log}").as_ref()).unwrap();
        }
        let res = bytes_of(&cold, "res.f32");
        for cut in 0..=res.len() {
            let (contents, _) =
                read(&with(&cold, "res.f32", &res[..cut]), RUN, &ReaderOptions::default()).unwrap();
            assert_eq!(contents["res"], whole()["res"][..cut / 4]);
        }
    });
}

#[test]
fn a_broken_line_in_a_json_column_is_an_error_unless_it_is_the_last() {
    alone(|| {
        for broken in ["garbage\n", "\n", "1 2\n", "\u{0}\n", "\"\\ud800\n"] {
            let disk = with(&live(), "note.jsonl", format!("{broken}{NOTES}").as_bytes());
            read(&disk, RUN, &ReaderOptions::default()).unwrap_err();
        }
        for tail in ["garbage", "\"torn", "{\"a\":", "12"] {
            let disk = with(&live(), "note.jsonl", format!("{NOTES}{tail}").as_bytes());
            assert_eq!(read(&disk, RUN, &ReaderOptions::default()).unwrap().0, whole(), "{tail}");
        }
    });
}

#[test]
fn a_torn_line_that_a_writer_continues_after_does_not_end_up_in_the_middle() {
    alone(|| {
        for tail in ["garbage", "garbage\n", "\"torn", "\0\0\0\0"] {
            let disk = with(&live(), "note.jsonl", format!("{NOTES}{tail}").as_bytes());
            let writer =
                Writer::open_in(Arc::new(disk.clone()), Path::new(RUN), &WriterOptions::default()).unwrap();
            writer.finish(&FinishOptions { archive: false, ..Default::default() }).unwrap();
            writer.close().unwrap();
            assert_eq!(read(&disk, RUN, &ReaderOptions::default()).unwrap().0, whole(), "{tail:?}");
        }
    });
}

#[test]
fn a_json_column_nested_beyond_measure_is_read_or_refused_in_bounded_memory() {
    alone(|| {
        let deep = [vec![b'['; 1_000_000], vec![b']'; 1_000_000], b"\n".to_vec()].concat();
        let disk = with(&live(), "note.jsonl", &deep);
        let (_, peak) = measured(|| _ = read(&disk, RUN, &ReaderOptions::default()));
        assert!(peak < 1_000_000 + 12 * deep.len(), "{peak}");
        let config = with(&live(), "config.json", &deep);
        let (result, peak) = measured(|| read(&config, RUN, &ReaderOptions::default()));
        assert_eq!(result.unwrap().0, whole());
        assert!(peak < 1_000_000 + 12 * deep.len(), "{peak}");
    });
}

#[test]
fn steps_that_do_not_increase_are_never_handed_out() {
    alone(|| {
        for steps in [[3u32, 2, 1], [0, 0, 1], [5, 5, 5], [0, 9, 3]] {
            let disk = with(&live(), "far.indices", &steps.map(u32::to_le_bytes).concat());
            // The check of increasing steps is in `read`.
            _ = read(&disk, RUN, &ReaderOptions::default());
            _ = resume(&disk, &WriterOptions::default());
        }
    });
}

#[test]
fn a_configuration_of_garbage_does_not_keep_the_metrics_from_being_read() {
    alone(|| {
        for config in ["", "{", "\u{0}\u{0}", "{\"a\":1}{", "[[[["] {
            let disk = with(&live(), "config.json", config.as_bytes());
            assert_eq!(read(&disk, RUN, &ReaderOptions::default()).unwrap().0, whole(), "{config:?}");
        }
    });
}
