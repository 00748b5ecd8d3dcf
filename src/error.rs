//! Errors: a status code for programs and a sentence for people.
//!
//! The sentence says what was tried, on which path or metric, what the operating system answered and, where
//! there is something to do about it, what to do.

use std::fmt;
use std::io;
use std::path::Path;

/// Why a call failed. The numbers are those of the C API and never change.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(i32)]
pub enum Code {
    /// NULL, an illegal name, bad UTF-8, bad JSON, an unknown option or enum value.
    Argument = 1,
    /// The value does not fit the metric: dtype conflict, overflow, inexact integer.
    Type = 2,
    /// Metric written twice in a step, handle finished, step out of order.
    State = 3,
    /// No run here; unknown metric, key or topic.
    NotFound = 4,
    /// A finished run without the reopen option; output exists without overwrite.
    Exists = 5,
    /// Another writer holds the run, or a live run kept changing while it was read.
    Busy = 6,
    /// Data on disk breaks the format in a way that recovery must not paper over.
    Corrupt = 7,
    /// The operating system refused.
    Io = 8,
    /// Shed under the chosen overload policy; nothing of the call was kept.
    Overloaded = 9,
    /// The caller's buffer is too small.
    Buffer = 10,
    /// The handle belongs to the parent process.
    Forked = 11,
    /// This build lacks the feature.
    Unsupported = 12,
    /// A bug in the library.
    Internal = 13,
}

/// A failed operation. On the heap, so that what succeeds, which is nearly everything, carries one pointer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error(Box<Failure>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Failure {
    code: Code,
    message: String,
    os: Option<i32>,
}

/// The result of every fallible operation of the library.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of the given code with a full sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Failure { code, message: message.into(), os: None }))
    }

    /// [`Code::Argument`].
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(Code::Argument, message)
    }

    /// [`Code::Type`].
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new(Code::Type, message)
    }

    /// [`Code::State`].
    pub fn state(message: impl Into<String>) -> Self {
        Self::new(Code::State, message)
    }

    /// [`Code::NotFound`].
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// [`Code::Corrupt`] in the file at `path`.
    pub fn corrupt(path: &Path, what: impl fmt::Display) -> Self {
        Self::new(Code::Corrupt, format!("{}: {what}", path.display()))
    }

    /// [`Code::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// An operating system error: `what` is the operation as an infinitive ("open", "rename to …").
    pub fn io(what: impl fmt::Display, path: &Path, error: &io::Error) -> Self {
        let hint = match error.raw_os_error() {
            Some(libc::ENOSPC) => "; the disk is full: free space or move the run",
            Some(libc::EDQUOT) => "; the quota is used up: free space or ask for more",
            Some(libc::EMFILE | libc::ENFILE) => "; too many open files: raise `ulimit -n`",
            Some(libc::EACCES | libc::EPERM) => "; check the owner and the permissions",
            Some(libc::EROFS) => "; the file system is mounted read-only",
            Some(libc::ESTALE) => "; the file server lost the file: open the run again",
            _ => "",
        };
        Error(Box::new(Failure {
            code: Code::Io,
            message: format!("cannot {what} {}: {error}{hint}", path.display()),
            os: error.raw_os_error(),
        }))
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// `errno`, where the operating system gave one.
    pub fn os_error(&self) -> Option<i32> {
        self.0.os
    }

    /// The path named by the failed operation does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(self.0.os, Some(libc::ENOENT | libc::ENOTDIR))
    }

    /// The same error with `prefix: ` before its sentence.
    pub fn within(mut self, prefix: impl fmt::Display) -> Self {
        self.0.message = format!("{prefix}: {}", self.0.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}
