//! Several partitions, cursors, and which partitions.

use super::*;

#[test]
fn of_a_topic_the_smallest_time_comes_next_then_the_smallest_index_then_the_name() {
    let stream = open(&MemoryStore::new(), 2);
    for (partition, times) in [("b", [0, 10, 20]), ("a", [0, 10, 30]), ("c", [5, 5, 5])] {
        for time in times {
            stream.append("t", partition, rows(&[time])).unwrap();
        }
    }
    let ascending = "a0 b0 c0 c1 c2 a1 b1 b2 a2";
    let descending = "a2 b2 b1 a1 c2 c1 c0 b0 a0";
    assert_eq!(labels(&run(&stream, &labelled(of("t"))).unwrap()), ascending);
    let back = labelled(Query { order: Order::Descending, ..of("t") });
    assert_eq!(labels(&run(&stream, &back).unwrap()), descending);
    for max_rows in 1..10 {
        for (query, wanted) in [(labelled(of("t")), ascending), (back.clone(), descending)] {
            let mut query = Query { max_rows, ..query };
            let mut found = Vec::new();
            loop {
                let page = run(&stream, &query).unwrap();
                found.push(labels(&page));
                if page.cursor.status == Status::All {
                    break;
                }
                query.cursor = Some(page.cursor);
            }
            assert_eq!(found.join(" "), wanted, "by {max_rows}");
        }
    }
}

#[test]
fn long_runs_are_handed_on_as_they_are_and_short_ones_copied_together() {
    let stream = open(&MemoryStore::new(), 100_000);
    stream.append("t", "a", rows(&(0..1000).collect::<Vec<_>>())).unwrap();
    stream.append("t", "b", rows(&(500..1500).collect::<Vec<_>>())).unwrap();
    let page = run(&stream, &of("t")).unwrap();
    assert_eq!(page.batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [500, 1000, 500]);
    let mut sorted = times(&page);
    sorted.sort_unstable();
    assert_eq!(times(&page), sorted);
}

#[test]
fn partitions_are_chosen_by_name_and_those_unknown_are_empty() {
    let stream = open(&MemoryStore::new(), 2);
    for partition in ["rank 1", "rank 2", "rank 10", "other"] {
        stream.append("t", partition, rows(&[0])).unwrap();
    }
    let chosen = |partitions| labels(&run(&stream, &labelled(Query { partitions, ..of("t") })).unwrap());
    let named = |names: &[&str]| Partitions::Named(names.iter().map(ToString::to_string).collect());
    assert_eq!(chosen(named(&["rank 2", "nobody", "other"])), "other0 rank 20");
    assert_eq!(chosen(named(&["nobody"])), "");
    assert_eq!(chosen(named(&[])), "");
    assert_eq!(chosen(Partitions::All), "other0 rank 10 rank 100 rank 20");
    let error = run(&stream, &of("nothing")).unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::NotFound, "there is no topic \"nothing\""));
}

#[cfg(feature = "patterns")]
#[test]
fn partitions_are_chosen_by_a_regular_expression_found_in_their_names() {
    let stream = open(&MemoryStore::new(), 2);
    for partition in ["rank1", "rank2", "rank10", "other"] {
        stream.append("t", partition, rows(&[0])).unwrap();
    }
    let chosen = |pattern| {
        let query = Query { partitions: Partitions::matching(pattern).unwrap(), ..of("t") };
        labels(&run(&stream, &labelled(query)).unwrap())
    };
    assert_eq!(chosen("rank1"), "rank10 rank100");
    assert_eq!(chosen("^rank1$"), "rank10");
    assert_eq!(chosen("r$"), "other0");
    assert_eq!(chosen("x"), "");
    assert_eq!(Partitions::matching("a)(b").unwrap_err().code(), Code::Argument);
}

#[test]
fn new_partitions_join_a_walk_forward_and_not_one_back() {
    let stream = open(&MemoryStore::new(), 2);
    stream.append("t", "a", rows(&[0, 1, 2, 3])).unwrap();
    let forward = labelled(Query { max_rows: 2, ..of("t") });
    let back = Query { order: Order::Descending, ..forward.clone() };
    let (first, last) = (run(&stream, &forward).unwrap(), run(&stream, &back).unwrap());
    assert_eq!((labels(&first), labels(&last)), ("a0 a1".into(), "a3 a2".into()));
    stream.append("t", "b", rows(&[0])).unwrap();
    stream.append("t", "a", rows(&[4])).unwrap();
    let go_on =
        |query: &Query, page: Page| Query { cursor: Some(page.cursor), max_rows: 10, ..query.clone() };
    let next = run(&stream, &go_on(&forward, first)).unwrap();
    assert_eq!(labels(&next), "b0 a2 a3 a4");
    let next = run(&stream, &go_on(&back, last)).unwrap();
    assert_eq!((labels(&next).as_str(), next.cursor.status), ("a1 a0", Status::All));
    let ended = run(&stream, &go_on(&back, next)).unwrap();
    assert_eq!((labels(&ended).as_str(), ended.cursor.status), ("", Status::All));
}

#[test]
fn an_ended_walk_goes_on_with_what_comes_later() {
    let stream = open(&MemoryStore::new(), 2);
    stream.append("t", "p", rows(&[0])).unwrap();
    let mut query = one("p");
    for time in 1..20 {
        let page = run(&stream, &query).unwrap();
        assert_eq!(times(&page), [time - 1]);
        query.cursor = Some(page.cursor);
        let page = run(&stream, &query).unwrap();
        assert_eq!((times(&page), page.cursor.status), (Vec::new(), Status::All));
        assert_eq!(page.schema.fields().len(), 2, "the columns are known");
        query.cursor = Some(page.cursor);
        stream.append("t", "p", rows(&[time])).unwrap();
        if time % 5 == 0 {
            stream.checkpoint().unwrap();
        }
    }
}

#[test]
fn a_cursor_goes_into_text_and_back_and_belongs_to_its_topic_and_order() {
    let mut cursor = Cursor::new("heat \"1\"", Order::Descending);
    cursor.set("ü/\n", 7);
    cursor.set("", u64::MAX);
    let text = cursor.text();
    assert_eq!(
        text,
        r#"{"topic": "heat \"1\"", "order": "descending", "positions": {"": 18446744073709551615, "ü/\n": 7}}"#
    );
    assert_eq!(Cursor::parse(&text).unwrap(), cursor);
    for bad in ["", "{}", "[1]", "null", &text.replace("desc", "des"), &text.replace('7', "-7"), &text[1..]] {
        let error = Cursor::parse(bad).unwrap_err();
        assert_eq!(error.code(), Code::Argument, "{bad}");
    }
    let stream = open(&MemoryStore::new(), 2);
    stream.append("t", "p", rows(&[0])).unwrap();
    stream.append("u", "p", rows(&[0])).unwrap();
    let cursor = run(&stream, &of("t")).unwrap().cursor;
    let strange = Query { cursor: Some(cursor.clone()), ..of("u") };
    assert!(run(&stream, &strange).unwrap_err().message().contains("belongs to topic \"t\""));
    let turned = Query { cursor: Some(cursor), order: Order::Descending, ..of("t") };
    assert!(run(&stream, &turned).unwrap_err().message().contains("opposite order"));
}

#[test]
fn a_query_without_a_topic_or_with_empty_pages_is_refused() {
    let stream = open(&MemoryStore::new(), 100);
    stream.append("t", "p", rows(&[0])).unwrap();
    for query in [Query::default(), Query { max_rows: 0, ..of("t") }, Query { max_bytes: 0, ..of("t") }] {
        assert_eq!(run(&stream, &query).unwrap_err().code(), Code::Argument);
    }
}
