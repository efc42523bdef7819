//! The synthetic alert: proves, once a minute, that what comes in goes out.

use domain::engage::watch::Synthetic;
use store::{Halt, Tx};

/// The newest synthetic alert, and whether it was paged.
pub fn newest(tx: &mut Tx<'_>) -> Result<Option<Synthetic>, Halt> {
    let Some(text) = store::settings::get(tx, "synthetic")? else { return Ok(None) };
    Ok(serde_json::from_str(&text).ok())
}
