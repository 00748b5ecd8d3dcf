//! The journal in real places: a folder, memory, and wherever `PLATTLI_TEST_LOCATION` says, which is how
//! `scripts/test-journal.sh` runs all of this against an S3 server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use plattli::bucket::{Bucket, Put, PIECE};

mod places;
mod processes;
#[path = "../../src/bucket/promises.rs"]
mod promises;

/// A place that no other test uses. The folder goes when this is dropped.
struct Place {
    location: String,
    _scratch: Option<tempfile::TempDir>,
}

impl Place {
    fn new(name: &str) -> Place {
        match std::env::var("PLATTLI_TEST_LOCATION") {
            Ok(base) => {
                let location = format!("{base}/{name}-{}", plattli::bucket::unique());
                Place { location, _scratch: None }
            }
            Err(_) => {
                let scratch = tempfile::tempdir().unwrap();
                let location = scratch.path().join(name).to_str().unwrap().to_owned();
                Place { location, _scratch: Some(scratch) }
            }
        }
    }

    fn is_remote(&self) -> bool {
        self._scratch.is_none()
    }

    fn bucket(&self) -> std::sync::Arc<dyn Bucket> {
        plattli::bucket::open(&self.location, true).unwrap()
    }

    fn put(&self, name: &str, text: &str) {
        assert_eq!(self.bucket().put_new(name, text.as_bytes()).unwrap(), Put::Stored);
    }

    fn names(&self) -> Vec<String> {
        promises::names(&*self.bucket(), "")
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.bucket().get(name).unwrap().unwrap().0).unwrap()
    }
}
