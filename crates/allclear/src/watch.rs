//! `allclear watch URL`: asks another Allclear for its proof, beat by beat, and tells people when it stops proving.
//!
//! Runs on another host, with its own way out to people. The rule is `domain::engage::watch`; here is only the loop.
//! It has no database, and trusts nothing that the watched server says about whom to tell.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use channels::egress::{Allow, Egress};
use channels::webhook::Secret;
use channels::{Channels, email, tls};
use domain::engage::deliveries::{LinkKind, Message, MessageLink, Outcome, Urgency};
use domain::engage::watch::{self, Observation, PROOF_HEADER, Patience, Say, State};
use domain::words::{Refusal, Span, Timestamp, text};
use reqwest::Url;
use reqwest::header::HeaderMap;

/// Watch another Allclear from outside, and page when it stops proving that alerts get through
///
/// Run it on another host, in another network, with its own mail server or push service. Every beat it asks URL for a
/// signed proof that a synthetic alert was paged. Without proof for three beats it tells everyone named by --notify
/// why, again every 15 minutes, and says when all is clear.
#[derive(clap::Args, Debug)]
#[command(after_help = "Exit codes: 0 proven (or stopped by a signal), 1 no proof, 2 wrong arguments, \
                        3 somebody could not be told.\n\nExample:\n  allclear watch https://allclear.example.org \
                        --notify ntfy+https://ntfy.sh/a-long-secret-topic")]
pub(crate) struct Watch {
    #[arg(help = "The Allclear to watch: https://allclear.example.org")]
    url: String,
    /// The watch secret of that Allclear, at least 16 letters
    #[arg(long, env = "ALLCLEAR_WATCH_SECRET", hide_env_values = true)]
    secret: String,
    #[arg(
        long,
        env = "ALLCLEAR_WATCH_NOTIFY",
        hide_env_values = true,
        required = true,
        value_delimiter = ' ',
        help = "Whom to tell (repeat it): mailto:ana@example.org, ntfy+https://ntfy.sh/topic, https://hook.example.org/x"
    )]
    notify: Vec<Notify>,
    #[arg(
        long,
        env = "ALLCLEAR_WATCH_SMTP",
        hide_env_values = true,
        help = "The mail server for mailto: smtp://user:password@mail.example.net:587"
    )]
    smtp: Option<String>,
    /// The sender of mail
    #[arg(long, env = "ALLCLEAR_WATCH_FROM", default_value = "Allclear watch <allclear-watch@localhost>")]
    from: String,
    /// What webhooks are signed with (whsec_...); --test shows the secret of each address
    #[arg(long, env = "ALLCLEAR_WATCH_WEBHOOK_SECRET", hide_env_values = true)]
    webhook_secret: Option<Secret>,
    /// Certificate authorities to trust besides the usual ones (PEM)
    #[arg(long, env = "ALLCLEAR_WATCH_CA")]
    ca: Option<PathBuf>,
    /// From beat to beat
    #[arg(long, default_value = "30s")]
    every: Span,
    /// So many beats without proof before people are told
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    beats: u32,
    /// How old a proof may be
    #[arg(long, default_value = "90s")]
    age: Span,
    /// How often it is said again while it lasts
    #[arg(long, default_value = "15m")]
    repeat: Span,
    /// Remember the state here, over restarts and from one --once to the next
    #[arg(long)]
    state: Option<PathBuf>,
    /// One beat, then end: for cron, with --state
    #[arg(long, requires = "state")]
    once: bool,
    /// Send a test message to everyone named, say what became of it, and end
    #[arg(long)]
    test: bool,
}

/// A way to reach somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Notify {
    channel: &'static str,
    address: String,
}

impl FromStr for Notify {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        let (channel, address) = if let Some(address) = word.strip_prefix("mailto:") {
            ("email", address)
        } else if let Some(topic) = word.strip_prefix("ntfy+") {
            ("ntfy", topic)
        } else {
            ("webhook", word)
        };
        let fits = match channel {
            "email" => address.contains('@'),
            _ => ["https://", "http://"].iter().any(|scheme| address.starts_with(scheme)),
        };
        if fits {
            return Ok(Self { channel, address: address.into() });
        }
        Err(Refusal::invalid("write mailto:ana@example.org, ntfy+https://ntfy.sh/topic, or https://hook.example.org/x"))
    }
}

impl Notify {
    /// For the log: topics and hooks are passwords.
    fn shown(&self) -> String {
        match Url::parse(&self.address) {
            Ok(url) if self.channel != "email" => {
                format!("{} at {}", self.channel, url.host_str().unwrap_or_default())
            }
            _ => format!("{} to {}", self.channel, text::shorten(&self.address, 80)),
        }
    }
}

const PROVEN: u8 = 0;
const NO_PROOF: u8 = 1;
const WRONG: u8 = 2;
const NOT_TOLD: u8 = 3;

/// The whole command, with its own runtime.
pub(crate) fn run(args: Watch) -> ExitCode {
    let colours = crate::telemetry::colours();
    tracing_subscriber::fmt().with_target(false).with_ansi(colours).with_writer(std::io::stderr).init();
    let clock = crate::clock::clock();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => return wrong(&anyhow::Error::new(why)),
    };
    runtime.block_on(async {
        let every = Duration::from_millis(args.every.as_millis().unsigned_abs().max(1000));
        let (once, test) = (args.once, args.test);
        let mut watcher = match Watcher::new(args) {
            Ok(watcher) => watcher,
            Err(why) => return wrong(&why),
        };
        if test {
            return ExitCode::from(watcher.test(clock()).await);
        }
        if once {
            return ExitCode::from(watcher.beat(clock()).await);
        }
        tracing::info!("watching {} every {every:?}", watcher.shown);
        let mut beats = tokio::time::interval(every);
        // A beat that took long is not caught up on: three beats are to be three beats' time.
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stop = std::pin::pin!(stopped());
        loop {
            tokio::select! {
                _ = beats.tick() => {}
                () = &mut stop => {
                    tracing::info!("stopped: nobody watches {} any more", watcher.shown);
                    return ExitCode::SUCCESS;
                }
            }
            watcher.beat(clock()).await;
        }
    })
}

fn wrong(why: &anyhow::Error) -> ExitCode {
    tracing::error!("{why:#}");
    ExitCode::from(WRONG)
}

async fn stopped() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

struct Watcher {
    egress: Egress,
    channels: Channels,
    webhook_secret: Secret,
    proof: String,
    /// The watched URL without user, password and query.
    shown: String,
    secret: Vec<u8>,
    notify: Vec<Notify>,
    patience: Patience,
    state: State,
    state_file: Option<PathBuf>,
    once: bool,
    /// What could not be said yet: tried again at each beat until something newer is to be said.
    unsent: Vec<(Notify, Message)>,
}

impl Watcher {
    fn new(args: Watch) -> anyhow::Result<Self> {
        let proof = proof_url(&args.url)?;
        // Said now, and not at three in the morning as "no answer".
        Allow::everything().check_url(proof.as_str()).map_err(|why| anyhow::anyhow!("the URL to watch: {why}"))?;
        let mut shown = proof.clone();
        anyhow::ensure!(args.secret.len() >= 16, "the watch secret must be at least 16 letters long");
        shown.set_path(proof.path().strip_suffix(PROOF_PATH).unwrap_or_default());
        shown.set_query(None);
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        let email = match &args.smtp {
            Some(url) => Some(email::Settings::parse(url, &args.from)?),
            None => None,
        };
        anyhow::ensure!(
            email.is_some() || args.notify.iter().all(|notify| notify.channel != "email"),
            "--notify mailto: needs a mail server: --smtp smtp://user:password@mail.example.net:587"
        );
        let has_webhooks = args.notify.iter().any(|notify| notify.channel == "webhook");
        let webhook_secret = match args.webhook_secret {
            Some(secret) => secret,
            // Nothing is signed with it.
            None if !has_webhooks => Secret::from_bytes([0; 32]),
            None => anyhow::bail!(
                "--notify https: needs a secret that messages are signed with: --webhook-secret \"whsec_$(openssl rand -base64 32)\""
            ),
        };
        let authorities = args
            .ca
            .map(|file| std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display())))
            .transpose()?;
        let trust = tls::trust(authorities.as_deref())?;
        let state = match &args.state {
            Some(file) => load(file)?,
            None => State::default(),
        };
        Ok(Self {
            // The operator typed these addresses: nothing to guard against.
            egress: Egress::new(Allow::everything(), &trust)?,
            channels: Channels::new(channels::Settings {
                email,
                webhook_secret: webhook_secret.clone(),
                allow: Allow::everything(),
                authorities,
                chats: std::collections::BTreeMap::new(),
                rollbacks: channels::rollback::Secrets::default(),
                trackers: channels::trackers::Secrets::default(),
            })?,
            webhook_secret,
            proof: proof.into(),
            shown: shown.into(),
            secret: args.secret.into_bytes(),
            notify: args.notify,
            patience: Patience { beats: args.beats, age: args.age, repeat: args.repeat },
            state,
            state_file: args.state,
            once: args.once,
            unsent: Vec::new(),
        })
    }

    /// One beat: ask, judge, tell. The answer is the exit code of a single beat.
    async fn beat(&mut self, now: Timestamp) -> u8 {
        let observation = self.observe().await;
        let (state, says) = watch::step(self.state.clone(), observation, &self.patience, now);
        let mut is_told = false;
        for say in says {
            match &say {
                Say::Beat(line) if state.trouble.is_some() => tracing::warn!("{line}"),
                Say::Beat(line) => tracing::info!("{line}"),
                Say::Page { why, .. } => tracing::error!("telling people: {why}"),
                Say::AllClear { .. } => tracing::info!("all clear: telling people"),
            }
            if let Some(message) = watch::message(&say, &self.shown, now) {
                // What is newer takes the place of what could not be said.
                self.unsent = self.notify.iter().map(|notify| (notify.clone(), message.clone())).collect();
                is_told = true;
            }
        }
        let to_tell = self.unsent.len();
        self.tell(now).await;
        let nobody_knows = to_tell > 0 && self.unsent.len() == to_tell;
        // A single beat that reached nobody has not happened: the next one tells again, at once.
        if !(self.once && is_told && nobody_knows) {
            self.state = state;
            self.save();
        }
        match (&self.state.trouble, self.unsent.is_empty()) {
            (_, false) => NOT_TOLD,
            (Some(_), true) => NO_PROOF,
            (None, true) => PROVEN,
        }
    }

    async fn observe(&self) -> Observation {
        match self.egress.get(&self.proof, HeaderMap::new()).await {
            Ok(answer) => {
                let signature =
                    answer.headers.get(PROOF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
                watch::observe(&self.secret, answer.status, signature, &answer.body)
            }
            Err(none) => {
                let why = none.why();
                Observation::NoAnswer(why.strip_prefix("no connection: ").unwrap_or(&why).to_owned())
            }
        }
    }

    /// Tells everyone who is to be told, all at once; keeps what is to be tried again.
    async fn tell(&mut self, now: Timestamp) {
        let mut attempts = tokio::task::JoinSet::new();
        for (notify, message) in self.unsent.drain(..) {
            let channels = self.channels.clone();
            attempts.spawn(async move {
                let outcome = channels.send(notify.channel, &notify.address, &message, now).await;
                (notify, message, outcome)
            });
        }
        while let Some(attempt) = attempts.join_next().await {
            let Ok((notify, message, outcome)) = attempt else { continue };
            match outcome {
                Outcome::Sent { .. } => tracing::info!("told by {}: {}", notify.shown(), message.subject),
                Outcome::Later { why, .. } | Outcome::Never { why } | Outcome::Gone { why } => {
                    tracing::error!("NOT TOLD by {}: {why}", notify.shown());
                    // Also after a Never: the watch has no other way, and a mistake may be mended.
                    self.unsent.push((notify, message));
                }
            }
        }
    }

    /// A test message to everyone; the secrets of webhooks are shown, for who sets up the receiver.
    async fn test(&mut self, now: Timestamp) -> u8 {
        let message = Message {
            key: format!("watch-test-{}", now.as_microsecond()),
            subject: format!("Test of the watch over {}", self.shown),
            text: format!("This is a test. When {} stops proving that it pages, you are told like this.", self.shown),
            html: None,
            urgency: Urgency::High,
            links: vec![MessageLink { label: "Open Allclear".into(), url: self.shown.clone(), kind: LinkKind::Open }],
            thread: "watch-test".into(),
            event: "watch.test".into(),
            data: serde_json::json!({ "at": now, "watched": self.shown }),
            repeat_of: None,
            unsubscribe: None,
            calendar: None,
        };
        for notify in self.notify.iter().filter(|notify| notify.channel == "webhook") {
            let secret = self.webhook_secret.for_address(&notify.address).reveal();
            tracing::info!("{} verifies with {secret}", notify.shown());
        }
        self.unsent = self.notify.iter().map(|notify| (notify.clone(), message.clone())).collect();
        self.tell(now).await;
        match self.observe().await {
            Observation::Proof(proof) => tracing::info!("{} answers with a proof of {}", self.shown, proof.at),
            Observation::NoAnswer(why) => tracing::warn!("no answer from {}: {why}", self.shown),
            Observation::NoProof(why) => tracing::warn!("{} {why}", self.shown),
        }
        if self.unsent.is_empty() { PROVEN } else { NOT_TOLD }
    }

    fn save(&self) {
        let Some(file) = &self.state_file else { return };
        let beside = file.with_extension("new");
        let written = serde_json::to_vec_pretty(&self.state)
            .map_err(std::io::Error::other)
            .and_then(|bytes| std::fs::write(&beside, bytes))
            .and_then(|()| std::fs::rename(&beside, file));
        if let Err(why) = written {
            tracing::error!("the state cannot be kept in {}: {why}", file.display());
        }
    }
}

const PROOF_PATH: &str = "api/v1/proof";

fn proof_url(url: &str) -> anyhow::Result<Url> {
    let mut url = Url::parse(url).context("the URL to watch must look like https://allclear.example.org")?;
    anyhow::ensure!(
        matches!(url.scheme(), "http" | "https") && url.has_host(),
        "the URL to watch must begin with https:// or http://"
    );
    let path = url.path().trim_end_matches('/').trim_end_matches(PROOF_PATH).trim_end_matches('/').to_owned();
    url.set_path(&format!("{path}/{PROOF_PATH}"));
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// The state that was kept, or a fresh one: a watch must not refuse to start over a broken file.
fn load(file: &Path) -> anyhow::Result<State> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_else(|why| {
            tracing::warn!("{} cannot be understood ({why}); starting afresh", file.display());
            State::default()
        })),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(State::default()),
        Err(why) => Err(why).with_context(|| format!("{} cannot be read", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::State as Held;
    use axum::http::{HeaderMap, StatusCode, Uri};
    use axum::response::IntoResponse as _;
    use clap::Parser as _;
    use domain::engage::watch::{Proof, Synthetic, sign};

    use super::*;

    #[derive(clap::Parser, Debug)]
    struct Line {
        #[command(flatten)]
        watch: Watch,
    }

    const SECRET: &str = "sixteen letters or more";

    fn args(line: &str) -> Result<Watch, String> {
        let words = std::iter::once("watch").chain(line.split('|'));
        Line::try_parse_from(words).map(|line| line.watch).map_err(|why| why.to_string())
    }

    fn at(second: i64) -> Timestamp {
        Span::seconds(second).after("2026-11-02T03:12:05Z".parse().unwrap())
    }

    /// One server that plays both parts: it is watched, and it is told.
    #[derive(Clone, Default)]
    struct Stage {
        /// What the watched server answers; nothing: 503.
        proof: Arc<Mutex<Option<Vec<u8>>>>,
        /// The answer to whoever is told.
        answer: Arc<Mutex<StatusCode>>,
        told: Arc<Mutex<Vec<(String, String)>>>,
    }

    impl Stage {
        async fn open(&self) -> u16 {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let router = Router::new().fallback(play).with_state(self.clone());
            tokio::spawn(async move { axum::serve(listener, router).await });
            port
        }

        fn prove(&self, second: i64) {
            let synthetic = Synthetic { sequence: 1, alert_at: at(second - 5), paged_at: Some(at(second - 4)) };
            let proof = Proof { instance: "blue".into(), at: at(second), synthetic: Some(synthetic) };
            *self.proof.lock().unwrap() = Some(serde_json::to_vec(&proof).unwrap());
        }

        fn fall_silent(&self) {
            *self.proof.lock().unwrap() = None;
        }

        fn told(&self) -> String {
            let told: Vec<String> =
                self.told.lock().unwrap().drain(..).map(|(path, what)| format!("{path} {what}")).collect();
            let mut told = told;
            told.sort();
            told.join("\n")
        }
    }

    async fn play(Held(stage): Held<Stage>, uri: Uri, headers: HeaderMap, body: Bytes) -> axum::response::Response {
        if uri.path() == "/base/api/v1/proof" {
            let Some(proof) = stage.proof.lock().unwrap().clone() else {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            };
            return ([(PROOF_HEADER, sign(SECRET.as_bytes(), &proof))], proof).into_response();
        }
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
        let what = body["title"].as_str().map_or_else(|| format!("{} {id}", body["type"]), str::to_owned);
        stage.told.lock().unwrap().push((uri.path().to_owned(), what));
        (*stage.answer.lock().unwrap()).into_response()
    }

    fn line(port: u16, more: &str) -> String {
        let here = format!("http://127.0.0.1:{port}");
        format!(
            "{here}/base/|--secret|{SECRET}|--notify|{here}/hook|--notify|ntfy+{here}/ana-9f3k|--webhook-secret|\
             whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw{more}"
        )
    }

    #[tokio::test]
    async fn a_server_falls_silent_people_are_told_and_told_again_when_it_is_back() {
        let stage = Stage::default();
        let port = stage.open().await;
        let mut watcher = Watcher::new(args(&line(port, "")).unwrap()).unwrap();
        stage.prove(0);
        assert_eq!(watcher.beat(at(0)).await, PROVEN);
        stage.fall_silent();
        for (second, code) in [(30, NO_PROOF), (60, NO_PROOF)] {
            assert_eq!(watcher.beat(at(second)).await, code);
            assert_eq!(stage.told(), "");
        }
        assert_eq!(watcher.beat(at(90)).await, NO_PROOF);
        let us = at(30).as_microsecond();
        let page = format!("Allclear does not prove that it pages: http://127.0.0.1:{port}/base/");
        assert_eq!(stage.told(), format!("/ {page}\n/hook \"watch.silent\" watch-{us}-1"));
        watcher.beat(at(120)).await;
        assert_eq!(stage.told(), "", "not at every beat");
        stage.prove(150);
        assert_eq!(watcher.beat(at(150)).await, NO_PROOF, "one good beat may be luck");
        stage.prove(180);
        assert_eq!(watcher.beat(at(180)).await, PROVEN);
        assert!(stage.told().ends_with(&format!("/hook \"watch.all-clear\" watch-{us}-clear")));
        assert_eq!(watcher.beat(at(200)).await, PROVEN);
        assert_eq!(stage.told(), "");
    }

    #[tokio::test]
    async fn who_could_not_be_told_is_told_at_the_next_beat_with_the_same_message() {
        let stage = Stage::default();
        let port = stage.open().await;
        let mut watcher = Watcher::new(args(&line(port, "|--beats|1")).unwrap()).unwrap();
        *stage.answer.lock().unwrap() = StatusCode::INTERNAL_SERVER_ERROR;
        assert_eq!(watcher.beat(at(0)).await, NOT_TOLD);
        let first = stage.told();
        assert_eq!(watcher.beat(at(30)).await, NOT_TOLD);
        assert_eq!(stage.told(), first);
        *stage.answer.lock().unwrap() = StatusCode::OK;
        assert_eq!(watcher.beat(at(60)).await, NO_PROOF);
        assert_eq!(stage.told(), first);
        assert_eq!(watcher.beat(at(90)).await, NO_PROOF);
        assert_eq!(stage.told(), "");
    }

    #[tokio::test]
    async fn by_cron_the_state_lives_in_a_file() {
        let stage = Stage::default();
        let port = stage.open().await;
        let folder = std::env::temp_dir().join(format!("allclear-watch-{port}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("state.json");
        let once = |second| {
            let args = args(&line(port, &format!("|--once|--state|{}", file.display()))).unwrap();
            async move { Watcher::new(args).unwrap().beat(at(second)).await }
        };
        for second in [0, 60] {
            assert_eq!(once(second).await, NO_PROOF);
        }
        assert_eq!(stage.told(), "");
        // Nobody can be told: the next run tells at once instead of in fifteen minutes.
        *stage.answer.lock().unwrap() = StatusCode::INTERNAL_SERVER_ERROR;
        assert_eq!(once(120).await, NOT_TOLD);
        stage.told();
        *stage.answer.lock().unwrap() = StatusCode::OK;
        assert_eq!(once(180).await, NO_PROOF);
        assert!(stage.told().contains("watch.silent"));
        assert_eq!(once(240).await, NO_PROOF);
        assert_eq!(stage.told(), "");
        for second in [300, 360] {
            stage.prove(second);
            once(second).await;
        }
        assert!(stage.told().contains("watch.all-clear"));
        std::fs::write(&file, "nonsense").unwrap();
        stage.prove(420);
        assert_eq!(once(420).await, PROVEN);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_server_that_is_gone_is_said_in_plain_words() {
        let watcher = Watcher::new(args(&line(2, "")).unwrap()).unwrap();
        assert_eq!(watcher.observe().await, Observation::NoAnswer("Connection refused".into()));
    }

    #[test]
    fn wrong_arguments_are_refused_with_what_to_do() {
        let right = format!("https://a.example|--secret|{SECRET}|--notify|ntfy+https://ntfy.sh/x");
        let wrong = |line: &str| match args(line) {
            Ok(watch) => Watcher::new(watch).err().expect("refused").to_string(),
            Err(why) => why,
        };
        assert!(Watcher::new(args(&right).unwrap()).is_ok());
        for (line, says) in [
            (right.replace(SECRET, "short"), "at least 16"),
            (right.replace("https://a.example", "a.example"), "must look like"),
            (right.replace("https://a.example", "ftp://a.example"), "must begin with"),
            (right.replace("https://a.example", "http://a.example:25"), "port 25"),
            (right.replace("ntfy+https", "ntfy"), "write mailto:"),
            (format!("{right}|--notify|mailto:ana@example.org"), "needs a mail server"),
            (format!("{right}|--notify|https://hook.example/x"), "--webhook-secret \"whsec_"),
            (format!("{right}|--webhook-secret|geheim"), "whsec_"),
            (format!("{right}|--once"), "--state"),
            (format!("{right}|--beats|0"), "0 is not in"),
            (format!("{right}|--every|soon"), "write it like 30s"),
            (format!("{right}|--ca|/does/not/exist"), "cannot be read"),
            (format!("{right}|--smtp|http://x"), "the mail server"),
            (format!("https://a.example|--secret|{SECRET}"), "--notify"),
        ] {
            let said = wrong(&line);
            assert!(said.contains(says), "{line}\n{said}");
        }
    }

    #[test]
    fn the_proof_is_asked_for_below_the_given_url_and_secrets_are_not_shown() {
        for (url, proof) in [
            ("https://a.example", "https://a.example/api/v1/proof"),
            ("https://a.example/base/", "https://a.example/base/api/v1/proof"),
            ("https://a.example/api/v1/proof?x=y#z", "https://a.example/api/v1/proof"),
        ] {
            assert_eq!(proof_url(url).unwrap().as_str(), proof);
        }
        let line = format!("https://u:geheim@a.example/b|--secret|{SECRET}|--notify|ntfy+https://ntfy.sh/topic");
        let watcher = Watcher::new(args(&line).unwrap()).unwrap();
        assert_eq!(
            (watcher.shown.as_str(), watcher.notify[0].shown().as_str()),
            ("https://a.example/b/", "ntfy at ntfy.sh")
        );
    }
}
