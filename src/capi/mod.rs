//! The C ABI. The header is generated from these files; the contract is on one page, `docs/c-api.md`.
//!
//! Entry points are a few lines: [`boundary`] turns pointers into Rust values, errors and panics into codes.
//! They are `unsafe` because of what the contract asks of the caller: pointers are NULL or valid for the call,
//! text is terminated, lengths are true, and a handle is not freed while it is in use.
#![allow(non_camel_case_types, clippy::missing_safety_doc)]

mod boundary;

// The groups stand in the order in which the header is to be read.
pub mod version;

pub mod error;

pub mod string;
pub mod types;

pub mod options;
pub mod writer;

pub mod write;

pub mod put;

pub mod reader;

pub mod columns;

pub mod arrow;

pub mod import;

pub mod state;

pub mod stream_options;

pub mod stream;

pub mod query;

pub mod journal;
