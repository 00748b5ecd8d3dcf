//! One compaction at a time: an object that names its holder and is renewed while he is at work.

use super::name::LEASE;
use crate::bucket::{unique, Bucket, Put};
use crate::clock::{self, Tick};
use crate::error::{Code, Error, Result};
use crate::{json, lock};
use std::time::Duration;

/// Races lost before giving up. Each needs another process to take or leave the lease at that moment.
const ATTEMPTS: usize = 8;

/// A lease is renewed when this part of its time has passed.
const PART: u32 = 4;

/// The right to compact.
pub struct Lease<'a> {
    bucket: &'a dyn Bucket,
    expiry: Duration,
    /// Tells this holder from all others.
    token: String,
    renewals: u64,
    text: Vec<u8>,
    renewed: Tick,
}

impl<'a> Lease<'a> {
    /// Takes the lease, from a holder that has not renewed it for `expiry` too. [`Code::Busy`] if somebody has it.
    pub fn take(bucket: &'a dyn Bucket, expiry: Duration) -> Result<Lease<'a>> {
        let mut lease =
            Lease { bucket, expiry, token: unique(), renewals: 0, text: Vec::new(), renewed: Tick::now() };
        lease.text = lease.next_text();
        for _ in 0..ATTEMPTS {
            lease.renewed = Tick::now();
            if lease.is_put(bucket.put_new(LEASE, &lease.text)?)? {
                return Ok(lease);
            }
            // What is there is looked at before its age: a renewal in between makes the replacement fail.
            let Some((text, version)) = bucket.get(LEASE)? else { continue };
            let Some(age) = bucket.age(LEASE)? else { continue };
            if age < expiry {
                return Err(lease.held(&text, age));
            }
            lease.renewed = Tick::now();
            if lease.is_put(bucket.replace(LEASE, &lease.text, &version)?)? {
                return Ok(lease);
            }
        }
        Err(busy(bucket, "others take and leave the lease all the time"))
    }

    /// Renews the lease when it is time, and makes sure that it is still ours. [`Code::Busy`] if it is not.
    pub fn hold(&mut self) -> Result<()> {
        let found = self.bucket.get(LEASE)?.filter(|(found, _)| *found == self.text);
        let Some((_, version)) = found else { return Err(self.lost()) };
        if !self.is_due() {
            return Ok(());
        }
        self.renewals += 1;
        let (next, now) = (self.next_text(), Tick::now());
        self.text = next;
        if !self.is_put(self.bucket.replace(LEASE, &self.text, &version)?)? {
            return Err(self.lost());
        }
        self.renewed = now;
        Ok(())
    }

    /// It is time to renew it.
    pub fn is_due(&self) -> bool {
        Duration::from_nanos(self.renewed.elapsed_ns()) * PART >= self.expiry
    }

    /// Gives the lease back, if it is still ours.
    pub fn release(self) -> Result<()> {
        match self.bucket.get(LEASE)? {
            Some((found, _)) if found == self.text => self.bucket.delete(LEASE).map(drop),
            _ => Ok(()),
        }
    }

    fn next_text(&self) -> Vec<u8> {
        let mut text = b"{\"owner\":".to_vec();
        json::push_str(&mut text, &lock::this_process());
        text.extend_from_slice(b",\"token\":");
        json::push_str(&mut text, &self.token);
        text.extend_from_slice(b",\"renewals\":");
        json::push_u64(&mut text, self.renewals);
        text.extend_from_slice(b",\"time\":");
        json::push_str(&mut text, &clock::utc_now());
        text.extend_from_slice(b"}\n");
        text
    }

    /// Our text is there. An answer may have been lost, or a question asked twice on the way.
    fn is_put(&self, put: Put) -> Result<bool> {
        match put {
            // Whether it survives a power cut does not matter: the holder would not either.
            Put::Stored | Put::NotDurable(_) => Ok(true),
            Put::Refused => Ok(self.bucket.get(LEASE)?.is_some_and(|(found, _)| found == self.text)),
            Put::Unknown(error) => match self.bucket.get(LEASE)? {
                Some((found, _)) if found == self.text => Ok(true),
                _ => Err(error),
            },
        }
    }

    fn held(&self, text: &[u8], age: Duration) -> Error {
        let mut owner = None;
        // A lease that somebody else wrote in another way is still a lease.
        _ = json::scan_object(text.trim_ascii_end(), |key, value| {
            if key == "owner" {
                owner = value.as_str().map(|s| s.into_owned());
            }
        });
        let owner = owner.unwrap_or_else(|| "another process".to_owned());
        busy(
            self.bucket,
            &format!(
                "{owner} is at it, and gave a sign of life {} seconds ago; should it be dead, its lease ends after \
                 {} seconds",
                age.as_secs(),
                self.expiry.as_secs()
            ),
        )
    }

    fn lost(&self) -> Error {
        busy(self.bucket, "another process has taken the lease over meanwhile; nothing is lost")
    }
}

fn busy(bucket: &dyn Bucket, why: &str) -> Error {
    Error::new(Code::Busy, format!("cannot compact {}: {why}", bucket.locate("")))
}
