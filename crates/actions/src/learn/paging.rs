//! How paging fell upon people and what it was good for, for whoever asks: their own nights, or those of all whom they manage.

use domain::learn::insights::Filter;
use domain::learn::paging::{Paged, Told};
use domain::prepare::people::Access;
use domain::respond::sight::Sight;
use domain::respond::stamps::When;
use domain::words::{Name, Timestamp};
use store::{Halt, Tx};

use crate::Node;

/// What was read.
#[derive(Clone, Debug)]
pub struct Gathered {
    pub from: Timestamp,
    pub to: Timestamp,
    /// Who was told of what: all, for those who manage; oneself, for everybody else.
    pub told: Vec<Told>,
    pub paged: Vec<Paged>,
    /// Where each is.
    zones: Vec<(Name, String)>,
}

impl Gathered {
    /// The name of somebody's time zone.
    pub fn zone(&self, person: &Name) -> String {
        self.zones.iter().find(|(name, _)| name == person).map_or_else(|| "UTC".to_owned(), |(_, zone)| zone.clone())
    }
}

/// Reads what was asked for. A program without a person sees nobody's nights, unless it may manage.
///
/// # Errors
/// When the stretch of time cannot be meant, or the database fails.
pub fn gather(
    tx: &mut Tx<'_>,
    node: &Node,
    (from, to): (Option<When>, Option<When>),
    (person, access): (Option<&Name>, Option<Access>),
    sight: Sight<'_>,
    now: Timestamp,
) -> Result<Gathered, Halt> {
    let period = Filter::period(from.map(|when| when.at), to.map(|when| when.until), now)?;
    let (from, to) = (period.from, period.to);
    let told = match person {
        _ if access >= Some(Access::Manager) => store::learn::paging::told(tx, from, to, None, sight)?,
        Some(person) => store::learn::paging::told(tx, from, to, Some(person), sight)?,
        None => Vec::new(),
    };
    let paged = store::learn::paging::paged(tx, from, to, sight)?;
    let catalog = node.rules(tx)?.catalog.clone();
    let zone = |name: &Name| {
        let zone = catalog.people.get(name).map_or_else(|| "UTC".to_owned(), |one| one.time_zone.clone());
        (name.clone(), zone)
    };
    let mut people: Vec<&Name> = told.iter().map(|one| &one.person).collect();
    people.dedup();
    let zones = people.into_iter().map(zone).collect();
    Ok(Gathered { from, to, told, paged, zones })
}
