//! The boundary: all pointer code, and the one place where errors and panics become codes.
//!
//! # How to write an entry point
//!
//! A handle is an opaque struct that holds a [`State`] and implements [`Handle`]. `plattli_x_open` is
//! [`open`], a method is [`call`], `plattli_x_close` is [`close`]; inside, arguments come through [`text`],
//! [`bytes`], [`slice`] … which name the parameter when it is NULL, and outputs go through [`out`], taken before
//! the work and set after it, so that they are written on success only:
//!
//! ```ignore
//! #[no_mangle]
//! pub unsafe extern "C" fn plattli_writer_metric(
//!     writer: *mut plattli_writer, name: *const c_char, dtype: i32, out_id: *mut u32,
//! ) -> i32 {
//!     call(writer, |w| {
//!         let out_id = out(out_id, "out_id")?;
//!         out_id.set(w.inner.metric(text(name, "name")?, known_dtype(dtype)?)?)
//!     })
//! }
//! ```
//!
//! Objects without threads or files behind them (options, columns, tables, strings) need no [`Handle`]: they are
//! made by [`boxed`] or [`out`] + [`Out::set_boxed`], changed by [`edit`], looked at by [`look`] and [`examine`],
//! and released by [`free`].
//!
//! These functions dereference what they are given and are yet not marked `unsafe`: the promise they rest on is
//! the one that the caller of the (unsafe) entry point makes, and repeating it at each line would prove nothing.
//! They are visible in `capi` only and must be given nothing but the parameters of an entry point.

use super::error::{record, PLATTLI_OK};
use crate::error::{Code, Error, Result};
use crate::run::name::Spelled;
use crate::{fork, panics};
use std::ffi::{c_char, CStr};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

/// What every handle remembers: the process it was made in, and whether a panic broke it.
pub(super) struct State {
    generation: u32,
    poisoned: AtomicBool,
}

impl State {
    /// The state of a handle that this process makes now.
    pub fn new() -> Result<Self> {
        fork::ensure_registered()?;
        Ok(State { generation: fork::generation(), poisoned: AtomicBool::new(false) })
    }

    #[inline]
    fn check(&self, name: &str) -> Result<()> {
        if self.is_foreign() {
            return Err(forked(name));
        }
        if self.poisoned.load(Ordering::Relaxed) {
            return Err(poisoned(name));
        }
        Ok(())
    }

    #[inline]
    fn is_foreign(&self) -> bool {
        self.generation != fork::generation()
    }
}

/// An opaque object with files or threads behind it.
pub(super) trait Handle: Sync {
    /// The name of the parameter that carries it, for messages: `"writer"`.
    const NAME: &'static str;
    /// Its state.
    fn state(&self) -> &State;
    /// A call is in progress. In a forked child that is for ever: the thread that was in the middle of it does not
    /// exist there, and what it left half done can be neither used nor released.
    fn is_in_call(&self) -> bool;
    /// A call on it panicked: ways around [`State`] are to be closed.
    fn broke(&self) {}
}

#[cold]
fn null(name: &str) -> Error {
    Error::argument(format!("{name} is NULL"))
}

#[cold]
fn forked(name: &str) -> Error {
    Error::new(
        Code::Forked,
        format!(
            "this {name} belongs to the parent of this forked process: open another one, or use it there"
        ),
    )
}

#[cold]
fn poisoned(name: &str) -> Error {
    Error::internal(format!("this {name} was broken by an earlier internal error: close it"))
}

#[cold]
fn bug(panic: &str) -> Error {
    Error::internal(format!("a bug in plattli {}: {panic}; please report it", env!("CARGO_PKG_VERSION")))
}

/// Runs the body of an entry point that has no handle yet.
#[inline]
pub(super) fn guard(body: impl FnOnce() -> Result<()>) -> i32 {
    match panics::catch(body) {
        Ok(Ok(())) => PLATTLI_OK,
        Ok(Err(error)) => record(&error),
        Err(panic) => record(&bug(&panic)),
    }
}

/// Runs a method of a handle: refuses NULL, a handle of the parent process and a broken one. A panic inside
/// breaks this handle and no other.
#[inline(always)]
pub(super) fn call<H: Handle>(handle: *const H, body: impl FnOnce(&H) -> Result<()>) -> i32 {
    // SAFETY: NULL or a live handle, by the contract.
    let Some(handle) = (unsafe { handle.as_ref() }) else { return record(&null(H::NAME)) };
    if let Err(error) = handle.state().check(H::NAME) {
        return record(&error);
    }
    #[cfg(feature = "test-panic")]
    let body = |handle: &H| panic_if_asked(H::NAME).and_then(|()| body(handle));
    match panics::catch(|| body(handle)) {
        Ok(Ok(())) => PLATTLI_OK,
        Ok(Err(error)) => record(&error),
        Err(panic) => {
            handle.state().poisoned.store(true, Ordering::Relaxed);
            // What broke it may break again; by then there is nothing left to be told.
            _ = panics::catch(|| handle.broke());
            record(&bug(&panic))
        }
    }
}

/// Runs what never panics, if there is a handle, and says whether it did all there was to do. It has to look for itself
/// whether the handle is sound and of this process.
#[inline(always)]
pub(super) fn done_by<H: Handle>(handle: *const H, body: impl FnOnce(&H) -> bool) -> bool {
    // SAFETY: NULL or a live handle, by the contract.
    unsafe { handle.as_ref() }.is_some_and(body)
}

/// A bug made on purpose, where a test asks for it: what a caller sees of a real one cannot be shown otherwise.
#[cfg(feature = "test-panic")]
#[allow(clippy::panic)]
fn panic_if_asked(name: &str) -> Result<()> {
    if std::env::var("PLATTLI_TEST_PANIC").is_ok_and(|asked| asked == name) {
        panic!("PLATTLI_TEST_PANIC asks for it");
    }
    Ok(())
}

/// A second handle that a method is given: refused as the first would be.
pub(super) fn also<'a, H: Handle>(handle: *const H) -> Result<&'a H> {
    let handle = optional(handle).ok_or_else(|| null(H::NAME))?;
    handle.state().check(H::NAME).map(|()| handle)
}

/// Makes a handle and stores it in `out`.
pub(super) fn open<H: Handle>(handle: *mut *mut H, make: impl FnOnce() -> Result<H>) -> i32 {
    guard(|| {
        let handle = out(handle, "out")?;
        handle.set_boxed(make()?)
    })
}

/// Ends a handle: `body` where it is ours and sound, then releases it in any case. NULL is fine. In a forked
/// child `body` does not run, and dropping `H` must not touch a file.
pub(super) fn close<H: Handle>(handle: *mut H, body: impl FnOnce(&H) -> Result<()>) -> i32 {
    if handle.is_null() {
        return PLATTLI_OK;
    }
    // SAFETY: not NULL, made by `open`, and by the contract used by nobody else now or later.
    let handle = unsafe { Box::from_raw(handle) };
    let status = match handle.state().check(H::NAME) {
        Ok(()) => guard(|| body(&handle)),
        Err(error) => record(&error),
    };
    if handle.state().is_foreign() && handle.is_in_call() {
        std::mem::forget(handle);
        return status;
    }
    match guard(move || released(handle)) {
        PLATTLI_OK => status,
        dropped => dropped,
    }
}

/// An object on the heap for a caller who releases it by [`free`]; NULL if that fails.
pub(super) fn boxed<T>(make: impl FnOnce() -> T) -> *mut T {
    let mut made = std::ptr::null_mut();
    guard(|| {
        made = Box::into_raw(Box::new(make()));
        Ok(())
    });
    made
}

/// Releases an object made by [`boxed`] or [`Out::set_boxed`]. NULL is fine.
pub(super) fn free<T>(object: *mut T) {
    if !object.is_null() {
        // SAFETY: not NULL, made by `boxed`, and by the contract used by nobody else now or later.
        let object = unsafe { Box::from_raw(object) };
        guard(move || released(object));
    }
}

/// Drops inside a guard: even a destructor that panics ends as a code.
fn released<T>(object: Box<T>) -> Result<()> {
    drop(object);
    Ok(())
}

/// Runs a setter of an object that one thread uses at a time.
pub(super) fn edit<T>(object: *mut T, name: &str, body: impl FnOnce(&mut T) -> Result<()>) -> i32 {
    guard(|| {
        // SAFETY: NULL or a live object that no other thread uses meanwhile, by the contract.
        body(unsafe { object.as_mut() }.ok_or_else(|| null(name))?)
    })
}

/// Runs a fallible accessor of a plain object.
pub(super) fn examine<T>(object: *const T, name: &str, body: impl FnOnce(&T) -> Result<()>) -> i32 {
    guard(|| body(optional(object).ok_or_else(|| null(name))?))
}

/// What an accessor without a status says of a plain object; `otherwise` for NULL.
pub(super) fn look<T, R: Copy>(object: *const T, otherwise: R, body: impl FnOnce(&T) -> R) -> R {
    optional(object).map_or(otherwise, |object| panics::catch(|| body(object)).unwrap_or(otherwise))
}

/// A pointer that may be NULL, such as options.
pub(super) fn optional<'a, T>(object: *const T) -> Option<&'a T> {
    // SAFETY: NULL or valid for the call, by the contract.
    unsafe { object.as_ref() }
}

/// Terminated UTF-8 text.
#[inline]
pub(super) fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, terminated and valid for the call, by the contract.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| not_utf8(name, text.to_bytes()))
}

/// Terminated text that is to be compared before it is read.
pub(super) struct Spelling<'a> {
    text: *const c_char,
    name: &'static str,
    life: PhantomData<&'a c_char>,
}

/// Terminated text that is to be compared before it is read.
#[inline(always)]
pub(super) fn spelled<'a>(text: *const c_char, name: &'static str) -> Result<Spelling<'a>> {
    match text.is_null() {
        true => Err(null(name)),
        false => Ok(Spelling { text, name, life: PhantomData }),
    }
}

impl Spelled for Spelling<'_> {
    #[inline(always)]
    fn is(&self, terminated: &[u8]) -> bool {
        // SAFETY: not NULL. Both are terminated, the one by the contract and the other as was just seen.
        terminated.ends_with(&[0]) && unsafe { libc::strcmp(self.text, terminated.as_ptr().cast()) } == 0
    }

    fn text(&self) -> Result<&str> {
        text(self.text, self.name)
    }
}

/// Terminated UTF-8 text or NULL.
pub(super) fn optional_text<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>> {
    if pointer.is_null() {
        Ok(None)
    } else {
        text(pointer, name).map(Some)
    }
}

/// `n` pointers to terminated UTF-8 text.
pub(super) fn texts<'a>(list: *const *const c_char, n: usize, name: &str) -> Result<Vec<&'a str>> {
    let each = slice(list, n, name)?.iter().enumerate();
    each.map(|(i, one)| text(*one, &format!("{name}[{i}]"))).collect()
}

/// Bytes by address and length. NULL is fine when there are none.
pub(super) fn bytes<'a>(data: *const c_char, len: usize, name: &str) -> Result<&'a [u8]> {
    slice(data.cast::<u8>(), len, name)
}

/// UTF-8 text by address and length, which may hold NUL. NULL is fine when it is empty.
pub(super) fn utf8<'a>(data: *const c_char, len: usize, name: &str) -> Result<&'a str> {
    let bytes = bytes(data, len, name)?;
    std::str::from_utf8(bytes).map_err(|_| not_utf8(name, bytes))
}

#[cold]
fn not_utf8(name: &str, bytes: &[u8]) -> Error {
    let shown = String::from_utf8_lossy(bytes.get(..80).unwrap_or(bytes));
    Error::argument(format!("{name} is not UTF-8: {shown:?}"))
}

/// `n` items. NULL is fine when there are none.
#[inline]
pub(super) fn slice<'a, T>(data: *const T, n: usize, name: &str) -> Result<&'a [T]> {
    check_array::<T>(data, n, name)?;
    // SAFETY: not NULL, of a possible size, and by the contract `n` items that nobody changes during the call.
    Ok(if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data, n) } })
}

/// Room for `n` items. NULL is fine when there is none.
pub(super) fn slice_mut<'a, T>(data: *mut T, n: usize, name: &str) -> Result<&'a mut [T]> {
    check_array::<T>(data, n, name)?;
    // SAFETY: not NULL, of a possible size, and by the contract room for `n` items that is ours for the call.
    Ok(if n == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(data, n) } })
}

#[inline]
fn check_array<T>(data: *const T, n: usize, name: &str) -> Result<()> {
    if n == 0 {
        return Ok(());
    }
    if data.is_null() {
        return Err(null(name));
    }
    if !data.is_aligned() || n > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(impossible(name, n));
    }
    Ok(())
}

#[cold]
fn impossible(name: &str, n: usize) -> Error {
    Error::argument(format!("{name} cannot be an array of {n} items: misaligned, or larger than the memory"))
}

/// An output that is known not to be NULL; it keeps its old value until [`Out::set`].
pub(super) struct Out<'a, T> {
    place: *mut T,
    life: PhantomData<&'a mut T>,
}

/// Checks where an output is to go.
pub(super) fn out<'a, T>(place: *mut T, name: &str) -> Result<Out<'a, T>> {
    if place.is_null() {
        Err(null(name))
    } else {
        Ok(Out { place, life: PhantomData })
    }
}

impl<T> Out<'_, T> {
    /// Writes the output. Always succeeds, so that it can end an entry point.
    #[inline]
    pub fn set(self, value: T) -> Result<()> {
        // SAFETY: not NULL and by the contract writable for the call. What was there has no destructor.
        unsafe { self.place.write(value) };
        Ok(())
    }
}

impl<T> Out<'_, *mut T> {
    /// Puts the value on the heap and writes its address.
    pub fn set_boxed(self, value: T) -> Result<()> {
        self.set(Box::into_raw(Box::new(value)))
    }
}

/// A struct that the library fills: plain C data that begins with `size_t size`, set by the caller.
///
/// # Safety
///
/// The type is `#[repr(C)]`, its first field is a `usize`, and any bytes make a valid value.
pub(super) unsafe trait Filled: Copy {
    /// The name of the type, for messages.
    const NAME: &'static str;
}

/// No struct of ours will ever be larger: a `size` above is memory that was never set.
const LARGEST_STRUCT: usize = 4096;

/// A struct to be filled whose `size` has been looked at.
pub(super) struct Fillable<'a, S> {
    place: *mut S,
    known: usize,
    life: PhantomData<&'a mut S>,
}

/// Checks where a struct is to go, before the work whose outcome it takes.
pub(super) fn fillable<'a, S: Filled>(place: *mut S, name: &str) -> Result<Fillable<'a, S>> {
    if place.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and by the contract at least a `size_t` that the caller has set.
    let size = unsafe { place.cast::<usize>().read() };
    if size < size_of::<usize>() || size > LARGEST_STRUCT {
        return Err(Error::argument(format!(
            "{name}->size is {size}: set it to sizeof({}) before the call",
            S::NAME
        )));
    }
    Ok(Fillable { place, known: size.min(size_of::<S>()), life: PhantomData })
}

impl<S: Filled> Fillable<'_, S> {
    /// Fills as much of the struct as the caller's `size` has room for; `size` itself is left as it is. So a program
    /// built against an older header gets the fields it knows, and one built against a newer header finds the
    /// fields that this library does not know as it left them.
    pub fn set(self, value: S) -> Result<()> {
        let size_field = size_of::<usize>();
        let from = (&raw const value).cast::<u8>();
        // SAFETY: `known` bytes lie in `value` and, by the caller's size, in the struct at `place`; `known` is at
        // least `size_field`.
        unsafe {
            let (from, to) = (from.add(size_field), self.place.cast::<u8>().add(size_field));
            std::ptr::copy_nonoverlapping(from, to, self.known - size_field);
        }
        Ok(())
    }
}

/// [`fillable`] and [`Fillable::set`] in one, where nothing happens in between.
pub(super) fn fill<S: Filled>(place: *mut S, name: &str, value: S) -> Result<()> {
    fillable(place, name)?.set(value)
}

/// Copies text into a buffer of `cap` bytes, terminated, cut between characters; gives its whole length.
pub(super) fn copy_text(text: &CStr, buf: *mut c_char, cap: usize) -> usize {
    let text = text.to_bytes();
    if !buf.is_null() && cap > 0 {
        let mut kept = text.len().min(cap - 1);
        while kept < text.len() && kept > 0 && (text[kept] & 0xC0) == 0x80 {
            kept -= 1;
        }
        // SAFETY: `kept + 1` is at most `cap`, the size of the buffer by the contract.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr(), buf.cast::<u8>(), kept);
            buf.cast::<u8>().add(kept).write(0);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests;
