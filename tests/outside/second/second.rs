//! Another library in Rust, as a code may link one beside plattli: it has Rust's own library in it once more.
use std::collections::HashMap;

/// How many different bytes `text` has; a panic that is caught and a thread, for what a binary needs for them.
#[no_mangle]
pub extern "C" fn second_count(text: *const u8, len: usize) -> usize {
    // SAFETY: the caller gives `len` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(text, len) }.to_vec();
    let caught = std::panic::catch_unwind(|| {
        std::panic::resume_unwind(Box::new("unwinds"));
    });
    let counted = std::thread::spawn(move || {
        let mut counts: HashMap<u8, usize> = HashMap::new();
        bytes.iter().for_each(|b| *counts.entry(*b).or_default() += 1);
        counts.len()
    });
    match (caught, counted.join()) {
        (Err(_), Ok(n)) => n,
        _ => 0,
    }
}
