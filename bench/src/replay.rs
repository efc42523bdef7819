//! Replay: a month of a made-up company, played twice through what is in force; and pins, by the hundred.
//!
//! The month is made by the product itself: its sources tell, it pages, and people acknowledge most of what they are called for. What is
//! played goes the whole way, through the real acts, clockwork and courier in a store of its own. Both runs must come to the same, to the byte.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Instant;

use actions::detect::signals::{Incoming, receive};
use actions::engage::pages;
use actions::{Halt, Moment};
use domain::detect::signals::{Told, write};
use domain::learn::pins::{Expectation, Pin, Whom};
use domain::prepare::catalog::Catalog;
use domain::words::{Actor, Labels, Mint, Name, PageId, Span, Timestamp};
use rehearsal::world::{Deed, World};
use rehearsal::{company, pin_replays, replay};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::Store;
use store::learn::pins::Kept;

const SERVICES: usize = 200;
const ALERTS: [&str; 8] =
    ["Latency", "Errors", "Disk full", "Memory", "Queue", "Restarts", "Certificate", "Saturation"];
/// Alerts of one call, as a source sends them together.
const AT_ONCE: usize = 50;
const DAYS: i64 = 30;

fn said(wrong: impl std::fmt::Display) -> String {
    wrong.to_string()
}

/// A company with as many services. What is only told for information pages nobody.
fn firm() -> String {
    let mut yaml = company::DEFAULT.to_owned();
    yaml.push_str("---\nkind: route\nname: quiet\nspec: { order: 10, match: ['severity=\"info\"'], urgency: none }\n");
    for number in 0..SERVICES {
        yaml.push_str(&format!(
            "---\nkind: service\nname: s{number}\nspec: {{ title: S{number}, team: payments, escalation_policy: payments }}\n"
        ));
    }
    yaml
}

/// Plays so many signals twice, of which one alert in `one_in` pages somebody, and so many pins once.
pub fn run(signals: usize, one_in: usize, pins: usize, seed: u64) -> Result<(), String> {
    let since: Timestamp = "2026-11-01T00:00:00Z".parse().map_err(said)?;
    let until = Span::hours(24 * DAYS).after(since);
    let began = Instant::now();
    let source = month(signals, one_in, seed, since)?;
    println!("a month of {signals} signals, made in {:.1} s", began.elapsed().as_secs_f64());
    let mut sums = Vec::new();
    for _ in 0..2 {
        let began = Instant::now();
        let played = replay::replay(&source, since, until, None).map_err(said)?;
        let took = began.elapsed().as_secs_f64();
        let sum = Sha256::digest(serde_json::to_vec(&played).map_err(said)?);
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        let (rate, calls, acts) = (signals as f64 / took, played.as_it_was.len(), played.acts);
        println!(
            "replay: {took:.1} s, {rate:.0} signals/s, {calls} calls of people, {acts} acts of theirs, sha256 {sum}"
        );
        sums.push(sum);
    }
    if sums[0] != sums[1] {
        return Err("the two runs came to different answers".into());
    }
    pinned(pins, &source, since)
}

/// What a company hears in a month, and what its people do about it.
fn month(signals: usize, one_in: usize, seed: u64, since: Timestamp) -> Result<Store, String> {
    let mut world = World::new(seed, since).map_err(said)?;
    let mut mint = Mint::seeded(seed);
    let documents = company::read("firm.yaml", &firm()).map_err(said)?;
    let written = world.store.write(|tx| {
        let mut moment = Moment::new(since, Actor::System, &mut mint);
        Ok(company::put(tx, &mut moment, &documents, &[])?)
    });
    written.map_err(said)?;
    world.add_nodes(&[("a".into(), jiff::SignedDuration::ZERO)]);
    let integration: Name = "prometheus".parse().map_err(said)?;
    let (source, calls) = (Actor::Integration(integration.clone()), signals.div_ceil(AT_ONCE));
    let step = Span::millis(DAYS * 86_400_000 / i64::try_from(calls).unwrap_or(1).max(1));
    let mut firing = vec![false; SERVICES * ALERTS.len() * 40];
    let mut ends: BinaryHeap<Reverse<(Timestamp, usize)>> = BinaryHeap::new();
    let mut answers: BinaryHeap<Reverse<(Timestamp, PageId, Name)>> = BinaryHeap::new();
    let mut called = BTreeSet::new();
    let (mut at, mut made) = (since, 0);
    for _ in 0..calls {
        at = step.after(at);
        while let Some(Reverse((then, page, person))) = answers.peek().filter(|next| next.0.0 <= at).cloned() {
            answers.pop();
            world.run_until(then).map_err(said)?;
            let by = Actor::Person(person.clone());
            let done =
                world.act(None, &by, |store, node, moment| pages::acknowledge(store, node, moment, page, &person));
            // It may be over, or somebody else's, by then.
            if let Err(Halt::Failed(error)) = done {
                return Err(said(error));
            }
        }
        world.run_until(at).map_err(said)?;
        let mut told = Vec::new();
        while told.len() < AT_ONCE.min(signals - made) {
            let over = ends.peek().filter(|next| next.0.0 <= at).map(|next| next.0.1);
            let series = over.unwrap_or_else(|| usize::try_from(mint.chance() % firing.len() as u64).unwrap_or(0));
            if over.is_some() {
                ends.pop();
            } else if firing[series] {
                continue;
            } else {
                let minutes = i64::try_from(5 + mint.chance() % 235).unwrap_or(60);
                ends.push(Reverse((Span::minutes(minutes).after(at), series)));
            }
            firing[series] = !firing[series];
            told.push(one(series, firing[series], at, pages(series, one_in)));
        }
        made += told.len();
        let heard = world.act(None, &source, |store, node, moment| {
            let call = Incoming::told(integration.clone(), "bench", &told, false, moment.now)?;
            receive(store, node, moment.mint, std::slice::from_ref(&call))
        });
        heard.map_err(said)?;
        for (_, deed) in world.take_deeds() {
            let Deed::Attempted(attempt) = deed else { continue };
            let arrival = attempt.arrival;
            let (Some(page), Some(person)) = (arrival.page, arrival.person) else { continue };
            // Whoever is called first looks within the half hour; one page in four is left to those after them.
            if arrival.step > 0 && called.insert(page) && mint.chance() % 4 > 0 {
                let minutes = i64::try_from(2 + mint.chance() % 28).unwrap_or(5);
                answers.push(Reverse((Span::minutes(minutes).after(arrival.at), page, person)));
            }
        }
    }
    Ok(world.store)
}

/// Whether an alert pages somebody: one in so many, anywhere among the services.
fn pages(series: usize, one_in: usize) -> bool {
    (series.wrapping_mul(2_654_435_761) >> 16).is_multiple_of(one_in.max(1))
}

fn one(series: usize, fires: bool, at: Timestamp, pages: bool) -> Told {
    let (service, rest) = (series % SERVICES, series / SERVICES);
    let (alert, host) = (ALERTS[rest % ALERTS.len()], rest / ALERTS.len());
    let severity = match (pages, alert) {
        (true, "Errors") => "critical",
        (true, _) => "warning",
        (false, _) => "info",
    };
    let labels = json!({ "alertname": alert, "service": format!("s{service}"), "host": format!("h{host}"), "severity": severity });
    Told {
        labels: serde_json::from_value::<Labels>(labels).unwrap_or_default(),
        starts_at: fires.then_some(at),
        ends_at: (!fires).then_some(at),
        ..Told::default()
    }
}

/// What so many pins cost, each with a few signals, through the catalog in force.
fn pinned(pins: usize, source: &Store, since: Timestamp) -> Result<(), String> {
    let catalog: Catalog = source.read(|tx| Ok(store::prepare::documents::load_all(tx)?)).map_err(said)?;
    let mut mint = Mint::seeded(9);
    let (now, mut holds) = (Span::hours(24 * DAYS).after(since), 0);
    let began = Instant::now();
    for number in 0..pins {
        let first_at = Span::minutes(i64::try_from(number).unwrap_or(0) * 97).after(since);
        let pin = Pin {
            id: mint.id(since),
            incident: mint.id(since),
            title: "a pin".into(),
            expect: Expectation { whom: Whom::Anybody, within: Span::minutes(5) },
            pinned_by: "ana".parse().map_err(said)?,
            pinned_at: since,
            first_at,
            signals: 10,
            retired: None,
        };
        let kept = (0..10_i64).map(|minute| {
            let at = Span::minutes(minute).after(first_at);
            let series = SERVICES + SERVICES * ALERTS.len() * usize::try_from(minute).unwrap_or(0);
            let told = one(series, true, at, true);
            Kept {
                received_at: at,
                integration: "prometheus".parse().unwrap_or_else(|_| unreachable!()),
                body: write(&[told]),
            }
        });
        let kept: Vec<Kept> = kept.collect();
        let verdict = pin_replays::play(&pin, &kept, &catalog, now).map_err(said)?;
        holds += usize::from(verdict.standing == domain::learn::pins::Standing::Holds);
    }
    let took = began.elapsed().as_secs_f64();
    println!("pins: {pins} in {took:.2} s, {:.1} ms each, {holds} hold", took * 1000.0 / pins.max(1) as f64);
    Ok(())
}
