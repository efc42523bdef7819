//! A believable company with a history, to explore: played over an empty store by the same acts as everything, on a virtual
//! clock that ends now.
//!
//! The company and what happened to it are files; small alerts in between come from a seed. Messages arrive nowhere.

use actions::Moment;
use actions::prepare::defaults;
use actions::prepare::documents::{self, Order};
use actions::respond::incidents::COMMANDER;
use domain::prepare::checks::Conditions;
use domain::prepare::documents::Document;
use domain::prepare::ownership::Via;
use domain::prepare::reading::{Proposal, from_yaml};
use domain::respond::obligation_packs::Accountable;
use domain::words::{Actor, Mint, Name, Refusal, Span, Timestamp};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use store::{Store, Tx};

use crate::Trouble;
use crate::play::{Came, Play};
use crate::story::{Line, Story, instant};
use crate::world::World;

const COMPANY: &str = include_str!("../demo/company.yaml");
const HISTORY: &str = include_str!("../demo/history.story");
const ZONE: &str = "Europe/Stockholm";
/// The administrator of the company, and what they sign in with.
pub const ADMINISTRATOR: &str = "mara";
pub const SIGNS_IN_AS: &str = "mara@harbourline.example";

/// What an empty store was filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub people: usize,
    pub teams: usize,
    pub services: usize,
    pub incidents: usize,
    pub pages: usize,
    pub since: Timestamp,
    /// Everything that happened, as a story is answered.
    pub told: Vec<String>,
}

/// Fills an empty store with a history that ends at `now`. The same seed and time give the same history.
pub fn fill(store: Store, seed: u64, now: Timestamp) -> Result<Filled, Trouble> {
    let lines = lines(seed, now)?;
    let first = lines.first().map_or(now, |line| line.at);
    let since = Span::hours(1).before(first);
    let mut mint = Mint::seeded(seed);
    store.write(|tx| found(tx, &mut mint, since))?;
    let story = Story {
        title: "a history to explore".into(),
        zone: ZONE.into(),
        starts_at: since,
        nodes: vec![("demo".into(), jiff::SignedDuration::ZERO)],
        seed,
        ..Story::empty()
    };
    let mut play = Play::begin(World::over(store, seed, since), &story)?;
    for line in &lines {
        play.until(line.at)?;
        match play.perform(line)? {
            Came::Done => {}
            Came::Refused(why) | Came::Failed(why) => {
                return Err(Trouble::Line { line: line.number, message: format!("{:?}: {why}", line.text) });
            }
        }
    }
    play.until(now)?;
    let catalog = play.world.store.read(|tx| Ok(store::prepare::documents::load_all(tx)?))?;
    Ok(Filled {
        people: catalog.people.len(),
        teams: catalog.teams.len(),
        services: catalog.services.len(),
        incidents: lines.iter().filter(|line| line.text.contains(" declares \"")).count(),
        pages: play.pages(),
        since,
        told: play.lines().to_vec(),
    })
}

/// The company: the defaults, what it has made of them, and what is its own.
fn found(tx: &mut Tx<'_>, mint: &mut Mint, now: Timestamp) -> Result<(), store::Halt> {
    defaults::load(tx, &mut Moment::new(now, Actor::System, mint))?;
    let mut moment = Moment::new(now, Actor::Person(ADMINISTRATOR.parse()?), mint);
    let reading = from_yaml("company.yaml", COMPANY);
    if let Some(problem) = reading.problems.first() {
        return Err(Refusal::invalid(problem.to_string()).into());
    }
    let mut order = Order { proposals: reading.proposals, ..Order::default() };
    order.proposals.extend(made_its_own(tx)?.into_iter().map(Proposal::made));
    let order = order.via(Via::Demo).because("What Harbourline is");
    documents::apply(tx, &mut moment, &order, Conditions::at(now))?.into_result()?;
    Ok(())
}

/// Defaults that a company must complete: who is called to command, and who answers for a law.
fn made_its_own(tx: &mut Tx<'_>) -> Result<Vec<Document>, store::Halt> {
    let catalog = store::prepare::documents::load_all(tx)?;
    let mut own = Vec::new();
    let commander: Name = COMMANDER.parse()?;
    if let Some(mut role) = catalog.roles.get(&commander).cloned() {
        role.escalation_policy = Some("commanders".parse()?);
        own.push(Document::new(commander, role));
    }
    let gdpr: Name = "gdpr".parse()?;
    if let Some(mut pack) = catalog.obligation_packs.get(&gdpr).cloned() {
        pack.applies = Some(true);
        pack.because = Some("We keep names and addresses of travellers in the Union.".into());
        pack.accountable = Some(Accountable::Person("noor".parse()?));
        own.push(Document::new(gdpr, pack));
    }
    Ok(own)
}

/// Everything that happens, in the order of its times.
fn lines(seed: u64, now: Timestamp) -> Result<Vec<Line>, Trouble> {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone);
    let mut all = Vec::new();
    let history = HISTORY.lines().enumerate().map(|(place, text)| (place + 1, text.to_owned()));
    for (number, text) in history.chain(small_alerts(seed).into_iter().map(|text| (0, text))) {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let wrong = |message: String| Trouble::Line { line: number, message };
        let (before, rest) = text.split_once(' ').ok_or_else(|| wrong("a time and what happens".into()))?;
        let before = before.strip_prefix('-').ok_or_else(|| wrong("a time before now: -3d 10:20, or -40m".into()))?;
        let (at, rest) = match before.strip_suffix('d').and_then(|days| days.parse::<i64>().ok()) {
            Some(days) => {
                let (clock, rest) = rest.split_once(' ').ok_or_else(|| wrong("a time of day".into()))?;
                let day = today.date().saturating_sub(days.days());
                let start = day.to_zoned(today.time_zone().clone()).map_err(|error| wrong(error.to_string()))?;
                (instant(Some(day), clock, &start).map_err(wrong)?.timestamp(), rest)
            }
            None => (before.parse::<Span>()?.before(now), rest),
        };
        all.push(Line { at, text: rest.to_owned(), block: None, number });
    }
    all.sort_by_key(|line| line.at);
    Ok(all)
}

/// What happens on every day: small alerts, most of which somebody takes.
const SMALL: [(&str, &str, &str, &str); 8] = [
    ("checkout", "Queue of mails grows", "critical", "mails wait for four minutes"),
    ("timetable", "Index is old", "warning", "the index is 50 minutes old"),
    ("ledger", "Slow queries", "warning", "a query took 9 s"),
    ("ledger", "Connections are scarce", "critical", "nine of ten connections are in use"),
    ("identity", "Mails of codes are late", "critical", "a code takes 70 s"),
    ("boarding", "A gate is offline", "warning", "gate 4 does not answer"),
    ("reports", "Report is late", "warning", "twenty minutes late"),
    ("checkout", "Memory is scarce", "critical", "checkout-2 uses 93 %"),
];

fn small_alerts(seed: u64) -> Vec<String> {
    let mut chance = Mint::seeded(seed ^ 0x0a1e);
    let mut pick = |most: u64| i64::try_from(chance.chance() % most).unwrap_or(0);
    let mut lines = Vec::new();
    for day in (3..=87).rev() {
        if pick(4) == 0 {
            continue;
        }
        let (service, name, severity, summary) = SMALL[usize::try_from(pick(SMALL.len() as u64)).unwrap_or(0)];
        let begins = 30 + pick(1300);
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let quiet = pick(7) == 0;
        let takes = 1 + pick(9);
        let ends = begins + takes + 5 + pick(80);
        lines.push(format!(
            "-{day}d {} prometheus: {service} \"{name}\" severity={severity} summary=\"{summary}\"",
            clock(begins)
        ));
        // Some are missed; low urgency is read in the morning.
        if !quiet && severity == "critical" {
            lines.push(format!("-{day}d {} whoever is paged acknowledges \"{name}\"", clock(begins + takes)));
        }
        lines.push(format!("-{day}d {} prometheus: resolved {service} \"{name}\" severity={severity}", clock(ends)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use store::Place;
    use store::respond::incidents::{self, Filter};

    use super::*;

    fn filled(now: &str) -> (Store, Filled) {
        let store = Store::open(&Place::Memory).unwrap();
        let filled = fill(store.clone(), 7, now.parse().unwrap()).unwrap();
        (store, filled)
    }

    #[test]
    fn a_company_has_a_history_of_everything_that_there_is() {
        // Over the night in which the clocks go back, and at a time at which days and spans meet.
        let (store, filled) = filled("2026-11-29T00:10:00+01:00");
        assert_eq!((filled.people, filled.teams, filled.services), (8, 3, 6));
        let rows = store
            .read(|tx| Ok(incidents::list(tx, &Filter::default(), domain::respond::sight::Sight::Whole, None, 100)?))
            .unwrap();
        assert!(rows.len() >= 25 && rows.len() == filled.incidents, "{}", rows.len());
        let told = filled.told.join("\n");
        for (what, there) in [
            (
                "every class",
                ["system", "security", "operational"]
                    .iter()
                    .all(|class| rows.iter().any(|row| row.state.class.word() == *class)),
            ),
            ("a restricted one", rows.iter().any(|row| row.codename.is_some())),
            ("a near miss", rows.iter().any(|row| row.near_miss)),
            ("a drill", rows.iter().any(|row| row.drill)),
            ("a merged one", rows.iter().any(|row| row.state.merged_into.is_some())),
            ("a reopened one", rows.iter().any(|row| row.state.reopened > 0)),
            (
                "an open one that is led",
                rows.iter().any(|row| row.state.phase.is_open() && row.state.commander.is_some()),
            ),
            ("a hand-over", told.contains("hands over incident-commander")),
            ("a page that nobody answered", told.contains("ends unanswered") || told.contains("no answer")),
            (
                "a page that calls now",
                store
                    .read(|tx| {
                        let open = store::engage::pages::list(tx, true, domain::respond::sight::Sight::Whole, None, 9)?;
                        Ok(open.iter().any(|page| page.state.word() == "calling"))
                    })
                    .unwrap(),
            ),
        ] {
            assert!(there, "{what}");
        }
    }

    #[test]
    fn it_is_the_same_from_the_same_seed_and_reads_at_any_hour() {
        let (_, one) = filled("2026-06-10T23:50:00+02:00");
        let (_, other) = filled("2026-06-10T23:50:00+02:00");
        assert_eq!(one, other);
    }
}
