//! Many active alerts: memory once they are known, memory and processor time while each is sent again every minute,
//! and how long it takes to find one of them by a label.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::alerts::Alerts;
use crate::figures::Figures;
use crate::http::{self, Connection, Target, find};
use crate::load::{self, Load};
use crate::machine::{self, Usage};

pub struct Hold {
    pub target: Target,
    pub headers: String,
    /// Headers for asking, if other ones are needed than for sending.
    pub view_headers: String,
    pub alerts: u64,
    /// For so long each is sent again, once a minute; 0: not at all.
    pub seconds: f64,
    /// So often one is looked for; fewer, if that takes longer than `FINDING`.
    pub finds: u64,
    pub processes: Vec<u32>,
    pub run: String,
}

const REST: Duration = Duration::from_secs(3);
const FINDING: Duration = Duration::from_secs(20);
/// Alerts in a request, as Prometheus sends them.
const BATCH: u64 = 64;

pub fn run(hold: &Hold, figures: &mut Figures) -> Result<(), String> {
    let (alerts, stop) = (Alerts::new(&hold.run), Arc::new(AtomicBool::new(false)));
    let load = Load {
        target: hold.target.clone(),
        headers: hold.headers.clone(),
        body: None,
        batch: BATCH,
        connections: 8,
        repeated: Some(hold.alerts),
        known: false,
        seconds: 0.0,
        requests: 0,
        rate: hold.alerts as f64 / 60.0 / BATCH as f64,
    };
    // Making repeated alerts known is the first thing such a load does, and with no time it is the only one.
    let began = Instant::now();
    load::run(&load, alerts.clone(), &stop)?;
    figures.put("loaded_alerts_s", hold.alerts as f64 / began.elapsed().as_secs_f64());
    std::thread::sleep(REST);
    figures.put("rss_mib", machine::memory(&hold.processes, "VmRSS"));
    figures.put("peak_mib", machine::memory(&hold.processes, "VmHWM"));
    if hold.seconds > 0.0 {
        let load = Load { known: true, seconds: hold.seconds, ..load };
        again(hold, &load, alerts, figures)?;
    }
    if hold.finds > 0 {
        look(hold, figures)?;
        figures.put("rss_after_finds_mib", machine::memory(&hold.processes, "VmRSS"));
    }
    Ok(())
}

/// Each alert is sent again, spread over a minute.
fn again(hold: &Hold, load: &Load, alerts: Alerts, figures: &mut Figures) -> Result<(), String> {
    let (before, began) = (Usage::of_all(&hold.processes), Instant::now());
    let mut loaded = load::run(load, alerts, &Arc::new(AtomicBool::new(false)))?;
    let used = Usage::of_all(&hold.processes).since(before).processor();
    figures.put("hold_core_percent", 100.0 * used / began.elapsed().as_secs_f64());
    figures.put("hold_rss_mib", machine::memory(&hold.processes, "VmRSS"));
    figures.put_waits("hold_", &mut loaded.waits);
    figures.put_errors("hold_errors", &loaded.errors);
    Ok(())
}

/// Looks for single alerts by the label that only they have.
fn look(hold: &Hold, figures: &mut Figures) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let mut waits = Vec::new();
    runtime.block_on(async {
        let tell = |error: std::io::Error| error.to_string();
        let mut connection = Connection::open(&hold.target.address).await.map_err(tell)?;
        let (mut request, began) = (Vec::new(), Instant::now());
        for turn in 0..hold.finds {
            if turn > 0 && began.elapsed() > FINDING {
                break;
            }
            // Spread over all of them, in no order.
            let number = turn * 7_919 % hold.alerts;
            let path = format!("{}?filter=seq%3D%22{number}%22", hold.target.path);
            let target = Target { address: hold.target.address.clone(), path };
            http::request(&mut request, "GET", &target, &hold.view_headers, b"");
            let once = Instant::now();
            let answer = connection.ask(&request).await.map_err(tell)?;
            waits.push(once.elapsed().as_nanos() as u64);
            let wanted = format!("\"seq\":\"{number}\"");
            let found = find(&answer.body, wanted.as_bytes()).is_some() && find(&answer.body, b"\"seq\":\"").is_some();
            if answer.status != 200 || !found {
                let said = String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)]).into_owned();
                return Err(format!("alert {number} was not found: {} {said}", answer.status));
            }
        }
        Ok(())
    })?;
    figures.put("finds", waits.len() as f64);
    figures.put_waits("find_", &mut waits);
    Ok(())
}
