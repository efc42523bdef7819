//! Follows a branch of a git repository: fetches it once a minute, or when somebody pushed, and reads the documents in it.
//!
//! It applies nothing: what the files would change is shown, and a person applies it, or proposes it; then the proposal follows the
//! branch.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actions::change::document_proposals;
use actions::prepare::source::Files;
use anyhow::{Context as _, Result, bail};
use domain::prepare::checks::Conditions;
use domain::words::{Actor, Timestamp};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use web::App;
use web::source::Source;

use crate::git::{Repository, shown};

/// How often it is looked at without being told.
const LOOK: Duration = Duration::from_mins(1);
/// However often somebody pushes.
const BREATH: Duration = Duration::from_secs(5);
const TIP: &str = "refs/allclear/source";
/// More is no configuration.
const FILES_MOST: usize = 10_000;
const BYTES_MOST: u64 = 16 << 20;

/// What fetches.
#[derive(Clone)]
pub(crate) struct Follower {
    pub(crate) source: Arc<Source>,
    repository: Repository,
    /// With its password.
    address: String,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Follower {
    /// Takes the address, and makes the repository that it is fetched into.
    pub(crate) fn new(
        address: &str,
        branch: &str,
        data: &Path,
        clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    ) -> Result<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        if branch.is_empty() || !branch.chars().all(fits) || branch.starts_with(['-', '/']) || branch.contains("..") {
            bail!("--git-branch {branch:?} is not the name of a branch");
        }
        if address.is_empty() || address.starts_with('-') {
            bail!("--git-source {address:?} is neither a folder nor the URL of a repository");
        }
        // A folder is named from where the program was started.
        let whole =
            if address.contains(':') { address.into() } else { std::path::absolute(address)?.display().to_string() };
        let place = shown(&whole);
        let repository = Repository::open(&data.join("git-source"))?.hiding(&whole, &place);
        let source = Arc::new(Source::new(place, branch.to_owned()));
        Ok(Self { source, repository, address: whole, clock })
    }

    /// Looks once.
    pub(crate) fn look(&self) {
        let found = self.fetch().map_err(|error| format!("{error:#}"));
        if let Err(error) = &found {
            tracing::warn!(error, place = self.source.place, "the git source could not be fetched; it is tried again");
        }
        self.source.looked(found, (self.clock)());
    }

    fn fetch(&self) -> Result<Arc<Files>> {
        let wanted = format!("+refs/heads/{}:{TIP}", self.source.branch);
        self.repository.run(
            &["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--depth=1", "--", &self.address, &wanted],
            b"",
        )?;
        let tip = self.repository.run(&["log", "-1", "--format=%H%n%s", TIP, "--"], b"")?;
        let tip = String::from_utf8_lossy(&tip);
        let (commit, subject) = tip.trim_end().split_once('\n').unwrap_or((tip.trim_end(), ""));
        if let Some(known) = self.source.state().files.filter(|known| known.commit == commit) {
            return Ok(known);
        }
        let texts = self.read()?;
        tracing::info!(commit, files = texts.len(), "the git source has a new commit");
        Ok(Arc::new(Files {
            branch: self.source.branch.clone(),
            commit: commit.into(),
            subject: subject.into(),
            texts,
        }))
    }

    /// Every file that ends in .yaml or .yml.
    fn read(&self) -> Result<Vec<(String, String)>> {
        let list = self.repository.run(&["ls-tree", "-r", "-z", "--long", TIP], b"")?;
        let (mut wanted, mut bytes) = (BTreeMap::new(), 0);
        for line in String::from_utf8_lossy(&list).split('\0').filter(|line| !line.is_empty()) {
            // `100644 blob HASH    SIZE<tab>PATH`
            let Some((facts, path)) = line.split_once('\t') else { continue };
            let facts: Vec<&str> = facts.split_whitespace().collect();
            let &[mode, _, hash, size] = facts.as_slice() else { continue };
            let is_yaml = Path::new(path).extension().is_some_and(|end| end == "yaml" || end == "yml");
            if is_yaml && mode.starts_with("100") {
                bytes += size.parse::<u64>().unwrap_or(0);
                wanted.insert(path.to_owned(), hash.to_owned());
            }
        }
        if wanted.len() > FILES_MOST || bytes > BYTES_MOST {
            bail!("the branch has {} files of {bytes} bytes: that is more than a configuration", wanted.len());
        }
        let asked: String = wanted.values().flat_map(|hash| [hash.as_str(), "\n"]).collect();
        let blobs = self.repository.run(&["cat-file", "--batch"], asked.as_bytes())?;
        let mut rest = blobs.as_slice();
        let mut texts = Vec::new();
        for path in wanted.into_keys() {
            let cut = || format!("git cut off what {path} says");
            let end = rest.iter().position(|byte| *byte == b'\n').with_context(cut)?;
            let head = String::from_utf8_lossy(&rest[..end]);
            let size: usize = head.rsplit(' ').next().and_then(|size| size.parse().ok()).with_context(cut)?;
            let text = rest.get(end + 1..end + 1 + size).with_context(cut)?;
            let text = std::str::from_utf8(text).map_err(|_| anyhow::anyhow!("{path} is not text in UTF-8"))?;
            let text = text.to_owned();
            rest = rest.get(end + size + 2..).unwrap_or_default();
            texts.push((path, text));
        }
        Ok(texts)
    }
}

/// A proposal that follows the branch becomes what its files say now.
async fn renew(app: &App, files: Arc<Files>) {
    let house = app.clone();
    let done = app.act(Actor::Rule("source"), move |store, node, moment| {
        let (works, may_post) = (house.works(), house.may_post());
        let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
        store.write(|tx| document_proposals::follow(tx, node, &mut moment.again(), &files, conditions))
    });
    match done.await {
        Ok(Some(row)) => tracing::info!(change = %row.change.id, "a proposal follows the git source"),
        Ok(None) => {}
        Err(error) => tracing::warn!(?error, "a proposal could not follow the git source; it is tried again"),
    }
}

/// Looks until it is told to stop.
pub(crate) async fn run(follower: Follower, app: App, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        let again = follower.clone();
        if let Err(panic) = spawn_blocking(move || again.look()).await {
            tracing::error!(%panic, "the git source broke; it is tried again");
        }
        if let Some(files) = follower.source.state().files {
            renew(&app, files).await;
        }
        tokio::select! {
            () = tokio::time::sleep(BREATH) => {}
            _ = stopped.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK.saturating_sub(BREATH)) => {}
            () = follower.source.rung() => {}
            _ = stopped.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(repository: &Repository, files: &[(&str, &str)], first: bool) {
        let mut text = String::from("commit refs/heads/main\ncommitter Ana <a> 1 +0000\ndata 7\nOn call\n");
        if !first {
            text.push_str("from refs/heads/main^0\n");
        }
        for (path, said) in files {
            text = format!("{text}M 100644 inline {path}\ndata {}\n{said}\n", said.len());
        }
        text.push_str("\ndone\n");
        repository.run(&["fast-import", "--quiet", "--done"], text.as_bytes()).unwrap();
    }

    #[test]
    fn the_files_of_the_branch_are_read_and_what_fails_is_said() {
        let folder = std::env::temp_dir().join(format!("allclear-source-{}", std::process::id()));
        _ = std::fs::remove_dir_all(&folder);
        let clock: Arc<dyn Fn() -> Timestamp + Send + Sync> = Arc::new(|| Timestamp::UNIX_EPOCH);
        let at = folder.join("origin").display().to_string();
        let follower = Follower::new(&at, "main", &folder.join("data"), clock.clone()).unwrap();
        follower.look();
        let state = follower.source.state();
        assert!(state.error.unwrap().contains("git fetch failed") && state.files.is_none());
        let origin = Repository::open(&folder.join("origin")).unwrap();
        let team = "kind: team\nname: web\nspec: { title: Web }\n";
        commit(&origin, &[("teams/web.yaml", team), ("README.md", "# Us"), ("a.yml", "")], true);
        follower.look();
        let first = follower.source.state().files.unwrap();
        let names: Vec<&str> = first.texts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((names, first.subject.as_str()), (vec!["a.yml", "teams/web.yaml"], "On call"));
        assert_eq!(first.texts[1].1, team);
        commit(&origin, &[("teams/web.yaml", "kind: team\n")], false);
        follower.look();
        let second = follower.source.state().files.unwrap();
        assert!(second.commit != first.commit && second.texts[1].1 == "kind: team\n");
        for (address, branch) in [("-x", "main"), (at.as_str(), "--upload-pack=x"), (at.as_str(), "a..b")] {
            assert!(Follower::new(address, branch, &folder.join("data"), clock.clone()).is_err(), "{address} {branch}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
