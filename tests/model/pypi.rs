//! The reference's reader, in one Python process for all that is to be read.

use super::content::{Cell, Content};
use plattli::json::{parse, Raw};
use plattli::store::MemoryStore;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Run folders that are handed to Python together.
const BATCH: usize = 64;

const PROGRAM: &str = include_str!("read_runs.py");

/// A Python process that reads runs.
pub struct Pypi {
    python: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    waiting: Vec<(PathBuf, Content, String)>,
    problems: Vec<String>,
    pub read: usize,
}

impl Pypi {
    /// Starts the Python that the environment names. Without one this half of a test is skipped, which a test on the
    /// build machine must not be.
    pub fn start() -> Option<Pypi> {
        let Some(path) = std::env::var_os("PLATTLI_PYTHON") else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "PLATTLI_PYTHON is not set: the PyPI reader has to read the images too"
            );
            eprintln!("SKIPPED: the PyPI reader; set PLATTLI_PYTHON to a python that has plattli 0.19.0");
            return None;
        };
        let mut python = Command::new(&path)
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("PLATTLI_PYTHON={}: {e}", path.display()));
        let memory = Path::new("/dev/shm");
        let folder = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap();
        Some(Pypi {
            input: python.stdin.take(),
            output: BufReader::new(python.stdout.take().unwrap()),
            python,
            folder,
            waiting: Vec::new(),
            problems: Vec::new(),
            read: 0,
        })
    }

    /// An image is to be read, and to be found to hold `content`.
    pub fn expect(&mut self, image: &MemoryStore, content: &Content, context: String) {
        let path = self.folder.path().join(format!("{}", self.read + self.waiting.len()));
        match image.dump_to(Path::new(super::RUN), &path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => std::fs::create_dir(&path).unwrap(),
            other => other.unwrap_or_else(|e| panic!("{}: {e}", path.display())),
        }
        self.waiting.push((path, content.clone(), context));
        if self.waiting.len() >= BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let input = self.input.as_mut().unwrap();
        for (path, _, _) in &waiting {
            writeln!(input, "{}", path.display()).unwrap();
        }
        input.flush().unwrap();
        for (path, content, context) in waiting {
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "Python has died reading {context}");
            match reply(line.trim_end()) {
                Ok(found) if found == content => {}
                Ok(found) => self
                    .problems
                    .push(format!("{context}\n  the PyPI reader finds:{found}\n  ours:{content}")),
                Err(error) => self
                    .problems
                    .push(format!("{context}\n  the PyPI reader fails: {error}\n  ours:{content}")),
            }
            self.read += 1;
            std::fs::remove_dir_all(path).unwrap();
        }
    }

    /// Reads what is left, and tells what was found to be different.
    pub fn problems(&mut self) -> Vec<String> {
        self.flush();
        std::mem::take(&mut self.problems)
    }
}

impl Drop for Pypi {
    fn drop(&mut self) {
        // Python ends with its input.
        self.input = None;
        _ = self.python.wait();
    }
}

/// A reply: an error, nothing (no run), or all rows.
fn reply(line: &str) -> Result<Content, String> {
    let reply = parse(line.as_bytes()).map_err(|e| format!("{e} in {line}"))?;
    let member = |object: Raw<'_>, key: &str| {
        let found = object.members().find(|(name, _)| name == key).map(|(_, value)| value.0.to_vec());
        found.ok_or_else(|| format!("no {key} in {line}"))
    };
    if let Ok(error) = member(reply, "error") {
        return Err(Raw(&error).as_str().unwrap_or_default().into_owned());
    }
    let config = member(reply, "config")?;
    let mut content =
        Content { rows: BTreeMap::new(), config: Raw(&config).as_str().map(|text| text.into_owned()) };
    let rows = member(reply, "rows")?;
    for (name, column) in Raw(&rows).members() {
        let kind = member(column, "kind")?;
        let (steps, values) = (member(column, "steps")?, member(column, "values")?);
        let steps = Raw(&steps).elements().map(|step| step.as_u64().unwrap() as u32).collect::<Vec<_>>();
        let cells = Raw(&values).elements().map(|value| match kind.as_slice() {
            b"\"f\"" => Cell::float(f64::from_bits(value.as_u64().unwrap())),
            b"\"i\"" => Cell::Int(std::str::from_utf8(value.0).unwrap().parse().unwrap()),
            _ => Cell::Json(value.as_str().unwrap().into_owned()),
        });
        let column: BTreeMap<u32, Cell> = steps.iter().copied().zip(cells).collect();
        if !column.is_empty() {
            content.rows.insert(name.into_owned(), column);
        }
    }
    Ok(content)
}
