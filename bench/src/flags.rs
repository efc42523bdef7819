//! Flags: evaluated in this process, and a flip on its way to open streams.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use domain::change::exposures::Counts;
use domain::change::flag_sets::{Compiled, Context, FlagSet};
use domain::change::fractional::Bucketing;
use domain::change::kills::Overlay;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::figures::Figures;
use crate::http::{Target, find};

/// A flag as people write them: three rules in a row, then shares.
fn three_rules() -> Value {
    json!({ "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "off", "targeting": { "if": [
        { "ends_with": [{ "var": "email" }, "@example.org"] }, "on",
        { "in": [{ "var": "country" }, ["de", "at", "ch", "fr", "it"]] }, "off",
        { "sem_ver": [{ "var": "version" }, ">=", "2.0.0"] }, "on",
        { "fractional": [["on", 10], ["off", 90]] },
    ] } })
}

/// A flag with many rules, of which the last holds.
fn many_rules(rules: usize) -> Value {
    let mut list: Vec<Value> = Vec::new();
    for rule in 0..rules {
        list.push(
            json!({ "and": [{ "==": [{ "var": "country" }, format!("c{rule}")] }, { ">": [{ "var": "age" }, 200] }] }),
        );
        list.push(json!("on"));
    }
    list.push(json!("off"));
    json!({ "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "off", "targeting": { "if": list } })
}

/// Evaluates one flag after the other on one thread, and tells how many a second and how long the slowest took.
pub fn evaluate(flags: usize, rules: usize, seconds: f64, figures: &mut Figures) {
    let context = json!({
        "targetingKey": "user-4711", "email": "someone@elsewhere.example", "country": "us", "version": "1.9.3", "age": 44,
    });
    let context = Context::read(&context).expect("an object");
    let (kills, now) = (Overlay::none(), Timestamp::from_second(1_790_000_000).expect("a time"));
    for (name, flag) in [
        ("plain", json!({ "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "off" })),
        (
            "share",
            json!({ "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "off",
            "targeting": { "fractional": [["on", 50], ["off", 50]] } }),
        ),
        (
            "rule",
            json!({ "state": "ENABLED", "variants": { "on": true, "off": false }, "defaultVariant": "off",
            "targeting": { "if": [{ "==": [{ "var": "country" }, "de"] }, "on"] } }),
        ),
        ("three_rules", three_rules()),
    ] {
        let set: FlagSet = serde_json::from_value(json!({ "flags": { "flag": flag } })).expect("a set");
        let compiled = Compiled::new(&set, Bucketing::Canonical);
        let (began, mut count) = (Instant::now(), 0_u64);
        while began.elapsed().as_secs_f64() < seconds {
            for _ in 0..1000 {
                black_box(compiled.evaluate(black_box("flag"), &context, &kills, now).variant);
            }
            count += 1000;
        }
        figures.put(&format!("{name}_m_s"), count as f64 / began.elapsed().as_secs_f64() / 1e6);
        // The same, and each counted, as a server does it.
        let counts = Counts::new(&compiled);
        let (began, mut count) = (Instant::now(), 0_u64);
        while began.elapsed().as_secs_f64() < seconds {
            for _ in 0..1000 {
                let answer = compiled.evaluate(black_box("flag"), &context, &kills, now);
                counts.note(&answer);
                black_box(answer.variant);
            }
            count += 1000;
        }
        figures.put(&format!("{name}_counted_m_s"), count as f64 / began.elapsed().as_secs_f64() / 1e6);
        let mut waits: Vec<u64> = (0..200_000)
            .map(|_| {
                let began = Instant::now();
                black_box(compiled.evaluate(black_box("flag"), &context, &kills, now).variant);
                began.elapsed().as_nanos() as u64
            })
            .collect();
        waits.sort_unstable();
        figures.put(&format!("{name}_p99_us"), waits[waits.len() * 99 / 100] as f64 / 1e3);
    }
    let many: serde_json::Map<String, Value> =
        (0..flags).map(|number| (format!("flag-{number}"), many_rules(rules))).collect();
    let set: FlagSet = serde_json::from_value(json!({ "flags": many })).expect("a set");
    let before = crate::machine::memory(&[std::process::id()], "VmRSS");
    let began = Instant::now();
    let compiled = Compiled::new(&set, Bucketing::Canonical);
    figures.put("compile_ms", began.elapsed().as_secs_f64() * 1e3);
    figures.put("compiled_mib", crate::machine::memory(&[std::process::id()], "VmRSS") - before);
    let keys: Vec<String> = (0..flags).map(|number| format!("flag-{number}")).collect();
    let (began, mut count) = (Instant::now(), 0_u64);
    while began.elapsed().as_secs_f64() < seconds {
        for key in &keys {
            black_box(compiled.evaluate(key, &context, &kills, now).variant);
        }
        count += keys.len() as u64;
    }
    figures.put("many_rules_us", began.elapsed().as_secs_f64() * 1e6 / count as f64);
}

/// Opens streams, flips, and waits until each has heard of it.
pub fn streams(target: &Target, streams: usize, flip: &str, figures: &mut Figures) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut open = Vec::with_capacity(streams);
        for _ in 0..streams {
            let mut stream = TcpStream::connect(&target.address).await.map_err(|error| error.to_string())?;
            let head = format!(
                "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n",
                target.path, target.address
            );
            stream.write_all(head.as_bytes()).await.map_err(|error| error.to_string())?;
            open.push(stream);
        }
        // Each is told at first how things are.
        for stream in &mut open {
            hear(stream).await?;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let flip = flip.to_owned();
        let began = Instant::now();
        let flipped = tokio::task::spawn_blocking(move || Command::new("sh").args(["-c", &flip]).output());
        let waiting: Vec<_> = open
            .into_iter()
            .map(|mut stream| {
                tokio::spawn(async move {
                    let heard = hear(&mut stream).await;
                    heard.map(|()| began.elapsed().as_nanos() as u64)
                })
            })
            .collect();
        let mut waits = Vec::with_capacity(streams);
        for one in waiting {
            waits.push(one.await.map_err(|error| error.to_string())??);
        }
        let done = flipped.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        if !done.status.success() {
            return Err(format!("the flip failed: {}", String::from_utf8_lossy(&done.stderr)));
        }
        // Counted from when the command began: with its start and its own call.
        figures.put("streams", waits.len() as f64);
        figures.put_waits("heard_", &mut waits);
        Ok(())
    })
}

/// Waits for the next event that says to ask again.
async fn hear(stream: &mut TcpStream) -> Result<(), String> {
    let (mut heard, mut part) = (Vec::new(), [0_u8; 4096]);
    while find(&heard, b"refetchEvaluation").is_none() {
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut part));
        match read.await.map_err(|_| "a stream heard nothing")?.map_err(|error| error.to_string())? {
            0 => return Err("a stream was closed".into()),
            some => heard.extend_from_slice(&part[..some]),
        }
    }
    Ok(())
}
