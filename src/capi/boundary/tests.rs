//! The boundary held against a handle that can be told to misbehave.

use super::*;
use crate::capi::error::*;
use std::ffi::CString;
use std::ptr::{null, null_mut};
use std::sync::atomic::AtomicU32;
use std::sync::Arc;

struct Probe {
    state: State,
    drops: Arc<AtomicU32>,
    panics_in_drop: bool,
}

impl Handle for Probe {
    const NAME: &'static str = "probe";
    fn state(&self) -> &State {
        &self.state
    }
    fn is_in_call(&self) -> bool {
        false
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics_in_drop, "the drop broke");
    }
}

fn probe(panics_in_drop: bool) -> (*mut Probe, Arc<AtomicU32>) {
    let drops = Arc::new(AtomicU32::new(0));
    let mut made = null_mut();
    let state = || State::new();
    let status = open(&mut made, || Ok(Probe { state: state()?, drops: drops.clone(), panics_in_drop }));
    assert_eq!(status, PLATTLI_OK);
    (made, drops)
}

fn last() -> String {
    // SAFETY: never NULL and terminated.
    unsafe { CStr::from_ptr(plattli_last_error()) }.to_str().unwrap().to_string()
}

#[test]
fn a_panic_breaks_its_own_handle_and_no_other() {
    let (broken, drops) = probe(false);
    let (sound, _) = probe(false);
    assert_eq!(call(broken, |_| panic!("the {}", "cause")), PLATTLI_ERR_INTERNAL);
    assert!(last().contains("the cause, at src/capi/boundary/tests.rs"), "{}", last());
    assert_eq!(call(broken, |_| Ok(())), PLATTLI_ERR_INTERNAL);
    assert!(last().contains("this probe was broken by an earlier internal error"), "{}", last());
    assert_eq!(call(sound, |_| Ok(())), PLATTLI_OK);
    assert_eq!(close(broken, |_| panic!("must not run")), PLATTLI_ERR_INTERNAL);
    assert_eq!(drops.load(Ordering::Relaxed), 1, "a broken handle is still released");
    assert_eq!(close(sound, |_| Ok(())), PLATTLI_OK);
}

#[test]
fn a_destructor_that_panics_ends_as_a_code() {
    let (handle, drops) = probe(true);
    assert_eq!(close(handle, |_| Ok(())), PLATTLI_ERR_INTERNAL);
    assert!(last().contains("the drop broke"), "{}", last());
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    let plain = boxed(|| Probe { state: State::new().unwrap(), drops: drops.clone(), panics_in_drop: true });
    free(plain);
    assert_eq!(drops.load(Ordering::Relaxed), 2);
}

#[test]
fn closing_reports_what_the_body_says_and_releases_anyway() {
    let (handle, drops) = probe(false);
    assert_eq!(close(handle, |_| Err(Error::new(Code::Io, "disk"))), PLATTLI_ERR_IO);
    let (handle, more) = probe(false);
    assert_eq!(close(handle, |_| panic!("body")), PLATTLI_ERR_INTERNAL);
    assert_eq!(drops.load(Ordering::Relaxed) + more.load(Ordering::Relaxed), 2);
    assert_eq!(close(null_mut::<Probe>(), |_| panic!("body")), PLATTLI_OK);
}

#[test]
fn null_is_refused_by_the_name_of_the_parameter() {
    assert_eq!(call(null::<Probe>(), |_| Ok(())), PLATTLI_ERR_ARGUMENT);
    assert_eq!(last(), "probe is NULL");
    assert_eq!(open(null_mut::<*mut Probe>(), || panic!("must not run")), PLATTLI_ERR_ARGUMENT);
    assert_eq!(last(), "out is NULL");
    assert_eq!(edit(null_mut::<u8>(), "options", |_| Ok(())), PLATTLI_ERR_ARGUMENT);
    assert_eq!(examine(null::<u8>(), "column", |_| Ok(())), PLATTLI_ERR_ARGUMENT);
    assert_eq!(last(), "column is NULL");
    assert_eq!(look(null::<u8>(), 9, |x| *x), 9);
    assert!(text(null(), "name").unwrap_err().message().contains("name is NULL"));
    assert_eq!(optional_text(null(), "on").unwrap(), None);
    let names = [c"a".as_ptr(), null()];
    assert_eq!(texts(names.as_ptr(), 2, "names").unwrap_err().message(), "names[1] is NULL");
}

#[test]
fn empty_arrays_need_no_address_and_others_do() {
    assert!(bytes(null(), 0, "json").unwrap().is_empty());
    assert_eq!(bytes(null(), 1, "json").unwrap_err().message(), "json is NULL");
    assert!(slice_mut::<f64>(null_mut(), 0, "values").unwrap().is_empty());
    let eight = [0u64; 2];
    let odd = eight.as_ptr().cast::<u8>().wrapping_add(1).cast::<u64>();
    assert!(slice(odd, 1, "values").unwrap_err().message().contains("misaligned"));
    assert!(slice(eight.as_ptr(), usize::MAX / 8, "values").is_err());
    assert_eq!(slice(eight.as_ptr(), 2, "values").unwrap(), [0, 0]);
}

#[test]
fn text_must_be_utf8_and_the_message_shows_it() {
    let latin1 = CString::new(b"temp\xe9rature".to_vec()).unwrap();
    let error = text(latin1.as_ptr(), "name").unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Argument, "name is not UTF-8: \"temp\u{fffd}rature\"")
    );
    assert!(utf8(latin1.as_ptr(), 5, "text").is_err());
    assert_eq!(utf8(latin1.as_ptr(), 4, "text").unwrap(), "temp");
}

#[test]
fn outputs_keep_their_value_when_a_call_fails() {
    let (handle, _) = probe(false);
    let mut n = 7u32;
    let place = &raw mut n;
    let failing = |_: &Probe| {
        let n = out(place, "n")?;
        n.set(Err(Error::state("no"))?)
    };
    assert_eq!(call(handle, failing), PLATTLI_ERR_STATE);
    assert_eq!(n, 7);
    assert_eq!(call(handle, |_| out(place, "n")?.set(8)), PLATTLI_OK);
    assert_eq!(n, 8);
    close(handle, |_| Ok(()));
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Counts {
    size: usize,
    a: u64,
    b: u64,
}

// SAFETY: plain C data that begins with a `usize`.
unsafe impl Filled for Counts {
    const NAME: &'static str = "counts";
}

#[test]
fn a_struct_is_filled_as_far_as_the_caller_knows_it() {
    let value = Counts { size: 0, a: 1, b: 2 };
    let fresh = |size| Counts { size, a: 77, b: 77 };
    let mut older = fresh(16);
    fill(&mut older, "out", value).unwrap();
    assert_eq!((older.size, older.a, older.b), (16, 1, 77));
    let mut same = fresh(24);
    fill(&mut same, "out", value).unwrap();
    assert_eq!((same.size, same.a, same.b), (24, 1, 2));
    let mut newer = [64usize, 77, 77, 77, 77, 77, 77, 77];
    fill(newer.as_mut_ptr().cast::<Counts>(), "out", value).unwrap();
    assert_eq!(newer, [64, 1, 2, 77, 77, 77, 77, 77]);
    for unset in [0, 7, 4097, usize::MAX] {
        let mut counts = fresh(unset);
        let error = fill(&mut counts, "out", value).unwrap_err();
        assert!(error.message().contains("set it to sizeof(counts)"), "{error}");
        assert_eq!((counts.a, counts.b), (77, 77));
    }
}

#[test]
fn a_forked_child_is_refused_and_may_still_release() {
    let (handle, drops) = probe(false);
    // SAFETY: the child runs only the code under test and `_exit`.
    let status = unsafe {
        let child = libc::fork();
        if child == 0 {
            let refused = call(handle, |_| Ok(())) == PLATTLI_ERR_FORKED;
            let closed = close(handle, |_| libc::_exit(3)) == PLATTLI_ERR_FORKED;
            let released = drops.load(Ordering::Relaxed) == 1;
            libc::_exit(if refused && closed && released { 0 } else { 1 });
        }
        let mut status = 0;
        libc::waitpid(child, &mut status, 0);
        status
    };
    assert_eq!(status, 0);
    assert_eq!(call(handle, |_| Ok(())), PLATTLI_OK, "the parent goes on");
    close(handle, |_| Ok(()));
}
