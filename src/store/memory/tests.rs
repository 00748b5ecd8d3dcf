use super::*;
use crate::store::{ops, Create, Kind, Lock, Store};

fn errno<T: fmt::Debug>(result: Result<T>) -> i32 {
    result.expect_err("must fail").os_error().expect("an errno")
}

fn at(path: &str) -> &Path {
    Path::new(path)
}

#[test]
fn names_fail_with_the_errno_of_the_real_file_system() {
    let disk = MemoryStore::new();
    disk.plant("/d/sub/f", b"x");
    assert_eq!(errno(disk.open_read(at("/d/none"))), libc::ENOENT);
    assert_eq!(errno(disk.open_read(at("/none/f"))), libc::ENOENT);
    assert_eq!(errno(disk.open_read(at("/d/sub/f/g"))), libc::ENOTDIR);
    assert_eq!(errno(disk.open_append(at("/d/sub"), Create::IfMissing)), libc::EISDIR);
    assert_eq!(errno(disk.open_append(at("/d/sub/f"), Create::New)), libc::EEXIST);
    assert_eq!(errno(disk.open_append(at("/d/g"), Create::Never)), libc::ENOENT);
    assert_eq!(errno(disk.create_dir(at("/d"))), libc::EEXIST);
    assert_eq!(errno(disk.remove_dir(at("/d"))), libc::ENOTEMPTY);
    assert_eq!(errno(disk.remove_dir(at("/d/sub/f"))), libc::ENOTDIR);
    assert_eq!(errno(disk.remove_file(at("/d/sub"))), libc::EISDIR);
    assert_eq!(errno(disk.rename(at("/d"), at("/d/sub/d"))), libc::EINVAL);
    assert_eq!(errno(disk.rename(at("/d/sub/f"), at("/d"))), libc::EISDIR);
    assert_eq!(errno(disk.rename(at("/d/sub"), at("/d/sub/f"))), libc::EINVAL);
    assert_eq!(errno(disk.list(at("/d/sub/f"))), libc::ENOTDIR);
    let long = format!("/d/{}", "n".repeat(256));
    assert_eq!(errno(disk.create(at(&long))), libc::ENAMETOOLONG);
    assert_eq!(disk.metadata(at("/d/sub/f/g")).unwrap(), None);
    disk.rename(at("/d/sub"), at("/d/moved")).unwrap();
    assert_eq!(disk.peek("/d/moved/../moved/f").unwrap(), b"x");
}

#[test]
fn a_renamed_file_keeps_its_inode_number_for_itself() {
    let disk = MemoryStore::new();
    disk.plant("/a", b"1");
    let id = disk.metadata(Path::new("/a")).unwrap().unwrap().id;
    disk.rename(Path::new("/a"), Path::new("/b")).unwrap();
    disk.plant("/c", b"2");
    assert_eq!(disk.metadata(Path::new("/b")).unwrap().unwrap().id, id);
    assert_ne!(disk.metadata(Path::new("/c")).unwrap().unwrap().id, id);
}

#[test]
fn an_open_handle_survives_rename_and_unlink_and_pins_its_inode_number() {
    let disk = MemoryStore::new();
    let a = disk.open_append(at("/a"), Create::New).unwrap();
    a.append(b"one").unwrap();
    disk.rename(at("/a"), at("/b")).unwrap();
    a.append(b"two").unwrap();
    assert_eq!(disk.peek("/b").unwrap(), b"onetwo");
    let id = a.metadata().unwrap().id;
    disk.remove_file(at("/b")).unwrap();
    assert_eq!(ops::read_from(&*a, 0).unwrap(), b"onetwo");
    let pinned = disk.create(at("/c")).unwrap().metadata().unwrap().id;
    assert_ne!(pinned, id, "the open handle pins its number");
    drop(a);
    let reused = disk.create(at("/d")).unwrap().metadata().unwrap().id;
    assert_eq!(reused, id, "a free number is used again at once");
}

#[test]
fn a_replaced_file_leaves_old_readers_with_the_old_bytes() {
    let disk = MemoryStore::new();
    disk.plant("/m", b"old");
    let reader = disk.open_read(at("/m")).unwrap();
    ops::replace(&disk, at("/m"), b"new").unwrap();
    assert_eq!(ops::read_from(&*reader, 0).unwrap(), b"old");
    assert_eq!(disk.peek("/m").unwrap(), b"new");
    assert_ne!(disk.metadata(at("/m")).unwrap().unwrap().id, reader.metadata().unwrap().id);
}

#[test]
fn links_are_followed_for_reading_refused_for_writing_and_resolved() {
    let disk = MemoryStore::new();
    disk.plant("/x/real", b"r");
    disk.symlink(at("x"), at("/dir")).unwrap();
    disk.symlink(at("/dir/real"), at("/x/link")).unwrap();
    disk.symlink(at("loop"), at("/loop")).unwrap();
    assert_eq!(disk.peek("/dir/link").unwrap(), b"r");
    assert_eq!(disk.canonicalize(at("/dir/link")).unwrap(), at("/x/real"));
    assert_eq!(errno(disk.create(at("/x/link"))), libc::ELOOP);
    assert_eq!(errno(disk.open_append(at("/x/link"), Create::IfMissing)), libc::ELOOP);
    assert_eq!(errno(disk.open_read(at("/loop"))), libc::ELOOP);
    assert_eq!(disk.link_metadata(at("/x/link")).unwrap().unwrap().kind, Kind::Link);
    disk.remove_file(at("/x/link")).unwrap();
    assert_eq!(disk.peek("/x/real").unwrap(), b"r");
}

#[test]
fn a_lock_belongs_to_the_handle_and_dies_with_the_process() {
    let one = MemoryStore::new();
    let two = one.process();
    let (a, b) = (one.create(at("/l")).unwrap(), two.open_append(at("/l"), Create::Never).unwrap());
    assert_eq!(a.try_lock().unwrap(), Lock::Acquired);
    assert_eq!(a.try_lock().unwrap(), Lock::Acquired);
    assert_eq!(b.try_lock().unwrap(), Lock::Held);
    one.set_locks(Locks::Local);
    assert_eq!(b.try_lock().unwrap(), Lock::Acquired);
    one.set_locks(Locks::Unsupported);
    assert_eq!(b.try_lock().unwrap(), Lock::Unsupported);
    one.set_locks(Locks::Real);
    let three = two.revive();
    assert!(is_killed(&b.append(b"x").unwrap_err()), "a dead process writes nothing");
    let c = three.open_append(at("/l"), Create::Never).unwrap();
    assert_eq!(c.try_lock().unwrap(), Lock::Acquired);
}

#[test]
fn a_killed_process_does_nothing_more() {
    for (done, left) in
        [(Done::Nothing, ""), (Done::Half, "ab"), (Done::AllButOne, "abc"), (Done::Whole, "abcd")]
    {
        let disk = MemoryStore::new();
        disk.kill_at(1, done);
        let file = disk.open_append(at("/f"), Create::New).unwrap();
        assert!(is_killed(&file.append(b"abcd").unwrap_err()));
        assert!(is_killed(&file.append(b"efgh").unwrap_err()));
        assert!(is_killed(&disk.remove_file(at("/f")).unwrap_err()));
        assert_eq!(disk.revive().peek("/f").unwrap(), left.as_bytes());
    }
}

#[test]
fn a_refused_operation_is_done_as_far_as_planned_and_the_full_disk_still_lets_go_of_files() {
    let disk = MemoryStore::new();
    let file = disk.open_append(at("/f"), Create::New).unwrap();
    disk.fail_at(1, libc::ENOSPC, Done::Half, Times::Forever);
    assert_eq!(errno(file.append(b"abcd")), libc::ENOSPC);
    file.set_len(0).unwrap();
    assert_eq!(errno(disk.create_dir(at("/d"))), libc::ENOSPC);
    assert_eq!(errno(file.append(b"xy")), libc::ENOSPC);
    assert_eq!(disk.peek("/f").unwrap(), b"x");
    disk.heal();
    file.append(b"z").unwrap();
    disk.fail_at(disk.ops(), libc::EIO, Done::Nothing, Times::Once);
    assert_eq!(errno(disk.remove_file(at("/f"))), libc::EIO);
    disk.remove_file(at("/f")).unwrap();
}

#[test]
fn a_disk_with_a_capacity_takes_what_fits() {
    let disk = MemoryStore::new();
    disk.set_capacity(Some(6));
    let file = disk.open_append(at("/f"), Create::New).unwrap();
    file.append(b"abcd").unwrap();
    assert_eq!(errno(file.append(b"efgh")), libc::ENOSPC);
    assert_eq!(disk.peek("/f").unwrap(), b"abcdef");
    file.set_len(1).unwrap();
    file.append(b"efghi").unwrap();
    assert_eq!(disk.peek("/f").unwrap(), b"aefghi");
}

#[test]
fn a_power_cut_keeps_what_was_synced_and_what_the_policy_says() {
    let disk = MemoryStore::new();
    disk.plant("/d/old", b"old");
    ops::replace(&disk, at("/d/m"), b"manifest").unwrap();
    let file = disk.open_append(at("/d/log"), Create::New).unwrap();
    file.append(b"first ").unwrap();
    file.sync_data().unwrap();
    file.append(b"second").unwrap();
    disk.rename(at("/d/old"), at("/d/new")).unwrap();
    let cut = |names, data| disk.power_cut(PowerCut { names, data, seed: 1 });

    let lost = cut(Names::Lost, Data::Lost);
    assert_eq!(lost.peek("/d/m").unwrap(), b"manifest");
    assert_eq!((lost.peek("/d/log"), lost.peek("/d/new")), (None, None), "names nobody synced are gone");
    assert_eq!(lost.peek("/d/old").unwrap(), b"old");

    let kept = cut(Names::Kept, Data::Lost);
    assert_eq!(kept.peek("/d/log").unwrap(), b"first ");
    assert_eq!((kept.peek("/d/old"), kept.peek("/d/new").as_deref()), (None, Some(&b"old"[..])));
    assert_eq!(cut(Names::Kept, Data::Kept).peek("/d/log").unwrap(), b"first second");
    assert_eq!(cut(Names::Kept, Data::Torn).peek("/d/log").unwrap(), b"first sec");
    assert_eq!(cut(Names::Kept, Data::Nuls).peek("/d/log").unwrap(), b"first \0\0\0\0\0\0");
    assert_eq!(cut(Names::Kept, Data::Hole).peek("/d/log").unwrap(), b"first \0\0\0ond");

    disk.sync_dir(at("/d")).unwrap();
    assert_eq!(cut(Names::Lost, Data::Lost).peek("/d/new").unwrap(), b"old");
}

#[test]
fn a_snapshot_is_a_world_of_its_own() {
    let disk = MemoryStore::new();
    disk.plant("/f", b"1");
    let copy = disk.snapshot();
    copy.open_append(at("/f"), Create::Never).unwrap().append(b"2").unwrap();
    assert_eq!(disk.peek("/f").unwrap(), b"1");
    assert_eq!(copy.peek("/f").unwrap(), b"12");
}

#[test]
fn an_image_is_dumped_with_its_links() {
    let disk = MemoryStore::new();
    disk.plant("/run/plattli/a/b.f32", b"\0\0\0\0");
    disk.plant("/run/config.json", b"{}");
    disk.symlink(at("/run/config.json"), at("/run/plattli/config.json")).unwrap();
    let real = tempfile::tempdir().unwrap();
    disk.dump_to(at("/run"), &real.path().join("r")).unwrap();
    assert_eq!(std::fs::read(real.path().join("r/plattli/config.json")).unwrap(), b"{}");
    assert_eq!(std::fs::read(real.path().join("r/plattli/a/b.f32")).unwrap(), [0; 4]);
}

#[test]
fn every_operation_is_logged_and_shown_to_the_hook() {
    let disk = MemoryStore::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (log, other) = (seen.clone(), disk.process());
    disk.before_each(move |op| {
        _ = other.metadata(&op.path);
        lock(&log).push(op.to_string());
    });
    ops::replace(&disk, at("/m"), b"abc").unwrap();
    let log: Vec<String> = disk.log().iter().map(|op| op.to_string()).collect();
    assert_eq!(log, *lock(&seen));
    assert_eq!(
        log,
        [
            "#0 create /m.tmp",
            "#1 write_at /m.tmp (3 bytes)",
            "#2 sync_all /m.tmp",
            "#3 rename /m.tmp",
            "#4 sync_dir /"
        ]
    );
}

#[test]
fn a_hard_link_is_a_second_name_of_one_file_and_refuses_one_that_is_taken() {
    let disk = MemoryStore::new();
    disk.plant("/d/a", b"one");
    disk.plant("/d/taken", b"two");
    disk.link(at("/d/a"), at("/d/b")).unwrap();
    assert_eq!(errno(disk.link(at("/d/a"), at("/d/taken"))), libc::EEXIST);
    assert_eq!(errno(disk.link(at("/d/none"), at("/d/c"))), libc::ENOENT);
    assert_eq!(errno(disk.rename_new(at("/d/a"), at("/d/taken"))), libc::EEXIST);
    let id = disk.metadata(at("/d/b")).unwrap().unwrap().id;
    assert_eq!(disk.metadata(at("/d/a")).unwrap().unwrap().id, id);
    disk.remove_file(at("/d/a")).unwrap();
    disk.plant("/d/new", b"three");
    assert_ne!(disk.metadata(at("/d/new")).unwrap().unwrap().id, id, "a file with a name keeps its number");
    disk.rename_new(at("/d/b"), at("/d/c")).unwrap();
    assert_eq!(disk.peek("/d/c").unwrap(), b"one");
    disk.set_hard_links(false);
    assert_eq!(errno(disk.link(at("/d/c"), at("/d/e"))), libc::EPERM);
}

#[test]
fn a_file_with_two_names_is_one_file_after_a_power_cut() {
    let disk = MemoryStore::new();
    disk.plant("/d/a", b"one");
    disk.link(at("/d/a"), at("/d/b")).unwrap();
    disk.sync_dir(at("/d")).unwrap();
    let cut = disk.power_cut(PowerCut { names: Names::Lost, data: Data::Lost, seed: 0 });
    assert_eq!(cut.metadata(at("/d/a")).unwrap(), cut.metadata(at("/d/b")).unwrap());
}
