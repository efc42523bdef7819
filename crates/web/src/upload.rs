//! Bytes of evidence on their way in and out, in parts: never more in memory than a few of them, and a thread that may
//! wait for the disk only for as long as one part takes, however slow the other side is.

use std::io;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::StatusCode;
use domain::respond::evidence::Digest;
use domain::words::{EvidenceId, Refusal, RefusalKind};
use sha2::{Digest as _, Sha256};
use store::blobs::{Part, Reading, Writing};
use store::{Blobs, Error, Halt};

use crate::problem::Problem;

/// So many bytes are written at once.
const PART: usize = 256 << 10;

/// Whether a request of this path brings bytes of any size.
pub fn is_upload(path: &str) -> bool {
    path.contains("/incidents/") && path.ends_with("/evidence")
}

/// Evidence that is coming in. Dropped before its end it leaves nothing.
#[derive(Debug)]
pub(crate) struct Incoming {
    writing: Option<Writing>,
    gathered: Vec<u8>,
}

impl Incoming {
    /// Begins; refused at once if what is announced is too much.
    pub(crate) async fn begin(blobs: &Blobs, id: EvidenceId, announced: Option<u64>) -> Result<Self, Problem> {
        if announced.is_some_and(|size| size > blobs.most()) {
            let most = blobs.most() >> 20;
            let message = format!("evidence has at most {most} MiB here; record what is larger as kept elsewhere");
            return Err(Refusal::new(RefusalKind::TooLarge, message).into());
        }
        let blobs = blobs.clone();
        let writing = waiting(move || Ok(blobs.begin(id)?)).await?;
        Ok(Self { writing: Some(writing), gathered: Vec::with_capacity(2 * PART) })
    }

    /// A part of it.
    pub(crate) async fn part(&mut self, part: &[u8]) -> Result<(), Problem> {
        self.gathered.extend_from_slice(part);
        if self.gathered.len() >= PART { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), Problem> {
        let Some(mut writing) = self.writing.take() else { return Err(Error::other("it was broken off").into()) };
        let gathered = std::mem::take(&mut self.gathered);
        let (writing, mut gathered) = waiting(move || {
            writing.write(&gathered)?;
            Ok((writing, gathered))
        })
        .await?;
        gathered.clear();
        (self.writing, self.gathered) = (Some(writing), gathered);
        Ok(())
    }

    /// The whole body of a request.
    pub(crate) async fn whole(mut self, mut body: Body) -> Result<(Digest, u64), Problem> {
        while let Some(part) = next(&mut body).await? {
            self.part(&part).await?;
        }
        self.finish().await
    }

    /// All of it is there, and on disk when this is done.
    pub(crate) async fn finish(mut self) -> Result<(Digest, u64), Problem> {
        self.write().await?;
        let Some(writing) = self.writing.take() else { return Err(Error::other("it was broken off").into()) };
        waiting(move || Ok(writing.finish()?)).await
    }
}

/// The hash of a body that is kept nowhere.
pub(crate) async fn hash_of(mut body: Body) -> Result<Digest, Problem> {
    let mut hash = Sha256::new();
    while let Some(part) = next(&mut body).await? {
        hash.update(&part);
    }
    Ok(Digest(hash.finalize().into()))
}

/// The next part of a body.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        match frame {
            None => return Ok(None),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Some(Err(error)) if crate::listen::is_too_slow(&error) => {
                return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"));
            }
            Some(Err(_)) => return Err(Problem::new(StatusCode::BAD_REQUEST, "the body broke off; nothing was kept")),
        }
    }
}

/// What was asked for, part by part; it breaks off if it turns out to be altered.
pub(crate) fn outgoing(reading: Reading) -> Body {
    Body::from_stream(async_stream::stream! {
        let mut reading = Some(reading);
        while let Some(mut open) = reading.take() {
            let done = tokio::task::spawn_blocking(move || {
                let mut part = vec![0; PART];
                let read = open.part(&mut part);
                (open, part, read)
            });
            let part: io::Result<Bytes> = match done.await {
                Ok((open, mut part, Ok(Part::More(length)))) => {
                    part.truncate(length);
                    reading = Some(open);
                    Ok(Bytes::from(part))
                }
                Ok((_, _, Ok(Part::End))) => break,
                Ok((_, _, Ok(Part::Altered))) => Err(io::Error::other("it was altered while it was read")),
                Ok((_, _, Err(error))) => Err(io::Error::other(error)),
                Err(panic) => Err(io::Error::other(panic)),
            };
            yield part;
        }
    })
}

/// Does something on a thread that may wait for the disk.
pub(crate) async fn waiting<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Halt> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => {
            done.map_err(|halt| match halt {
                // The reason is the operator's to read, and here also the sender's: the disk is full.
                Halt::Failed(error) if error.message.contains("is full") => {
                    tracing::error!(%error, "evidence could not be kept");
                    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "the disk is full; nothing was kept")
                }
                halt => halt.into(),
            })
        }
        Err(panic) => Err(Error::other(format!("bytes were not moved: {panic}")).into()),
    }
}
