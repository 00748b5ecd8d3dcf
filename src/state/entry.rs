//! One entry of a log: its bytes, and what it does to the state (docs/state.md, "Entries").

use crate::clock;
use crate::error::{Error, Result};
use crate::json::{self, Raw, RawKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys with the text of their values, compact JSON.
pub type Map = BTreeMap<Arc<str>, Arc<str>>;

/// What an entry does to the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// One key gets a value.
    Set(Arc<str>, Arc<str>),
    /// One key goes.
    Delete(Arc<str>),
    /// The whole state is replaced.
    Replace(Map),
    /// The whole state as of a compaction.
    Checkpoint(Map),
    /// Nothing: an empty key, which the original design writes and passes over.
    Nothing,
}

impl Change {
    /// Does it.
    pub fn apply(self, map: &mut Map) {
        match self {
            Change::Set(key, value) => _ = map.insert(key, value),
            Change::Delete(key) => _ = map.remove(&key),
            Change::Replace(state) | Change::Checkpoint(state) => *map = state,
            Change::Nothing => {}
        }
    }
}

/// Reads one line. The error says what is wrong with it.
pub fn parse(line: &[u8]) -> std::result::Result<Change, String> {
    let [mut op, mut key, mut value, mut data, mut state] = [None; 5];
    // Of members that are given twice the last counts, as in JavaScript.
    let scanned = json::scan_object(line, |name, raw| match &*name {
        "op" => op = Some(raw),
        "key" => key = Some(raw),
        "value" => value = Some(raw),
        "data" => data = Some(raw),
        "state" => state = Some(raw),
        _ => {}
    });
    scanned.map_err(|e| e.to_string())?;
    let op = op.and_then(|op| op.as_str()).ok_or("an entry without op")?;
    let key = match key.filter(|key| key.kind() != RawKind::Null) {
        Some(key) => Some(key.as_str().ok_or("a key that is no text")?),
        None => None,
    };
    match (&*op, key.as_deref()) {
        ("SET" | "DELETE", Some("")) => Ok(Change::Nothing),
        ("SET", Some(key)) => match value {
            Some(value) => Ok(Change::Set(key.into(), value_text(value)?)),
            // What JavaScript makes of the value `undefined`.
            None => Ok(Change::Delete(key.into())),
        },
        ("SET", None) => Ok(Change::Replace(object(data, "a SET without key and data")?)),
        ("DELETE", Some(key)) => Ok(Change::Delete(key.into())),
        ("DELETE", None) => Err("a DELETE without key".into()),
        ("CHECKPOINT", _) => Ok(Change::Checkpoint(object(state, "a CHECKPOINT without state")?)),
        (other, _) => Err(format!("the unknown op {other:?}, perhaps of a later version")),
    }
}

fn value_text(value: Raw<'_>) -> std::result::Result<Arc<str>, String> {
    let mut text = Vec::with_capacity(value.0.len());
    json::compact(value.0, &mut text).map_err(|e| e.to_string())?;
    String::from_utf8(text).map(Into::into).map_err(|e| e.to_string())
}

fn object(raw: Option<Raw<'_>>, missing: &str) -> std::result::Result<Map, String> {
    let raw = raw.filter(|raw| raw.kind() == RawKind::Object).ok_or(missing)?;
    raw.members().map(|(key, value)| Ok((key.into(), value_text(value)?))).collect()
}

/// The state that the text of a whole JSON object describes, such as that of `NAME.json`.
pub fn parse_state(text: &[u8]) -> std::result::Result<Map, String> {
    object(Some(json::parse(text).map_err(|e| e.to_string())?), "not an object")
}

/// A key as a caller gives it.
pub fn check_key(key: &str) -> Result<()> {
    if key.is_empty() {
        return Err(Error::argument("the key is empty: a state has keys of at least one character"));
    }
    Ok(())
}

/// A value as a caller gives it, on one line.
pub fn check_value(key: &str, json: &[u8]) -> Result<Arc<str>> {
    let refused = |e: &dyn std::fmt::Display| {
        Error::argument(format!("the value of key {key:?} is not JSON that a state can keep: {e}"))
    };
    let mut text = Vec::with_capacity(json.len());
    json::compact_strict(json, &mut text).map_err(|e| refused(&e))?;
    String::from_utf8(text).map(Into::into).map_err(|e| refused(&e))
}

/// A whole state as a caller gives it: its text on one line, and its keys.
pub fn check_state(json: &[u8]) -> Result<(Vec<u8>, Map)> {
    let refused =
        |e: String| Error::argument(format!("the new state is not a JSON object that can be kept: {e}"));
    let mut text = Vec::with_capacity(json.len());
    json::compact_strict(json, &mut text).map_err(|e| refused(e.to_string()))?;
    let map = parse_state(&text).map_err(refused)?;
    map.keys().try_for_each(|key| check_key(key))?;
    Ok((text, map))
}

/// A line of which the head is written.
fn begin(now: u64, op: &str) -> Vec<u8> {
    format!("{{\"timestamp\":\"{}\",\"op\":\"{op}\",", clock::utc_text_milliseconds(now)).into_bytes()
}

/// The line that sets a key.
pub fn set_line(now: u64, key: &str, value: &str) -> Vec<u8> {
    let mut line = begin(now, "SET");
    line.extend_from_slice(b"\"key\":");
    json::push_str(&mut line, key);
    line.extend_from_slice(b",\"value\":");
    line.extend_from_slice(value.as_bytes());
    line.extend_from_slice(b"}\n");
    line
}

/// The line that replaces the whole state by compact text.
pub fn replace_line(now: u64, data: &[u8]) -> Vec<u8> {
    let mut line = begin(now, "SET");
    line.extend_from_slice(b"\"data\":");
    line.extend_from_slice(data);
    line.extend_from_slice(b"}\n");
    line
}

/// The line that deletes a key.
pub fn delete_line(now: u64, key: &str) -> Vec<u8> {
    let mut line = begin(now, "DELETE");
    line.extend_from_slice(b"\"key\":");
    json::push_str(&mut line, key);
    line.extend_from_slice(b"}\n");
    line
}

/// The line that holds the whole state.
pub fn checkpoint_line(now: u64, map: &Map) -> Vec<u8> {
    let mut line = begin(now, "CHECKPOINT");
    line.extend_from_slice(b"\"state\":");
    push_state(&mut line, map);
    line.extend_from_slice(
        format!(",\"compactedAt\":\"{}\"}}\n", clock::utc_text_milliseconds(now)).as_bytes(),
    );
    line
}

/// Appends the whole state as one object, keys sorted.
pub fn push_state(out: &mut Vec<u8>, map: &Map) {
    out.push(b'{');
    for (i, (key, value)) in map.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        json::push_str(out, key);
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
    }
    out.push(b'}');
}
