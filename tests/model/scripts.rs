//! The scripts. Together they go through every state of the writer.

use super::script::{config, continue_at, layout, options, Act, Script, V};
use plattli::run::options::{Durability, FinishOptions, Layout, WriterOptions};

/// Several metrics, one of them from the second step on; closed and continued; finished and packed.
pub fn plain() -> Script {
    let mut script = Script::new("plain").open(config(r#"{"dt": 0.01, "case": "Höhle"}"#));
    for k in 0..5u32 {
        script = script
            .write("res", V::F32(1.5 / (k + 1) as f32))
            .write("solver/iters", V::I64(12 - i64::from(k)));
        if k % 3 == 1 {
            script = script.write("note", V::Str("q\"\\\n é"));
        }
        script = script.act(Act::End);
    }
    script.close().open(options()).step(&[("res", V::F32(0.5)), ("a/b/c", V::U8(7))]).finish(true, true)
}

/// Every type, with values at the ends of their ranges.
pub fn types() -> Script {
    let low = [
        ("f32", V::F32(f32::MIN_POSITIVE)),
        ("f64", V::F64(f64::NAN)),
        ("i8", V::I8(i8::MIN)),
        ("i16", V::I16(i16::MIN)),
        ("i32", V::I32(i32::MIN)),
        ("i64", V::I64(i64::MIN)),
        ("u8", V::U8(0)),
        ("u16", V::U16(0)),
        ("u32", V::U32(0)),
        ("u64", V::U64(0)),
        ("bool", V::Bool(true)),
        ("text", V::Str("tab\t, é, \u{2028}, 😀")),
        ("json", V::Json(r#"{"k": [1, 2.5, null], "inf": -Infinity}"#)),
    ];
    let high = [
        ("f32", V::F32(f32::INFINITY)),
        ("f64", V::F64(-0.0)),
        ("i8", V::I8(i8::MAX)),
        ("i16", V::I16(i16::MAX)),
        ("i32", V::I32(i32::MAX)),
        ("i64", V::I64(i64::MAX)),
        ("u8", V::U8(u8::MAX)),
        ("u16", V::U16(u16::MAX)),
        ("u32", V::U32(u32::MAX)),
        ("u64", V::U64(u64::MAX)),
        ("bool", V::Bool(false)),
        ("text", V::Str("")),
        ("json", V::Json("[]")),
    ];
    Script::new("types").open(options()).step(&low).step(&high).step(&low).step(&high).finish(true, false)
}

/// Types that widen while their column is cold, hot, or both.
pub fn promotion() -> Script {
    Script::new("promotion")
        .open(WriterOptions { hotsize: 1, ..options() })
        .step(&[("i", V::I8(-3)), ("f", V::F32(0.1)), ("u", V::U64(5))])
        .step(&[("i", V::I8(4)), ("f", V::F32(0.2)), ("u", V::I8(6))])
        .step(&[("i", V::U8(200)), ("f", V::F64(0.1))])
        .step(&[("i", V::I32(70_000)), ("f", V::I64(16_777_217)), ("u", V::U64(1 << 63))])
        .step(&[("i", V::I64(1 << 40)), ("f", V::F32(0.5)), ("u", V::U8(9))])
        .finish(true, false)
}

/// An irregular cadence that ends in an index file, and returns to segments at finish.
pub fn spill() -> Script {
    Script::new("spill")
        .open(WriterOptions { hotsize: 1, ..options() })
        .at("m", &[1, 6, 8, 17, 20, 31, 32, 37, 39, 48, 50])
        .close()
        .open(WriterOptions { hotsize: 1, ..options() })
        .at("m", &[60, 61, 62, 63])
        .finish(true, false)
}

/// A cadence that becomes finer just before the writer is closed and opened again.
pub fn finer_cadence() -> Script {
    let one = || WriterOptions { hotsize: 1, ..options() };
    Script::new("finer cadence")
        .open(one())
        .at("m", &[10, 15, 20, 21, 22, 23])
        .close()
        .open(one())
        .at("m", &[25])
        .close()
        .open(WriterOptions { step: Some(22), ..one() })
        .at("m", &[22, 24, 29])
        .finish(false, false)
}

/// Rows shown before their step has ended, and changed after.
pub fn partial_rows() -> Script {
    Script::new("partial rows")
        .open(options())
        .step(&[("a", V::I32(1))])
        .write("a", V::I32(2))
        .act(Act::Flush)
        .act(Act::Flush)
        .write("b", V::Str("late"))
        .act(Act::Flush)
        .write("c", V::F64(f64::INFINITY))
        .act(Act::End)
        .step(&[("a", V::I32(3)), ("b", V::Bool(false))])
        .write("a", V::I32(4))
        .act(Act::Flush)
        .close()
        .open(options())
        .step(&[("a", V::I32(5))])
        .write("a", V::I32(6))
        .finish(true, true)
}

/// Steps that jump, steps without values, metrics that come and go.
pub fn gaps() -> Script {
    Script::new("gaps")
        .open(options())
        .act(Act::SetStep(7))
        .step(&[("x", V::F64(0.5))])
        .act(Act::End)
        .step(&[("y", V::U16(3))])
        .act(Act::SetStep(4_294_967_290))
        .step(&[("x", V::F64(-0.5)), ("y", V::U16(2))])
        .step(&[("y", V::U16(1))])
        .close()
        .open(options())
        .step(&[("x", V::F64(1.0))])
        .finish(true, false)
}

/// A checkpoint restart: back to a step in the hot log, then to one in the columns, then to the start.
pub fn rewinds() -> Script {
    let mut script = Script::new("rewinds").open(options());
    let row = |k: u32| [("a", V::F32(k as f32)), ("b/n", V::I32(100 - k as i32)), ("t", V::Json("[1, 2]"))];
    for k in 0..6 {
        script = script.step(&row(k));
    }
    script = script.close().open(continue_at(5)).step(&row(50)).step(&row(51)).close();
    script = script.open(continue_at(2)).step(&row(60)).write("a", V::F32(61.0)).act(Act::Flush).close();
    script.open(continue_at(0)).step(&row(70)).finish(true, false)
}

/// A finished archive is opened again, at its end and at a step.
pub fn reopened() -> Script {
    let again = |step| WriterOptions { reopen_finished: true, step, ..options() };
    let mut script = Script::new("reopened").open(config(r#"{"a": 1}"#));
    for k in 0..3u8 {
        script = script.step(&[("n", V::U8(k)), ("d/s", V::Str("x"))]);
    }
    script = script.finish(true, true).open(again(None)).step(&[("n", V::I16(-300))]).finish(true, true);
    script.open(again(Some(1))).step(&[("n", V::I64(9)), ("new", V::F64(0.1))]).finish(true, true)
}

/// A finished folder is opened again.
pub fn resumed_folder() -> Script {
    Script::new("resumed folder")
        .open(options())
        .step(&[("n", V::U8(1)), ("f", V::F32(1.0))])
        .step(&[("n", V::U8(2))])
        .finish(true, false)
        .open(options())
        .step(&[("n", V::U8(3)), ("f", V::F32(2.0))])
        .finish(false, false)
        .open(continue_at(1))
        .step(&[("n", V::I32(70_000))])
        .finish(true, true)
}

/// The configuration as a value, kept, changed, linked, merged.
pub fn configs() -> Script {
    let overrides =
        FinishOptions { config_overrides: Some(r#"{"end": true}"#.into()), ..FinishOptions::default() };
    Script::new("configs")
        .file("/run/config.json", br#"{"linked": 1}"#)
        .open(options())
        .step(&[("n", V::I8(1))])
        .close()
        .open(config(r#"{"value": 2}"#))
        .step(&[("n", V::I8(2))])
        .act(Act::Config(r#"{"value": [3]}"#))
        .step(&[("n", V::I8(3))])
        .act(Act::Finish(overrides))
        .close()
}

/// Values and steps straight to their files.
pub fn direct() -> Script {
    let open = |step| WriterOptions { step, ..layout(Layout::Direct) };
    Script::new("direct")
        .open(open(None))
        .step(&[("a", V::F32(1.0)), ("s/b", V::I32(1)), ("j", V::Str("x"))])
        .step(&[("a", V::F32(2.0)), ("j", V::Json("{}"))])
        .step(&[("a", V::F64(0.1)), ("s/b", V::I64(1 << 40))])
        .close()
        .open(open(None))
        .step(&[("a", V::F64(4.0)), ("new", V::U64(u64::MAX))])
        .close()
        .open(open(Some(2)))
        .step(&[("a", V::F64(5.0)), ("s/b", V::I8(-1))])
        .finish(true, true)
}

/// A run with a hot log is continued in the direct layout, and back.
pub fn direct_after_hot() -> Script {
    Script::new("direct after hot")
        .open(options())
        .step(&[("a", V::F32(1.0)), ("b", V::I32(1))])
        .step(&[("a", V::F32(2.0))])
        .step(&[("a", V::F32(3.0)), ("b", V::I32(3))])
        .close()
        .open(layout(Layout::Direct))
        .step(&[("a", V::F32(4.0)), ("b", V::I32(4))])
        .close()
        .open(options())
        .step(&[("a", V::F32(5.0)), ("b", V::I32(5))])
        .finish(true, false)
}

/// Everything at once at the end.
pub fn bulk(archive: bool) -> Script {
    let name = if archive { "bulk archive" } else { "bulk folder" };
    let mut script = Script::new(name).open(layout(Layout::Bulk));
    for k in 0..4u32 {
        script = script.act(Act::SetStep(k * k)).step(&[("a", V::F64(k.into())), ("s/n", V::I64(k.into()))]);
    }
    script.step(&[("t", V::Str("end"))]).finish(true, archive)
}

/// Steps that survive a power cut.
pub fn durable() -> Script {
    let mut script =
        Script::new("durable").open(WriterOptions { durability: Durability::System, ..options() });
    for k in 0..5u8 {
        script = script.step(&[("a", V::F64(f64::from(k) / 3.0)), ("d/n", V::I64(i64::from(k)))]);
        if k == 2 {
            script = script.step(&[("late", V::Str("metric"))]);
        }
    }
    script.finish(true, true)
}

/// By id, with wider and narrower values, and a log that is never compacted before the end.
pub fn by_id() -> Script {
    let mut script = Script::new("by id").open(WriterOptions { hotsize: 100, ..options() });
    for k in 0..4u8 {
        script =
            script.act(Act::Put("p", V::F64(k.into()))).act(Act::Put("q", V::I32(k.into()))).act(Act::End);
    }
    script.act(Act::Sync).step(&[("p", V::F32(0.1)), ("q", V::I64(1 << 40))]).finish(false, true)
}

/// All of them.
pub fn all() -> Vec<Script> {
    vec![
        plain(),
        types(),
        promotion(),
        spill(),
        finer_cadence(),
        partial_rows(),
        gaps(),
        rewinds(),
        reopened(),
        resumed_folder(),
        configs(),
        direct(),
        direct_after_hot(),
        bulk(true),
        bulk(false),
        durable(),
        by_id(),
    ]
}
