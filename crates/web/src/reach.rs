//! What the edge asks of the channels, which it does not know itself: would this address take a message, does whoever
//! carries it answer. Sends nothing.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use domain::prepare::people::Address;

/// What was found, or what is wrong; each a sentence.
pub type Found = Result<String, String>;

/// The channels, as far as they can be asked without a message.
pub trait Reach: Send + Sync {
    /// Whether a message could go there as things are set up here. Opens nothing.
    fn accepts(&self, address: &Address) -> Result<(), String>;

    /// Whether an outgoing webhook may post to this URL.
    fn may_post(&self, url: &str) -> Result<(), String>;

    /// Speaks with whoever takes the messages for this address.
    fn probe(&self, address: Address) -> Pin<Box<dyn Future<Output = Found> + Send + '_>>;
}

/// Knows only whether a mail server is set up: before the channels are known, and in tests.
pub(crate) struct MailOnly(pub(crate) bool);

impl Reach for MailOnly {
    fn accepts(&self, address: &Address) -> Result<(), String> {
        match address {
            Address::Email(_) if !self.0 => Err("no mail server is set up (--smtp)".into()),
            _ => Ok(()),
        }
    }

    fn may_post(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn probe(&self, address: Address) -> Pin<Box<dyn Future<Output = Found> + Send + '_>> {
        let accepted = self.accepts(&address);
        Box::pin(async move { accepted.map(|()| "nobody was asked".to_owned()) })
    }
}

/// The channels of this installation; cheap to clone.
#[derive(Clone)]
pub(crate) struct Reached(pub(crate) Arc<dyn Reach>);

impl fmt::Debug for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reach")
    }
}
