//! Whose a field of a document is: the files', as long as it says what they said last; else that of whoever set it by
//! hand since. An apply of files changes what is theirs, and keeps what was set by hand until somebody takes it.
//!
//! A field is a JSON pointer into the spec. Objects are entered, lists are one field each: nobody owns half a rotation.
//! Who set a field, and when, is not kept here: the history of the document says it.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::documents::{Reference, Spec};
use super::problems::push_segment;
use crate::words::choices::choices;
use crate::words::{Refusal, text};

choices! {
    /// How an order of documents comes.
    Via: "the way of an order" at "/via" {
        /// A program, one document at a time.
        Api = "api",
        Page = "page",
        /// Files, by whoever applies them.
        Apply = "apply",
        /// Files of the git source.
        Source = "source",
        /// A file of flags.
        Import = "import",
        /// A change that carried documents.
        Proposal = "proposal",
        /// Back to what was said before: the gate does not hold it.
        Rollback = "rollback",
        Defaults = "defaults",
        Setup = "setup",
        Demo = "demo",
    }
}

impl Via {
    /// Whether it comes from files: then it changes what is theirs alone.
    pub const fn is_files(self) -> bool {
        matches!(self, Self::Apply | Self::Source | Self::Import)
    }

    /// Whether it was not set by hand, though it comes from no files: it may be overwritten by files.
    pub const fn is_beginning(self) -> bool {
        matches!(self, Self::Defaults | Self::Setup | Self::Demo)
    }
}

/// A field of a document: `schedule/payments:/layers`. A pointer of nothing is the whole document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    pub reference: Reference,
    /// Into the spec.
    pub pointer: String,
}

impl Field {
    /// Whether the other is this field, or lies in it.
    pub fn covers(&self, reference: &Reference, pointer: &str) -> bool {
        let rest = pointer.strip_prefix(self.pointer.as_str());
        self.reference == *reference && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() { self.reference.fmt(f) } else { write!(f, "{}:{}", self.reference, self.pointer) }
    }
}

impl FromStr for Field {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        let (reference, pointer) = word.split_once(':').unwrap_or((word, ""));
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let word = text::shorten(word, 80);
            let why =
                format!("{word:?} does not name a field: write KIND/NAME:/FIELD, as in schedule/payments:/layers");
            return Err(Refusal::invalid(why));
        }
        Ok(Self { reference: reference.parse()?, pointer: pointer.trim_end_matches('/').to_owned() })
    }
}

/// A field in which the files and what is in force differ. A value that is not there is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// Into the spec.
    pub pointer: String,
    pub in_force: Option<Value>,
    pub in_files: Option<Value>,
}

/// What an apply of files comes to in one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    pub spec: Spec,
    /// Fields that stay as somebody set them by hand, though the files say otherwise.
    pub kept: Vec<Apart>,
}

/// What an apply comes to: `said` is what the files said last, if they ever did; `takes` says of a pointer whether what
/// was set by hand there shall give way.
pub fn merge(said: Option<&Spec>, in_force: &Spec, files: &Spec, takes: &dyn Fn(&str) -> bool) -> Merged {
    let (base, now, wanted) = (said.map(Spec::to_json), in_force.to_json(), files.to_json());
    // What only makes sense as a whole (an address of one channel or another) does not read when it is mixed. Then
    // whole fields of the spec are kept or given up.
    for depth in [usize::MAX, 1] {
        let mut merging = Merging { takes, depth, kept: Vec::new() };
        let mixed = merging.field(base.as_ref(), Some(&now), Some(&wanted), &mut String::new(), 0);
        if let Some(Ok(spec)) = mixed.map(|mixed| Spec::deserialize(files.kind(), mixed)) {
            return Merged { spec, kept: merging.kept };
        }
    }
    Merged { spec: in_force.clone(), kept: compare(in_force, files) }
}

struct Merging<'a> {
    takes: &'a dyn Fn(&str) -> bool,
    depth: usize,
    kept: Vec<Apart>,
}

impl Merging<'_> {
    fn field(
        &mut self,
        said: Option<&Value>,
        now: Option<&Value>,
        files: Option<&Value>,
        pointer: &mut String,
        depth: usize,
    ) -> Option<Value> {
        if now == files {
            return files.cloned();
        }
        if let Some((old, new)) = alike(now, files, depth).filter(|_| depth < self.depth) {
            let mut mixed = Map::new();
            for key in keys(old, new) {
                let end = pointer.len();
                push_segment(pointer, key);
                let said = said.and_then(|said| said.get(key));
                if let Some(value) = self.field(said, old.get(key), new.get(key), pointer, depth + 1) {
                    mixed.insert(key.clone(), value);
                }
                pointer.truncate(end);
            }
            return Some(Value::Object(mixed));
        }
        // What says what the files said last is theirs.
        if said == now || (self.takes)(pointer) {
            return files.cloned();
        }
        // What the files never said is nobody's quarrel.
        if said.is_some() || files.is_some() {
            self.kept.push(Apart { pointer: pointer.clone(), in_force: now.cloned(), in_files: files.cloned() });
        }
        now.cloned()
    }
}

/// The fields in which what is in force differs from what the files say, whoever set them.
pub fn compare(in_force: &Spec, files: &Spec) -> Vec<Apart> {
    let mut found = Vec::new();
    apart(Some(&in_force.to_json()), Some(&files.to_json()), &mut String::new(), 0, &mut found);
    found
}

fn apart(now: Option<&Value>, files: Option<&Value>, pointer: &mut String, depth: usize, found: &mut Vec<Apart>) {
    if now == files {
        return;
    }
    let Some((old, new)) = alike(now, files, depth) else {
        found.push(Apart { pointer: pointer.clone(), in_force: now.cloned(), in_files: files.cloned() });
        return;
    };
    for key in keys(old, new) {
        let end = pointer.len();
        push_segment(pointer, key);
        apart(old.get(key), new.get(key), pointer, depth + 1, found);
        pointer.truncate(end);
    }
}

type Fields = Map<String, Value>;

/// Two objects of one form, to be compared inside: the spec itself, or what shares a key.
fn alike<'v>(now: Option<&'v Value>, files: Option<&'v Value>, depth: usize) -> Option<(&'v Fields, &'v Fields)> {
    let (Some(Value::Object(now)), Some(Value::Object(files))) = (now, files) else { return None };
    (depth == 0 || now.keys().any(|key| files.contains_key(key))).then_some((now, files))
}

fn keys<'v>(old: &'v Fields, new: &'v Fields) -> Vec<&'v String> {
    old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::prepare::diff::show;
    use crate::prepare::reading::from_yaml;

    fn spec(kind: &str, text: &str) -> Spec {
        let mut reading = from_yaml("test", &format!("kind: {kind}\nname: web\nspec: {text}\n"));
        assert_eq!(reading.problems, []);
        reading.proposals.remove(0).document.spec
    }

    fn look(kind: &str, said: Option<&str>, in_force: &str, files: &str, take: &str) -> String {
        let said = said.map(|said| spec(kind, said));
        let takes = |pointer: &str| !take.is_empty() && pointer.starts_with(take);
        let merged = merge(said.as_ref(), &spec(kind, in_force), &spec(kind, files), &takes);
        let show = |value: &Option<Value>| value.as_ref().map_or("-".into(), show);
        let mut lines = vec![merged.spec.canonical()];
        let line = |one: &Apart| format!("kept {}: {}, not {}", one.pointer, show(&one.in_force), show(&one.in_files));
        lines.extend(merged.kept.iter().map(line));
        lines.join("\n")
    }

    #[test]
    fn files_change_what_is_theirs_and_keep_what_was_set_by_hand() {
        let files = "{ title: Web, members: [ana] }";
        for (said, in_force, files, take, answer) in [
            // Theirs: it says what they said.
            (Some(files), files, "{ title: Site, members: [ana] }", "", r#"{"members":["ana"],"title":"Site"}"#),
            // Set by hand since: kept, while the other field follows the files.
            (
                Some(files),
                "{ title: Ours, members: [ana] }",
                "{ title: Web, members: [ben] }",
                "",
                "{\"members\":[\"ben\"],\"title\":\"Ours\"}\nkept /title: Ours, not Web",
            ),
            (Some(files), "{ title: Ours, members: [ana] }", files, "/title", r#"{"members":["ana"],"title":"Web"}"#),
            // The files caught up.
            (
                Some(files),
                "{ title: Ours, members: [ana] }",
                "{ title: Ours, members: [ana] }",
                "",
                r#"{"members":["ana"],"title":"Ours"}"#,
            ),
            // Never set by files: everything was set by hand.
            (
                None,
                "{ title: Ours, members: [ana] }",
                files,
                "",
                "{\"members\":[\"ana\"],\"title\":\"Ours\"}\nkept /title: Ours, not Web",
            ),
        ] {
            assert_eq!(look("team", said, in_force, files, take), answer, "{said:?} {in_force} {files}");
        }
    }

    #[test]
    fn what_files_never_said_stays_and_what_they_no_longer_say_goes() {
        let policy = |more: &str| format!("{{ title: P, steps: [{{ notify: [{{ person: ana }}] }}]{more} }}");
        let (plain, repeating, teamed) = (policy(""), policy(", repeat: 3"), policy(", team: web"));
        // A page added the team; the files never had one.
        assert!(look("escalation-policy", Some(&plain), &teamed, &repeating, "").contains(r#""repeat":3"#));
        assert!(look("escalation-policy", Some(&plain), &teamed, &repeating, "").contains(r#""team":"web""#));
        assert!(!look("escalation-policy", Some(&plain), &teamed, &repeating, "").contains("kept"));
        // The files had one, and leave it out now.
        assert!(!look("escalation-policy", Some(&teamed), &teamed, &plain, "").contains("team"));
        // A page took it away; the files still have it.
        let kept = look("escalation-policy", Some(&teamed), &plain, &teamed, "");
        assert!(kept.ends_with("kept /team: -, not web"), "{kept}");
    }

    #[test]
    fn a_mixture_that_does_not_read_keeps_the_whole_field() {
        let of = |source: &str| format!("{{ title: P, source: {{ {source} }} }}");
        let kept = look(
            "integration",
            Some(&of("alertmanager: {}")),
            &of("heartbeat: { every: 5m }"),
            &of("webhook: { mapping: { summary: /a } }"),
            "",
        );
        assert_eq!(kept.lines().count(), 2, "{kept}");
        assert!(kept.contains("kept /source"), "{kept}");
    }

    #[test]
    fn a_field_has_a_name_that_reads_back() {
        for word in ["schedule/payments:/layers", "team/web"] {
            assert_eq!(word.parse::<Field>().unwrap().to_string(), word);
        }
        let layers: Field = "schedule/payments:/layers".parse().unwrap();
        for (pointer, covered) in [("/layers", true), ("/layers/0", true), ("/layersome", false), ("/title", false)] {
            assert_eq!(layers.covers(&layers.reference, pointer), covered, "{pointer}");
        }
        assert!("schedule/payments:layers".parse::<Field>().is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn applying_again_changes_nothing_more(said in 0..4usize, now in 0..4usize, files in 0..4usize) {
            let all = ["{ title: A, members: [] }", "{ title: B, members: [ana] }", "{ title: A, members: [ana, ben] }", "{ title: C, members: [] }"];
            let [said, now, files] = [said, now, files].map(|place| spec("team", all[place]));
            let no = |_: &str| false;
            let once = merge(Some(&said), &now, &files, &no);
            // The files said it now.
            let again = merge(Some(&files), &once.spec, &files, &no);
            prop_assert_eq!(&again.spec, &once.spec);
            // What the files no longer say is told once.
            prop_assert!(again.kept.iter().all(|kept| once.kept.contains(kept)));
            prop_assert_eq!(merge(Some(&said), &now, &files, &|_| true).spec, files);
        }
    }
}
