//! Serves: opens the store, makes the clock, starts the intake, the rounds and the web; stops them in order.

use std::sync::Arc;
use std::time::Duration;

use actions::detect::intake::intake;
use actions::node::Identity;
use actions::{Halt, Moment, Node};
use anyhow::{Context as _, Result};
use domain::engage::links::LinkKey;
use domain::words::{Actor, Mint, Span};
use store::Store;
use tokio::net::TcpListener;

use crate::config::Serve;
use crate::outward::Outward;
use crate::secrets::Secrets;
use crate::{
    chats, clock, edge, item_checks, kept_flags, mirror, publish, rollbacks, rounds, source, telemetry, trackers,
};

/// Serves until it is told to stop.
pub(crate) fn run(settings: &Serve) -> Result<()> {
    let _telemetry = telemetry::start(settings)?;
    let clock = clock::clock();
    let mut mint = clock::mint()?;
    // What is set wrong is said before anything is made.
    let (public_url, watch_secret) = (settings.public_url()?, settings.watch_secret()?);
    let proxies = settings.trusted_proxies.parse()?;
    let secrets = Secrets::read(settings.chat_secrets.as_deref(), "chat")?;
    let rollbacks = Secrets::read(settings.adapter_secrets.as_deref(), "adapter")?.for_rollbacks()?;
    let tracked = Secrets::read(settings.tracker_secrets.as_deref(), "tracker")?;
    let place = settings.place()?;
    let Some((store, listener)) = kept_flags::open(settings, &place, &clock)? else { return Ok(()) };
    let keys = Keys::of(&store, &mut mint)?;
    let evidence = settings.evidence();
    if store.is_postgres() && settings.evidence.is_none() {
        tracing::info!(folder = %evidence.folder().display(), "evidence is kept here; nodes that share the database must share it (--evidence)");
    }
    // What was being sent when a node stopped.
    evidence.sweep(clock())?;
    let proves = watch_secret.is_some();
    let webhooks = channels::webhook::Secret::from_bytes(keys.webhooks);
    let identity = Identity {
        name: format!("{}-{:08x}", hostname(), mint.chance() >> 32),
        public_url: public_url.clone(),
        link_key: LinkKey::new(keys.links),
    };
    let node = Arc::new(if store.is_postgres() { Node::new(identity) } else { Node::alone(identity) });
    node.search().keep_in(store::learn::search::Folder::Disk(settings.data.join("search")));
    let mut moment = Moment::new(clock(), Actor::System, &mut mint);
    plain(store.write(|tx| actions::prepare::defaults::load(tx, &mut moment)))?;
    plain(actions::board::refresh(&store, &node, clock()))?;

    let channels = channels(settings, keys.webhooks, &secrets, rollbacks, tracked.tokens())?;
    let (intake, writer) = intake(&store, &node);
    let writer_mint = Mint::new(mint.secret());
    let writing = std::thread::Builder::new().name("intake".into()).spawn(move || writer.run(writer_mint))?;
    let app = web::App::new(
        store.clone(),
        node.clone(),
        intake,
        clock.clone(),
        Mint::new(mint.secret()),
        web::Settings {
            secure_cookies: public_url.starts_with("https://"),
            public_url: public_url.clone(),
            ingest_bytes_most: usize::from(settings.ingest_mib) << 20,
            mail: channels.has_email(),
            evidence: evidence.clone(),
            proxies,
            webhook_secrets: web::WebhookSecrets(Arc::new(move |of| match of {
                web::SecretOf::Address(url) => webhooks.for_address(url).reveal(),
                web::SecretOf::Key(key) => webhooks.for_key(key).reveal(),
            })),
            watch_secret,
            chat_secrets: secrets.for_web(),
            tracker_secrets: tracked.for_webhooks(),
            version: env!("CARGO_PKG_VERSION"),
        },
    )
    .reaching(Arc::new(Outward(channels.clone())));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8))
        .max_blocking_threads(32)
        .enable_all()
        .build()?;
    let keep = Span::hours(24 * i64::from(settings.keep_days));
    let publisher = settings.publish_status.clone().map(|folder| publish::Publisher {
        store: store.clone(),
        node: node.clone(),
        clock: clock.clone(),
        folder,
        written: None,
        files: std::collections::HashMap::new(),
    });
    let follow = |address: &str| source::Follower::new(address, &settings.git_branch, &settings.data, clock.clone());
    let follower = settings.git_source.as_deref().map(follow).transpose().context("there is no git source")?;
    let app = match &follower {
        Some(follower) => app.following(follower.source.clone()),
        None => app,
    };
    let mirror = settings.git_mirror.as_deref().map(|folder| mirror::Mirror::open(store.clone(), folder));
    let mirror = mirror.transpose().context("the documents cannot be mirrored (--git-mirror)")?;
    let ears = chats::Ears {
        store: store.clone(),
        node: node.clone(),
        chats: channels.chats().clone(),
        clock: clock.clone(),
        mint: Arc::new(std::sync::Mutex::new(Mint::new(mint.secret()))),
    };
    let edge = edge::Edge {
        store: store.clone(),
        node: node.clone(),
        channels: channels.clone(),
        clock: clock.clone(),
        mint: Arc::new(std::sync::Mutex::new(Mint::new(mint.secret()))),
    };
    let keeper = kept_flags::Keeper::of(settings).map(std::sync::Mutex::new);
    let rounds = rounds::Rounds { store, node, channels, clock, mint: Mint::new(mint.secret()), keep, keeper };
    runtime.block_on(async move {
        let listener = match listener {
            Some(listener) => TcpListener::from_std(listener)?,
            None => TcpListener::bind(settings.listen)
                .await
                .with_context(|| format!("cannot listen on {}", settings.listen))?,
        };
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let app = app.until(stopped.clone());
        // Without a secret nobody asks for proof.
        if proves {
            tokio::spawn(rounds::prove(app.intake().clone(), rounds.clock.clone(), stopped.clone()));
        }
        if let Some(publisher) = publisher {
            tokio::spawn(publish::run(publisher, stopped.clone()));
        }
        if let Some(follower) = follower {
            tokio::spawn(source::run(follower, app.clone(), stopped.clone()));
        }
        if let Some(mirror) = mirror {
            tokio::spawn(mirror::run(mirror, stopped.clone()));
        }
        tokio::spawn(chats::listen(ears, stopped.clone()));
        tokio::spawn(rollbacks::run(edge.clone(), stopped.clone()));
        tokio::spawn(item_checks::run(edge.clone(), stopped.clone()));
        tokio::spawn(trackers::run(edge, stopped.clone()));
        let rounds = tokio::spawn(rounds::run(rounds, stopped.clone()));
        tracing::info!(%public_url, listen = %settings.listen, database = %place, "allclear serves");
        let until = async move {
            signal().await;
            tracing::info!("stopping");
            _ = stop.send(true);
        };
        let router = web::routes::router(&app);
        drop(app);
        web::listen::serve(listener, router, web::listen::Patience::default(), until).await;
        // What is being sent may finish, within the time one attempt may take.
        _ = tokio::time::timeout(Duration::from_secs(12), rounds).await;
        anyhow::Ok(())
    })?;
    runtime.shutdown_timeout(Duration::from_secs(1));
    _ = writing.join();
    Ok(())
}

/// The keys of this installation. Made once, kept in the store, shared by its nodes.
struct Keys {
    links: [u8; 32],
    webhooks: [u8; 32],
}

impl Keys {
    fn of(store: &Store, mint: &mut Mint) -> Result<Self> {
        let mut key = |name: &str| -> Result<[u8; 32]> {
            let fresh = mint.secret().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            let kept = plain(store.write(|tx| Ok(store::settings::get_or_set(tx, name, &fresh)?)))?;
            let bytes = (0..32).map(|at| u8::from_str_radix(kept.get(2 * at..2 * at + 2).unwrap_or(""), 16));
            let bytes = bytes.collect::<Result<Vec<u8>, _>>().context("a key in the database does not read")?;
            bytes.try_into().map_err(|_| anyhow::anyhow!("a key in the database is too short"))
        };
        Ok(Self { links: key("link-key")?, webhooks: key("webhook-key")? })
    }
}

fn channels(
    settings: &Serve,
    webhooks: [u8; 32],
    chats: &Secrets,
    rollbacks: channels::rollback::Secrets,
    trackers: channels::trackers::Secrets,
) -> Result<channels::Channels> {
    let parse = |server| channels::email::Settings::parse(server, &settings.smtp_from);
    let email = settings.smtp.as_deref().map(parse).transpose()?;
    if email.is_none() {
        tracing::warn!("no mail server is set up (--smtp): nobody can be paged by e-mail");
    }
    let authorities = match &settings.ca {
        Some(file) => Some(std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?),
        None => None,
    };
    Ok(channels::Channels::new(channels::Settings {
        email,
        webhook_secret: channels::webhook::Secret::from_bytes(webhooks),
        allow: settings.allow.parse()?,
        authorities,
        chats: chats.tokens(),
        rollbacks,
        trackers,
    })?)
}

pub(crate) fn plain<T>(outcome: Result<T, Halt>) -> Result<T> {
    outcome.map_err(|halt| anyhow::anyhow!("{halt}"))
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name: String =
        name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).take(40).collect();
    if name.is_empty() { "node".into() } else { name }
}

/// Waits for Ctrl-C, or for being told to stop by the system.
pub(crate) async fn signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::warn!(%error, "cannot listen for SIGTERM");
            _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
