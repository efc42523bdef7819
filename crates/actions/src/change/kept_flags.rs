//! What is served of flags, as bytes that a node keeps beside the database: with them it answers programs when it starts
//! while the database is away.
//!
//! There is no secret in them: of a key, as in the database, its hash; of a kill what it does and until when, and neither who made
//! it nor why. Deliberately no second store: nothing is ever written back from here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::change::environment_keys::{EnvironmentKey, KeyKind};
use domain::change::environments::Environment;
use domain::change::flag_sets::FlagSet;
use domain::change::kills::{Kill, KillTo, Overlay};
use domain::respond::evidence::Digest;
use domain::words::{EnvironmentKeyId, Name, Refusal, Timestamp};
use serde::{Deserialize, Serialize};

use super::flags::{Held, Serving, Set, Snapshot, stream_of};

/// Another one, when what is kept has another form.
const FORM: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Kept {
    form: u32,
    /// When it was so.
    at: Timestamp,
    environments: BTreeMap<Name, KeptEnvironment>,
    keys: Vec<KeptKey>,
}

#[derive(Serialize, Deserialize)]
struct KeptEnvironment {
    spec: Environment,
    flags: FlagSet,
    kills: Vec<KeptKill>,
    version: String,
    knows_until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct KeptKill {
    flag: String,
    to: KillTo,
    at: Timestamp,
    expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct KeptKey {
    /// In hexadecimal.
    hash: String,
    id: String,
    environment: Name,
    kind: KeyKind,
    expires_at: Option<Timestamp>,
}

impl Snapshot {
    /// What is to be kept of it.
    pub fn to_bytes(&self, now: Timestamp) -> Vec<u8> {
        let environments = self.environments.values().map(|serving| {
            let kills = serving.kills.iter().map(|kill| KeptKill {
                flag: kill.flag.clone(),
                to: kill.to.clone(),
                at: kill.at,
                expires_at: kill.expires_at,
            });
            let kept = KeptEnvironment {
                spec: serving.set.spec.clone(),
                flags: serving.set.flags.clone(),
                kills: kills.collect(),
                version: serving.version.clone(),
                knows_until: serving.knows_until,
            };
            (serving.environment.clone(), kept)
        });
        let mut keys: Vec<KeptKey> = self.keys.iter().map(|(hash, held)| kept_key(hash, &held.key)).collect();
        keys.sort_by(|a, b| a.hash.cmp(&b.hash));
        let kept = Kept { form: FORM, at: now, environments: environments.collect(), keys };
        serde_json::to_vec(&kept).unwrap_or_default()
    }

    /// What was kept, ready to answer.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let wrong = |error: serde_json::Error| Refusal::invalid(format!("it does not read: {error}"));
        let kept: Kept = serde_json::from_slice(bytes).map_err(wrong)?;
        if kept.form != FORM {
            return Err(Refusal::invalid(format!("it is of form {}, and this program reads {FORM}", kept.form)));
        }
        let environments: HashMap<Name, Arc<Serving>> = kept.environments.into_iter().map(served).collect();
        let (mut keys, mut streams) = (HashMap::new(), HashMap::new());
        for key in kept.keys {
            let Digest(hash) = key.hash.parse()?;
            let serving = environments.get(&key.environment).cloned();
            let stream = stream_of(&hash);
            let key = EnvironmentKey {
                id: key.id.parse::<EnvironmentKeyId>()?,
                environment: key.environment,
                kind: key.kind,
                title: String::new(),
                ending: String::new(),
                made_by: KEPT.parse()?,
                made_at: kept.at,
                expires_at: key.expires_at,
                revoked_at: None,
            };
            let held = Arc::new(Held { key, stream: stream.clone(), serving, meter: Arc::default() });
            streams.insert(stream, held.clone());
            keys.insert(hash, held);
        }
        Ok(Self { keys, streams, environments, is_there: true, kept_at: Some(kept.at) })
    }
}

/// In the place of names that are not kept.
const KEPT: &str = "kept";

fn served((environment, kept): (Name, KeptEnvironment)) -> (Name, Arc<Serving>) {
    let kills: Overlay = kept
        .kills
        .into_iter()
        .map(|kill| Kill {
            flag: kill.flag,
            to: kill.to,
            by: KEPT.into(),
            why: String::new(),
            incident: None,
            at: kill.at,
            expires_at: kill.expires_at,
            lifted: None,
        })
        .collect();
    let serving = Serving {
        environment: environment.clone(),
        set: Arc::new(Set::new(kept.spec, kept.flags)),
        kills,
        version: kept.version,
        knows_until: kept.knows_until,
    };
    (environment, Arc::new(serving))
}

fn kept_key(hash: &[u8; 32], key: &EnvironmentKey) -> KeptKey {
    KeptKey {
        hash: Digest(*hash).to_string(),
        id: key.id.to_string(),
        environment: key.environment.clone(),
        kind: key.kind,
        expires_at: key.expires_at,
    }
}

#[cfg(test)]
mod tests {
    use domain::change::environment_keys::KeyKind;
    use domain::change::flag_sets::Context;

    use super::*;
    use crate::change::{environment_keys, flags, kills};
    use crate::respond::desk::{Desk, at, name};

    store::both_engines! {
        fn what_is_kept_answers_as_before_and_holds_no_secret(store) {
            let desk = Desk::open(store);
            desk.apply("
kind: environment
name: production
spec: { title: Production }
---
kind: flag
name: checkout
spec:
  title: New checkout
  purpose: operational
  variants: { on: true, off: false }
  environments: { production: { state: ENABLED, defaultVariant: 'on', targeting: { if: [{ ends_with: [{ var: email }, '@example.org'] }, 'on'] } } }
");
            let secret = desk.by("ben", |tx, node, moment| {
                let catalog = node.rules(tx)?.catalog.clone();
                let wanted = kills::Wanted {
                    flag: name("checkout"),
                    environment: name("production"),
                    to: None,
                    why: "orders twice for a bank".into(),
                    expires_at: at(600),
                    incident: None,
                };
                kills::kill(tx, moment, &catalog, &wanted)?;
                let wanted = environment_keys::Wanted {
                    environment: name("production"),
                    kind: KeyKind::Server,
                    title: "the shop".into(),
                    expires_at: None,
                };
                environment_keys::create(tx, moment, &catalog, &wanted)
            }).unwrap().1;
            flags::refresh(desk.store, &desk.node, at(50)).unwrap();
            let before = desk.node.flags().snapshot();
            let bytes = before.to_bytes(at(50));
            let text = String::from_utf8(bytes.clone()).unwrap();
            for hidden in [secret.reveal(), "bank", "ben", "the shop"] {
                assert!(!text.contains(hidden), "{hidden}");
            }
            let after = Snapshot::from_bytes(&bytes).unwrap();
            assert_eq!((after.kept_at, after.to_bytes(at(50))), (Some(at(50)), bytes));
            let hash = *before.keys.keys().next().unwrap();
            let held = after.key(&hash).unwrap();
            assert!(after.stream(&held.stream).is_some() && before.stream(&held.stream).is_some());
            let serving = held.serving.as_ref().unwrap();
            for (minute, told) in [(51, Some("off")), (600, Some("on"))] {
                let answer = serving.set.compiled.evaluate("checkout", &Context::empty(), &serving.kills, at(minute));
                assert_eq!(answer.variant, told, "{minute}");
            }
        }
    }

    #[test]
    fn what_does_not_read_is_refused() {
        for (text, why) in [
            ("", "it does not read: EOF"),
            (
                r#"{"form":2,"at":"2026-01-01T00:00:00Z","environments":{},"keys":[]}"#,
                "it is of form 2, and this program reads 1",
            ),
        ] {
            let refusal = Snapshot::from_bytes(text.as_bytes()).unwrap_err();
            assert!(refusal.message.starts_with(why), "{}", refusal.message);
        }
    }
}
