//! Hot logs.

use crate::fixture::*;
use crate::memory::{alone, measured};
use plattli::run::options::{FinishOptions, ReaderOptions, WriterOptions};
use plattli::run::writer::Writer;
use plattli::Code;
use std::path::Path;
use std::sync::Arc;

/// [`whole`] without the rows at steps that `gone` names, of hot metrics only.
fn without(gone: impl Fn(u32) -> bool) -> Contents {
    let mut contents = whole();
    contents.values_mut().for_each(|rows| rows.retain(|(step, _)| !gone(*step)));
    contents
}

fn plain(disk: &plattli::store::MemoryStore) -> (Contents, Vec<String>) {
    read(disk, RUN, &ReaderOptions::default()).unwrap()
}

/// The damaged `hot.jsonl` reads as `expected` with so many warnings; a writer that opens it keeps the same rows,
/// after which nothing is left to warn of.
fn check(hot: &[u8], expected: &Contents, warnings: usize) {
    let disk = with(&live(), "hot.jsonl", hot);
    let shown = hot.escape_ascii().to_string();
    let (contents, warned) = plain(&disk);
    assert_eq!(contents, *expected, "{shown}");
    assert_eq!(warned.len(), warnings, "{shown}: {warned:?}");
    let after = resume(&disk, &WriterOptions::default()).unwrap();
    assert_eq!(plain(&after), (expected.clone(), vec![]), "{shown}");
}

#[test]
fn the_run_that_is_about_to_be_damaged_reads_as_it_should() {
    alone(|| check(HOT.as_bytes(), &whole(), 0));
}

#[test]
fn a_hot_log_cut_anywhere_loses_only_the_row_that_is_cut() {
    alone(|| {
        let ends: Vec<usize> = HOT.match_indices('\n').map(|(at, _)| at).collect();
        for cut in 0..HOT.len() {
            let disk = with(&live(), "hot.jsonl", &HOT.as_bytes()[..cut]);
            let lines = ends.iter().filter(|&&end| cut > end).count() as u32;
            let (contents, warned) = plain(&disk);
            let unterminated = ends.contains(&cut);
            let possible =
                [lines, lines + u32::from(unterminated)].map(|lines| without(|step| step >= 4 + lines));
            assert!(possible.contains(&contents), "cut at {cut}: {contents:?}");
            assert_eq!(warned, Vec::<String>::new(), "a torn tail is no damage");
            let after = resume(&disk, &WriterOptions::default()).unwrap();
            assert!(possible.contains(&plain(&after).0), "cut at {cut}");
        }
    });
}

#[test]
fn a_compacting_log_cut_anywhere_loses_nothing_that_reached_the_columns() {
    alone(|| {
        for cut in 0..=COMPACTING.len() {
            let disk = with(&live(), "hot.compacting.jsonl", &COMPACTING.as_bytes()[..cut]);
            assert_eq!(plain(&disk), (whole(), vec![]), "cut at {cut}");
            let after = resume(&disk, &WriterOptions::default()).unwrap();
            assert_eq!(plain(&after), (whole(), vec![]), "cut at {cut}");
        }
    });
}

fn broken_lines() -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = [
        "",
        " ",
        "garbage",
        "{",
        "[1,2]",
        "null",
        "5",
        "{\"res\":1.0}",
        "{\"step\":5,\"res\":1.0",
        "{\"step\":5,\"res\":1.0}}",
        "{\"step\":5 \"res\":1.0}",
        "{\"step\":\"5\",\"res\":1.0}",
        "{\"step\":5.0,\"res\":1.0}",
        "{\"step\":true,\"res\":1.0}",
        "{\"step\":null,\"res\":1.0}",
        "{\"step\":-1,\"res\":1.0}",
        "{\"step\":4294967296,\"res\":1.0}",
        "{\"step\":18446744073709551616,\"res\":1.0}",
        "{\"step\":5,\"../../secret\":1.0}",
        "{\"step\":5,\"/etc/passwd\":1.0}",
        "{\"step\":5,\"a\\u0000b\":1.0}",
        "{\"step\":5,\"\":1.0}",
        "{\"step\":5,\"\\ud800\":1.0}",
        "{\"step\":5,\"res\":01}",
        "{\"step\":5,\"res\":-}",
        "{\"step\":5,\"note\":\"\t\"}",
    ]
    .map(|line| line.into())
    .to_vec();
    lines.push(b"\0\0\0\0\0\0\0\0".to_vec());
    lines.push(b"{\"step\":5,\"note\":\"\xff\"}".to_vec());
    lines.push(b"\xef\xbb\xbf{\"step\":5}".to_vec());
    lines.push([b"{\"step\":5,\"note\":".to_vec(), vec![b'['; 1_000_000]].concat());
    lines.push([b"{\"step\":".to_vec(), vec![b'9'; 1_000_000], b"}".to_vec()].concat());
    lines
}

#[test]
fn a_broken_line_costs_that_line_and_is_moved_aside() {
    alone(|| {
        let lines: Vec<&str> = HOT.split_inclusive('\n').collect();
        for broken in broken_lines() {
            let hot = [lines[0].as_bytes(), &broken, b"\n", lines[2].as_bytes()].concat();
            let disk = with(&live(), "hot.jsonl", &hot);
            let ((contents, warned), peak) = measured(|| plain(&disk));
            let shown = broken[..broken.len().min(60)].escape_ascii().to_string();
            assert_eq!(contents, without(|step| step == 5), "{shown}");
            assert_eq!(warned.len(), 1, "{shown}: {warned:?}");
            assert!(warned[0].contains("hot.jsonl") && warned[0].len() < 1000, "{}", warned[0]);
            assert!(peak < 200_000 + 8 * hot.len(), "{peak} bytes for {shown}");

            let strict = ReaderOptions { strict: true, ..Default::default() };
            assert_eq!(read(&disk, RUN, &strict).unwrap_err().code(), Code::Corrupt, "{shown}");

            let after = resume(&disk, &WriterOptions::default()).unwrap();
            assert_eq!(plain(&after), (without(|step| step == 5), vec![]), "{shown}");
            let rejected = after.peek(format!("{RUN}/plattli.rejected.jsonl")).unwrap();
            assert_eq!(rejected, [&broken[..], b"\n"].concat(), "{shown}");

            let strict = WriterOptions { strict: true, ..Default::default() };
            assert_eq!(resume(&disk, &strict).unwrap_err().code(), Code::Corrupt, "{shown}");
        }
    });
}

#[test]
fn a_value_that_does_not_fit_its_metric_never_reads_as_another() {
    alone(|| {
        let lines: Vec<&str> = HOT.split_inclusive('\n').collect();
        for value in
            ["\"text\"", "[1]", "{}", "1.5", "1e400", "9223372036854775808", "-9223372036854775809", "NaN"]
        {
            let hot = format!("{}{{\"step\":5,\"solver/iters\":{value}}}\n{}", lines[0], lines[2]);
            let disk = with(&live(), "hot.jsonl", hot.as_bytes());
            if let Ok((contents, _)) = read(&disk, RUN, &ReaderOptions::default()) {
                let five = contents["solver/iters"].iter().find(|(step, _)| *step == 5);
                assert!(five.is_none(), "{value} was read as {five:?}");
                assert_eq!(contents["res"].len(), 6);
            }
            _ = resume(&disk, &WriterOptions::default());
        }
    });
}

#[test]
fn a_tail_of_zero_bytes_is_a_torn_tail() {
    alone(|| {
        let lines: Vec<&str> = HOT.split_inclusive('\n').collect();
        let hot = [lines[0].as_bytes(), &[0; 4096]].concat();
        // Of the power that was lost there is a word, unlike of the death of a process.
        check(&hot, &without(|step| step > 4), 1);
    });
}

#[test]
fn of_a_step_that_comes_twice_the_later_row_counts() {
    alone(|| {
        let hot = format!("{HOT}{{\"step\":6,\"res\":8.5}}\n");
        let mut expected = whole();
        *expected.get_mut("res").unwrap().last_mut().unwrap() = (6, "8.5".into());
        expected.get_mut("far").unwrap().pop();
        check(hot.as_bytes(), &expected, 0);
        // Also across the two logs.
        let disk = with(&live(), "hot.jsonl", format!("{{\"step\":3,\"res\":5.5}}\n{HOT}").as_bytes());
        let (contents, _) = plain(&disk);
        assert_eq!(contents["res"].len(), 7);
    });
}

#[test]
fn a_hot_log_of_nothing_but_damage_leaves_the_columns() {
    alone(|| {
        for hot in [
            vec![b'\n'; 1000],
            b"\0".repeat(10_000),
            b"x\n".repeat(1000),
            vec![b'['; 3_000_000],
            vec![0xff; 1000],
        ] {
            let disk = with(&live(), "hot.jsonl", &hot);
            let ((contents, _), peak) = measured(|| plain(&disk));
            assert_eq!(contents, without(|step| step > 3));
            assert!(peak < 500_000 + 8 * hot.len(), "{peak} bytes for {} of {}", hot.len(), hot[0]);
            let after = resume(&disk, &WriterOptions::default()).unwrap();
            assert_eq!(plain(&after).0, without(|step| step > 3));
        }
    });
}

#[test]
fn a_log_that_is_a_folder_or_a_loop_of_links_is_an_error() {
    alone(|| {
        use plattli::store::Store;
        for name in ["hot.jsonl", "hot.compacting.jsonl", "plattli.json", "res.f32", "far.indices"] {
            let path = format!("{ROOT}/{name}");
            let folder = live();
            folder.remove_file(path.as_ref()).unwrap();
            folder.create_dir(path.as_ref()).unwrap();
            let looped = live();
            looped.remove_file(path.as_ref()).unwrap();
            looped.symlink(name.as_ref(), path.as_ref()).unwrap();
            for disk in [folder, looped] {
                read(&disk, RUN, &ReaderOptions::default()).map(drop).expect_err(name);
                resume(&disk, &WriterOptions::default()).map(drop).expect_err(name);
            }
        }
    });
}

#[test]
fn a_link_out_of_the_run_is_neither_read_nor_written_through() {
    alone(|| {
        use plattli::store::Store;
        for name in [
            "plattli.json",
            "hot.jsonl",
            "hot.compacting.jsonl",
            "res.f32",
            "far.indices",
            "note.jsonl",
            "solver",
        ] {
            let disk = live();
            // Outside lies the same content, so that nothing but the link itself can be objected to.
            let inside = format!("{ROOT}/{name}");
            let outside = format!("/elsewhere/{name}");
            if name == "solver" {
                disk.plant(format!("{outside}/iters.i64"), &bytes_of(&disk, "solver/iters.i64"));
                disk.remove_file(format!("{inside}/iters.i64").as_ref()).unwrap();
                disk.remove_dir(inside.as_ref()).unwrap();
            } else {
                disk.plant(&outside, &bytes_of(&disk, name));
                disk.remove_file(inside.as_ref()).unwrap();
            }
            disk.symlink(outside.as_ref(), inside.as_ref()).unwrap();
            let elsewhere = |disk: &plattli::store::MemoryStore| -> Vec<_> {
                disk.tree().into_iter().filter(|(path, _)| path.starts_with("/elsewhere")).collect()
            };
            let before = elsewhere(&disk);
            let error = read(&disk, RUN, &ReaderOptions::default()).map(drop).expect_err(name);
            assert!(error.message().contains("link"), "{error}");
            let store = disk.snapshot();
            let opened = Writer::open_in(Arc::new(store.clone()), Path::new(RUN), &WriterOptions::default());
            if let Ok(writer) = opened {
                _ = writer.finish(&FinishOptions::default());
                _ = writer.close();
            }
            assert_eq!(elsewhere(&store), before, "{name} was written through");
        }
    });
}
