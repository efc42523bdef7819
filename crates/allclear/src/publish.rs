//! Writes the public pages into a folder that another host serves: on every change, and once a minute.
//!
//! Whoever reads them there sees when they were written last, so that a publisher that is down is seen to be silent. It
//! only writes files; how they come to the other host is for what is there already: a shared disk, rsync, a web server.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actions::Node;
use actions::inform::status_pages;
use domain::words::{Span, Timestamp};
use sha2::{Digest as _, Sha256};
use store::{Halt, Store};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use web::handlers::inform::published;
use web::handlers::inform::status_pages::version_text;

/// How often the store is asked whether something has changed.
const LOOK: Duration = Duration::from_secs(1);
/// At least so often the folder is written, so that readers see that the publisher lives.
const BEAT: Span = Span::seconds(60);

/// What the publisher works with.
pub(crate) struct Publisher {
    pub(crate) store: Store,
    pub(crate) node: Arc<Node>,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) folder: PathBuf,
    /// What was written last: the version, when, and the content of each file.
    pub(crate) written: Option<((i64, i64), Timestamp)>,
    pub(crate) files: HashMap<String, [u8; 32]>,
}

/// Runs until it is told to stop.
pub(crate) async fn run(mut publisher: Publisher, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let turn = spawn_blocking(move || {
            let outcome = publisher.turn();
            (publisher, outcome)
        });
        match turn.await {
            Ok((back, outcome)) => {
                publisher = back;
                if let Err(error) = outcome {
                    tracing::error!(%error, folder = %publisher.folder.display(), "the status page could not be written; it is tried again");
                }
            }
            Err(panic) => {
                tracing::error!(%panic, "the publisher of the status page broke, and writes no more until the next start");
                return;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => {}
        }
    }
}

impl Publisher {
    /// Writes what is new, if it is time.
    pub(crate) fn turn(&mut self) -> anyhow::Result<()> {
        let now = (self.clock)();
        let version = crate::serve::plain(self.store.read(|tx| status_pages::version(tx, &self.node)))?;
        let changed = self.written.is_none_or(|(was, _)| was != version);
        let beats = self.written.is_none_or(|(_, at)| BEAT.after(at) <= now || at > now);
        if !changed && !beats {
            return Ok(());
        }
        let text = version_text(version);
        let made = crate::serve::plain(self.store.read(|tx| {
            let Some(all) = status_pages::published(tx, &self.node, now)? else { return Ok::<_, Halt>(None) };
            published::files(tx, &all, &text, changed).map(Some)
        }))?;
        match made {
            Some(files) => {
                if changed {
                    for (name, bytes) in web::assets::public() {
                        self.put(&name, &bytes)?;
                    }
                }
                for (name, bytes) in files {
                    self.put(&name, &bytes)?;
                }
            }
            // The page was taken back: what this publisher wrote goes with it.
            None => self.take_back()?,
        }
        self.written = Some((version, now));
        Ok(())
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        if self.files.get(name) == Some(&hash) {
            return Ok(());
        }
        write(&self.folder.join(name), bytes)?;
        self.files.insert(name.to_owned(), hash);
        Ok(())
    }

    fn take_back(&mut self) -> anyhow::Result<()> {
        for (name, _) in self.files.drain() {
            match std::fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whole or not at all: whoever reads meanwhile reads the old file.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let fresh = folder.join(format!(".{name}.new"));
    std::fs::write(&fresh, bytes)?;
    std::fs::rename(&fresh, path)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use actions::Moment;
    use actions::inform::notices::{Post, Target, post};
    use actions::node::Identity;
    use actions::prepare::documents::{Order, apply, read_files};
    use domain::engage::links::LinkKey;
    use domain::inform::notices::{Sort, State};
    use domain::prepare::checks::Conditions;
    use domain::words::{Actor, Mint};
    use store::Place;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn page(publisher: &Publisher, mint: &mut Mint, hidden: bool) {
        let yaml = format!(
            "kind: status-page\nname: main\nspec: {{ title: Shop, hidden: {hidden}, groups: [{{ components: [{{ name: web, title: Web }}] }}] }}"
        );
        let order = Order { proposals: read_files([("page", yaml.as_str())]).proposals, ..Order::default() };
        let outcome = publisher
            .store
            .write(|tx| apply(tx, &mut Moment::new(at(0), Actor::System, mint), &order, Conditions::at(at(0))));
        outcome.unwrap().into_result().unwrap();
    }

    #[test]
    fn the_folder_has_what_is_public_and_beats_and_loses_what_is_taken_back() {
        let folder = std::env::temp_dir().join(format!("allclear-publish-{}", std::process::id()));
        let identity =
            Identity { name: "n".into(), public_url: "https://a.example".into(), link_key: LinkKey::new([7; 32]) };
        let second = Arc::new(AtomicI64::new(0));
        let hand = second.clone();
        let mut mint = Mint::seeded(1);
        let mut publisher = Publisher {
            store: Store::open(&Place::Memory).unwrap(),
            node: Arc::new(Node::alone(identity)),
            clock: Arc::new(move || at(hand.load(Ordering::Relaxed))),
            folder: folder.clone(),
            written: None,
            files: HashMap::new(),
        };
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        publisher.turn().unwrap();
        assert!(!folder.exists(), "nothing is public by accident");
        page(&publisher, &mut mint, false);
        publisher.turn().unwrap();
        assert!(read("status/index.html").contains("All systems operational"));
        assert_eq!(read("index.html"), read("status/index.html"));
        assert!(
            read("status/heartbeat.json").contains("\"at\":\"2026-09-21T14:13:20Z\""),
            "{}",
            read("status/heartbeat.json")
        );
        assert!(read("api/v2/summary.json").contains("All Systems Operational"));
        for (after, beat) in [(59, "14:13:20Z"), (60, "14:14:20Z")] {
            second.store(after, Ordering::Relaxed);
            publisher.turn().unwrap();
            assert!(read("status/heartbeat.json").contains(beat), "{after}");
        }
        let wanted = Post {
            notice: Target::New { title: "It is slow".into(), sort: Sort::Incident, window: None },
            incident: None,
            state: Some(State::Investigating),
            text: "We look.".into(),
            components: [("web".parse().unwrap(), domain::inform::notices::Status::Degraded)].into(),
            next_update_by: None,
            at: None,
            quiet: true,
        };
        let node = publisher.node.clone();
        let notice =
            publisher.store.write(|tx| post(tx, &node, &mut Moment::new(at(61), Actor::System, &mut mint), &wanted));
        second.store(62, Ordering::Relaxed);
        publisher.turn().unwrap();
        let notice = format!("status/notices/{}/index.html", notice.unwrap().id);
        for (name, says) in [
            ("status/index.html", "Degraded performance"),
            (notice.as_str(), "We look."),
            ("status/history/index.html", "It is slow"),
            ("status/history/2026/index.html", "It is slow"),
            ("status/feed.atom", "It is slow"),
            ("status/feed.rss", "It is slow"),
            ("api/v2/incidents/unresolved.json", "It is slow"),
        ] {
            assert!(read(name).contains(says), "{name}: {}", read(name));
        }
        page(&publisher, &mut mint, true);
        publisher.turn().unwrap();
        assert_eq!(
            (read("status/index.html"), read(&notice), read("api/v2/summary.json")),
            (String::new(), String::new(), String::new())
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
