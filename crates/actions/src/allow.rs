//! What a route alone cannot decide: whether this person may do this to that. Asked by pages and programs before the
//! act, in its transaction.

use std::collections::BTreeSet;

use domain::prepare::access::Scope;
use domain::prepare::access_rules::may_edit;
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::Conditions;
use domain::prepare::documents::{Kind, Reference};
use domain::prepare::people::Access;
use domain::words::{Name, Refusal};
use store::{Halt, Tx};

use crate::prepare::documents::{self, Order, Preview};

fn nobody() -> Refusal {
    Refusal::forbidden("only a person can do this")
}

/// May they change all that the order changes? What stays as it is may stand in the order.
pub fn order(
    tx: &mut Tx<'_>,
    person: Option<&Name>,
    access: Option<Access>,
    order: &Order,
    conditions: Conditions<'_>,
) -> Result<(), Halt> {
    let (person, access) = person.zip(access).ok_or_else(nobody)?;
    if access == Access::Administrator {
        return Ok(());
    }
    let Preview { plan, before, after } = documents::preview(tx, order, conditions)?;
    for difference in &plan.differences {
        let reference = &difference.reference;
        may_edit(person, access, &before, reference, after.get(reference).as_ref())?;
    }
    // To keep what somebody set by hand in another's document is not theirs to say either.
    for reference in plan.kept.iter().map(|kept| &kept.field.reference) {
        may_edit(person, access, &before, reference, after.get(reference).as_ref())?;
    }
    Ok(())
}

/// Which documents of the order they may change at all: what files say of others counts for nothing.
pub fn adoptable(
    tx: &mut Tx<'_>,
    person: Option<&Name>,
    access: Option<Access>,
    order: &Order,
) -> Result<Option<BTreeSet<Reference>>, Halt> {
    let (person, access) = person.zip(access).ok_or_else(nobody)?;
    if access == Access::Administrator {
        return Ok(None);
    }
    let catalog = store::prepare::documents::load_all(tx)?;
    let theirs = order.proposals.iter().filter(|proposal| {
        may_edit(person, access, &catalog, &proposal.document.reference(), Some(&proposal.document.spec)).is_ok()
    });
    Ok(Some(theirs.map(|proposal| proposal.document.reference()).collect()))
}

/// May they rotate the token of this integration? As its document.
pub fn integration(
    catalog: &Catalog,
    person: Option<&Name>,
    access: Option<Access>,
    integration: &Name,
) -> Result<(), Refusal> {
    let (person, access) = person.zip(access).ok_or_else(nobody)?;
    let reference = Reference::new(Kind::Integration, integration.clone());
    may_edit(person, access, catalog, &reference, catalog.get(&reference).as_ref())
}

/// May they say how far a service lets rules go? As its document.
pub fn service(
    catalog: &Catalog,
    person: Option<&Name>,
    access: Option<Access>,
    service: &Name,
) -> Result<(), Refusal> {
    let (person, access) = person.zip(access).ok_or_else(nobody)?;
    let reference = Reference::new(Kind::Service, service.clone());
    may_edit(person, access, catalog, &reference, catalog.get(&reference).as_ref())
}

/// May they make such a token? Never more than they show now: neither in access nor in scopes (none means all).
pub fn new_token(
    access: Option<Access>,
    scopes: &[Scope],
    wanted: Access,
    wanted_scopes: &[Scope],
) -> Result<(), Refusal> {
    let access = access.ok_or_else(nobody)?;
    if wanted > access {
        let why = format!("a token cannot do more than you can here: {wanted} is too much");
        return Err(Refusal::forbidden(why).at("/access"));
    }
    let within =
        scopes.is_empty() || !wanted_scopes.is_empty() && wanted_scopes.iter().all(|scope| scopes.contains(scope));
    if within {
        return Ok(());
    }
    Err(Refusal::forbidden("a token makes tokens of its own scopes only; name them").at("/scopes"))
}

/// May they send a test page to that person? To themselves; administrators to anybody.
pub fn test_page(own: &Name, access: Option<Access>, person: &Name) -> Result<(), Refusal> {
    if own == person || access == Some(Access::Administrator) {
        return Ok(());
    }
    Err(Refusal::forbidden("a test page goes to yourself; an administrator may send one to others").at("/person"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_begets_no_greater_token() {
        use Access::{Manager, Responder};
        use Scope::{Alerts, Read};
        for (access, own, wanted, scopes, fine) in [
            (Some(Manager), &[][..], Responder, &[][..], true),
            (Some(Responder), &[], Manager, &[], false),
            (Some(Manager), &[Read, Alerts], Manager, &[Read], true),
            (Some(Manager), &[Read, Alerts], Manager, &[], false),
            (Some(Manager), &[Read], Manager, &[Alerts], false),
            (None, &[], Responder, &[], false),
        ] {
            assert_eq!(new_token(access, own, wanted, scopes).is_ok(), fine, "{own:?} {scopes:?}");
        }
    }
}
