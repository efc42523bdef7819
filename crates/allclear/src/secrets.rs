//! Files with secrets of documents, a line each: `NAME.token=...`, and `NAME.signing-secret=...`, of trackers `NAME.webhook=...`.
//! Documents are exported, so no secret stands in them. What is wrong in a file is said without what stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use channels::token::Token;
use domain::words::Name;

/// What this installation was told of its chats, its rollback adapters, or its trackers. Never printed.
#[derive(Default)]
pub(crate) struct Secrets {
    tokens: BTreeMap<Name, String>,
    signing: BTreeMap<Name, String>,
}

impl Secrets {
    /// Reads the file, if there is one. `what` its lines are of: a chat, an adapter.
    pub(crate) fn read(file: Option<&Path>, what: &str) -> Result<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        Self::parse(&text, what).with_context(|| format!("in {}", file.display()))
    }

    fn parse(text: &str, of: &str) -> Result<Self> {
        let mut secrets = Self::default();
        for (at, line) in text.lines().enumerate() {
            let (line, place) = (line.trim(), at + 1);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let (name, what) = name.trim().rsplit_once('.').unwrap_or_default();
            let article = if of.starts_with('a') { "an" } else { "a" };
            // What a tracker signs with stands in a field of its own webhooks.
            let signing = if of == "tracker" { "webhook" } else { "signing-secret" };
            let kept = if what == "token" {
                &mut secrets.tokens
            } else if what == signing {
                &mut secrets.signing
            } else {
                let of = of.to_uppercase();
                bail!("line {place}: write {of}.token=... or {of}.{signing}=...")
            };
            let Ok(name) = name.parse::<Name>() else {
                bail!("line {place}: what stands before the .{what} is not the name of {article} {of}");
            };
            if value.trim().is_empty() {
                bail!("line {place}: the {what} of {name} is empty");
            }
            if kept.insert(name.clone(), value.trim().to_owned()).is_some() {
                bail!("line {place}: the {what} of {name} stands here twice");
            }
        }
        Ok(secrets)
    }

    pub(crate) fn tokens(&self) -> BTreeMap<Name, Token> {
        self.tokens.iter().map(|(name, token)| (name.clone(), Token::new(token.clone()))).collect()
    }

    /// What the web knows of chats: what Slack signs with, and for which there is a token.
    pub(crate) fn for_web(&self) -> web::ChatSecrets {
        let tokens: BTreeSet<Name> = self.tokens.keys().cloned().collect();
        web::ChatSecrets { signing: self.signing.clone(), tokens }
    }

    /// What the web knows of trackers: what they sign with.
    pub(crate) fn for_webhooks(&self) -> web::TrackerSecrets {
        web::TrackerSecrets(self.signing.clone())
    }

    /// What rollback adapters are told. Ours sign as Standard Webhooks has it, so their secrets have a form.
    pub(crate) fn for_rollbacks(&self) -> Result<channels::rollback::Secrets> {
        let signing = self.signing.iter().map(|(name, secret)| {
            let secret = secret.parse().map_err(|why| anyhow::anyhow!("the signing-secret of {name}: {why}"))?;
            Ok((name.clone(), secret))
        });
        Ok(channels::rollback::Secrets { tokens: self.tokens(), signing: signing.collect::<Result<_>>()? })
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tokens.keys().chain(self.signing.keys())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn secrets_are_read_by_line_and_never_repeated() {
        let text = "# chats\n\nops.token = xoxb-1=2\nops.signing-secret=s3cr3t\nmat.rix.token=syt\n";
        let read = Secrets::parse(text, "chat").unwrap();
        let ops: Name = "ops".parse().unwrap();
        assert_eq!(read.tokens[&ops], "xoxb-1=2");
        assert_eq!(read.signing[&ops], "s3cr3t");
        assert!(read.tokens.contains_key("mat.rix"));
        assert!(!format!("{read:?} {:?} {:?}", read.for_web(), read.tokens()).contains("xoxb"));
        for (wrong, says) in [
            ("ops=s3cr3t", "line 1: write CHAT.token=... or CHAT.signing-secret=..."),
            ("a=b\n", "line 1: write CHAT.token=... or CHAT.signing-secret=..."),
            ("\nops.tokn=s3cr3t", "line 2: write CHAT.token=... or CHAT.signing-secret=..."),
            ("Ops Chat.token=s3cr3t", "line 1: what stands before the .token is not the name of a chat"),
            ("ops.token=", "line 1: the token of ops is empty"),
            ("ops.token=s3cr3t\nops.token=s3cr3t", "line 2: the token of ops stands here twice"),
            ("s3cr3t", "line 1: write CHAT.token=... or CHAT.signing-secret=..."),
        ] {
            let said = Secrets::parse(wrong, "chat").unwrap_err().to_string();
            assert_eq!(said, says);
        }
        let adapter = Secrets::parse("Shop.token=x", "adapter").unwrap_err().to_string();
        assert_eq!(adapter, "line 1: what stands before the .token is not the name of an adapter");
        let tracker = Secrets::parse("shop.token=ghp_1\nshop.webhook=s3cr3t\n", "tracker").unwrap();
        assert_eq!(tracker.for_webhooks().0["shop"], "s3cr3t");
        assert_eq!(format!("{:?}", tracker.for_webhooks()), "[shop]");
        let wrong = Secrets::parse("shop.signing-secret=x", "tracker").unwrap_err().to_string();
        assert_eq!(wrong, "line 1: write TRACKER.token=... or TRACKER.webhook=...");
        assert!(Secrets::read(Some(Path::new("/nowhere/chats")), "chat").is_err());
        assert!(Secrets::read(None, "chat").unwrap().tokens.is_empty());
    }

    #[test]
    fn what_adapters_sign_with_has_the_form_of_standard_webhooks() {
        let told = Secrets::parse(&format!("shop.token=ghp_1\nown.signing-secret={KEY}\n"), "adapter").unwrap();
        let told = told.for_rollbacks().unwrap();
        assert_eq!(told.tokens["shop"], Token::new("ghp_1"));
        assert_eq!(told.signing["own"].reveal(), KEY);
        let shown = format!("{told:?}");
        assert!(!shown.contains("ghp_1") && !shown.contains("MfKQ"), "{shown}");
        let short = Secrets::parse("own.signing-secret=whsec_s3cr3t", "adapter").unwrap().for_rollbacks().unwrap_err();
        assert_eq!(
            format!("{short:#}"),
            "the signing-secret of own: a webhook secret is whsec_ and the base64 of 24 to 64 bytes"
        );
    }
}
