use super::*;
use crate::store::{Locks, MemoryStore};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

/// A process on a host; sleeping moves the clock of the disk.
struct TestWorld {
    me: Owner,
    /// Processes of this host that live.
    alive: Mutex<BTreeSet<u32>>,
    disk: MemoryStore,
    slept: AtomicU64,
    while_asleep: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

impl World for TestWorld {
    fn me(&self) -> Owner {
        self.me.clone()
    }
    fn is_alive(&self, owner: &Owner) -> bool {
        self.alive.lock().unwrap().contains(&owner.pid)
    }
    fn sleep(&self, time: Duration) {
        self.disk.advance(time.as_secs());
        self.slept.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
        if let Some(act) = self.while_asleep.lock().unwrap().as_mut() {
            act();
        }
    }
}

fn owner(host: &str, pid: u32) -> Owner {
    Owner {
        host: host.into(),
        pid,
        start: 7,
        boot: "b".into(),
        time: "2026-11-20T05:08:13Z".into(),
        ..Owner::default()
    }
}

fn world(disk: &MemoryStore, me: Owner, alive: &[u32]) -> Arc<TestWorld> {
    Arc::new(TestWorld {
        me,
        alive: Mutex::new(alive.iter().copied().collect()),
        disk: disk.clone(),
        slept: AtomicU64::new(0),
        while_asleep: Mutex::new(None),
    })
}

fn take(disk: &MemoryStore, world: &Arc<TestWorld>) -> Result<WriterLock> {
    WriterLock::acquire_in(
        Arc::new(disk.clone()),
        Path::new("/run/.plattli.lock"),
        "the run in /run",
        world.clone(),
    )
}

fn take_as(disk: &MemoryStore, me: Owner, alive: &[u32]) -> Result<WriterLock> {
    take(disk, &world(disk, me, alive))
}

fn assert_busy<T: fmt::Debug>(result: Result<T>, who: &str) {
    let error = result.expect_err("the run is taken");
    assert_eq!(error.code(), Code::Busy, "{error}");
    assert!(error.message().contains(who), "{error}");
    assert!(error.message().contains("/run/.plattli.lock"), "{error}");
}

/// The names in the run directory.
fn names(disk: &MemoryStore) -> Vec<String> {
    disk.tree().into_iter().map(|(path, _)| path).filter(|p| p.starts_with("/run/") && p != "/run/").collect()
}

#[test]
fn a_new_run_is_taken_and_left_without_a_trace() {
    let disk = MemoryStore::new();
    let lock = take_as(&disk, owner("n1", 1), &[1]).unwrap();
    assert_eq!(names(&disk), ["/run/.plattli.lock"]);
    let length = |_| {
        lock.heartbeat().unwrap();
        disk.peek("/run/.plattli.lock").unwrap().len()
    };
    let lengths: Vec<usize> = (0..4).map(length).collect();
    assert!(
        lengths[0] != lengths[1] && lengths[..2] == lengths[2..],
        "changes and does not grow: {lengths:?}"
    );
    lock.release().unwrap();
    assert!(names(&disk).is_empty());
}

#[test]
fn a_second_writer_is_told_who_writes_since_when_and_in_which_job() {
    for locks in [Locks::Real, Locks::Unsupported] {
        let disk = MemoryStore::new();
        disk.set_locks(locks);
        let first = Owner { job: "4711".into(), ..owner("n1", 1) };
        let lock = take_as(&disk, first, &[1]).unwrap();
        let second = take_as(&disk.process(), owner("n1", 2), &[1, 2]);
        assert_busy(second, "process 1 on n1 (job 4711) since 2026-11-20T05:08:13Z");
        lock.heartbeat().unwrap();
        assert_eq!(names(&disk), ["/run/.plattli.lock"]);
    }
}

#[test]
fn the_same_process_cannot_take_a_run_twice() {
    for locks in [Locks::Real, Locks::Unsupported] {
        let disk = MemoryStore::new();
        disk.set_locks(locks);
        let _lock = take_as(&disk, owner("n1", 1), &[1]).unwrap();
        assert_busy(take_as(&disk, owner("n1", 1), &[1]), "another writer of this process");
    }
}

#[test]
fn a_killed_owner_on_this_host_is_followed_at_once() {
    for locks in [Locks::Real, Locks::Local, Locks::Unsupported] {
        let disk = MemoryStore::new();
        disk.set_locks(locks);
        let dead = take_as(&disk, owner("n1", 1), &[1]).unwrap();
        let next = disk.revive();
        let here = world(&next, owner("n1", 2), &[2]);
        let lock = take(&next, &here).unwrap();
        assert_eq!(here.slept.load(Ordering::Relaxed), 0);
        assert_eq!(names(&next), ["/run/.plattli.lock"]);
        lock.heartbeat().unwrap();
        drop(dead);
        lock.heartbeat().unwrap();
    }
}

#[test]
fn an_owner_of_an_earlier_boot_is_dead_even_if_its_number_lives() {
    let disk = MemoryStore::new();
    disk.set_locks(Locks::Unsupported);
    let _dead = take_as(&disk, owner("n1", 1), &[1]).unwrap();
    let next = disk.revive();
    take_as(&next, Owner { boot: "later".into(), ..owner("n1", 2) }, &[1, 2]).unwrap();
}

#[test]
fn a_lock_inherited_by_a_forked_child_does_not_outlive_its_owner() {
    let disk = MemoryStore::new();
    let inherited = take_as(&disk, owner("n1", 1), &[1]).unwrap();
    let next = disk.process();
    let lock = take_as(&next, owner("n1", 2), &[2]).unwrap();
    lock.heartbeat().unwrap();
    assert_busy(inherited.heartbeat(), "process 2 on n1");
    inherited.release().unwrap();
    assert_eq!(names(&disk), ["/run/.plattli.lock"], "a lock that was taken over is not removed");
    lock.heartbeat().unwrap();
}

#[test]
fn an_owner_on_another_host_that_touches_its_file_is_not_disturbed() {
    for locks in [Locks::Local, Locks::Unsupported] {
        let disk = MemoryStore::new();
        disk.set_locks(locks);
        let lock = Arc::new(take_as(&disk, owner("n1", 1), &[1]).unwrap());
        let other = disk.process();
        let there = world(&other, owner("n2", 1), &[1]);
        let (beating, mut asleep) = (lock.clone(), 0);
        *there.while_asleep.lock().unwrap() = Some(Box::new(move || {
            asleep += 1;
            if asleep % 5 == 0 {
                beating.heartbeat().unwrap();
            }
        }));
        assert_busy(take(&other, &there), "process 1 on n1");
        assert_eq!(there.slept.load(Ordering::Relaxed), 10_000, "as soon as it shows a sign of life");
        lock.heartbeat().unwrap();
        assert_eq!(names(&disk), ["/run/.plattli.lock"]);
    }
}

#[test]
fn a_silent_owner_on_another_host_is_taken_over_after_its_time_and_told_so() {
    for locks in [Locks::Local, Locks::Unsupported] {
        let disk = MemoryStore::new();
        disk.set_locks(locks);
        let silent = take_as(&disk, owner("n1", 1), &[1]).unwrap();
        disk.advance(25);
        let other = disk.process();
        let there = world(&other, owner("n2", 1), &[1]);
        let lock = take(&other, &there).unwrap();
        assert_eq!(there.slept.load(Ordering::Relaxed), 35_000);
        lock.heartbeat().unwrap();
        assert_busy(silent.heartbeat(), "process 1 on n2");
        silent.release().unwrap();
        lock.heartbeat().unwrap();
        assert_eq!(names(&disk), ["/run/.plattli.lock"]);
    }
}

#[test]
fn an_owner_silent_for_a_minute_is_taken_over_without_waiting() {
    let disk = MemoryStore::new();
    disk.set_locks(Locks::Unsupported);
    let _silent = take_as(&disk, owner("n1", 1), &[1]).unwrap();
    disk.advance(60);
    let there = world(&disk.process(), owner("n2", 1), &[1]);
    take(&there.disk, &there).unwrap();
    assert_eq!(there.slept.load(Ordering::Relaxed), 0);
}

#[test]
fn a_requeued_job_follows_its_own_earlier_start_on_another_host_at_once() {
    let disk = MemoryStore::new();
    disk.set_locks(Locks::Local);
    let job = |host, restarts| Owner { job: "9".into(), restarts, ..owner(host, 1) };
    let _before = take_as(&disk, job("n1", 1), &[1]).unwrap();
    let there = world(&disk.process(), job("n2", 2), &[1]);
    take(&there.disk, &there).unwrap();
    assert_eq!(there.slept.load(Ordering::Relaxed), 0);
}

#[test]
fn a_lock_that_the_file_system_says_is_held_on_another_host_is_respected() {
    let disk = MemoryStore::new();
    let _lock = take_as(&disk, owner("n1", 1), &[1]).unwrap();
    disk.advance(1000);
    assert_busy(take_as(&disk.process(), owner("n2", 2), &[2]), "process 1 on n1");
}

#[test]
fn an_empty_or_foreign_lock_file_belongs_to_nobody() {
    for text in [&b""[..], b"\0\0\0\0", b"{\"host\":\"n1\",\"pi", b"hello\n"] {
        for locks in [Locks::Real, Locks::Unsupported] {
            let disk = MemoryStore::new();
            disk.set_locks(locks);
            disk.plant("/run/.plattli.lock", text);
            let lock = take_as(&disk, owner("n1", 1), &[1]).unwrap();
            lock.heartbeat().unwrap();
            assert_busy(take_as(&disk.process(), owner("n1", 2), &[1, 2]), "process 1 on n1");
        }
    }
}

#[test]
fn a_lock_file_unlinked_while_it_was_being_locked_is_not_believed() {
    let disk = MemoryStore::new();
    let holder = disk.process();
    let first = take_as(&holder, owner("n1", 1), &[1]).unwrap();
    let leaving = Mutex::new(Some(first));
    disk.before_each(move |op| {
        if op.what == "try_lock" {
            if let Some(lock) = leaving.lock().unwrap().take() {
                lock.release().unwrap();
            }
        }
    });
    let lock = take_as(&disk, owner("n1", 2), &[2]).unwrap();
    assert_eq!(names(&disk), ["/run/.plattli.lock"]);
    lock.heartbeat().unwrap();
}

#[test]
fn a_removed_lock_file_is_put_back_by_the_next_heartbeat() {
    let disk = MemoryStore::new();
    let lock = take_as(&disk, owner("n1", 1), &[1]).unwrap();
    disk.process().remove_file(Path::new("/run/.plattli.lock")).unwrap();
    lock.heartbeat().unwrap();
    assert_busy(take_as(&disk.process(), owner("n1", 2), &[1, 2]), "process 1 on n1");
    lock.heartbeat().unwrap();
}

#[test]
fn two_that_take_a_run_at_the_same_time_do_not_both_get_it() {
    // The second acts in full before each operation of the first; the run is new, or its last owner is dead, or dead
    // with a child that has inherited the lock.
    for (locks, last) in [
        (Locks::Real, ""),
        (Locks::Unsupported, ""),
        (Locks::Real, "dead"),
        (Locks::Unsupported, "dead"),
        (Locks::Real, "inherited"),
    ] {
        let mut interleaved = 0;
        for at in 0..16 {
            let disk = MemoryStore::new();
            disk.set_locks(locks);
            let old = (!last.is_empty()).then(|| take_as(&disk.process(), owner("n1", 9), &[9]).unwrap());
            let _child = old.filter(|_| last == "inherited");
            let other = disk.process();
            let second = Arc::new(Mutex::new(None));
            let result = second.clone();
            disk.before_each(move |op| {
                if op.n == at && result.lock().unwrap().is_none() {
                    *result.lock().unwrap() = Some(take_as(&other, owner("n1", 2), &[1, 2]));
                }
            });
            let first = take_as(&disk, owner("n1", 1), &[1, 2]);
            let Some(second) = second.lock().unwrap().take() else { continue };
            interleaved += 1;
            // Between the last look at the old file and its replacement nothing can be excluded; there the heartbeat
            // tells.
            let renamed = disk.log().iter().any(|op| op.what == "rename" && (at..at + 3).contains(&op.n));
            let both = first.is_ok() && second.is_ok();
            let what =
                format!("{locks:?}, {last}, at operation {at}: {first:?} and {second:?}\n{:#?}", disk.log());
            assert!(first.is_ok() || second.is_ok(), "{what}");
            assert!(!both || renamed, "{what}");
            let live = |lock: &Result<WriterLock>| lock.as_ref().is_ok_and(|l| l.heartbeat().is_ok());
            assert!(live(&first) != live(&second), "{what}");
        }
        assert!(interleaved > 5, "the first has that many operations to be interrupted at");
    }
}

#[test]
fn a_process_killed_while_taking_the_run_leaves_it_free() {
    for (locks, silent) in [(Locks::Real, false), (Locks::Unsupported, false), (Locks::Local, true)] {
        for n in 0.. {
            let disk = MemoryStore::new();
            disk.set_locks(locks);
            let victim = if silent {
                let _silent = take_as(&disk, owner("n9", 1), &[1]).unwrap();
                disk.advance(100);
                disk.revive()
            } else {
                disk.clone()
            };
            victim.kill_at(n, crate::store::Done::Half);
            let done = take_as(&victim, owner("n1", 1), &[1]).is_ok();
            let next = victim.revive();
            let lock = take_as(&next, owner("n1", 2), &[2]).unwrap();
            lock.heartbeat().unwrap();
            if done {
                break;
            }
        }
    }
}

#[test]
fn a_refused_operation_is_reported_and_leaves_the_run_to_be_taken() {
    for n in 0.. {
        let disk = MemoryStore::new();
        disk.fail_at(n, libc::EIO, crate::store::Done::Half, crate::store::Times::Once);
        let taken = take_as(&disk, owner("n1", 1), &[1]);
        if let Err(error) = &taken {
            assert_eq!(error.os_error(), Some(libc::EIO));
            drop(taken);
            take_as(&disk, owner("n1", 1), &[1]).unwrap();
        } else if disk.ops() <= n {
            break;
        }
    }
}
