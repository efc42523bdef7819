//! The `git` program: run with a time limit, without questions, and without what its surroundings would tell it.
//!
//! Knows nothing of documents. What git says goes into errors, but never an address with a password.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What takes longer is given up.
const LONGEST: Duration = Duration::from_mins(1);
const GLANCE: Duration = Duration::from_millis(10);
/// More is not read.
const BYTES_MOST: u64 = 256 << 20;

/// A bare repository, ours alone.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    folder: PathBuf,
    /// Addresses that errors must not show, with what they show instead.
    hidden: Vec<(String, String)>,
}

impl Repository {
    /// Opens the bare repository in a folder, or makes one if the folder is empty or not there.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let made = Self { folder: folder.to_owned(), hidden: Vec::new() };
        let is_new = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
        if is_new {
            std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            made.run(&["init", "--quiet", "--bare", "."], b"")?;
            made.run(&["symbolic-ref", "HEAD", "refs/heads/main"], b"")?;
            return Ok(made);
        }
        let bare = made.run(&["rev-parse", "--is-bare-repository", "--git-dir"], b"");
        match bare {
            Ok(said) if said == b"true\n.\n" => Ok(made),
            Ok(_) => bail!("{} is not empty, and no bare git repository", folder.display()),
            Err(error) => Err(error.context(format!("{} is not empty, and no bare git repository", folder.display()))),
        }
    }

    /// What errors must not show, and what they show instead.
    pub(crate) fn hiding(mut self, secret: &str, shown: &str) -> Self {
        self.hidden.push((secret.to_owned(), shown.to_owned()));
        self
    }

    /// Runs git in the repository, and returns what it wrote.
    pub(crate) fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        let mut child = command
            .args(arguments)
            .current_dir(&self.folder)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh")
            .env("GIT_CEILING_DIRECTORIES", self.folder.parent().unwrap_or(&self.folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => anyhow::anyhow!("the program git is not installed here"),
                _ => anyhow::anyhow!("the program git cannot be run: {error}"),
            })?;
        let (mut into, from, complaints) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (status, out, said) = std::thread::scope(|threads| {
            let feeding = threads.spawn(move || {
                // It may stop reading when it has seen enough; then its status says why.
                into.as_mut().map(|into| into.write_all(input)).transpose().ok();
            });
            let complaining = threads.spawn(move || {
                let mut said = String::new();
                complaints.map(|pipe| pipe.take(1 << 16).read_to_string(&mut said)).transpose().ok();
                said
            });
            let waiting = threads.spawn(move || wait(child));
            let mut out = Vec::new();
            let read = from.map(|pipe| pipe.take(BYTES_MOST).read_to_end(&mut out)).transpose();
            _ = feeding.join();
            let status = waiting.join().unwrap_or_else(|_| Ok(None));
            (status, read.map(|_| out), complaining.join().unwrap_or_default())
        });
        let verb = arguments.first().copied().unwrap_or_default();
        match status? {
            Some(status) if status.success() => Ok(out?),
            Some(_) => bail!("git {verb} failed: {}", self.clean(&said)),
            None => bail!("git {verb} did not end within {} seconds", LONGEST.as_secs()),
        }
    }

    fn clean(&self, said: &str) -> String {
        let said = self.hidden.iter().fold(said.to_owned(), |said, (secret, shown)| said.replace(secret, shown));
        domain::words::text::shorten(said.trim(), 400)
    }
}

/// Waits for it, but not for ever. `None`: it was ended.
fn wait(mut child: Child) -> Result<Option<std::process::ExitStatus>> {
    #[expect(clippy::disallowed_methods, reason = "how long a program of others takes is measured here")]
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("git cannot be waited for")? {
            return Ok(Some(status));
        }
        if begun.elapsed() > LONGEST {
            _ = child.kill();
            _ = child.wait();
            return Ok(None);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the standard library has no wait for a program that ends in time"
        )]
        std::thread::sleep(GLANCE);
    }
}

/// The address of a repository without what would let somebody use it.
pub(crate) fn shown(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let host = rest[..end].rsplit('@').next().unwrap_or_default();
            let path = rest[end..].split(['?', '#']).next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password_and_errors_hide_it_too() {
        for (address, says) in [
            ("https://bot:s3cret@git.example.org/ops/config.git", "https://git.example.org/ops/config.git"),
            ("https://git.example.org/a?token=s3cret", "https://git.example.org/a"),
            ("/srv/config", "/srv/config"),
        ] {
            assert_eq!(shown(address), says);
        }
        let folder = std::env::temp_dir().join(format!("allclear-git-{}", std::process::id()));
        let secret = "https://bot:s3cret@127.0.0.1:1/none";
        let repository = Repository::open(&folder).unwrap().hiding(secret, &shown(secret));
        let error = repository.run(&["fetch", secret], b"").unwrap_err().to_string();
        assert!(error.contains("git fetch failed") && !error.contains("s3cret"), "{error}");
        // Opened again it is the same; a folder with other things in it is refused.
        Repository::open(&folder).unwrap();
        assert!(Repository::open(&folder.join("refs")).unwrap_err().to_string().contains("no bare git repository"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
