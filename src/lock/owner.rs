//! Who holds a run: the process that the lock file names, and whether it still lives.

use crate::clock;
use crate::json;
use crate::store::{ops, DiskStore, Store};
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// A process that writes a run, as its lock file tells it to other hosts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Owner {
    /// Host name.
    pub host: String,
    /// Process id.
    pub pid: u32,
    /// Start of the process in clock ticks since boot, 0 where unknown: tells a process from a later one with its id.
    pub start: u64,
    /// Identity of this boot of the host, empty where unknown.
    pub boot: String,
    /// Identity of the space that process ids are counted in (containers have their own), 0 where unknown.
    pub space: u64,
    /// Id that the batch system gave the job, empty outside one.
    pub job: String,
    /// How often the batch system has restarted that job.
    pub restarts: u64,
    /// When the run was taken, UTC.
    pub time: String,
}

/// What a lock has to know of the world; the tests have their own.
pub trait World: Send + Sync {
    /// This process.
    fn me(&self) -> Owner;
    /// A process of this host and this boot still runs.
    fn is_alive(&self, owner: &Owner) -> bool;
    /// Waits.
    fn sleep(&self, time: Duration);
}

/// The world as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealWorld;

impl Owner {
    /// The line of the lock file, with its newline.
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(256);
        line.extend_from_slice(b"{\"host\":");
        json::push_str(&mut line, &self.host);
        for (key, number) in [("pid", u64::from(self.pid)), ("start", self.start)] {
            push_key(&mut line, key);
            json::push_u64(&mut line, number);
        }
        push_key(&mut line, "boot");
        json::push_str(&mut line, &self.boot);
        push_key(&mut line, "space");
        json::push_u64(&mut line, self.space);
        push_key(&mut line, "job");
        json::push_str(&mut line, &self.job);
        push_key(&mut line, "restarts");
        json::push_u64(&mut line, self.restarts);
        push_key(&mut line, "time");
        json::push_str(&mut line, &self.time);
        line.extend_from_slice(b"}\n");
        line
    }

    /// The owner that the first line of a lock file names; `None` if it is torn or something else.
    pub fn parse(text: &[u8]) -> Option<Owner> {
        let end = text.iter().position(|&c| c == b'\n')?;
        let mut owner = Owner::default();
        json::scan_object(&text[..end], |key, value| {
            let text = || value.as_str().map(|s| s.into_owned()).unwrap_or_default();
            let number = || value.as_u64().unwrap_or(0);
            match key.as_ref() {
                "host" => owner.host = text(),
                "pid" => owner.pid = u32::try_from(number()).unwrap_or(0),
                "start" => owner.start = number(),
                "boot" => owner.boot = text(),
                "space" => owner.space = number(),
                "job" => owner.job = text(),
                "restarts" => owner.restarts = number(),
                "time" => owner.time = text(),
                _ => {}
            }
        })
        .ok()?;
        (!owner.host.is_empty() && owner.pid != 0).then_some(owner)
    }

    /// Both count their process ids together.
    pub fn is_neighbour_of(&self, other: &Owner) -> bool {
        self.host == other.host && self.space == other.space
    }
}

fn push_key(line: &mut Vec<u8>, key: &str) {
    line.push(b',');
    json::push_str(line, key);
    line.push(b':');
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} on {}", self.pid, self.host)?;
        if !self.job.is_empty() {
            write!(f, " (job {})", self.job)?;
        }
        if !self.time.is_empty() {
            write!(f, " since {}", self.time)?;
        }
        Ok(())
    }
}

impl World for RealWorld {
    fn me(&self) -> Owner {
        let pid = std::process::id();
        let (job, restarts) = job();
        Owner {
            host: host(),
            pid,
            start: process(pid).map_or(0, |p| p.start),
            boot: small_file("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned(),
            space: DiskStore
                .metadata(Path::new("/proc/self/ns/pid"))
                .ok()
                .flatten()
                .map_or(0, |m| m.id.inode),
            job,
            restarts,
            time: clock::utc_now(),
        }
    }

    fn is_alive(&self, owner: &Owner) -> bool {
        let Ok(pid) = libc::pid_t::try_from(owner.pid) else { return false };
        // SAFETY: signal 0 is not sent; the call only says whether the process exists.
        let exists = unsafe { libc::kill(pid, 0) } == 0
            || std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH);
        // A process that /proc does not show may be that of another user: believed to live.
        exists && process(owner.pid).is_none_or(|p| !p.zombie && (owner.start == 0 || p.start == owner.start))
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// What `/proc/PID/stat` tells.
struct Process {
    zombie: bool,
    start: u64,
}

fn process(pid: u32) -> Option<Process> {
    let stat = small_file(&format!("/proc/{pid}/stat"))?;
    // The second field is the name in parentheses and may hold anything, parentheses and spaces included.
    let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_ascii_whitespace().collect();
    let zombie = matches!(fields.first(), Some(&("Z" | "X")));
    Some(Process { zombie, start: fields.get(19)?.parse().ok()? })
}

/// A file of the kernel, which shows no length.
fn small_file(path: &str) -> Option<String> {
    let file = DiskStore.open_read(Path::new(path)).ok()?;
    let mut bytes = vec![0; 4096];
    let len = ops::read_full(&*file, &mut bytes, 0).ok()?;
    bytes.truncate(len);
    String::from_utf8(bytes).ok()
}

fn host() -> String {
    let mut name = [0u8; 256];
    // SAFETY: the buffer is valid for its length.
    let failed = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len()) } != 0;
    let end = name.iter().position(|&c| c == 0).unwrap_or(name.len());
    match String::from_utf8_lossy(&name[..end]) {
        found if !failed && !found.is_empty() => found.into_owned(),
        _ => "localhost".to_owned(),
    }
}

/// The job's id and how often it was restarted.
fn job() -> (String, u64) {
    let value = |key: &str| std::env::var_os(key).map(OsString::into_string).and_then(|text| text.ok());
    let ids =
        ["SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "FLUX_JOB_ID", "COBALT_JOBID", "OAR_JOB_ID", "JOB_ID"];
    let job = ids.iter().find_map(|key| value(key).filter(|id| !id.is_empty())).unwrap_or_default();
    let restarts =
        ["SLURM_RESTART_COUNT", "RESTARTED"].iter().find_map(|key| value(key)?.trim().parse().ok());
    (job, restarts.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_read_back_as_written() {
        let owner = Owner { job: "77 \"é\"".into(), restarts: 3, ..RealWorld.me() };
        assert_eq!(Owner::parse(&owner.to_line()), Some(owner));
    }

    #[test]
    fn a_torn_or_foreign_line_names_nobody() {
        let line = Owner { host: "h".into(), pid: 1, ..Owner::default() }.to_line();
        for cut in 0..line.len() {
            assert_eq!(Owner::parse(&line[..cut]), None, "cut at {cut}");
        }
        assert_eq!(Owner::parse(b"\0\0\0\n"), None);
        assert_eq!(Owner::parse(b"{\"host\":\"h\"}\n"), None);
        assert_eq!(Owner::parse(b"[1]\n"), None);
    }

    #[test]
    fn this_process_lives_and_one_that_started_at_another_time_does_not() {
        let me = RealWorld.me();
        assert!(!me.host.is_empty() && me.pid != 0 && me.start != 0 && !me.boot.is_empty());
        assert!(RealWorld.is_alive(&me));
        assert!(!RealWorld.is_alive(&Owner { start: me.start + 1, ..me.clone() }));
        assert!(!RealWorld.is_alive(&Owner { pid: 4_194_304, ..me }));
    }
}
