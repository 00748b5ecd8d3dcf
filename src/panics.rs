//! Turns panics into values, quietly.
//!
//! A library inside somebody's simulation neither aborts nor prints. Each way into the library (an entry point of
//! the C ABI, the body of a background thread) runs inside [`catch`]; what panics elsewhere in the process is none
//! of our business and is reported as before.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

static HOOK: Once = Once::new();

/// Runs `f`. A panic becomes the text it carried and the place where it happened.
#[inline(always)]
pub fn catch<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    if !HOOK.is_completed() {
        silence();
    }
    let outer = INSIDE.replace(true);
    // Whoever catches must treat what `f` had borrowed as broken; the C boundary poisons the handle.
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    INSIDE.set(outer);
    result.map_err(|payload| {
        drop_quietly(payload);
        taken_text()
    })
}

#[cold]
fn silence() {
    // The hook cannot be exchanged by a thread that is unwinding (a destructor of a Rust program that calls us).
    if std::thread::panicking() {
        return;
    }
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| if INSIDE.get() { record(info) } else { previous(info) }));
    });
}

fn record(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let what = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "a panic without text",
    };
    let text = match info.location() {
        Some(place) => format!("{what}, at {}:{}", place.file(), place.line()),
        None => what.to_string(),
    };
    // A thread that is ending has no place for the text any more.
    let _ = TEXT.try_with(|slot| slot.try_borrow_mut().map(|mut slot| *slot = text));
}

#[cold]
fn taken_text() -> String {
    let text = TEXT.try_with(|slot| slot.try_borrow_mut().map(|mut slot| std::mem::take(&mut *slot)));
    match text {
        Ok(Ok(text)) if !text.is_empty() => text,
        _ => "a panic without text".into(),
    }
}

/// The payload may itself panic when it is dropped; then it is leaked.
#[cold]
fn drop_quietly(payload: Box<dyn std::any::Any + Send>) {
    if let Err(again) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_text_and_place() {
        let caught = catch(|| panic!("the {} broke", "wheel")).unwrap_err();
        assert!(caught.starts_with("the wheel broke, at src/panics.rs:"), "{caught}");
        assert_eq!(catch(|| 7), Ok(7));
    }

    #[test]
    fn panics_outside_still_reach_the_hook_of_the_program() {
        assert!(catch(|| panic!("inside")).is_err());
        assert!(!INSIDE.get());
        assert!(catch(|| catch(|| panic!("deep")).is_err() && INSIDE.get()).unwrap());
    }

    #[test]
    fn a_payload_that_panics_when_dropped_does_not_escape() {
        struct Mine;
        impl Drop for Mine {
            fn drop(&mut self) {
                panic!("from drop");
            }
        }
        let caught = catch(|| panic::panic_any(Mine)).unwrap_err();
        assert!(caught.contains("panic"), "{caught}");
    }
}
