//! The channels as the web and the commands ask them: would this address take a message, does its server answer.

use std::future::Future;
use std::pin::Pin;

use domain::prepare::people::Address;
use web::reach::{Found, Reach};

/// The channels of this installation.
pub(crate) struct Outward(pub(crate) channels::Channels);

impl Reach for Outward {
    fn accepts(&self, address: &Address) -> Result<(), String> {
        self.0.accepts(address)
    }

    fn may_post(&self, url: &str) -> Result<(), String> {
        self.0.may_post(url)
    }

    fn probe(&self, address: Address) -> Pin<Box<dyn Future<Output = Found> + Send + '_>> {
        Box::pin(async move { self.0.probe(&address).await })
    }
}
