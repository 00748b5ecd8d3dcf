//! Finding a run from a path (format §2).

use crate::error::{Code, Error, Result};
use crate::run::archive::ArchiveReader;
use crate::run::name::{ARCHIVE, FOLDER, MANIFEST};
use crate::run::options::ReadKind;
use crate::store::{ops, Store};
use std::path::{Path, PathBuf};

/// Where a run was found.
#[derive(Debug)]
pub enum Found {
    /// The run folder.
    Folder(PathBuf),
    /// The opened archive.
    Archive(Box<ArchiveReader>),
}

/// Finds the run that `path` denotes: the run directory, the run folder itself, or an archive.
///
/// Errors: [`Code::NotFound`] with the reason why an archive that is there was passed over; [`Code::Io`].
pub fn find(store: &dyn Store, path: &Path, kind: ReadKind) -> Result<Found> {
    let mut passed_over = None;
    let mut archive = |at: &Path| match ArchiveReader::open_strict(store, at) {
        Ok(archive) => Ok(Some(Found::Archive(Box::new(archive)))),
        Err(e) if e.is_missing() => Ok(None),
        Err(e) if e.code() == Code::Corrupt || e.os_error() == Some(libc::EISDIR) => {
            passed_over = Some(e);
            Ok(None)
        }
        Err(e) => Err(e),
    };
    if kind != ReadKind::Folder {
        if let Some(found) = archive(&path.join(ARCHIVE))? {
            return Ok(found);
        }
    }
    if kind != ReadKind::Archive {
        for root in [path.to_path_buf(), path.join(FOLDER)] {
            if ops::is_file(store, &root.join(MANIFEST))? {
                return Ok(Found::Folder(root));
            }
        }
    }
    if kind != ReadKind::Folder && ops::is_file(store, path)? {
        if let Some(found) = archive(path)? {
            return Ok(found);
        }
    }
    let why = match passed_over {
        Some(e) => format!(" ({e})"),
        None if store.metadata(path)?.is_none() => " (there is nothing of this name)".into(),
        None => String::new(),
    };
    Err(Error::not_found(format!("{} is not a run that could be read{why}", path.display())))
}

/// The name under which a run is shown: of `…/NAME/plattli` and `…/NAME/metrics.plattli` it is NAME, of
/// `NAME.plattli` NAME, otherwise the last component.
pub fn display_name(path: &Path) -> String {
    let text = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned());
    let last = text(path.file_name()).unwrap_or_else(|| path.display().to_string());
    if last == FOLDER || last == ARCHIVE {
        return text(path.parent().and_then(Path::file_name)).unwrap_or(last);
    }
    last.strip_suffix(".plattli").filter(|stem| !stem.is_empty()).map_or(last.clone(), str::to_owned)
}
