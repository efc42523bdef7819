//! `GET /metrics`: what Prometheus wants to know of us. Counters live here; what can be counted is counted when asked.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::words::{Span, Timestamp};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::app::App;
use crate::problem::Problem;

/// Since when flags are served as they were kept on disk; 0: as the database has them.
pub(crate) const FLAGS_KEPT: (&str, &str) =
    ("flags_kept_at_seconds", "Since when flags are served as they were kept, in Unix time; 0: from the database");

/// Counters of this process, and gauges that are set when they are asked for.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    started: Timestamp,
    pub signals: Counter,
    pub rejected: Counter,
    alerts: Gauge,
    groups: Gauge,
    deliveries_open: Gauge,
    deliveries_due: Gauge,
    deliveries_failed: Gauge,
    oldest_due_seconds: Gauge,
}

impl Metrics {
    pub fn new(started: Timestamp) -> Self {
        let mut registry = Registry::with_prefix("allclear");
        let (signals, rejected) = (Counter::default(), Counter::default());
        registry.register("signals_received", "Alerts in calls that were answered with success", signals.clone());
        registry.register("calls_rejected", "Calls at ingest URLs that were refused", rejected.clone());
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let alerts = gauge("alerts_open", "Alerts that are open now");
        let groups = gauge("groups_open", "Groups of alerts that are open now");
        let deliveries_open = gauge("deliveries_open", "Messages that are queued or being sent");
        let deliveries_due = gauge("deliveries_due", "Messages that are due and not yet settled");
        let deliveries_failed = gauge("deliveries_failed_last_day", "Messages given up in the last 24 hours");
        let oldest_due_seconds = gauge("oldest_due_delivery_seconds", "Age of the oldest message that is due");
        // Never anything else once the store is open.
        gauge(FLAGS_KEPT.0, FLAGS_KEPT.1);
        Self {
            registry,
            started,
            signals,
            rejected,
            alerts,
            groups,
            deliveries_open,
            deliveries_due,
            deliveries_failed,
            oldest_due_seconds,
        }
    }

    /// When this process began.
    pub fn started_at(&self) -> Timestamp {
        self.started
    }
}

/// The older text format, which names a counter with its `_total` in every line.
fn plain(text: &str) -> String {
    let counters: std::collections::BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut out = String::with_capacity(text.len());
    for line in text.lines().filter(|line| *line != "# EOF") {
        let named = ["# HELP ", "# TYPE "].into_iter().find_map(|mark| Some((mark, line.strip_prefix(mark)?)));
        match named.and_then(|(mark, rest)| Some((mark, rest.split_once(' ')?))) {
            Some((mark, (name, rest))) if counters.contains(name) => {
                out.extend([mark, name, "_total ", rest]);
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

pub async fn get_metrics(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let now = app.now();
    let load = app.read(move |tx| Ok(store::outbox::load(tx, now, Span::hours(24).before(now))?)).await?;
    let metrics = app.metrics();
    {
        let board = app.node().board();
        metrics.alerts.set(i64::try_from(board.len()).unwrap_or(i64::MAX));
        metrics.groups.set(i64::try_from(board.groups().count()).unwrap_or(i64::MAX));
    }
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    metrics.deliveries_open.set(whole(load.open));
    metrics.deliveries_due.set(whole(load.due));
    metrics.deliveries_failed.set(whole(load.failed));
    let age = load.oldest_due.map_or(0, |due| Span::between(due, now).as_millis() / 1000);
    metrics.oldest_due_seconds.set(age);
    let mut text = String::new();
    if encode(&mut text, &metrics.registry).is_err() {
        return Err(store::Error::other("the metrics could not be written").into());
    }
    // What karma and others look for to know which API they speak to.
    let version = app.settings().version;
    let spoken = crate::inbound::v2::SPOKEN;
    let build = format!(
        "# HELP alertmanager_build_info The version whose API is spoken.\n# TYPE alertmanager_build_info gauge\n\
         alertmanager_build_info{{version=\"{spoken}\",allclear=\"{version}\"}} 1\n# EOF\n"
    );
    let text = text.replace("# EOF\n", &build);
    let wanted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    if wanted.contains("application/openmetrics-text") {
        return Ok(
            ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
        );
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], plain(&text)).into_response())
}
