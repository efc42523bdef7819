//! The switches that somebody can pull now: the flags that act where something breaks, with when each was last thrown,
//! and whether it is thrown already.

use std::collections::BTreeSet;

use domain::change::switches::{self as rule, Switch};
use domain::prepare::catalog::Catalog;
use domain::words::{KillId, Name, Timestamp};
use store::change::kills;
use store::{Halt, Tx};

/// A switch, and the kill that is in force at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pullable {
    pub switch: Switch,
    pub kill: Option<KillId>,
}

/// The switches for some services, the nearest first.
pub fn of_services(
    tx: &mut Tx<'_>,
    catalog: &Catalog,
    services: &BTreeSet<Name>,
    now: Timestamp,
) -> Result<Vec<Pullable>, Halt> {
    if services.is_empty() || catalog.flags.is_empty() {
        return Ok(Vec::new());
    }
    let (exercised, standing) = (kills::exercised(tx)?, kills::standing(tx)?);
    let found = rule::switches(catalog, services, &exercised).into_iter().map(|switch| {
        let key = catalog.flags.get(&switch.flag).map_or(switch.flag.as_str(), |flag| flag.key(&switch.flag));
        let is_at_it = |row: &&kills::KillRow| row.environment == switch.environment && row.kill.flag == key;
        let kill = standing.iter().rfind(|row| is_at_it(row) && row.kill.is_in_force(now)).map(|row| row.id);
        Pullable { switch, kill }
    });
    Ok(found.collect())
}
