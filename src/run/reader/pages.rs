//! Large memory of our own, in huge pages where the system has them for those who ask. Touching fresh memory page by page
//! takes longer than reading a column into it.

use super::convert::{bytes_of, Native};

/// Less is not worth the call.
const LARGE: usize = 4 << 20;

/// Size of a huge page on nearly all systems, and a multiple of that of a page on all.
const HUGE: usize = 2 << 20;

/// As many zeroes; `None` if there is no memory for them.
pub fn zeroes<T: Native>(n: usize) -> Option<Vec<T>> {
    // Reserved to see whether it can be, then made of fresh zero pages: those need no second writing.
    Vec::<T>::new().try_reserve_exact(n).ok()?;
    let mut values = vec![T::default(); n];
    if size_of_val(&*values) >= LARGE {
        if let Some(bytes) = bytes_of(&mut values) {
            advise(bytes);
        }
    }
    Some(values)
}

/// Asks for huge pages where whole ones fit.
#[cfg(target_os = "linux")]
fn advise(bytes: &mut [u8]) {
    let gap = bytes.as_ptr().addr().next_multiple_of(HUGE) - bytes.as_ptr().addr();
    let Some(aligned) = bytes.get_mut(gap..) else { return };
    let len = aligned.len() / HUGE * HUGE;
    // SAFETY: the range is inside of the slice, and the advice does not change what it holds. A system that does not take it
    // leaves everything as it is.
    unsafe { libc::madvise(aligned.as_mut_ptr().cast(), len, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise(_: &mut [u8]) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::store::{ops, DiskStore, Store};
    use std::path::Path;

    /// What `/proc/self/smaps` says of the mapping with an address.
    fn flags_at(address: usize) -> String {
        let file = DiskStore.open_read(Path::new("/proc/self/smaps")).unwrap();
        let mut maps = vec![0; 4 << 20];
        let len = ops::read_full(&*file, &mut maps, 0).unwrap();
        let maps = String::from_utf8_lossy(&maps[..len]);
        let mut inside = false;
        for line in maps.lines() {
            let range = line.split(' ').next().and_then(|range| range.split_once('-'));
            let ends = range.and_then(|(start, end)| {
                Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
            });
            if let Some((start, end)) = ends {
                inside = (start..end).contains(&address);
            }
            if let (true, Some(flags)) = (inside, line.strip_prefix("VmFlags:")) {
                return format!("{flags} ");
            }
        }
        String::new()
    }

    #[test]
    fn large_memory_is_asked_for_in_huge_pages_and_all_of_it_is_zero() {
        for n in [0, 1, 1000, 5_000_000, 5_000_001] {
            let values = zeroes::<u32>(n).unwrap();
            assert!(values.len() == n && values.iter().all(|value| *value == 0));
            let supported =
                ops::is_dir(&DiskStore, Path::new("/sys/kernel/mm/transparent_hugepage")).unwrap();
            if n > 1000 && supported {
                assert!(flags_at(values[n / 2..].as_ptr().addr()).contains(" hg "), "{n}");
            }
        }
        assert!(zeroes::<u64>(usize::MAX / 16).is_none());
    }
}
