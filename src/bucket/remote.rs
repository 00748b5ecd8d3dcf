//! A bucket of a cloud service, through the crate `object_store`.
//!
//! Its runtime lives on our background thread, one request at a time, so that a call that waits for a large object
//! waits for one piece of it at most.

use super::location::lacking;
use super::{checked, unique, Bucket, Object, Put, Source, Upload, Version, PIECE};
use crate::clock;
use crate::error::{Code, Error, Result};
use crate::fork;
use crate::worker::{Handler, Worker};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, PutPayload, RetryConfig, UpdateVersion,
};
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long requests that fail are repeated.
const PATIENCE: Duration = Duration::from_secs(30);

/// The metadata that tells an object of ours from one that another writer put under the same name.
const MARK: Attribute = Attribute::Metadata(std::borrow::Cow::Borrowed("plattli"));

/// A bucket of a service, below a prefix.
pub(super) struct Remote {
    /// As the caller wrote it, without a slash at the end.
    location: String,
    prefix: String,
    store: Arc<dyn ObjectStore>,
    thread: Mutex<Worker<Thread>>,
    /// The service was seen to refuse a name that is taken.
    refuses: AtomicBool,
    generation: u32,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remote {}", self.location)
    }
}

type Job = Box<dyn FnOnce(&Runtime) + Send>;

/// What runs on the background thread.
#[derive(Default)]
struct Thread {
    runtime: Option<Runtime>,
}

impl Handler for Thread {
    type Job = Job;
    type Reply = Result<()>;

    fn handle(&mut self, job: Job) -> Result<()> {
        let runtime = match &mut self.runtime {
            Some(runtime) => runtime,
            none => {
                let made = Builder::new_current_thread().enable_all().build();
                none.insert(made.map_err(|e| {
                    Error::new(Code::Io, format!("cannot start the runtime of the object store: {e}"))
                })?)
            }
        };
        job(runtime);
        Ok(())
    }

    fn interval(&mut self) {}

    fn panicked(&mut self) -> Result<()> {
        Err(Error::internal("a request to the object store panicked"))
    }
}

impl Remote {
    /// The bucket at `s3://BUCKET/PREFIX`, `gs://BUCKET/PREFIX` or `az://CONTAINER/PREFIX`, with the credentials that
    /// are in the environment.
    pub(super) fn open(scheme: &str, location: &str) -> Result<Self> {
        fork::ensure_registered()?;
        let rest = location.split_once("://").map_or("", |(_, rest)| rest);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(Error::argument(format!(
                "{location} names no bucket: write {scheme}://BUCKET/PREFIX"
            )));
        }
        let prefix = prefix.trim_matches('/').to_owned();
        Path::parse(&prefix).map_err(|e| Error::argument(format!("{location} cannot hold objects: {e}")))?;
        let store = service(scheme, bucket, location)?;
        let thread = Worker::start(Thread::default(), true, Duration::from_secs(3600))?;
        Ok(Remote {
            location: location.trim_end_matches('/').to_owned(),
            prefix,
            store,
            thread: Mutex::new(thread),
            refuses: AtomicBool::new(false),
            generation: fork::generation(),
        })
    }

    /// Runs a request on the background thread.
    fn run<T, F>(&self, request: impl FnOnce(Arc<dyn ObjectStore>) -> F + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        if fork::generation() != self.generation {
            return Err(Error::new(
                Code::Forked,
                format!("{} was opened by the parent process", self.location),
            ));
        }
        let store = Arc::clone(&self.store);
        let (answer, answered) = mpsc::channel();
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.post(Box::new(move |runtime| {
            // The other end waits for it below.
            _ = answer.send(runtime.block_on(request(store)));
        }))?;
        thread.wait().unwrap_or_else(|| Err(Error::internal("the thread of the object store is gone")))?;
        answered.try_recv().map_err(|_| Error::internal("a request to the object store was not answered"))
    }

    fn path(&self, name: &str) -> Result<Path> {
        let (name, prefix) = (checked(name)?, &self.prefix);
        let whole = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        Path::parse(whole)
            .map_err(|e| Error::argument(format!("{name:?} cannot be the name of an object: {e}")))
    }

    fn error(&self, what: &str, name: &str, error: &object_store::Error) -> Error {
        use object_store::Error::{PermissionDenied, Unauthenticated};
        let hint = match error {
            PermissionDenied { .. } | Unauthenticated { .. } => {
                "; check the credentials in the environment, and what they allow"
            }
            _ => "",
        };
        Error::new(Code::Io, format!("cannot {what} {}: {error}{hint}", self.locate(name)))
    }

    /// What a failed put means: an error if it certainly stored nothing.
    fn put_failed(&self, name: &str, error: object_store::Error) -> Result<Put> {
        use object_store::Error::*;
        let told = self.error("store", name, &error);
        match error {
            NotFound { .. } | InvalidPath { .. } | NotSupported { .. } | NotImplemented { .. } => Err(told),
            PermissionDenied { .. } | Unauthenticated { .. } | UnknownConfigurationKey { .. } => Err(told),
            _ => Ok(Put::Unknown(told)),
        }
    }

    /// An object under the name is the one with this mark: a request that was repeated on the way finds its own work.
    fn is_marked(&self, path: Path, mark: &str) -> object_store::Result<Result<bool>> {
        let mark = mark.to_owned();
        let found = self.run(move |store| async move {
            let options = GetOptions { head: true, ..GetOptions::default() };
            store.get_opts(&path, options).await.map(|found| found.attributes)
        });
        match found {
            Ok(Ok(attributes)) => Ok(Ok(attributes.get(&MARK).is_some_and(|m| m.as_ref() == mark))),
            Ok(Err(object_store::Error::NotFound { .. })) => Ok(Ok(false)),
            Ok(Err(e)) => Err(e),
            Err(e) => Ok(Err(e)),
        }
    }

    /// Stores an object under a name that is free.
    fn create(&self, name: &str, data: &[u8]) -> Result<Put> {
        let (path, mark) = (self.path(name)?, unique());
        let (payload, to) = (PutPayload::from(data.to_vec()), path.clone());
        let attributes: Attributes = [(MARK, mark.clone())].into_iter().collect();
        let options = PutOptions { mode: PutMode::Create, attributes, ..PutOptions::default() };
        match self.run(move |store| async move { store.put_opts(&to, payload, options).await })? {
            Ok(_) => Ok(Put::Stored),
            Err(object_store::Error::AlreadyExists { .. }) => match self.is_marked(path, &mark) {
                Ok(ours) => Ok(if ours? { Put::Stored } else { Put::Refused }),
                Err(e) => Ok(Put::Unknown(self.error("look at", name, &e))),
            },
            Err(e) => self.put_failed(name, e),
        }
    }

    /// Stores the same object under the same name once more, which must be refused: there are servers that overlook the
    /// condition, and with them one writer would overwrite what another has stored.
    fn probe(&self, name: &str, data: &[u8]) -> Result<Put> {
        match self.create(name, data) {
            Ok(Put::Stored) => {
                self.delete(name)?;
                Err(Error::new(
                    Code::Unsupported,
                    format!(
                        "cannot store {}: this server overlooks If-None-Match, so that writers would overwrite each \
                         other; use a server, or a release of it, with conditional puts",
                        self.locate(name)
                    ),
                ))
            }
            Ok(Put::Refused) => {
                self.refuses.store(true, Ordering::Relaxed);
                Ok(Put::Stored)
            }
            // It is stored; the question is put again with the next object.
            Ok(_) | Err(_) => Ok(Put::Stored),
        }
    }

    fn head(&self, name: &str) -> Result<Option<object_store::ObjectMeta>> {
        let path = self.path(name)?;
        match self.run(move |store| async move { store.head(&path).await })? {
            Ok(meta) => Ok(Some(meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.error("look at", name, &e)),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if fork::generation() != self.generation {
            // The thread is not in this process, and what it was in the middle of is nobody's to release.
            self.thread.get_mut().unwrap_or_else(PoisonError::into_inner).abandon();
            std::mem::forget(Arc::clone(&self.store));
        }
    }
}

impl Bucket for Remote {
    fn locate(&self, name: &str) -> String {
        format!("{}/{name}", self.location)
    }

    fn list(&self, folder: &str) -> Result<Vec<Object>> {
        let whole = match (self.prefix.as_str(), folder) {
            (prefix, "") => prefix.to_owned(),
            (_, folder) => self.path(folder)?.to_string(),
        };
        let path =
            Path::parse(&whole).map_err(|e| Error::argument(format!("{whole:?} cannot be listed: {e}")))?;
        let found = self.run(move |store| async move { store.list_with_delimiter(Some(&path)).await })?;
        let found = found.map_err(|e| self.error("list", folder, &e))?;
        let start = if self.prefix.is_empty() { 0 } else { self.prefix.len() + 1 };
        let object = |meta: object_store::ObjectMeta| {
            Some(Object { name: meta.location.as_ref().get(start..)?.to_owned(), size: Some(meta.size) })
        };
        let mut objects: Vec<Object> = found.objects.into_iter().filter_map(object).collect();
        objects.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        Ok(self.head(name)?.map(|meta| meta.size))
    }

    fn get(&self, name: &str) -> Result<Option<(Vec<u8>, Version)>> {
        let path = self.path(name)?;
        let found = self.run(move |store| async move {
            let found = store.get(&path).await?;
            let meta = found.meta.clone();
            Ok((found.bytes().await?, meta))
        })?;
        match found {
            Ok((bytes, meta)) => Ok(Some((bytes.to_vec(), version_of(meta.e_tag, meta.version)))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.error("read", name, &e)),
        }
    }

    fn open(&self, name: &str) -> Result<Option<Box<dyn Source + '_>>> {
        let path = self.path(name)?;
        let first = self.run(move |store| async move {
            let found = store.get(&path).await?;
            let size = found.meta.size;
            // Of a large one the rest of the answer is dropped, and asked for piece by piece.
            let bytes = if size <= PIECE as u64 { Some(found.bytes().await?) } else { None };
            Ok((size, bytes))
        })?;
        let (size, first) = match first {
            Ok(first) => first,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(self.error("read", name, &e)),
        };
        let first = first.map(|bytes| bytes.to_vec());
        Ok(Some(Box::new(Reading { bucket: self, name: name.to_owned(), offset: 0, size, first })))
    }

    fn put_new(&self, name: &str, data: &[u8]) -> Result<Put> {
        let put = self.create(name, data)?;
        match put {
            Put::Stored if !self.refuses.load(Ordering::Relaxed) => self.probe(name, data),
            put => Ok(put),
        }
    }

    fn upload(&self, name: &str) -> Result<Box<dyn Upload + '_>> {
        self.path(name)?;
        Ok(Box::new(Writing { bucket: self, name: name.to_owned(), buffer: Vec::new(), parts: None }))
    }

    fn replace(&self, name: &str, data: &[u8], version: &Version) -> Result<Put> {
        use object_store::Error::{AlreadyExists, NotFound, Precondition};
        let (path, payload) = (self.path(name)?, PutPayload::from(data.to_vec()));
        let options = PutOptions { mode: PutMode::Update(meant(version)), ..PutOptions::default() };
        match self.run(move |store| async move { store.put_opts(&path, payload, options).await })? {
            Ok(_) => Ok(Put::Stored),
            Err(Precondition { .. } | NotFound { .. } | AlreadyExists { .. }) => Ok(Put::Refused),
            Err(e) => self.put_failed(name, e),
        }
    }

    fn delete(&self, name: &str) -> Result<bool> {
        let path = self.path(name)?;
        match self.run(move |store| async move { store.delete(&path).await })? {
            Ok(()) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(self.error("delete", name, &e)),
        }
    }

    fn age(&self, name: &str) -> Result<Option<Duration>> {
        // The service says when; what time it is there it does not say, though it refuses requests of clocks that
        // differ by more than some minutes.
        let now = clock::unix_micros();
        let age = |stored: i64| Duration::from_micros(now.saturating_sub(u64::try_from(stored).unwrap_or(0)));
        Ok(self.head(name)?.map(|meta| age(meta.last_modified.timestamp_micros())))
    }

    fn settle(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn tidy(&self, _: &str, _: Duration) -> Result<usize> {
        Ok(0)
    }
}

fn version_of(e_tag: Option<String>, version: Option<String>) -> Version {
    Version(format!("{}\n{}", e_tag.unwrap_or_default(), version.unwrap_or_default()).into_bytes())
}

fn meant(version: &Version) -> UpdateVersion {
    let text = String::from_utf8_lossy(&version.0);
    let (e_tag, version) = text.split_once('\n').unwrap_or((&text, ""));
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    UpdateVersion { e_tag: given(e_tag), version: given(version) }
}

struct Reading<'a> {
    bucket: &'a Remote,
    name: String,
    offset: u64,
    size: u64,
    /// All of a small object.
    first: Option<Vec<u8>>,
}

impl Source for Reading<'_> {
    fn next(&mut self) -> Result<Vec<u8>> {
        if let Some(all) = self.first.take() {
            self.offset = self.size;
            return Ok(all);
        }
        if self.offset >= self.size {
            return Ok(Vec::new());
        }
        let path = self.bucket.path(&self.name)?;
        let range = self.offset..self.size.min(self.offset + PIECE as u64);
        let wanted = range.clone();
        let piece = self.bucket.run(move |store| async move {
            let options = GetOptions { range: Some(GetRange::Bounded(wanted)), ..GetOptions::default() };
            store.get_opts(&path, options).await?.bytes().await
        })?;
        match piece {
            Ok(bytes) if !bytes.is_empty() => {
                self.offset += bytes.len() as u64;
                Ok(bytes.to_vec())
            }
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {
                let gone = io::Error::from_raw_os_error(libc::ENOENT);
                Err(Error::io("read on", std::path::Path::new(&self.bucket.locate(&self.name)), &gone))
            }
            Err(e) => Err(self.bucket.error("read", &self.name, &e)),
        }
    }
}

struct Writing<'a> {
    bucket: &'a Remote,
    name: String,
    buffer: Vec<u8>,
    /// Begun once there is more than one piece.
    parts: Option<Box<dyn MultipartUpload>>,
}

impl Writing<'_> {
    /// Sends what is in the buffer as one part.
    fn send(&mut self) -> Result<()> {
        let (path, payload) = (self.bucket.path(&self.name)?, std::mem::take(&mut self.buffer).into());
        let begun = self.parts.take();
        let (parts, sent) = self.bucket.run(move |store| async move {
            let mut parts = match begun {
                Some(parts) => parts,
                None => match store.put_multipart(&path).await {
                    Ok(parts) => parts,
                    Err(e) => return (None, Err(e)),
                },
            };
            let sent = parts.put_part(payload).await;
            (Some(parts), sent)
        })?;
        self.parts = parts;
        sent.map_err(|e| self.bucket.error("store a part of", &self.name, &e))
    }
}

impl Upload for Writing<'_> {
    fn write(&mut self, mut data: &[u8]) -> Result<()> {
        while self.buffer.len() + data.len() > PIECE {
            let (now, later) = data.split_at(PIECE - self.buffer.len());
            self.buffer.extend_from_slice(now);
            data = later;
            self.send()?;
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Put> {
        if self.parts.is_none() {
            return self.bucket.put_new(&self.name, &self.buffer);
        }
        self.send()?;
        // Services complete such an upload whatever is there. Names of large objects are given out under a lease.
        if self.bucket.head(&self.name)?.is_some() {
            return Ok(Put::Refused);
        }
        let Some(mut parts) = self.parts.take() else {
            return Err(Error::internal("an upload without parts"));
        };
        match self.bucket.run(move |_| async move { parts.complete().await.map(drop) })? {
            Ok(()) => Ok(Put::Stored),
            Err(e) => self.bucket.put_failed(&self.name, e),
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(mut parts) = self.parts.take() {
            // What cannot be given up now, the rules of the bucket for unfinished uploads will.
            _ = self.bucket.run(move |_| async move { parts.abort().await });
        }
    }
}

fn retry() -> RetryConfig {
    RetryConfig { retry_timeout: PATIENCE, ..RetryConfig::default() }
}

/// The service, with the credentials and settings of its environment variables.
fn service(scheme: &str, bucket: &str, location: &str) -> Result<Arc<dyn ObjectStore>> {
    let built: object_store::Result<Arc<dyn ObjectStore>> = match scheme {
        #[cfg(feature = "s3")]
        "s3" => object_store::aws::AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_retry(retry())
            // Objects are deleted one by one, as every server can.
            .with_disable_bulk_delete(true)
            .build()
            .map(|store| Arc::new(store) as _),
        #[cfg(feature = "gcs")]
        "gs" => object_store::gcp::GoogleCloudStorageBuilder::from_env()
            .with_bucket_name(bucket)
            .with_retry(retry())
            .build()
            .map(|store| Arc::new(store) as _),
        #[cfg(feature = "azure")]
        "az" => object_store::azure::MicrosoftAzureBuilder::from_env()
            .with_container_name(bucket)
            .with_retry(retry())
            .build()
            .map(|store| Arc::new(store) as _),
        _ => return Err(lacking(scheme, location)),
    };
    built.map_err(|e| {
        Error::argument(format!("cannot open {location}: {e}; see docs/journal.md for the settings"))
    })
}
