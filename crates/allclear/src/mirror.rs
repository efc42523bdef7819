//! Mirrors the documents into a git repository: a file for each document, a commit for each changeset, by the person who
//! made it and with the reason as its message. It only ever adds commits.
//!
//! How far it has read is not kept apart: the last commit says it. So the commits and the place can never disagree, a crash
//! repeats nothing, and several nodes may each have a mirror. The same changesets make the same commits.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use actions::prepare::mirror::{self, Leaf};
use anyhow::{Result, bail};
use store::Store;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::git::Repository;
use crate::serve::plain;

/// How often the store is asked whether something has changed.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure it is left alone for a while.
const AFTER_FAILURE: Duration = Duration::from_secs(15);
/// So many changesets are written at once.
const AT_ONCE: i64 = 100;

const BRANCH: &str = "refs/heads/main";
/// What the last line of a message begins with.
const TRAILER: &str = "Changeset: ";

/// The mirror, and how far it is.
pub(crate) struct Mirror {
    store: Store,
    repository: Repository,
    /// The number of the changeset of its last commit, once that was read.
    last: Option<i64>,
}

/// Runs until it is told to stop.
pub(crate) async fn run(mut mirror: Mirror, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let turn = spawn_blocking(move || {
            let outcome = mirror.turn();
            (mirror, outcome)
        });
        let wait = match turn.await {
            Ok((back, outcome)) => {
                mirror = back;
                match outcome {
                    Ok(true) => Duration::ZERO,
                    Ok(false) => LOOK,
                    Err(error) => {
                        tracing::error!(
                            error = format!("{error:#}"),
                            "the git mirror could not be written; it is tried again"
                        );
                        AFTER_FAILURE
                    }
                }
            }
            Err(panic) => {
                tracing::error!(%panic, "the git mirror broke, and is not written until the next start");
                return;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stopped.changed() => {}
        }
    }
}

impl Mirror {
    /// Opens the repository, or makes it.
    pub(crate) fn open(store: Store, folder: &Path) -> Result<Self> {
        Ok(Self { store, repository: Repository::open(folder)?, last: None })
    }

    /// Writes what is new; whether there is more.
    pub(crate) fn turn(&mut self) -> Result<bool> {
        let last = match self.last {
            Some(last) => last,
            None => self.read_last()?,
        };
        self.last = Some(last);
        let leaves = plain(self.store.read(|tx| mirror::after(tx, last, AT_ONCE)))?;
        let Some(end) = leaves.last().map(|leaf| leaf.changeset.number) else { return Ok(false) };
        // If this comes to nothing, what is there is read again.
        self.last = None;
        self.repository.run(&["fast-import", "--quiet", "--done", "--date-format=raw"], &stream(&leaves, last > 0))?;
        self.last = Some(end);
        Ok(i64::try_from(leaves.len()).unwrap_or(0) == AT_ONCE)
    }

    /// How far it is: what its last commit says, if that is of this database.
    fn read_last(&self) -> Result<i64> {
        let tips = self.repository.run(&["for-each-ref", "--format=%(contents)", BRANCH], b"")?;
        let said = String::from_utf8_lossy(&tips);
        let Some(line) = said.trim_end().lines().last() else { return Ok(0) };
        let told = line.strip_prefix(TRAILER).and_then(|rest| rest.split_once(' '));
        let Some((number, id)) = told.and_then(|(number, id)| Some((number.parse::<i64>().ok()?, id))) else {
            bail!("the last commit of the mirror was not made by it: it adds no commit after those of others");
        };
        let ours = plain(self.store.read(|tx| mirror::changeset(tx, number)))?;
        if ours.is_none_or(|ours| ours.id.to_string() != id) {
            bail!(
                "the mirror has changeset {number} ({id}), which this database does not have: it is the mirror of another, or \
                 the database was restored to before it. Name an empty folder"
            );
        }
        Ok(number)
    }
}

/// The changesets in the words of `git fast-import`.
fn stream(leaves: &[Leaf], follows: bool) -> Vec<u8> {
    let mut text = String::from("feature done\n");
    for (place, leaf) in leaves.iter().enumerate() {
        let change = &leaf.changeset;
        let (seconds, author) = (change.at.as_second(), plain_name(&leaf.author));
        let reason = change.reason.as_deref().map_or_else(|| format!("Changeset {}", change.number), str::to_owned);
        let message = format!("{}\n\nVia: {}\n{TRAILER}{} {}\n", reason.trim(), change.via, change.number, change.id);
        _ = write!(
            text,
            "commit {BRANCH}\nauthor {author} <{}> {seconds} +0000\ncommitter Allclear <allclear> {seconds} +0000\ndata {}\n{message}\n",
            plain_name(&change.author),
            message.len()
        );
        if follows && place == 0 {
            _ = writeln!(text, "from {BRANCH}^0");
        }
        for (path, said) in &leaf.files {
            match said {
                Some(said) => _ = writeln!(text, "M 100644 inline {path}\ndata {}\n{said}", said.len()),
                None => _ = writeln!(text, "D {path}"),
            }
        }
        text.push('\n');
    }
    text.push_str("done\n");
    text.into_bytes()
}

/// Without what would end a name.
fn plain_name(name: &str) -> String {
    let clean: String = name.chars().filter(|c| !matches!(c, '<' | '>') && !c.is_control()).collect();
    let clean = clean.trim();
    if clean.is_empty() { "somebody".into() } else { clean.to_owned() }
}

#[cfg(test)]
mod tests {
    use actions::Moment;
    use actions::prepare::documents::{Order, apply, read_files};
    use domain::prepare::checks::Conditions;
    use domain::prepare::ownership::Via;
    use domain::words::{Actor, Mint, Timestamp};
    use store::Place;

    use super::*;

    fn put(store: &Store, mint: &mut Mint, second: i64, yaml: &str, reason: &str) {
        let order = Order { proposals: read_files([("a", yaml)]).proposals, ..Order::default() };
        change(store, mint, second, &order.via(Via::Page).because(reason));
    }

    fn change(store: &Store, mint: &mut Mint, second: i64, order: &Order) {
        let now = Timestamp::from_second(1_790_000_000 + second).unwrap();
        let actor = Actor::Person("ana".parse().unwrap());
        let done = store.write(|tx| apply(tx, &mut Moment::new(now, actor.clone(), mint), order, Conditions::at(now)));
        done.unwrap().into_result().unwrap();
    }

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("allclear-mirror-{name}-{}", std::process::id()));
        _ = std::fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn each_changeset_is_a_commit_once_whoever_writes_it_and_nothing_is_rewritten() {
        let (one, two) = (folder("one"), folder("two"));
        let (store, mut mint) = (Store::open(&Place::Memory).unwrap(), Mint::seeded(1));
        let ana = "kind: person\nname: ana\nspec: { full_name: Ana <Silva>, email: secret@example.org, contacts: [{ name: phone, ntfy: 'https://ntfy.example.org/t0p1c' }] }\n";
        put(&store, &mut mint, 0, ana, "Ana comes\n\nChangeset: 99 chg_x");
        let mut mirror = Mirror::open(store.clone(), &one).unwrap();
        assert!(!mirror.turn().unwrap());
        put(&store, &mut mint, 1, "kind: team\nname: web\nspec: { title: Web }\n", "a team");
        // Another process goes on where the commits end.
        let mut mirror = Mirror::open(store.clone(), &one).unwrap();
        mirror.turn().unwrap();
        change(&store, &mut mint, 2, &Order::delete(["team/web".parse().unwrap()]));
        mirror.turn().unwrap();
        assert!(!mirror.turn().unwrap());
        let read = |folder: &Path, arguments: &[&str]| {
            String::from_utf8(Repository::open(folder).unwrap().run(arguments, b"").unwrap()).unwrap()
        };
        insta::assert_snapshot!(read(&one, &["log", "--format=%an %ae %at %s", "--name-status", "main"]), @r"
        Ana Silva person:ana 1790000002 Changeset 3

        D	team/web.yaml
        Ana Silva person:ana 1790000001 a team

        A	team/web.yaml
        Ana Silva person:ana 1790000000 Ana comes

        A	person/ana.yaml
        ");
        let file = read(&one, &["show", "main:person/ana.yaml"]);
        assert!(file.contains("s…@example.org") && !file.contains("t0p1c"), "{file}");
        assert!(read(&one, &["ls-tree", "-r", "--name-only", "main"]) == "person/ana.yaml\n");
        Mirror::open(store.clone(), &two).unwrap().turn().unwrap();
        assert_eq!(read(&one, &["rev-parse", "main"]), read(&two, &["rev-parse", "main"]), "the same commits");
        // The mirror of another database, or with a commit of somebody else, is left alone.
        let other = Store::open(&Place::Memory).unwrap();
        put(&other, &mut Mint::seeded(2), 0, "kind: team\nname: web\nspec: { title: Web }\n", "another");
        let error = Mirror::open(other, &one).unwrap().turn().unwrap_err().to_string();
        assert!(error.contains("mirror of another"), "{error}");
        let commit = "commit refs/heads/main\ncommitter X <x> 1 +0000\ndata 2\nhi\nfrom refs/heads/main^0\n\ndone\n";
        Repository::open(&one).unwrap().run(&["fast-import", "--quiet", "--done"], commit.as_bytes()).unwrap();
        let error = Mirror::open(store, &one).unwrap().turn().unwrap_err().to_string();
        assert!(error.contains("not made by it"), "{error}");
        for folder in [one, two] {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
}
