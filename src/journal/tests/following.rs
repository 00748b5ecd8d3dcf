use super::*;

/// Reads on from where the last read ended.
fn more(journal: &Journal, next: &mut u64) -> Vec<String> {
    let events = journal.read_from(*next).unwrap();
    *next = events.next();
    texts(&events)
}

#[test]
fn a_journal_is_followed_from_a_number_on_without_its_buffer() {
    let store = MemoryStore::new();
    let (writer, reader) = (journal(&store, 32), journal(&store.process(), 32));
    let mut next = 0;
    assert_eq!((more(&reader, &mut next), next), (vec![], 0));
    store_each(&writer, &["a", "b"]);
    assert_eq!(more(&reader, &mut next), ["a", "b"]);
    assert_eq!(more(&reader, &mut next), [""; 0]);
    writer.append(b"waiting").unwrap();
    assert_eq!(more(&writer, &mut next.clone()), [""; 0]);
    store_each(&writer, &["c"]);
    assert_eq!(more(&reader, &mut next), ["waiting", "c"]);
    let last = next - 1;
    assert_eq!(texts(&reader.read_from(last).unwrap()), ["waiting", "c"], "the number itself is included");
}

#[test]
fn compactions_in_between_give_no_event_twice_and_leave_none_out() {
    let store = MemoryStore::new();
    let (writer, reader) = (journal(&store, 32), journal(&store.process(), 32));
    let (mut next, mut found, mut written) = (0, Vec::new(), Vec::new());
    for round in 0..12 {
        for n in 0..3 {
            let event = format!("{round} {n}");
            store_each(&writer, &[&event]);
            written.push(event);
        }
        if round % 2 == 0 {
            found.extend(more(&reader, &mut next));
        }
        if round % 3 == 0 {
            writer.compact().unwrap();
        }
    }
    found.extend(more(&reader, &mut next));
    assert_eq!(found, written);
}

#[test]
fn a_reader_that_begins_inside_a_compacted_object_gets_all_of_it() {
    let store = MemoryStore::new();
    for (number, text) in [(10, "a\n"), (20, "b\n"), (30, "c\n")] {
        plant(&store, &single(number), text);
    }
    let journal = journal(&store, 32);
    assert_eq!(texts(&journal.read_from(20).unwrap()), ["b", "c"]);
    journal.compact().unwrap();
    assert_eq!(texts(&super::journal(&store.process(), 32).read_from(20).unwrap()), ["a", "b", "c"]);
    assert_eq!(texts(&super::journal(&store.process(), 32).read_from(31).unwrap()), [""; 0]);
}

#[test]
fn batches_that_begin_alike_are_told_apart_when_they_were_compacted() {
    let store = MemoryStore::new();
    let (writer, reader) = (journal(&store, 32), journal(&store.process(), 32));
    writer.append(b"x").unwrap();
    store_each(&writer, &["y", "x"]);
    let mut next = 0;
    assert_eq!(more(&reader, &mut next), ["x", "y", "x"]);
    store_each(&writer, &["z"]);
    writer.compact().unwrap();
    assert_eq!(more(&reader, &mut next), ["z"]);
}
