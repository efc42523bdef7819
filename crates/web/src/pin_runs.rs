//! Plays pins before the gate is asked about documents: outside of any transaction, away from the threads that serve, one run at a
//! time, and for a bounded time. What was played stays known, so that whoever asks again goes on where it ended.

use actions::change::document_proposals;
use actions::learn::pins;
use actions::prepare::documents::{self, Order, Preview};
use domain::learn::pins::{Standing, matters};
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::Conditions;
use domain::prepare::ownership::Via;
use domain::respond::sight::Sight;
use domain::words::{ChangeId, Span};
use rehearsal::pin_replays;
use serde::{Deserialize, Serialize};
use store::{Halt, Tx};
use utoipa::ToSchema;

use crate::app::App;

/// How long whoever applies, or looks at a page, is kept waiting for it.
pub const PATIENCE: Span = Span::seconds(20);

/// What pins say to documents that are planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedPins {
    /// How many pins there are, and how many of them hold.
    pub pins: usize,
    pub hold: usize,
    /// Those that do not.
    pub others: Vec<PinStanding>,
}

/// How a pin stands with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PinStanding {
    /// `pin_…`
    pub pin: String,
    pub incident: String,
    pub title: String,
    /// `must reach whoever is on call for payments-primary within 5m`
    pub expects: String,
    /// `holds`, `fails`, `stale` (what it names is no more, but somebody is called) or `unknown`.
    pub standing: String,
    pub said: String,
    /// What would happen, from the first signal.
    pub story: Vec<String>,
}

/// Plays pins through catalogs, as far as there is patience.
pub async fn play(app: &App, catalogs: Vec<Catalog>) -> Result<(), Halt> {
    let wait = std::time::Duration::from_millis(u64::try_from(PATIENCE.as_millis()).unwrap_or(0));
    // Whoever waited in vain is told by the gate what was not played.
    let Ok(Ok(turn)) = tokio::time::timeout(wait, app.pins_turn().acquire_owned()).await else { return Ok(()) };
    let again = app.clone();
    let done = tokio::task::spawn_blocking(move || {
        let (begun, node) = (again.now(), again.node());
        let enough = || PATIENCE.after(begun) <= again.now();
        // What goes on in there is not what goes on here: it is not logged.
        let quiet = tracing::subscriber::NoSubscriber::default();
        let played = tracing::subscriber::with_default(quiet, || {
            catalogs.iter().try_for_each(|catalog| {
                let pins = again.store().read(|tx| pins::to_play(tx, node, catalog, begun))?;
                pin_replays::play_all(again.store(), node, &pins, catalog, begun, &enough).map(drop)
            })
        });
        drop(turn);
        played
    });
    done.await.map_err(|panic| Halt::from(store::Error::other(format!("pins were not played to the end: {panic}"))))?
}

/// Plays what the gate will want to know of an order, if it can change who is paged.
pub async fn before_order(app: &App, order: &Order) -> Result<(), Halt> {
    if order.via == Via::Rollback {
        return Ok(());
    }
    let (again, now, order) = (app.clone(), app.now(), order.clone());
    let found = app.read(move |tx| {
        if !is_pinned(tx)? {
            return Ok(None);
        }
        let (works, may_post) = (again.works(), again.may_post());
        documents::preview(tx, &order, Conditions { now, works: &works, may_post: &may_post }).map(Some)
    });
    match found.await? {
        Some(preview) => before_preview(app, &preview).await,
        None => Ok(()),
    }
}

fn is_pinned(tx: &mut Tx<'_>) -> Result<bool, Halt> {
    Ok(!store::learn::pins::list(tx, false, Sight::Open, 1)?.is_empty())
}

/// The same, of what was previewed.
pub async fn before_preview(app: &App, preview: &Preview) -> Result<(), Halt> {
    let plan = &preview.plan;
    if !plan.problems.is_empty() || !plan.differences.iter().any(|one| matters(one.reference.kind)) {
        return Ok(());
    }
    if app.read(is_pinned).await? {
        play(app, vec![preview.before.clone(), preview.after.clone()]).await?;
    }
    Ok(())
}

/// The same, of what a change carries.
pub async fn before_change(app: &App, id: ChangeId, sight: Option<domain::words::Name>) -> Result<(), Halt> {
    let again = app.clone();
    let found = app.read(move |tx| {
        if !is_pinned(tx)? {
            return Ok(None);
        }
        let sight = sight.as_ref().map_or(Sight::Open, Sight::Of);
        let node = again.node();
        let after = document_proposals::foreseen(tx, node, id, sight)?;
        let before = node.rules(tx)?.catalog.clone();
        Ok(after.map(|after| vec![(*before).clone(), after]))
    });
    match found.await? {
        Some(catalogs) => play(app, catalogs).await,
        None => Ok(()),
    }
}

/// What the pins say to what is planned; nothing, if there are none, or it can change nothing for them.
pub fn planned(tx: &mut Tx<'_>, app: &App, preview: &Preview) -> Result<Option<PlannedPins>, Halt> {
    let plan = &preview.plan;
    if !plan.problems.is_empty() || !plan.differences.iter().any(|one| matters(one.reference.kind)) {
        return Ok(None);
    }
    let all = pins::standings(tx, app.node(), &preview.after, app.now())?;
    if all.is_empty() {
        return Ok(None);
    }
    let holds = |standing: Option<Standing>| standing == Some(Standing::Holds);
    let (pins, mut others) = (all.len(), Vec::new());
    for (pin, verdict) in all {
        let verdict = verdict.as_deref();
        if holds(verdict.map(|verdict| verdict.standing)) {
            continue;
        }
        others.push(PinStanding {
            pin: pin.id.to_string(),
            incident: pin.incident.to_string(),
            title: pin.title.clone(),
            expects: pin.expect.to_string(),
            standing: verdict.map_or(Standing::Unknown, |verdict| verdict.standing).to_string(),
            said: verdict.map_or_else(|| "it was not played yet: ask again".into(), |verdict| verdict.said.clone()),
            story: verdict.map_or_else(Vec::new, |verdict| verdict.story.clone()),
        });
    }
    Ok(Some(PlannedPins { pins, hold: pins - others.len(), others }))
}
