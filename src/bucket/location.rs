//! From the text that names a place to the bucket there.

use super::memory::Memory;
use super::{Bucket, Folder};
use crate::error::{Error, Result};
use crate::store::{DiskStore, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The bucket at a location: a path or `file://PATH`, `memory://NAME`, `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX`,
/// `az://CONTAINER/PREFIX`. `durable`: what is stored in a folder also survives a power cut.
///
/// Nothing is made or asked for yet: a folder is made by the first object in it. Errors: [`Code::Argument`] for text
/// that names no place, [`Code::Unsupported`] for a service that this build lacks.
///
/// [`Code::Argument`]: crate::Code::Argument
/// [`Code::Unsupported`]: crate::Code::Unsupported
pub fn open(location: &str, durable: bool) -> Result<Arc<dyn Bucket>> {
    let Some((scheme, rest)) = location.split_once("://") else {
        return Ok(Arc::new(folder(location, durable)?));
    };
    match scheme {
        "file" => {
            let path = decoded(rest.strip_prefix("localhost").filter(|p| p.starts_with('/')).unwrap_or(rest));
            Ok(Arc::new(folder(&path, durable)?))
        }
        "memory" if rest.is_empty() => Err(Error::argument("memory:// lacks a name: write memory://NAME")),
        "memory" => Ok(Arc::new(Memory::named(rest)?)),
        "s3" | "gs" | "az" => remote(scheme, location),
        _ => Err(Error::argument(format!(
            "{location:?} begins with an unknown {scheme}://: known are a path, file://, memory://, s3://, gs://, az://"
        ))),
    }
}

fn folder(path: &str, durable: bool) -> Result<Folder> {
    if path.is_empty() {
        return Err(Error::argument(
            "the location is empty: give a folder, or a URL such as s3://BUCKET/PREFIX",
        ));
    }
    // The program may go to another folder later.
    let path = if path.starts_with('/') {
        PathBuf::from(path)
    } else {
        DiskStore.canonicalize(Path::new("."))?.join(path)
    };
    Ok(Folder::new(Arc::new(DiskStore), path, durable))
}

/// `%20` and the like as the characters that they stand for.
fn decoded(path: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), path.as_bytes());
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
fn remote(scheme: &str, location: &str) -> Result<Arc<dyn Bucket>> {
    Ok(Arc::new(super::remote::Remote::open(scheme, location)?))
}

#[cfg(not(any(feature = "s3", feature = "gcs", feature = "azure")))]
fn remote(scheme: &str, location: &str) -> Result<Arc<dyn Bucket>> {
    Err(lacking(scheme, location))
}

/// This build cannot reach such a service.
#[allow(dead_code, reason = "a build with every service lacks none")]
pub(super) fn lacking(scheme: &str, location: &str) -> Error {
    let feature = match scheme {
        "s3" => "s3",
        "gs" => "gcs",
        _ => "azure",
    };
    Error::new(
        crate::error::Code::Unsupported,
        format!("cannot open {location}: this build lacks the feature `{feature}`; build with --features {feature}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn a_location_is_a_path_or_a_known_scheme() {
        let locate = |location: &str| open(location, true).unwrap().locate("x");
        assert_eq!(locate("/tmp/j"), "/tmp/j/x");
        assert_eq!(locate("file:///tmp/j"), "/tmp/j/x");
        assert_eq!(locate("file://localhost/tmp/j"), "/tmp/j/x");
        assert_eq!(locate("file:///tmp/a%20b%"), "/tmp/a b%/x");
        assert_eq!(locate("memory://j"), "memory://j/x");
        assert!(locate("relative").starts_with('/') && locate("relative").ends_with("/relative/x"));
        for wrong in ["", "file://", "memory://", "ftp://host/x"] {
            assert_eq!(open(wrong, true).unwrap_err().code(), Code::Argument, "{wrong}");
        }
    }

    #[test]
    #[cfg(not(any(feature = "s3", feature = "gcs", feature = "azure")))]
    fn a_service_that_this_build_lacks_names_its_feature() {
        for (location, feature) in [("s3://b/p", "`s3`"), ("gs://b/p", "`gcs`"), ("az://c/p", "`azure`")] {
            let error = open(location, true).unwrap_err();
            assert_eq!(error.code(), Code::Unsupported);
            assert!(error.message().contains(feature), "{error}");
        }
    }
}
