//! Names of topics and partitions as names of folders: one to one, and never leading anywhere else.

use crate::error::{Error, Result};

/// The longest name of a folder. File systems take 255 bytes.
const LONGEST: usize = 200;

/// The folder for a name: letters, digits, `_` and `-` as they are, any other byte as `%` and two digits.
pub fn encode(what: &str, name: &str) -> Result<String> {
    if name.is_empty() {
        return Err(Error::argument(format!("the name of the {what} is empty")));
    }
    let mut folder = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => folder.push(char::from(byte)),
            other => folder.push_str(&format!("%{other:02X}")),
        }
    }
    if folder.len() > LONGEST {
        return Err(Error::argument(format!(
            "the name of the {what} is too long: \"{}…\" takes {} bytes of a file name, {LONGEST} are possible \
             (letters, digits, _ and - take one byte each, all others three)",
            name.chars().take(40).collect::<String>(),
            folder.len()
        )));
    }
    Ok(folder)
}

/// The name that a folder stands for; `None` if [`encode`] never makes such a folder.
pub fn decode(folder: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(folder.len());
    let mut rest = folder.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        match first {
            b'%' => {
                let digits = after.get(..2).and_then(|d| std::str::from_utf8(d).ok())?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &after[2..];
            }
            other => {
                bytes.push(other);
                rest = after;
            }
        }
    }
    let name = String::from_utf8(bytes).ok()?;
    (encode("", &name).ok()? == folder).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_from_their_folders_and_no_two_share_one() {
        let names =
            ["a", "A", "a.b", "a%2Eb", "..", ".", "/", "a/b", "a\\b", "ü", "a b", "\0", "-", "_", "%", "~"];
        let mut folders: Vec<String> = names.iter().map(|n| encode("topic", n).unwrap()).collect();
        for (name, folder) in names.iter().zip(&folders) {
            assert_eq!(decode(folder).as_deref(), Some(*name));
            assert!(!folder.contains(['/', '.', '\0', '\\']), "{folder}");
        }
        folders.sort();
        folders.dedup();
        assert_eq!(folders.len(), names.len());
    }

    #[test]
    fn folders_that_no_name_makes_are_not_taken_for_ours() {
        for folder in ["", ".", "..", "%", "%4", "%41", "%2e", "a.b", "%FF", "lost+found", "a b", "%+1"] {
            assert_eq!(decode(folder), None, "{folder}");
        }
    }

    #[test]
    fn names_that_make_no_folder_are_refused() {
        assert!(encode("topic", "").is_err());
        assert!(encode("topic", &"x".repeat(200)).is_ok());
        assert!(encode("topic", &"x".repeat(201)).is_err());
        assert!(encode("topic", &".".repeat(67)).is_err());
    }
}
