use super::*;
use proptest::prelude::*;

fn open(start: u64, step: u64) -> Segment {
    Segment::open(start, step)
}

fn closed(start: u64, stop: u64, step: u64) -> Segment {
    Segment::closed(start, stop, step)
}

fn list(segments: &[Segment]) -> SegmentList {
    SegmentList::from_segments(segments.to_vec()).unwrap()
}

fn text(list: &SegmentList) -> String {
    let mut out = Vec::new();
    list.push_text(&mut out);
    String::from_utf8(out).unwrap()
}

fn all(list: &SegmentList, n: u64) -> Vec<u32> {
    let mut out = Vec::new();
    list.expand(n, 0..u64::MAX, &mut out);
    out
}

/// What a writer's list is after these steps, one at a time.
fn appended(steps: &[u32]) -> SegmentList {
    let mut list = SegmentList::new();
    for (n, step) in (0..).zip(steps) {
        list.append(n, *step).unwrap();
    }
    list
}

#[test]
fn values_keep_their_steps_while_the_description_runs_ahead_of_them() {
    let list = list(&[closed(0, 3, 1), closed(10, 40, 10), open(55, 5)]);
    let steps = [0, 1, 2, 10, 20, 30, 55, 60];
    for n in 0..=8 {
        assert_eq!(all(&list, n), steps[..n as usize], "{n} values");
        assert_eq!(list.usable(n), n);
        assert_eq!(list.last_step(n), steps[..n as usize].last().copied());
    }
    assert_eq!((list.is_open(), list.described()), (true, None));
}

#[test]
fn a_list_without_an_open_end_describes_no_more_than_it_says() {
    let list = list(&[closed(0, 3, 1), closed(10, 40, 10)]);
    assert_eq!((list.is_open(), list.described()), (false, Some(6)));
    assert_eq!(all(&list, 100), [0, 1, 2, 10, 20, 30]);
    assert_eq!((list.usable(100), list.usable(5), list.last_step(100)), (6, 5, Some(30)));
    assert_eq!((SegmentList::new().usable(9), SegmentList::new().last_step(9)), (0, None));
}

#[test]
fn any_stop_with_the_same_rows_means_the_same() {
    for stop in 9..=11 {
        assert_eq!(all(&list(&[closed(2, stop, 3)]), 9), [2, 5, 8], "stop {stop}");
    }
    assert_eq!(all(&list(&[closed(2, 12, 3)]), 9), [2, 5, 8, 11]);
}

#[test]
fn the_last_step_of_all_can_be_described() {
    assert_eq!(all(&list(&[closed((1 << 32) - 2, 1 << 32, 1)]), 9), [u32::MAX - 1, u32::MAX]);
    let open = list(&[open((1 << 32) - 3, 2)]);
    assert_eq!((open.usable(9), all(&open, 9)), (2, vec![u32::MAX - 2, u32::MAX]));
    let mut far = appended(&[0, u32::MAX]);
    assert_eq!(text(&far), r#"[{"start": 0, "step": 4294967295}]"#);
    far.close(2);
    assert_eq!(text(&far), r#"[{"start": 0, "stop": 8589934590, "step": 4294967295}]"#);
    assert_eq!(all(&list(&far.segments()), 2), [0, u32::MAX]);
    assert!(far.append(2, u32::MAX).is_err());
}

#[test]
fn every_violation_of_the_format_is_refused() {
    let most = u64::MAX;
    for (segments, word) in [
        (vec![closed(0, 3, 0)], "at least 1"),
        (vec![open(0, 0)], "at least 1"),
        (vec![closed(3, 3, 1)], "beyond the start"),
        (vec![closed(3, 2, 1)], "beyond the start"),
        (vec![open(0, 1), open(5, 1)], "open"),
        (vec![open(0, 1), closed(5, 6, 1)], "open"),
        (vec![closed(0, 3, 1), closed(2, 4, 1)], "before the end"),
        (vec![closed(0, 3, 1), open(1, 1)], "before the end"),
        (vec![closed(5, 6, 1), closed(0, 1, 1)], "before the end"),
        (vec![open(1 << 32, 1)], "4294967295"),
        (vec![closed(0, (1 << 32) + 1, 1)], "4294967295"),
        (vec![closed(most, most, most)], "too large"),
        (vec![closed(0, most, 1)], "too large"),
        (vec![open(most, most)], "too large"),
        (vec![closed(0, 1, most)], "too large"),
        (vec![closed(3, 4, most - 1)], "too large"),
    ] {
        let error = SegmentList::from_segments(segments.clone()).unwrap_err();
        assert_eq!(error.code(), Code::Corrupt);
        assert!(error.message().contains(word), "{segments:?}: {error}");
    }
}

#[test]
fn a_segment_may_start_below_the_stop_of_the_one_before_it() {
    let list = list(&[closed(10, 25, 5), open(21, 1)]);
    assert_eq!(all(&list, 5), [10, 15, 20, 21, 22]);
    assert_eq!(list.rows_below(5, 22), 4);
    assert_eq!(list.rows_below(5, 21), 3);
}

#[test]
fn the_evolution_of_a_list_is_that_of_the_format() {
    let mut list = SegmentList::new();
    let mut published = Vec::new();
    for (n, step) in (0..).zip([0, 1, 2, 5, 8, 11, 12, 20]) {
        if list.append(n, step).unwrap() {
            published.push((step, text(&list)));
        }
    }
    let front = r#"[{"start": 0, "step": 1, "stop": 3}, {"start": 5, "step": 3, "stop": 14}, {"start": 12, "#;
    assert_eq!(
        published,
        [
            (0, r#"[{"start": 0, "step": 1}]"#.to_owned()),
            (5, r#"[{"start": 0, "step": 1, "stop": 3}, {"start": 5, "step": 1}]"#.to_owned()),
            (8, r#"[{"start": 0, "step": 1, "stop": 3}, {"start": 5, "step": 3}]"#.to_owned()),
            (12, format!(r#"{front}"step": 1}}]"#)),
            (20, format!(r#"{front}"step": 8}}]"#)),
        ]
    );
}

#[test]
fn a_closed_end_is_extended_in_place_and_stays_closed() {
    let mut list = list(&[closed(0, 3, 1), closed(55, 56, 1)]);
    assert!(list.append(4, 100).unwrap());
    assert_eq!(list.segments()[1], closed(55, 145, 45));
    assert!(list.append(5, 145).unwrap());
    assert_eq!(list.segments()[1], closed(55, 190, 45));
    assert!(list.append(6, 200).unwrap());
    assert_eq!(list.segments()[1..], [closed(55, 190, 45), open(200, 1)]);
    // The single row at 200 has stride 1 already: nothing to write.
    assert!(!list.append(7, 201).unwrap());
    assert_eq!(all(&list, 8), [0, 1, 2, 55, 100, 145, 200, 201]);
}

#[test]
fn a_single_row_with_the_stride_already_closes_one_stride_further() {
    let mut list = list(&[closed(5, 6, 1)]);
    assert!(list.append(1, 6).unwrap());
    assert_eq!(list.segments(), [closed(5, 7, 1)]);
}

#[test]
fn a_step_that_does_not_follow_is_a_bug_of_the_writer() {
    for (list, n) in [(appended(&[0, 1, 5]), 3), (list(&[closed(0, 6, 1)]), 6)] {
        for step in [0, 1, 4, 5] {
            assert_eq!(list.clone().append(n, step).unwrap_err().code(), Code::Internal, "{step}");
        }
    }
    // Rows that are not described, or described rows that are not there.
    assert!(SegmentList::new().append(1, 5).is_err());
    assert!(list(&[closed(0, 3, 1)]).append(2, 5).is_err());
    assert!(list(&[closed(0, 3, 1)]).append(4, 5).is_err());
    assert!(list(&[closed(0, 3, 1), open(4, 1)]).append(3, 5).is_err());
    assert!(list(&[open(4, 1)]).append(u64::MAX, 5).is_err());
}

#[test]
fn irregular_steps_become_a_file_where_the_format_says() {
    let steps = [1, 6, 8, 17, 20, 31, 32, 37, 39, 48];
    let mut list = SegmentList::new();
    for (n, step) in (0..).zip(steps) {
        list.append(n, step).unwrap();
        // The fifth segment begins at 39: nine rows may have four.
        assert_eq!(list.must_spill(n + 1), step >= 39, "at {step}");
        if step == 37 {
            assert_eq!((list.segments().len(), list.segments()[3]), (4, open(32, 5)));
        }
    }
}

#[test]
fn the_cap_on_segments_grows_with_the_rows_from_4_to_32() {
    for (rows, cap) in [(0, 4), (1, 4), (49, 4), (50, 5), (319, 31), (320, 32), (u64::MAX, 32)] {
        assert_eq!(segment_cap(rows), cap, "{rows} rows");
    }
}

#[test]
fn truncation_keeps_rows_behind_a_stop_that_lies_beyond_them() {
    let mut list = appended(&[10, 15, 20, 21, 22]);
    assert_eq!(text(&list), r#"[{"start": 10, "step": 5, "stop": 25}, {"start": 21, "step": 1}]"#);
    assert_eq!(list.truncate(5, 23), 5);
    assert_eq!(text(&list), r#"[{"start": 10, "stop": 25, "step": 5}, {"start": 21, "step": 1}]"#);
    assert_eq!(list.truncate(5, 22), 4);
    assert_eq!(list.truncate(4, 21), 3);
    assert_eq!(text(&list), r#"[{"start": 10, "stop": 25, "step": 5}]"#);
}

#[test]
fn truncation_drops_segments_that_no_value_has_reached() {
    let whole = list(&[closed(0, 3, 1), closed(10, 40, 10), open(55, 5)]);
    for (n, step, kept, wanted) in [
        (
            8,
            100,
            8,
            r#"[{"start": 0, "stop": 3, "step": 1}, {"start": 10, "stop": 40, "step": 10}, {"start": 55, "step": 5}]"#,
        ),
        (6, 100, 6, r#"[{"start": 0, "stop": 3, "step": 1}, {"start": 10, "stop": 40, "step": 10}]"#),
        (8, 55, 6, r#"[{"start": 0, "stop": 3, "step": 1}, {"start": 10, "stop": 40, "step": 10}]"#),
        (8, 25, 5, r#"[{"start": 0, "stop": 3, "step": 1}, {"start": 10, "stop": 30, "step": 10}]"#),
        (4, 100, 4, r#"[{"start": 0, "stop": 3, "step": 1}, {"start": 10, "stop": 20, "step": 10}]"#),
        (8, 2, 2, r#"[{"start": 0, "stop": 2, "step": 1}]"#),
        (8, 0, 0, "[]"),
        (0, 100, 0, "[]"),
    ] {
        let mut list = whole.clone();
        assert_eq!(list.truncate(n, step), kept, "{n} values below {step}");
        assert_eq!(text(&list), wanted, "{n} values below {step}");
    }
}

#[test]
fn a_truncated_list_is_appended_to_like_a_fresh_one() {
    let mut list = list(&[closed(0, 14, 7)]);
    assert_eq!(list.truncate(2, 5), 1);
    assert_eq!(list.segments(), [closed(0, 7, 7)]);
    assert!(list.append(1, 3).unwrap());
    assert_eq!(list.segments(), [closed(0, 6, 3)]);
}

#[test]
fn finishing_gives_every_segment_its_canonical_stop() {
    let mut list = appended(&[0, 1, 2, 5, 8, 11, 12, 20]);
    list.close(8);
    assert_eq!(
        text(&list),
        r#"[{"start": 0, "stop": 3, "step": 1}, {"start": 5, "stop": 14, "step": 3}, {"start": 12, "stop": 28, "step": 8}]"#
    );
    let mut single = appended(&[22]);
    single.close(1);
    assert_eq!(text(&single), r#"[{"start": 22, "stop": 23, "step": 1}]"#);
    let mut unborn = appended(&[22]);
    unborn.close(0);
    assert_eq!(text(&unborn), "[]");
}

#[test]
fn offline_segments_are_greedy() {
    let cut = |steps: &[u32]| segment_offline(steps).map(|list| text(&list));
    assert_eq!(cut(&[]), None);
    assert_eq!(cut(&[5]), None);
    assert_eq!(cut(&[0, 7]).unwrap(), r#"[{"start": 0, "stop": 14, "step": 7}]"#);
    assert_eq!(
        cut(&[0, 1, 2, 10, 20, 23]).unwrap(),
        r#"[{"start": 0, "stop": 3, "step": 1}, {"start": 10, "stop": 30, "step": 10}, {"start": 23, "stop": 24, "step": 1}]"#
    );
    assert_eq!(
        cut(&[u32::MAX - 1, u32::MAX]).unwrap(),
        r#"[{"start": 4294967294, "stop": 4294967296, "step": 1}]"#
    );
    // Eight rows in four segments, ten in five.
    assert!(cut(&[0, 1, 10, 12, 20, 23, 30, 34]).is_some());
    assert_eq!(cut(&[0, 1, 10, 12, 20, 23, 30, 34, 40, 45]), None);
    // What does not increase has no steps to describe.
    for steps in [[3, 3, 4], [3, 2, 4], [3, 4, 4], [3, 4, 1], [0, 1, 0]] {
        assert_eq!(cut(&steps), None, "{steps:?}");
    }
}

#[test]
fn a_hundred_thousand_segments_cost_no_more_than_their_number() {
    let segments: Vec<Segment> = (0..100_000).map(|i| closed(10 * i, 10 * i + 3, 1)).collect();
    let list = list(&segments);
    let n = 300_000;
    let mut out = Vec::new();
    for row in (0..n).step_by(3) {
        list.expand(n, row..row + 1, &mut out);
        assert_eq!(list.step_at(n, row), out.last().copied());
        assert_eq!(list.rows_below(n, u64::from(*out.last().unwrap())), row);
    }
    assert_eq!(all(&list, n).len(), 300_000);
}

/// Strictly increasing steps: runs of equal strides.
fn steps() -> impl Strategy<Value = Vec<u32>> {
    let runs = prop::collection::vec((1u32..4, 1usize..5), 0..8);
    (0u32..5, runs).prop_map(|(first, runs)| {
        let mut steps = vec![first];
        for (stride, count) in runs {
            for _ in 0..count {
                steps.push(steps[steps.len() - 1] + stride);
            }
        }
        steps
    })
}

proptest! {
    #[test]
    fn what_was_appended_is_what_is_read(steps in steps(), n in 0usize..40, cut in 0u64..60) {
        let n = n.min(steps.len());
        let list = appended(&steps);
        let rows = &steps[..n];
        prop_assert_eq!(all(&list, n as u64), rows);
        for (row, step) in rows.iter().enumerate() {
            prop_assert_eq!(list.step_at(n as u64, row as u64), Some(*step));
        }
        prop_assert_eq!(list.step_at(n as u64, n as u64), None);
        let below = rows.iter().filter(|step| u64::from(**step) < cut).count();
        prop_assert_eq!(list.rows_below(n as u64, cut), below as u64);
        let reread = SegmentList::from_segments(list.segments().to_vec()).unwrap();
        prop_assert_eq!(&reread, &list);
    }

    #[test]
    fn any_range_of_rows_expands_to_its_part(steps in steps(), a in 0u64..40, b in 0u64..40) {
        let n = steps.len();
        let mut out = vec![77];
        appended(&steps).expand(n as u64, a..b, &mut out);
        let (a, b) = ((a as usize).min(n), (b as usize).min(n));
        prop_assert_eq!(&out[1..], if a < b { &steps[a..b] } else { &[] });
    }

    /// Cut anywhere, however far the values had come, and go on in another rhythm: no row is lost or moved.
    #[test]
    fn truncation_loses_no_row_and_appending_goes_on(
        before in steps(), n in 0usize..40, cut in 0u64..60, after in steps(), close in any::<bool>(),
    ) {
        let n = n.min(before.len());
        let mut list = appended(&before);
        if close {
            list.close(before.len() as u64);
        }
        let mut rows: Vec<u32> = before[..n].iter().copied().filter(|s| u64::from(*s) < cut).collect();
        prop_assert_eq!(list.truncate(n as u64, cut), rows.len() as u64);
        prop_assert_eq!(&all(&list, rows.len() as u64), &rows);
        prop_assert!(list.described().is_none_or(|described| described == rows.len() as u64));
        for step in after {
            let step = step + rows.last().map_or(0, |last| last + 1).max(cut as u32);
            let old = list.clone();
            let changed = list.append(rows.len() as u64, step).unwrap();
            rows.push(step);
            prop_assert_eq!(changed, list != old);
            prop_assert_eq!(&all(&list, rows.len() as u64), &rows);
            // Described ahead of its value, the step does not yet move the rows there are.
            prop_assert_eq!(&all(&list, rows.len() as u64 - 1), &rows[..rows.len() - 1]);
            prop_assert_eq!(&SegmentList::from_segments(list.segments().to_vec()).unwrap(), &list);
        }
        list.close(rows.len() as u64);
        prop_assert_eq!(list.described(), Some(rows.len() as u64));
        prop_assert_eq!(&all(&list, u64::MAX), &rows);
    }

    #[test]
    fn offline_and_appended_lists_say_the_same(steps in steps()) {
        let mut list = appended(&steps);
        list.close(steps.len() as u64);
        match segment_offline(&steps) {
            Some(offline) => {
                prop_assert_eq!(all(&offline, u64::MAX), steps);
                prop_assert!(!offline.must_spill(offline.described().unwrap()));
                prop_assert_eq!(&SegmentList::from_segments(offline.segments().to_vec()).unwrap(), &offline);
            }
            None => prop_assert!(steps.len() < 2 || list.must_spill(steps.len() as u64)),
        }
    }

    #[test]
    fn no_numbers_overflow(
        numbers in prop::collection::vec((hard(), prop::option::of(hard()), hard()), 0..4), n in hard(), at in hard(),
    ) {
        let segments = numbers.iter().map(|&(start, stop, step)| Segment { start, step, stop, stop_last: false });
        if let Ok(mut list) = SegmentList::from_segments(segments) {
            let usable = list.usable(n);
            prop_assert!(usable <= 1 << 32);
            let last = list.last_step(n);
            prop_assert_eq!(last.is_some(), usable > 0);
            if let Some(last) = last {
                prop_assert_eq!(list.rows_below(n, u64::from(last)), usable - 1);
            }
            let below = list.rows_below(n, at);
            prop_assert!(list.step_at(n, below).is_none_or(|step| u64::from(step) >= at));
            _ = list.clone().append(n, at as u32);
            list.clone().close(n);
            prop_assert_eq!(list.truncate(n, at), below);
        }
    }
}

/// Numbers near the edges of what fits.
fn hard() -> impl Strategy<Value = u64> {
    prop_oneof![
        0u64..4,
        (1u64 << 32) - 3..(1 << 32) + 3,
        (1u64 << 62) - 3..(1 << 62) + 3,
        u64::MAX - 2..=u64::MAX,
        any::<u64>(),
    ]
}
