//! Every setting, its default and its meaning. Flags, or the environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use store::{Blobs, Place};

/// Shorter watch secrets are guessed.
const WATCH_SECRET_LEAST: usize = 16;

/// Settings of `serve`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Serve {
    /// The directory of the embedded database.
    #[arg(long, env = "ALLCLEAR_DATA", default_value = "data")]
    pub(crate) data: PathBuf,

    /// PostgreSQL instead of the embedded database: `postgres://user:password@host/database`
    #[arg(long, env = "ALLCLEAR_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,

    /// The directory of evidence: `evidence` in the data directory, if absent. Nodes that share a database share it too.
    #[arg(long, env = "ALLCLEAR_EVIDENCE")]
    pub(crate) evidence: Option<PathBuf>,

    /// The largest file of evidence that is kept, in MiB.
    #[arg(long, env = "ALLCLEAR_EVIDENCE_MIB", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub(crate) evidence_mib: u32,

    /// The address to listen on.
    #[arg(long, env = "ALLCLEAR_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// Where people reach this: `https://allclear.example.org`. Links in messages begin with it.
    #[arg(long, env = "ALLCLEAR_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,

    /// The mail server: `smtp://user:password@host:587?tls=required`, or `smtps://...`
    #[arg(long, env = "ALLCLEAR_SMTP", hide_env_values = true)]
    pub(crate) smtp: Option<String>,

    /// The sender of mail.
    #[arg(long, env = "ALLCLEAR_SMTP_FROM", default_value = "Allclear <allclear@localhost>")]
    pub(crate) smtp_from: String,

    /// A file of certificate authorities (PEM) to trust besides the usual ones.
    #[arg(long, env = "ALLCLEAR_CA", alias = "smtp-ca")]
    pub(crate) ca: Option<PathBuf>,

    /// Places inside your own network that ntfy and webhooks may reach: private, loopback, 10.1.0.0/16, ntfy.lan, *.corp.example
    #[arg(long, env = "ALLCLEAR_ALLOW", default_value = "")]
    pub(crate) allow: String,

    /// Proxies in front of this server: 10.1.0.7, 10.2.0.0/16. Only they are believed when they say (X-Forwarded-For) where a request comes from
    #[arg(long, env = "ALLCLEAR_TRUSTED_PROXIES", default_value = "")]
    pub(crate) trusted_proxies: String,

    /// The largest body of a call that brings signals, in MiB.
    #[arg(long, env = "ALLCLEAR_INGEST_MIB", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) ingest_mib: u16,

    /// Signs the proof that `allclear watch` asks for. The same text on both sides, at least 16 letters.
    #[arg(long, env = "ALLCLEAR_WATCH_SECRET", hide_env_values = true)]
    pub(crate) watch_secret: Option<String>,

    /// A folder that another host serves: the public status page is written into it, on every change and every minute.
    #[arg(long, env = "ALLCLEAR_PUBLISH_STATUS", value_name = "DIR")]
    pub(crate) publish_status: Option<PathBuf>,

    /// A folder with a bare git repository, made if it is not there: each change of documents becomes a commit in it.
    #[arg(long, env = "ALLCLEAR_GIT_MIRROR", value_name = "DIR")]
    pub(crate) git_mirror: Option<PathBuf>,

    /// A git repository with files of documents, a folder or a URL: the pages show what its branch would change.
    #[arg(long, env = "ALLCLEAR_GIT_SOURCE", value_name = "DIR-OR-URL", hide_env_values = true)]
    pub(crate) git_source: Option<String>,

    /// The branch of the git source.
    #[arg(long, env = "ALLCLEAR_GIT_BRANCH", value_name = "NAME", default_value = "main")]
    pub(crate) git_branch: String,

    /// A file with what is shown in chats and what Slack signs with, a line each: `ops.token=...`, `ops.signing-secret=...`
    #[arg(long, env = "ALLCLEAR_CHAT_SECRETS", value_name = "FILE")]
    pub(crate) chat_secrets: Option<PathBuf>,

    /// A file with what is shown to rollback adapters and what is signed with, a line each: `shop.token=...`, `own.signing-secret=whsec_...`
    #[arg(long, env = "ALLCLEAR_ADAPTER_SECRETS", value_name = "FILE")]
    pub(crate) adapter_secrets: Option<PathBuf>,

    /// A file with what is shown to trackers of issues and what they sign with, a line each: `shop.token=...`, `shop.webhook=...`
    #[arg(long, env = "ALLCLEAR_TRACKER_SECRETS", value_name = "FILE")]
    pub(crate) tracker_secrets: Option<PathBuf>,

    /// How many days signals and the journal of what is over are kept.
    #[arg(long, env = "ALLCLEAR_KEEP_DAYS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=36500))]
    pub(crate) keep_days: u32,

    /// Where traces go, by OTLP over HTTP: `http://collector:4318`. Without it there are none.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub(crate) otlp: Option<String>,

    /// What is logged: error, warn, info, debug, trace; or by module, as in `info,store=debug`.
    #[arg(long, env = "ALLCLEAR_LOG", default_value = "info")]
    pub(crate) log: String,

    /// Log as JSON, a line each.
    #[arg(long, env = "ALLCLEAR_LOG_JSON")]
    pub(crate) log_json: bool,
}

impl Serve {
    /// Where the store is. Makes the directory of the embedded one.
    pub(crate) fn place(&self) -> Result<Place> {
        if let Some(url) = &self.database {
            return Ok(Place::Postgres(url.clone()));
        }
        std::fs::create_dir_all(&self.data)
            .with_context(|| format!("the data directory {} cannot be made", self.data.display()))?;
        Ok(Place::Sqlite(self.data.join("allclear.db")))
    }

    /// Where the bytes of evidence are.
    pub(crate) fn evidence(&self) -> Blobs {
        let folder = self.evidence.clone().unwrap_or_else(|| self.data.join("evidence"));
        Blobs::new(folder, u64::from(self.evidence_mib) << 20)
    }

    /// What the proof is signed with, checked.
    pub(crate) fn watch_secret(&self) -> Result<Option<String>> {
        match &self.watch_secret {
            Some(secret) if secret.chars().count() < WATCH_SECRET_LEAST => bail!(
                "--watch-secret must be at least {WATCH_SECRET_LEAST} letters long: whoever guesses it can say that all \
                 is well"
            ),
            secret => Ok(secret.clone()),
        }
    }

    /// Where people reach us, checked, without a slash at the end.
    pub(crate) fn public_url(&self) -> Result<String> {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen));
        let url = url.trim_end_matches('/').to_owned();
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match rest {
            Some(rest) if !rest.is_empty() && !rest.contains(['/', '?', '#', '@', ' ']) => Ok(url),
            _ => bail!("--public-url {url:?} must be http:// or https:// and a host, without a path"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        serve: Serve,
    }

    #[test]
    fn a_short_watch_secret_is_refused_and_says_what_would_do() {
        let read = |arguments: &[&str]| {
            let line = Line::try_parse_from([&["allclear"], arguments].concat()).unwrap();
            line.serve.watch_secret().map_err(|error| error.to_string())
        };
        assert_eq!(read(&["--watch-secret", "0123456789abcdef"]), Ok(Some("0123456789abcdef".into())));
        assert_eq!(
            read(&["--watch-secret", "0123456789abcde"]).unwrap_err(),
            "--watch-secret must be at least 16 letters long: whoever guesses it can say that all is well"
        );
        assert_eq!(
            read(&["--watch-secret", ""]).unwrap_err(),
            "--watch-secret must be at least 16 letters long: whoever guesses it can say that all is well"
        );
    }
}
