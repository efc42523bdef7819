//! The promise about flags: as long as a kill stands, programs get what it says, at every node, whatever is applied.
//!
//! Which kills stand is told from the journal, and what programs get by asking, as a program would.

use std::collections::BTreeMap;

use domain::respond::sight::Sight;
use domain::words::{EventKind, Name, Timestamp};
use store::{Halt, journal};

use crate::play::Play;
use crate::switchers::asked;

/// A kill, as the journal tells it.
struct Told {
    environment: Name,
    flag: String,
    variant: Option<String>,
    expires_at: Timestamp,
}

/// What is not as it was promised.
pub(crate) fn all(play: &Play) -> Result<Vec<String>, Halt> {
    let store = &play.world.store;
    let standing = store.read(standing)?;
    let mut broken = Vec::new();
    if standing.is_empty() {
        return Ok(broken);
    }
    for (place, node) in play.world.posts().iter().filter_map(|post| Some((post, post.node()?))) {
        let now = place.local(play.world.now());
        // Of several kills of one flag the last one decides.
        let latest: BTreeMap<_, _> = standing
            .values()
            .filter(|told| now < told.expires_at)
            .map(|told| ((&told.environment, &told.flag), told))
            .collect();
        for ((environment, flag), told) in latest {
            let got = asked(store, node, environment, flag, now, |answer| {
                (answer.killed, answer.variant.map(str::to_owned), answer.place.is_some())
            })?;
            let Some((killed, variant, true)) = got else { continue };
            if !killed || variant != told.variant {
                let (got, wanted) = (variant.as_deref().unwrap_or("nothing"), told.variant.as_deref());
                let wanted = wanted.unwrap_or("nothing");
                broken.push(format!("{flag} in {environment} is killed to {wanted}, and {} answers {got}", place.name));
            }
        }
    }
    Ok(broken)
}

/// By their id, which is by when they were made.
fn standing(tx: &mut store::Tx<'_>) -> Result<BTreeMap<String, Told>, Halt> {
    let mut standing = BTreeMap::new();
    for row in tx.query("SELECT DISTINCT environment FROM kills", &[])? {
        let environment = row.name("environment")?;
        let of = format!("environment/{environment}");
        let mut entries = journal::of_subject(tx, &of, Sight::Whole, None, 1000)?;
        // As they were committed: the clocks of nodes may be apart.
        entries.sort_by_key(|entry| entry.number.unwrap_or(i64::MAX));
        for entry in entries {
            let (Some(kind), Some(id)) = (entry.kind(), entry.subjects.iter().find(|one| one.starts_with("kil_")))
            else {
                continue;
            };
            let expires_at = entry.data["expires_at"].as_str().and_then(|at| at.parse().ok());
            match (kind, expires_at) {
                (EventKind::FlagKilled, Some(expires_at)) => {
                    let text = |name: &str| entry.data[name].as_str().map(str::to_owned);
                    let (flag, variant) = (text("flag").unwrap_or_default(), text("variant"));
                    let told = Told { environment: environment.clone(), flag, variant, expires_at };
                    standing.insert(id.clone(), told);
                }
                (EventKind::FlagKillExtended, Some(expires_at)) => {
                    if let Some(told) = standing.get_mut(id) {
                        told.expires_at = expires_at;
                    }
                }
                (EventKind::FlagKillLifted | EventKind::FlagKillExpired, _) => {
                    standing.remove(id);
                }
                _ => {}
            }
        }
    }
    Ok(standing)
}
