//! What every bucket does. Also a part of `tests/journal`, for buckets that only a server makes.

use super::{Bucket, Put, PIECE};
use std::time::Duration;

pub fn names(bucket: &dyn Bucket, folder: &str) -> Vec<String> {
    bucket.list(folder).unwrap().into_iter().map(|o| o.name).collect()
}

fn whole(bucket: &dyn Bucket, name: &str) -> Option<Vec<u8>> {
    let mut source = bucket.open(name).unwrap()?;
    let mut all = Vec::new();
    loop {
        match source.next().unwrap() {
            piece if piece.is_empty() => return Some(all),
            piece => all.extend(piece),
        }
    }
}

/// What every bucket does.
pub fn keeps_its_promises(bucket: &dyn Bucket) {
    assert_eq!(names(bucket, ""), [""; 0]);
    assert_eq!(bucket.put_new("b", b"two").unwrap(), Put::Stored);
    assert_eq!(bucket.put_new("b", b"other").unwrap(), Put::Refused);
    assert_eq!(bucket.put_new("a", b"one").unwrap(), Put::Stored);
    assert_eq!(bucket.put_new("deep/er/c", b"three").unwrap(), Put::Stored);
    assert_eq!(names(bucket, ""), ["a", "b"]);
    assert_eq!(names(bucket, "deep"), [""; 0]);
    assert_eq!(names(bucket, "deep/er"), ["deep/er/c"]);
    assert_eq!(names(bucket, "none"), [""; 0]);
    assert_eq!(whole(bucket, "b").unwrap(), b"two");
    assert_eq!((bucket.size("b").unwrap(), bucket.size("none").unwrap()), (Some(3), None));
    assert_eq!(whole(bucket, "none"), None);
    assert!(bucket.get("none").unwrap().is_none());
    assert!(bucket.age("b").unwrap().unwrap() < Duration::from_secs(60));
    assert_eq!(bucket.age("none").unwrap(), None);

    let (bytes, first) = bucket.get("b").unwrap().unwrap();
    assert_eq!(bytes, b"two");
    assert_eq!(bucket.replace("b", b"second", &first).unwrap(), Put::Stored);
    assert_eq!(bucket.replace("b", b"third", &first).unwrap(), Put::Refused);
    assert_eq!(bucket.replace("none", b"third", &first).unwrap(), Put::Refused);
    assert_eq!(whole(bucket, "b").unwrap(), b"second");

    let big: Vec<u8> = (0..PIECE as u32 / 2 + 7).flat_map(|n| n.to_le_bytes()).collect();
    let mut upload = bucket.upload("big").unwrap();
    big.chunks(PIECE / 3).for_each(|piece| upload.write(piece).unwrap());
    assert_eq!(bucket.size("big").unwrap(), None, "an object appears whole");
    assert_eq!(upload.finish().unwrap(), Put::Stored);
    assert!(whole(bucket, "big").unwrap() == big);
    let mut late = bucket.upload("big").unwrap();
    late.write(b"x").unwrap();
    assert_eq!(late.finish().unwrap(), Put::Refused);
    drop(bucket.upload("dropped").unwrap());
    let empty = bucket.upload("empty").unwrap();
    assert_eq!(empty.finish().unwrap(), Put::Stored);
    assert_eq!(whole(bucket, "empty").unwrap(), b"");

    assert!(bucket.delete("empty").unwrap());
    bucket.delete("empty").unwrap();
    assert_eq!(names(bucket, ""), ["a", "b", "big"]);
    for bad in ["", "../x", "a//b", ".hidden", "a/..", "/a"] {
        assert!(bucket.put_new(bad, b"x").is_err(), "{bad}");
    }
    for name in ["a", "b", "big", "deep/er/c"] {
        bucket.delete(name).unwrap();
    }
}
