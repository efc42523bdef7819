//! Replay: a million signals that are made up, played twice through what is in force; and pins, by the hundred.
//!
//! The log of the source is written as intake writes it; what is played goes the whole way, through the real acts, clockwork and courier in
//! a store of its own. Both runs must come to the same, to the byte.

use std::time::Instant;

use actions::Moment;
use domain::detect::signals::{Told, write};
use domain::learn::pins::{Expectation, Pin, Whom};
use domain::prepare::catalog::Catalog;
use domain::words::{Actor, Labels, Mint, Name, Span, Timestamp};
use rehearsal::{company, pin_replays, replay};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::detect::births::Births;
use store::learn::pins::Kept;
use store::signals::{Body, Draft, Received, append};
use store::{Place, Store};

const SERVICES: usize = 200;
const ALERTS: [&str; 8] = ["Latency", "Errors", "Disk full", "Memory", "Queue", "Restarts", "Certificate", "Saturation"];
/// Alerts of one call, as a source sends them together.
const AT_ONCE: usize = 50;
const DAYS: i64 = 30;

fn said(wrong: impl std::fmt::Display) -> String {
    wrong.to_string()
}

/// A company with as many services, four of five of which page nobody at night.
fn firm() -> String {
    let mut yaml = company::DEFAULT.to_owned();
    for number in 0..SERVICES {
        yaml.push_str(&format!(
            "---\nkind: service\nname: s{number}\nspec: {{ title: S{number}, team: payments, escalation_policy: payments }}\n"
        ));
    }
    yaml
}

/// Plays so many signals twice, and so many pins once.
pub fn run(signals: usize, pins: usize, seed: u64) -> Result<(), String> {
    let source = Store::open(&Place::Memory).map_err(said)?;
    let mut mint = Mint::seeded(seed);
    let since: Timestamp = "2026-11-01T00:00:00Z".parse().map_err(said)?;
    let until = Span::hours(24 * DAYS).after(since);
    let documents = company::read("firm.yaml", &firm()).map_err(said)?;
    let written = source.write(|tx| {
        let mut moment = Moment::new(since, Actor::System, &mut mint);
        Ok(company::put(tx, &mut moment, &documents, &[])?)
    });
    written.map_err(said)?;
    let integration: Name = "prometheus".parse().map_err(said)?;
    let calls = signals.div_ceil(AT_ONCE);
    let step = Span::millis(DAYS * 86_400_000 / i64::try_from(calls).unwrap_or(1).max(1));
    let mut firing = vec![false; SERVICES * ALERTS.len() * 40];
    let (mut at, mut made) = (since, 0);
    let began = Instant::now();
    for some in (0..calls).collect::<Vec<_>>().chunks(500) {
        let mut entries = Vec::new();
        for _ in some {
            at = step.after(at);
            let mut told = Vec::new();
            for _ in 0..AT_ONCE.min(signals - made) {
                let series = usize::try_from(mint.chance() % firing.len() as u64).unwrap_or(0);
                firing[series] = !firing[series];
                told.push(one(series, firing[series], at));
                made += 1;
            }
            let body = Body::pack(&write(&told));
            let mut draft = Draft::new(mint.id(at));
            let count = u32::try_from(told.len()).unwrap_or(0);
            let call = Received { integration: &integration, received_at: at, format: "bench", count, body: &body };
            draft.add(&call).map_err(said)?;
            entries.push((draft, at));
        }
        let mut entries = Some(entries);
        let kept = source.write(|tx| {
            for (draft, at) in entries.take().unwrap_or_default() {
                append(tx, draft, &Births::new(at, 0), at, "bench")?;
            }
            Ok(())
        });
        kept.map_err(said)?;
    }
    println!("{made} signals in {calls} calls over {DAYS} days, written in {:.1} s", began.elapsed().as_secs_f64());
    let mut sums = Vec::new();
    for _ in 0..2 {
        let began = Instant::now();
        let played = replay::replay(&source, since, until, None).map_err(said)?;
        let took = began.elapsed().as_secs_f64();
        let sum = Sha256::digest(serde_json::to_vec(&played).map_err(said)?);
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        let rate = made as f64 / took;
        println!("replay: {took:.1} s, {rate:.0} signals/s, {} calls of people, sha256 {sum}", played.as_it_was.len());
        sums.push(sum);
    }
    if sums[0] != sums[1] {
        return Err("the two runs came to different answers".into());
    }
    pinned(pins, &source, since)
}

fn one(series: usize, fires: bool, at: Timestamp) -> Told {
    let (service, rest) = (series % SERVICES, series / SERVICES);
    let (alert, host) = (ALERTS[rest % ALERTS.len()], rest / ALERTS.len());
    let severity = if service % 5 == 0 && alert == "Errors" { "critical" } else { "warning" };
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
            // Service 0 and "Errors" page.
            let told = one(SERVICES + SERVICES * ALERTS.len() * usize::try_from(minute).unwrap_or(0), true, at);
            Kept { received_at: at, integration: "prometheus".parse().unwrap_or_else(|_| unreachable!()), body: write(&[told]) }
        });
        let kept: Vec<Kept> = kept.collect();
        let verdict = pin_replays::play(&pin, &kept, &catalog, now).map_err(said)?;
        holds += usize::from(verdict.standing == domain::learn::pins::Standing::Holds);
    }
    let took = began.elapsed().as_secs_f64();
    println!("pins: {pins} in {took:.2} s, {:.1} ms each, {holds} hold", took * 1000.0 / pins.max(1) as f64);
    Ok(())
}
