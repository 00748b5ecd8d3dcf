//! Random queries beside the plainest walk.

use super::*;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What a walk over partitions gives, said in the plainest way: (partition, index) of each row.
fn plainly(partitions: &[(String, Vec<i64>)], query: &Query) -> Vec<(String, u64)> {
    let inside = |time: &i64| query.time.is_none_or(|(from, to)| (from..=to).contains(time));
    let mut walks: Vec<(String, Vec<(i64, u64)>)> = Vec::new();
    for (name, times) in partitions.iter().filter(|(name, _)| query.partitions.takes(name)) {
        let start = query.start.unwrap_or(if query.order == Order::Ascending { 0 } else { u64::MAX });
        let mut rows: Vec<(i64, u64)> = times.iter().copied().zip(0..).collect();
        match query.order {
            Order::Ascending => rows.retain(|(time, index)| *index >= start && inside(time)),
            Order::Descending => rows.retain(|(time, index)| *index < start && inside(time)),
        }
        if query.order == Order::Ascending {
            rows.reverse();
        }
        walks.push((name.clone(), rows));
    }
    let mut found = Vec::new();
    loop {
        let heads = walks.iter().enumerate().filter_map(|(i, (name, rows))| {
            rows.last().map(|(time, index)| (*time, *index, name.clone(), i))
        });
        let next = match query.order {
            Order::Ascending => heads.min(),
            Order::Descending => heads.max(),
        };
        let Some((_, index, name, i)) = next else { return found };
        walks[i].1.pop();
        found.push((name, index));
    }
}

#[test]
fn five_hundred_random_queries_give_what_the_plainest_walk_gives() {
    let mut dice = Dice(7);
    for round in 0..50 {
        let disk = MemoryStore::new();
        let stream = open(&disk, 1 + dice.roll(12));
        let mut partitions: Vec<(String, Vec<i64>)> =
            (0..1 + dice.roll(4)).map(|p| (format!("p{p}"), Vec::new())).collect();
        partitions.iter().for_each(|(name, _)| _ = stream.append("t", name, rows(&[0])).unwrap());
        partitions.iter_mut().for_each(|(_, times)| times.push(0));
        for _ in 0..dice.roll(40) {
            let which = dice.roll(partitions.len() as u64) as usize;
            let batch: Vec<i64> = (0..1 + dice.roll(5)).map(|_| dice.roll(30) as i64).collect();
            stream.append("t", &partitions[which].0, rows(&batch)).unwrap();
            partitions[which].1.extend(&batch);
            if dice.roll(6) == 0 {
                stream.checkpoint().unwrap();
            }
        }
        for _ in 0..10 {
            let order = if dice.roll(2) == 0 { Order::Ascending } else { Order::Descending };
            let from = dice.roll(30) as i64;
            let query = Query {
                order,
                start: (dice.roll(3) == 0).then(|| dice.roll(30)),
                time: (dice.roll(2) == 0).then(|| (from, from + dice.roll(20) as i64)),
                max_rows: 1 + dice.roll(30),
                max_bytes: 1 + dice.roll(600),
                partitions: match dice.roll(3) {
                    0 => Partitions::Named(vec!["p0".into(), "p2".into()]),
                    _ => Partitions::All,
                },
                ..of("t")
            };
            let wanted = plainly(&partitions, &query);
            let wanted: Vec<String> = wanted.iter().map(|(name, index)| format!("{name}{index}")).collect();
            let (mut found, mut next) = (Vec::new(), labelled(query.clone()));
            loop {
                let page = run(&stream, &next).unwrap();
                assert!(page.cursor.rows <= query.max_rows);
                found.extend(labels(&page).split_whitespace().map(str::to_string));
                if page.cursor.status == Status::All {
                    break;
                }
                assert!(page.cursor.rows > 0, "a page without rows that is not the last");
                next.cursor = Some(page.cursor);
            }
            assert_eq!(found, wanted, "round {round}: {query:?}");
        }
    }
}
