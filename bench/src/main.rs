//! Measures alert servers on this machine: what `scripts/bench.sh` calls. README.md says what each measurement means.
//!
//! Each command prints one line of JSON with its figures; `report` makes tables of many.

mod alerts;
mod figures;
mod flags;
mod floor;
mod hello;
mod hold;
mod http;
mod language;
mod load;
mod machine;
mod page;
mod ranking;
mod replay;
mod report;
mod search;
mod start;
mod sync;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use alerts::Alerts;
use figures::Figures;
use http::Target;
use load::Load;
use machine::Usage;

const USAGE: &str = "\
bench ingest --url URL [--batch 1] [--connections 1] [--repeated N] [--seconds 2] [--requests N] [--rate R]
bench page   --url URL --sink 127.0.0.1:PORT [--trials 250] [--gap MS]
             [--load-connections N --load-batch N --load-rate R]    load meanwhile; rate 0: flat out
bench hold   --url URL --alerts N [--seconds 0] [--finds 0] [--view-header 'Name: value']
bench start  --ready URL [--trials 5] [--fresh DIRECTORY] -- PROGRAM ARGUMENT...
bench ask    --url URL --body TEXT [--connections 1] [--seconds 2]     the same question, again and again
bench evaluate [--flags 1000] [--rules 100] [--seconds 2]               flags, in this process
bench streams --url URL [--streams 1000] --flip COMMAND                 a flip, until all open streams have heard of it
bench ranking [--data DIRECTORY] [--worlds 1000] [--seed 1]            how often the guilty change is found first
bench hello  --listen 127.0.0.1:PORT                                    the least that an axum server can do
bench sync   --directory DIRECTORY [--seconds 1]
bench floor  --listen 127.0.0.1:PORT --log FILE [--sink 127.0.0.1:PORT]
bench ready  --ready URL                                            waits until it answers well
bench language --data DIRECTORY [--list N] [--errors yes]           the language aid on labelled sentences and real reports
bench search [--entries 1000000] --directory DIRECTORY [--seed 1]        an index of made-up entries, in a directory that is emptied
bench replay [--signals 1000000] [--one-in 80] [--pins 100] [--seed 1]   the same signals twice, one alert in so many pages; and what pins cost
bench recall DIRECTORY                                              how well reports are found by one sentence
bench report FILE...
all that measure: --system NAME --cell NAME --round N --processes ID,ID --header 'Name: value' --run WORD";

/// No measurement lasts longer.
const SECONDS_MOST: f64 = 600.0;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("error: {wrong}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let mut given = Given::read(std::env::args().skip(1))?;
    match given.command.as_str() {
        "floor" => {
            let (listen, log) = (http::loopback(&given.text("listen")?)?, given.text("log")?);
            let sink = given.maybe("sink").map(|sink| http::loopback(&sink)).transpose()?;
            given.nothing_else()?;
            floor::run(&listen, &log, sink)
        }
        "hello" => {
            let listen = http::loopback(&given.text("listen")?)?;
            given.nothing_else()?;
            hello::run(&listen)
        }
        "ready" => {
            let target = given.target("ready")?;
            given.nothing_else()?;
            start::until_ready(&target)
        }
        "ranking" => {
            let (data, worlds, seed) = (given.maybe("data"), given.number("worlds", 1000)?, given.number("seed", 1)?);
            given.nothing_else()?;
            ranking::run(data.as_deref(), worlds, seed)
        }
        "search" => {
            let (entries, seed) = (given.number("entries", 1_000_000)?, given.number("seed", 1)?);
            let directory = given.text("directory")?;
            given.nothing_else()?;
            search::run(entries, std::path::Path::new(&directory), seed)
        }
        "replay" => {
            let (signals, pins) = (given.number("signals", 1_000_000)?, given.number("pins", 100)?);
            let seed = given.number("seed", 1)?;
            let one_in = given.number("one-in", 80)?;
            given.nothing_else()?;
            replay::run(signals, one_in, pins, seed)
        }
        "recall" => {
            let files = std::mem::take(&mut given.rest);
            let [directory] = files.as_slice() else { return Err("name one directory".into()) };
            given.nothing_else()?;
            search::recall(std::path::Path::new(directory))
        }
        "language" => {
            let (data, list) = (given.text("data")?, given.number("list", 0)?);
            let errors = given.maybe("errors").is_some_and(|word| word == "yes");
            given.nothing_else()?;
            language::run(std::path::Path::new(&data), list, errors)
        }
        "report" => {
            print!("{}", report::tables(&given.rest)?);
            Ok(())
        }
        "ingest" | "page" | "hold" | "start" | "sync" | "ask" | "evaluate" | "streams" => measure(&mut given),
        _ => Err(format!("nothing to do\n{USAGE}")),
    }
}

/// One measurement, between two looks at the machine.
fn measure(given: &mut Given) -> Result<(), String> {
    let (system, cell) = (given.maybe("system").unwrap_or_default(), given.maybe("cell").unwrap_or_default());
    let mut figures = Figures::new(&system, &cell);
    figures.put("round", given.number("round", 1.0)?);
    let processes: Vec<u32> =
        given.maybe("processes").unwrap_or_default().split(',').filter_map(|id| id.parse().ok()).collect();
    let me = [std::process::id()];
    let pace = machine::pace();
    let (busy, own, theirs) = (machine::busy(), Usage::of_all(&me), Usage::of_all(&processes));
    let began = std::time::Instant::now();
    match given.command.as_str() {
        "ingest" => ingest(given, &mut figures)?,
        "page" => page(given, &mut figures)?,
        "hold" => hold(given, processes.clone(), &mut figures)?,
        "start" => start(given, &mut figures)?,
        "ask" => ask(given, &mut figures)?,
        "evaluate" => {
            let (flags, rules, seconds) =
                (given.number("flags", 1000)?, given.number("rules", 100)?, given.seconds(2.0)?);
            given.nothing_else()?;
            flags::evaluate(flags, rules, seconds, &mut figures);
        }
        "streams" => {
            let (target, streams, flip) = (given.target("url")?, given.number("streams", 1000)?, given.text("flip")?);
            given.nothing_else()?;
            flags::streams(&target, streams, &flip, &mut figures)?;
        }
        _ => {
            let (directory, seconds) = (given.text("directory")?, given.seconds(1.0)?);
            given.nothing_else()?;
            sync::run(&directory, seconds, &mut figures)?;
        }
    }
    let (own, theirs) = (Usage::of_all(&me).since(own), Usage::of_all(&processes).since(theirs));
    figures.put("wall_s", began.elapsed().as_secs_f64());
    figures.put("bench_core_s", own.processor());
    if !processes.is_empty() {
        figures.put("server_user_s", theirs.user);
        figures.put("server_system_s", theirs.system);
        figures.put("server_written_mib", theirs.written);
        figures.put("server_rss_mib", machine::memory(&processes, "VmRSS"));
    }
    figures.put("others_core_s", (machine::busy() - busy - own.processor() - theirs.processor()).max(0.0));
    figures.put("pace_ms", pace);
    figures.print();
    Ok(())
}

fn ingest(given: &mut Given, figures: &mut Figures) -> Result<(), String> {
    let run = given.run();
    let load = Load {
        target: given.target("url")?,
        headers: given.headers("header"),
        body: None,
        batch: given.number("batch", 1)?,
        connections: given.number("connections", 1)?,
        repeated: given
            .maybe("repeated")
            .map(|text| text.parse().map_err(|_| "--repeated: not a number"))
            .transpose()?,
        known: false,
        seconds: given.seconds(2.0)?,
        requests: given.number("requests", 0)?,
        rate: given.number("rate", 0.0)?,
    };
    given.nothing_else()?;
    let mut loaded = load::run(&load, Alerts::new(&run), &Arc::new(AtomicBool::new(false)))?;
    figures.put("alerts_s", (loaded.accepted * load.batch) as f64 / loaded.lasted);
    figures.put("requests", loaded.waits.len() as f64);
    figures.put_waits("", &mut loaded.waits);
    figures.put_errors("errors", &loaded.errors);
    Ok(())
}

fn ask(given: &mut Given, figures: &mut Figures) -> Result<(), String> {
    let load = Load {
        target: given.target("url")?,
        headers: given.headers("header"),
        body: Some(given.text("body")?),
        batch: 1,
        connections: given.number("connections", 1)?,
        repeated: None,
        known: false,
        seconds: given.seconds(2.0)?,
        requests: 0,
        rate: 0.0,
    };
    given.nothing_else()?;
    let mut loaded = load::run(&load, Alerts::new("none"), &Arc::new(AtomicBool::new(false)))?;
    figures.put("requests_s", loaded.waits.len() as f64 / loaded.lasted);
    figures.put_waits("", &mut loaded.waits);
    figures.put_errors("errors", &loaded.errors);
    Ok(())
}

fn page(given: &mut Given, figures: &mut Figures) -> Result<(), String> {
    let (target, headers, run) = (given.target("url")?, given.headers("header"), given.run());
    let connections = given.number("load-connections", 0)?;
    let load = Load {
        target: target.clone(),
        headers: headers.clone(),
        body: None,
        batch: given.number("load-batch", 64)?,
        connections,
        repeated: None,
        known: false,
        seconds: SECONDS_MOST,
        requests: 0,
        rate: given.number("load-rate", 0.0)?,
    };
    let pages = page::Pages {
        target,
        headers,
        sink: http::loopback(&given.text("sink")?)?,
        trials: given.number("trials", 250)?,
        gap: given.number("gap", 10)?,
        load: (connections > 0).then_some(load),
        run,
    };
    given.nothing_else()?;
    page::run(&pages, figures)
}

fn hold(given: &mut Given, processes: Vec<u32>, figures: &mut Figures) -> Result<(), String> {
    let hold = hold::Hold {
        run: given.run(),
        target: given.target("url")?,
        headers: given.headers("header"),
        view_headers: given.headers("view-header"),
        alerts: given.number("alerts", 10_000)?,
        seconds: given.seconds(0.0)?,
        finds: given.number("finds", 0)?,
        processes,
    };
    given.nothing_else()?;
    hold::run(&hold, figures)
}

fn start(given: &mut Given, figures: &mut Figures) -> Result<(), String> {
    let start = start::Start {
        ready: given.target("ready")?,
        trials: given.number("trials", 5)?,
        fresh: given.maybe("fresh"),
        command: std::mem::take(&mut given.rest),
    };
    given.nothing_else()?;
    start::run(&start, figures)
}

/// The arguments of a command: options with a value each, and what stands alone.
struct Given {
    command: String,
    options: BTreeMap<String, String>,
    rest: Vec<String>,
}

impl Given {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let command = arguments.next().unwrap_or_default();
        let (mut options, mut rest) = (BTreeMap::new(), Vec::new());
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--") {
                Some("") => rest.extend(arguments.by_ref()),
                Some(name) => {
                    let value = arguments.next().ok_or_else(|| format!("--{name} needs a value"))?;
                    options.insert(name.to_owned(), value);
                }
                None => rest.push(argument),
            }
        }
        Ok(Self { command, options, rest })
    }

    fn maybe(&mut self, name: &str) -> Option<String> {
        self.options.remove(name).filter(|value| !value.is_empty())
    }

    fn text(&mut self, name: &str) -> Result<String, String> {
        self.maybe(name).ok_or_else(|| format!("--{name} is needed\n{USAGE}"))
    }

    fn number<T: FromStr>(&mut self, name: &str, otherwise: T) -> Result<T, String> {
        let Some(text) = self.maybe(name) else { return Ok(otherwise) };
        text.parse().map_err(|_| format!("--{name} {text}: not such a number"))
    }

    fn seconds(&mut self, otherwise: f64) -> Result<f64, String> {
        let seconds = self.number("seconds", otherwise)?;
        if (0.0..=SECONDS_MOST).contains(&seconds) { Ok(seconds) } else { Err("--seconds: 0 to 600".into()) }
    }

    fn target(&mut self, name: &str) -> Result<Target, String> {
        self.text(name)?.parse()
    }

    /// A header line, with its end.
    fn headers(&mut self, name: &str) -> String {
        self.maybe(name).map_or(String::new(), |header| format!("{header}\r\n"))
    }

    /// A label that no other run has.
    fn run(&mut self) -> String {
        self.maybe("run").unwrap_or_else(|| format!("run-{}", std::process::id()))
    }

    fn nothing_else(&self) -> Result<(), String> {
        match self.options.keys().next().or(self.rest.first()) {
            Some(unknown) => Err(format!("{unknown} is not understood here\n{USAGE}")),
            None => Ok(()),
        }
    }
}
