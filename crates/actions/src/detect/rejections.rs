//! Keeps a call that was refused, so that whoever looks after the integration can see why.

use domain::words::{EventKind, Name, Refusal, text};
use serde_json::json;
use store::detect::rejections::{self, Rejection};
use store::{Halt, Tx};

use crate::{Moment, announce};

/// How much of the body is kept.
const EXCERPT: usize = 2000;

/// Counts and keeps a refused call. Nothing of it becomes an alert.
pub fn reject(
    tx: &mut Tx<'_>,
    moment: &mut Moment<'_>,
    integration: &Name,
    format: &str,
    status: u16,
    refusal: &Refusal,
    body: &[u8],
) -> Result<(), Halt> {
    let excerpt = String::from_utf8_lossy(&body[..body.len().min(EXCERPT * 4)]).replace('\0', " ");
    let excerpt = domain::prepare::access::without_secrets(&excerpt);
    let rejection = Rejection {
        id: moment.mint.id(moment.now),
        integration: integration.clone(),
        at: moment.now,
        format: format.to_owned(),
        status,
        place: refusal.at.clone(),
        why: refusal.message.clone(),
        excerpt: text::shorten(&excerpt, EXCERPT),
    };
    rejections::add(tx, &rejection)?;
    let subjects = vec![rejection.id.to_string(), format!("integration/{integration}")];
    let data = json!({ "status": status, "at": refusal.at });
    announce::event(tx, moment, EventKind::SignalRejected, subjects, Some(&refusal.message), data)
}
