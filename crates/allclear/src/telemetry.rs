//! Logs to standard error; traces by OTLP, if somebody is named who takes them.

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::Serve;

/// Keeps traces going; sends what is left when it is dropped.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = self.0.take() {
            _ = provider.shutdown_with_timeout(Duration::from_secs(3));
        }
    }
}

/// Colours are for a terminal; a file or a journal shows them as rubbish.
pub(crate) fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
}

/// Starts logging and, if it is set up, tracing.
pub(crate) fn start(settings: &Serve) -> Result<Telemetry> {
    let filter =
        EnvFilter::try_new(&settings.log).with_context(|| format!("--log {:?} is not understood", settings.log))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours());
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if settings.log_json {
        Box::new(lines.json().with_filter(filter))
    } else {
        Box::new(lines.with_target(false).with_filter(filter))
    };
    let provider = settings.otlp.as_deref().map(provider).transpose()?;
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer().with_tracer(provider.tracer("allclear")).with_filter(LevelFilter::DEBUG)
    });
    tracing_subscriber::registry().with(lines).with(traces).init();
    Ok(Telemetry(provider))
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider> {
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .with_timeout(Duration::from_secs(5))
        .build()
        .context("traces cannot be sent to --otlp")?;
    let resource = Resource::builder().with_service_name("allclear").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
