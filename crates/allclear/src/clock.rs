//! The one clock and the one draw of chance of the program. Everything else is told the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, Result};
use domain::words::{Mint, Timestamp};

/// The wall clock, which here never goes back: what is due was due.
pub(crate) fn clock() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    let latest = AtomicI64::new(i64::MIN);
    Arc::new(move || {
        #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
        let now = Timestamp::now().as_microsecond();
        let before = latest.fetch_max(now, Ordering::Relaxed);
        Timestamp::from_microsecond(now.max(before)).unwrap_or(Timestamp::MAX)
    })
}

/// A source of ids and secrets, seeded by the operating system.
pub(crate) fn mint() -> Result<Mint> {
    let mut seed = [0u8; 32];
    #[expect(clippy::disallowed_methods, reason = "this is the one draw")]
    getrandom::fill(&mut seed).map_err(|error| anyhow::anyhow!("{error}")).context("no randomness from the system")?;
    Ok(Mint::new(seed))
}
