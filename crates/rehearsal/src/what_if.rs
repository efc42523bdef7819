//! What if: the signals of the last days through the documents in force and through those that are proposed. The answer
//! counts the pages that would reach somebody else, nobody, or anybody at all.
//!
//! It is bounded: older signals are left out where there are too many. Where there are many, the last of them are played
//! first, then more, until it is told that it is enough; the answer says how far back it reaches. Both are played side by
//! side, so that both have seen the same when it ends. It holds no transaction while it plays.

use std::collections::{BTreeMap, BTreeSet};

use domain::prepare::catalog::Catalog;
use domain::words::{PageId, Span, Timestamp};
use serde::Serialize;
use store::{Halt, Store};

use crate::Trouble;
use crate::replay::{Event, Events, Paged, Player, acts, standing, told};

/// How much is played at most.
#[derive(Clone, Copy)]
pub struct Bounds<'a> {
    /// Entries of the signals log; each holds the calls of one instant.
    pub signals_most: i64,
    /// With so few, they are played at once.
    pub signals_few: i64,
    /// What they hold together, in bytes.
    pub bytes_most: usize,
    /// Entries of the journal that are looked through for what people did.
    pub acts_most: usize,
    /// Asked again and again: whether it is enough now.
    pub enough: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for Bounds<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bounds of {} signals", self.signals_most)
    }
}

impl<'a> Bounds<'a> {
    /// What a page or a request may ask for.
    pub const fn usual(enough: &'a dyn Fn() -> bool) -> Self {
        Self { signals_most: 20_000, signals_few: 200, bytes_most: 64 << 20, acts_most: 100_000, enough }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhatIf {
    /// From when on signals were played; later than was asked for, if something was left out.
    pub since: Timestamp,
    pub until: Timestamp,
    /// How many calls of sources were played.
    pub signals: usize,
    /// How many acts of people.
    pub acts: usize,
    /// How many pages the documents in force make of it.
    pub pages: usize,
    /// The pages that differ, in the order of their start.
    pub changes: Vec<PageChange>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// It ended before the present.
    #[serde(skip)]
    pub cut_short: bool,
}

/// A page that would be another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PageChange {
    /// When the page begins, by the documents in force if they page at all.
    pub at: Timestamp,
    pub title: String,
    pub what: What,
    /// Who is told with the documents in force.
    pub before: BTreeSet<String>,
    /// Who would be told.
    pub after: BTreeSet<String>,
    /// How much later somebody is told first, in milliseconds; less than nothing: earlier.
    pub later_ms: i64,
}

/// How a page would be another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It tells other people.
    Recipients,
    /// It would no longer be.
    Gone,
    /// It would be new.
    New,
    /// It tells the same people, and begins to at another time.
    Time,
}

impl What {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recipients => "recipients",
            Self::Gone => "gone",
            Self::New => "new",
            Self::Time => "time",
        }
    }
}

impl WhatIf {
    /// The sentence that counts: `3 of 41 pages since .. change recipient`.
    pub fn sentence(&self) -> String {
        let count = |what: What| self.changes.iter().filter(|one| one.what == what).count();
        let days = (Span::between(self.since, self.until).as_millis() + 43_200_000) / 86_400_000;
        let last = match days {
            _ if self.cut_short => format!("from {} until {}", minute(self.since), minute(self.until)),
            0 => "of the last hours".to_owned(),
            1 => "of the last day".to_owned(),
            days => format!("of the last {days} days"),
        };
        let pages = if self.pages == 1 { "page" } else { "pages" };
        if self.changes.is_empty() {
            return match self.pages {
                0 => format!("There were no pages {last} to compare."),
                1 => format!("The 1 page {last} would reach the same people at the same time."),
                all => format!("All {all} pages {last} would reach the same people at the same time."),
            };
        }
        let verb = if count(What::Recipients) == 1 { "changes" } else { "change" };
        let mut parts = vec![format!("{} of {} {pages} {last} {verb} recipient", count(What::Recipients), self.pages)];
        for (what, one, many) in [
            (What::Gone, "is no longer sent", "are no longer sent"),
            (What::New, "is new", "are new"),
            (What::Time, "reaches the same people at another time", "reach the same people at another time"),
        ] {
            match count(what) {
                0 => {}
                1 => parts.push(format!("1 {one}")),
                count => parts.push(format!("{count} {many}")),
            }
        }
        format!("{}.", parts.join(", "))
    }

    /// Whether any page would reach somebody else, or nobody, or anybody that is not reached.
    pub fn reaches_others(&self) -> bool {
        self.changes.iter().any(|one| one.what != What::Time)
    }
}

impl PageChange {
    /// What changes, in words that follow the title: `tells ben instead of ana`.
    pub fn sentence(&self) -> String {
        let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        match self.what {
            What::Recipients => format!("tells {} instead of {}", list(&self.after), list(&self.before)),
            What::Gone => format!("would no longer be sent; it told {}", list(&self.before)),
            What::New => format!("would be sent to {}", list(&self.after)),
            What::Time => {
                let word = if self.later_ms < 0 { "earlier" } else { "later" };
                format!("tells {} {} {word}", list(&self.after), Span::millis(self.later_ms.abs()))
            }
        }
    }
}

/// Where there are many signals, these parts of the time are played one after the other, as long as there is patience.
const PARTS: [i64; 3] = [30, 6, 1];

/// Plays what the store has from `since` until before `until` through both catalogs.
pub fn what_if(
    source: &Store,
    (since, until): (Timestamp, Timestamp),
    before: &Catalog,
    after: &Catalog,
    bounds: Bounds<'_>,
) -> Result<WhatIf, Trouble> {
    let count = source.read(|tx| Ok(store::signals::count_between(tx, since, until)?))?;
    let parts = if count <= bounds.signals_few { &[1][..] } else { &PARTS[..] };
    let mut reached: Option<WhatIf> = None;
    for part in parts {
        let from = Span::millis(Span::between(since, until).as_millis() / part).before(until);
        let found = play_all(source, (from.max(since), until), before, after, bounds)?;
        if let Some(mut less) = reached.take_if(|_| found.cut_short) {
            less.left_out.push(format!("what came before {}: it takes too long", minute(less.since)));
            return Ok(less);
        }
        let is_all = found.cut_short || found.since > from;
        reached = Some(found);
        if is_all {
            break;
        }
    }
    reached.ok_or_else(|| Trouble::from(Halt::from(store::Error::other("nothing was played"))))
}

fn play_all(
    source: &Store,
    (since, until): (Timestamp, Timestamp),
    before: &Catalog,
    after: &Catalog,
    bounds: Bounds<'_>,
) -> Result<WhatIf, Trouble> {
    let Gathered { events, since: from, signals, acts, mut left_out } = gather(source, since, until, bounds)?;
    let (mut old, mut new) = (Player::new(from, false)?, Player::new(from, false)?);
    for (player, catalog) in [(&mut old, before), (&mut new, after)] {
        player.put(catalog.clone())?;
        player.world.add_nodes(&[("what-if".into(), jiff::SignedDuration::ZERO)]);
    }
    let end = play(&mut old, &mut new, &events, (from, until), bounds)?;
    let played = |event: &&(Timestamp, Event)| event.0 < end && matches!(event.1, Event::Heard(_));
    let signals = if end < until { events.iter().filter(played).count() } else { signals };
    if end < until {
        left_out.push(format!("what came after {} was not played: it took too long", minute(end)));
    }
    let (pages, changes) = compare(old.pages, new.pages);
    Ok(WhatIf { since: from, until: end, signals, acts, pages, changes, left_out, cut_short: end < until })
}

/// Lets both see the same until the end, or until it is enough. Returns until when both have seen everything.
fn play(
    old: &mut Player,
    new: &mut Player,
    events: &Events,
    (from, until): (Timestamp, Timestamp),
    bounds: Bounds<'_>,
) -> Result<Timestamp, Trouble> {
    let mut reached = from;
    let mut advance = |at: Timestamp, event: Option<&Event>, old: &mut Player, new: &mut Player| {
        // In the quiet there may be much that is due, too: it is asked now and then whether it is enough.
        while reached < at {
            if (bounds.enough)() {
                return Ok(Some(reached));
            }
            reached = SLICE.after(reached).min(at);
            for player in [&mut *old, &mut *new] {
                player.world.run_until(reached)?;
                player.collect()?;
            }
        }
        if let Some(event) = event {
            for player in [old, new] {
                player.perform(event)?;
                player.world.do_what_is_due()?;
                player.collect()?;
            }
        }
        Ok::<_, Trouble>(None)
    };
    for (at, event) in events {
        if let Some(end) = advance(*at, Some(event), old, new)? {
            return Ok(end);
        }
    }
    Ok(advance(until, None, old, new)?.unwrap_or(until))
}

const SLICE: Span = Span::hours(6);

struct Gathered {
    events: Events,
    since: Timestamp,
    signals: usize,
    acts: usize,
    left_out: Vec<String>,
}

/// What happened, as far back as the bounds allow.
fn gather(source: &Store, wanted: Timestamp, until: Timestamp, bounds: Bounds<'_>) -> Result<Gathered, Halt> {
    source.read(|tx| {
        let mut left_out = Vec::new();
        let (mut acts, mut since) = acts(tx, wanted, until, bounds.acts_most)?;
        if since > wanted {
            left_out.push(format!("what came before {}: so much happened since", minute(since)));
        }
        let told = loop {
            let halved = |since: Timestamp| Span::millis(Span::between(since, until).as_millis() / 2).before(until);
            let few = store::signals::count_between(tx, since, until)? <= bounds.signals_most;
            let told = if few { told(tx, since, until, bounds.bytes_most)? } else { None };
            match told {
                Some(told) => break told,
                // One call that is too large for its bounds alone.
                None if Span::between(since, until) < Span::minutes(1) => break Vec::new(),
                None => since = halved(since),
            }
            left_out = vec![format!("what came before {}: there are too many signals", minute(since))];
        };
        let mut events = standing(tx, since)?;
        let signals = told.len();
        events.extend(told);
        acts.retain(|(at, _)| since <= *at);
        let count = acts.iter().filter(|(_, event)| !matches!(event, Event::Lapsed(..))).count();
        events.extend(acts);
        events.sort_by_key(|(at, _)| *at);
        Ok(Gathered { events, since, signals, acts: count, left_out })
    })
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Two pages of one title that begin farther apart are not the same one.
const SAME_WITHIN: Span = Span::hours(24);

/// How many pages there were, and which of them would be others.
fn compare(old: BTreeMap<PageId, Paged>, new: BTreeMap<PageId, Paged>) -> (usize, Vec<PageChange>) {
    let pages = old.len();
    let mut left: Vec<Paged> = new.into_values().collect();
    let mut rest = Vec::new();
    let mut changes = Vec::new();
    // Those that begin at the same instant find each other before those that only look alike.
    for paged in old.into_values() {
        let same = |one: &Paged| one.title == paged.title && one.started_at == paged.started_at;
        match left.iter().position(same) {
            Some(place) => changes.extend(change(&paged, &left.remove(place))),
            None => rest.push(paged),
        }
    }
    for paged in rest {
        let apart = |one: &Paged| {
            let (one, other) = (one.started_at, paged.started_at);
            Span::between(one, other).max(Span::between(other, one))
        };
        let alike = left.iter().enumerate().filter(|(_, one)| one.title == paged.title && apart(one) <= SAME_WITHIN);
        match alike.min_by_key(|(_, one)| apart(one)).map(|(place, _)| place) {
            Some(place) => changes.extend(change(&paged, &left.remove(place))),
            None => changes.push(PageChange {
                at: paged.started_at,
                title: paged.title,
                what: What::Gone,
                before: paged.whom,
                after: BTreeSet::new(),
                later_ms: 0,
            }),
        }
    }
    changes.extend(left.into_iter().map(|paged| PageChange {
        at: paged.started_at,
        title: paged.title,
        what: What::New,
        before: BTreeSet::new(),
        after: paged.whom,
        later_ms: 0,
    }));
    changes.sort();
    (pages, changes)
}

fn change(old: &Paged, new: &Paged) -> Option<PageChange> {
    let later = new.first_call.as_millisecond() - old.first_call.as_millisecond();
    let what = match (old.whom == new.whom, later) {
        (false, _) => What::Recipients,
        (true, 0) => return None,
        (true, _) => What::Time,
    };
    Some(PageChange {
        at: old.started_at,
        title: old.title.clone(),
        what,
        before: old.whom.clone(),
        after: new.whom.clone(),
        later_ms: later,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fmt::Write as _;

    use super::*;
    use crate::company;
    use crate::story::Story;

    const STORY: &str = "
story: three nights
date: 2026-11-03
zone: Europe/Berlin
company: default

02:00 prometheus: api \"5xx high\" severity=critical
02:07 ana acknowledges page 1
02:30 prometheus: resolved api \"5xx high\" severity=critical
2026-11-04 03:00 prometheus: ledger \"Locks\" severity=critical
03:01 ana acknowledges
03:10 ana resolves
2026-11-05 04:00 prometheus: api \"5xx high\" severity=critical
04:01 ana acknowledges
04:10 ana resolves
05:00 (quiet)
";

    fn range() -> (Timestamp, Timestamp) {
        ("2026-11-02T23:00:00Z".parse().unwrap(), "2026-11-06T00:00:00Z".parse().unwrap())
    }

    fn look(yaml: &str, signals_most: i64, turns: u32) -> String {
        look_in(range(), yaml, 200, signals_most, turns)
    }

    fn look_in(range: (Timestamp, Timestamp), yaml: &str, signals_few: i64, signals_most: i64, turns: u32) -> String {
        let store = Story::read(STORY).unwrap().play().unwrap().world.store;
        let before = store.read(|tx| Ok(store::prepare::documents::load_all(tx)?)).unwrap();
        let mut after = before.clone();
        for document in company::read("new.yaml", yaml).unwrap() {
            after.insert(document);
        }
        let asked = Cell::new(0);
        let enough = || asked.replace(asked.get() + 1) >= turns;
        let bounds = Bounds { signals_most, signals_few, ..Bounds::usual(&enough) };
        let found = what_if(&store, range, &before, &after, bounds).unwrap();
        let mut text = format!("{}\n{} signals, {} acts", found.sentence(), found.signals, found.acts);
        for one in &found.changes {
            write!(text, "\n{} {} {}", one.at, one.title, one.sentence()).unwrap();
        }
        for one in &found.left_out {
            write!(text, "\nleft out: {one}").unwrap();
        }
        text
    }

    const OTHERS: &str = "kind: escalation-policy\nname: payments\nspec:\n  title: Payments\n  steps:\n  \
        - { notify: [{ person: carla }], wait: 2m }\n  - { notify: [{ schedule: payments-primary }], wait: 10m }\n";

    #[test]
    fn pages_that_would_be_others_are_counted_and_told() {
        insta::assert_snapshot!(look("", 100, u32::MAX), @r"
        All 3 pages of the last 3 days would reach the same people at the same time.
        4 signals, 5 acts
        ");
        insta::assert_snapshot!(look(OTHERS, 100, u32::MAX), @r"
        3 of 3 pages of the last 3 days change recipient.
        4 signals, 5 acts
        2026-11-03T01:00:00Z 5xx high (api) tells ben and carla instead of ana and ben
        2026-11-04T02:00:00Z Locks (ledger) tells carla instead of ben
        2026-11-05T03:00:00Z 5xx high (api) tells carla instead of ben
        ");
    }

    #[test]
    fn of_many_signals_the_last_are_played_first() {
        let range = (range().0, "2026-11-05T04:00:00Z".parse().unwrap());
        insta::assert_snapshot!(look_in(range, OTHERS, 0, 100, 10), @r"
        1 of 1 page of the last hours changes recipient.
        1 signals, 2 acts
        2026-11-05T03:00:00Z 5xx high (api) tells carla instead of ben
        left out: what came before 2026-11-04 19:10 UTC: it takes too long
        ");
        // With patience it comes to the same as at once.
        assert_eq!(look_in(range, OTHERS, 0, 100, u32::MAX), look_in(range, OTHERS, 200, 100, u32::MAX));
    }

    #[test]
    fn what_is_left_out_is_said() {
        insta::assert_snapshot!(look(OTHERS, 2, u32::MAX), @r"
        1 of 1 page of the last 2 days changes recipient.
        1 signals, 2 acts
        2026-11-05T03:00:00Z 5xx high (api) tells carla instead of ben
        left out: what came before 2026-11-04 11:30 UTC: there are too many signals
        ");
        insta::assert_snapshot!(look(OTHERS, 100, 6), @r"
        1 of 1 page from 2026-11-02 23:00 UTC until 2026-11-03 19:30 UTC changes recipient.
        2 signals, 5 acts
        2026-11-03T01:00:00Z 5xx high (api) tells ben and carla instead of ana and ben
        left out: what came after 2026-11-03 19:30 UTC was not played: it took too long
        ");
    }
}
