//! The C tests: built by the C compiler with every warning an error, linked against the sealed static archive, run,
//! and run again under valgrind.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::OnceLock;

const WARNINGS: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"];
/// What a Rust static archive needs of the system.
const SYSTEM_LIBRARIES: [&str; 4] = ["-lpthread", "-ldl", "-lm", "-lgcc_s"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file that cargo has put beside this test.
fn built(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().with_file_name(name)
}

fn compiler(cpp: bool) -> Command {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut build = cc::Build::new();
    build.cargo_metadata(false).opt_level(1).debug(true).target(&host).host(&host).cpp(cpp);
    let mut command = build.get_compiler().to_command();
    command.arg(if cpp { "-std=c++17" } else { "-std=c11" }).args(WARNINGS).arg("-D_POSIX_C_SOURCE=200809L");
    command.arg("-I").arg(root().join("include"));
    command
}

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The static archive as it is installed: plattli_* and nothing else.
fn archive() -> &'static Path {
    static SEALED: OnceLock<PathBuf> = OnceLock::new();
    SEALED.get_or_init(|| {
        let sealed = built(&format!("sealed-{}.a", std::process::id()));
        run(Command::new(root().join("tools/seal-archive.sh")).arg(built("libplattli.a")).arg(&sealed));
        sealed
    })
}

fn build(source: &str) -> PathBuf {
    static BUILT: AtomicU32 = AtomicU32::new(0);
    let n = BUILT.fetch_add(1, Ordering::Relaxed);
    let program = built(&format!("c-{}-{}-{n}", source.replace(['/', '.'], "-"), std::process::id()));
    let mut command = compiler(source.ends_with(".cpp"));
    command.arg(root().join(source)).arg(archive()).args(SYSTEM_LIBRARIES).arg("-o").arg(&program);
    run(&mut command);
    program
}

/// Builds a program and runs it in a scratch folder.
fn passes(source: &str) -> tempfile::TempDir {
    let program = build(source);
    let scratch = tempfile::tempdir().unwrap();
    run(Command::new(&program).arg(scratch.path()).current_dir(scratch.path()));
    std::fs::remove_file(program).unwrap();
    scratch
}

/// Builds a program and runs it under valgrind: not one error, not one byte lost.
fn is_clean(source: &str, leaks: bool) {
    if std::env::var_os("PLATTLI_WITHOUT_VALGRIND").is_some() {
        return;
    }
    let program = build(source);
    let scratch = tempfile::tempdir().unwrap();
    let mut valgrind = Command::new("valgrind");
    valgrind.env("UNDER_VALGRIND", "1");
    valgrind.args(["--quiet", "--error-exitcode=99", "--errors-for-leak-kinds=definite"]);
    valgrind.arg(if leaks { "--leak-check=full" } else { "--leak-check=no" });
    run(valgrind.arg(&program).arg(scratch.path()).current_dir(scratch.path()));
    std::fs::remove_file(program).unwrap();
}

#[test]
fn numbers_and_signatures_are_those_of_the_contract() {
    passes("c_tests/contract.c");
}

#[test]
fn options_take_what_they_should_and_refuse_the_rest() {
    passes("c_tests/options.c");
}

#[test]
fn a_writer_keeps_the_contract_from_open_to_close() {
    passes("c_tests/writer.c");
}

#[test]
fn a_reader_keeps_the_contract_from_open_to_close() {
    passes("c_tests/reader.c");
}

#[test]
fn a_reader_gives_back_what_was_written() {
    passes("c_tests/columns.c");
}

#[test]
fn a_forked_child_cannot_harm_its_parent() {
    passes("c_tests/fork.c");
}

#[test]
fn a_state_keeps_the_contract_from_open_to_close() {
    passes("c_tests/state.c");
}

#[test]
fn a_forked_child_cannot_harm_the_state_of_its_parent() {
    passes("c_tests/state_fork.c");
}

#[test]
fn threads_share_a_writer() {
    passes("c_tests/threads.c");
}

#[test]
fn signals_belong_to_the_program() {
    passes("c_tests/signals.c");
}

/// Memory of the library as the C tests use it. `signals.c` is left out: valgrind has its own ideas of signals.
#[test]
fn valgrind_finds_nothing() {
    for source in [
        "contract.c",
        "options.c",
        "writer.c",
        "reader.c",
        "columns.c",
        "threads.c",
        "import.c",
        "journal.c",
        "arrow.c",
        "state.c",
        "header.cpp",
    ] {
        is_clean(&format!("c_tests/{source}"), true);
    }
    is_clean("examples/smallest.c", true);
    // What the thread that a child does not have held in memory is out of the child's reach.
    is_clean("c_tests/fork.c", false);
    is_clean("c_tests/state_fork.c", false);
    is_clean("c_tests/reader.c", false);
    is_clean("c_tests/stream.c", false);
}

#[test]
fn runs_are_read_as_arrow_tables() {
    passes("c_tests/arrow.c");
}

#[test]
fn a_stream_keeps_the_contract_from_open_to_close() {
    passes("c_tests/stream.c");
}

#[test]
fn logs_are_imported_or_refused_by_line() {
    passes("c_tests/import.c");
}

#[test]
fn a_journal_keeps_the_contract_from_open_to_close() {
    passes("c_tests/journal.c");
}

#[test]
fn the_header_is_cpp_too() {
    passes("c_tests/header.cpp");
}

#[test]
fn the_smallest_program_leaves_a_finished_run() {
    let scratch = passes("examples/smallest.c");
    assert!(scratch.path().join("heat/metrics.plattli").is_file());
}

#[test]
fn the_shared_library_links_as_well() {
    let program = built(&format!("c-shared-{}", std::process::id()));
    let library = built("libplattli.so");
    run(compiler(false)
        .arg(root().join("examples/smallest.c"))
        .arg(&library)
        .arg("-lm")
        .arg("-o")
        .arg(&program));
    let scratch = tempfile::tempdir().unwrap();
    // An installation has the library under the name that programs ask for, and so has this folder.
    let soname = concat!("libplattli.so.", env!("CARGO_PKG_VERSION_MAJOR"));
    std::os::unix::fs::symlink(&library, scratch.path().join(soname)).unwrap();
    run(Command::new(&program).env("LD_LIBRARY_PATH", scratch.path()).current_dir(scratch.path()));
    std::fs::remove_file(program).unwrap();
}

fn defined(file: &Path, dynamic: bool) -> Vec<String> {
    let mut nm = Command::new("nm");
    nm.args(["--defined-only", "--extern-only", "--format=just-symbols"]);
    if dynamic {
        nm.arg("--dynamic");
    }
    let listed = run(nm.arg(file)).stdout;
    let listed = String::from_utf8(listed).unwrap();
    listed.lines().filter(|line| !line.is_empty() && !line.ends_with(':')).map(str::to_string).collect()
}

#[test]
fn nothing_but_plattli_is_exported() {
    for symbols in [defined(&built("libplattli.so"), true), defined(archive(), false)] {
        assert!(symbols.len() > 50, "{symbols:?}");
        let strangers: Vec<_> = symbols.iter().filter(|name| !name.starts_with("plattli_")).collect();
        assert!(strangers.is_empty(), "{strangers:?}");
    }
}
