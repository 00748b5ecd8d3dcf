//! The run configuration `config.json` (format §5).

use super::manifest::{last_of_each_key, Object};
use super::name::{CONFIG, FOLDER};
use super::options::Config;
use crate::error::{Code, Error, Result};
use crate::json::{self, RawKind, Spacing};
use crate::store::{ops, Kind, Store};
use std::path::{Component, Path, PathBuf};

/// What is to become of `config.json`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// An existing file or link stays; if there is none, it becomes `{}`.
    Keep,
    /// This text.
    Text(Vec<u8>),
    /// A link to this file, an absolute path without links.
    Link(PathBuf),
}

/// Decides what [`apply`] is to do, and refuses what it must not do, without touching anything: a writer asks
/// before it changes a run. Paths are taken relative to `run_dir`; `root` is the run folder in it.
///
/// [`Code::Argument`] for text that is not JSON, and for a path to something that is no regular file, to the
/// folders of the run, or to the file through which `config.json` is replaced. `may_be` tells of a path in the run
/// directory whether something may be there: where it knows better nothing is asked.
pub fn prepare(
    store: &dyn Store,
    run_dir: &Path,
    root: &Path,
    config: &Config,
    may_be: impl Fn(&Path) -> bool,
) -> Result<Source> {
    let path = match config {
        Config::Json(text) => return value(text).map(Source::Text),
        Config::Path(path) => run_dir.join(path),
    };
    if is_plain(&path, run_dir) && !(may_be(&path) && store.link_metadata(&path)?.is_some()) {
        // As is usual: nothing is there that could be used or refused.
        return Ok(Source::Keep);
    }
    let refuse =
        |why: &str| Err(Error::argument(format!("cannot use {} as configuration: {why}", path.display())));
    let own = place(store, &root.join(CONFIG))?;
    let given = place(store, &path)?;
    if given == ops::tmp_of(&own) {
        return refuse("the writer needs this file itself");
    }
    if given == place(store, root)? || given == place(store, run_dir)? {
        return refuse("it is a folder of the run");
    }
    match store.metadata(&path)? {
        _ if given == own => Ok(Source::Keep),
        None => Ok(Source::Keep),
        Some(m) if m.kind != Kind::File => refuse("it is not a regular file"),
        Some(_) => {
            let target = store.canonicalize(&path)?;
            if target == ops::tmp_of(&own) {
                return refuse("the writer needs this file itself");
            }
            // A link to itself could never be read again.
            Ok(if target == own { Source::Keep } else { Source::Link(target) })
        }
    }
}

/// Makes `config.json` in the run folder, which must exist, what the caller asked for (see [`prepare`]).
pub fn apply(store: &dyn Store, run_dir: &Path, root: &Path, config: &Config) -> Result<()> {
    apply_prepared(store, root, &prepare(store, run_dir, root, config, |_| true)?)
}

/// The same with what [`prepare`] has decided.
pub fn apply_prepared(store: &dyn Store, root: &Path, source: &Source) -> Result<()> {
    let path = root.join(CONFIG);
    match source {
        Source::Text(text) => ops::replace(store, &path, text),
        Source::Link(target) => {
            let tmp = ops::tmp_of(&path);
            ops::remove_if_present(store, &tmp)?;
            store.symlink(target, &tmp)?;
            store.rename(&tmp, &path)?;
            store.sync_dir(root)
        }
        Source::Keep => match store.link_metadata(&path)? {
            None => ops::replace(store, &path, b"{}"),
            Some(m) if m.kind == Kind::Link => Ok(()),
            Some(m) => ops::regular(&path, &m),
        },
    }
}

/// The same in a folder that was just made: nothing is in it.
pub fn apply_to_new(store: &dyn Store, root: &Path, source: &Source) -> Result<()> {
    match source {
        Source::Keep => ops::replace(store, &root.join(CONFIG), b"{}"),
        Source::Text(_) | Source::Link(_) => apply_prepared(store, root, source),
    }
}

/// The text of `config.json`, through a link if it is one; `None` if it is missing or its link leads nowhere. It
/// may be any UTF-8: a linked file is whatever its owner made of it.
pub fn read(store: &dyn Store, root: &Path) -> Result<Option<String>> {
    let path = root.join(CONFIG);
    let Some(bytes) = ops::read_file(store, &path)? else { return Ok(None) };
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|e| Error::corrupt(&path, format!("not UTF-8: {}", e.utf8_error())))
}

/// The configuration with some of its keys replaced and new ones at the end, in spaced form (format §5, §13).
/// [`Code::Argument`] if either is not an object, [`Code::Corrupt`] if the configuration is not JSON.
pub fn merge_overrides(config: &[u8], overrides: &str) -> Result<Vec<u8>> {
    let added = value(overrides).map_err(|e| e.within("configuration overrides"))?;
    let base =
        json::parse(config).map_err(|e| Error::new(Code::Corrupt, format!("{CONFIG} is not JSON: {e}")))?;
    let added = json::parse(&added).map_err(|e| Error::internal(format!("configuration overrides: {e}")))?;
    if added.kind() != RawKind::Object {
        return Err(Error::argument("configuration overrides must be a JSON object"));
    }
    if base.kind() != RawKind::Object {
        return Err(Error::argument(format!(
            "{CONFIG} is not a JSON object: no key of it can be overridden"
        )));
    }
    let mut out = Vec::with_capacity(config.len() + overrides.len());
    let mut object = Object::open(&mut out);
    for (key, value) in last_of_each_key(base.members().chain(added.members())) {
        json::transcode(value.0, Spacing::Spaced, object.key(&key))
            .map_err(|e| Error::internal(format!("configuration: {e}")))?;
    }
    object.close();
    Ok(out)
}

/// JSON text as the configuration is stored.
fn value(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    json::transcode_strict(text.as_bytes(), Spacing::Spaced, &mut out)
        .map_err(|e| Error::argument(format!("the configuration is not JSON that can be stored: {e}")))?;
    Ok(out)
}

/// The path is that of a file in the run directory itself.
fn is_plain(path: &Path, run_dir: &Path) -> bool {
    let inside = path.strip_prefix(run_dir).ok();
    let mut parts = inside.into_iter().flat_map(Path::components);
    matches!((parts.next(), parts.next()), (Some(Component::Normal(file)), None) if file != FOLDER)
}

/// Where a path leads without following a link in its last component, and whether or not it exists.
fn place(store: &dyn Store, path: &Path) -> Result<PathBuf> {
    let (Some(name), parent) = (path.file_name(), ops::parent_of(path)) else {
        return Ok(ops::if_present(store.canonicalize(path))?.unwrap_or_else(|| folded(path)));
    };
    Ok(match ops::if_present(store.canonicalize(parent))? {
        Some(parent) => parent.join(name),
        None => folded(path),
    })
}

/// A path without `.` and `..`, by its text alone.
fn folded(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => _ = out.pop(),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
