//! Reads documents from YAML and JSON. Every error says the file and line (or the pointer), the field,
//! and what was probably meant. Whether what they say makes sense together is for `checks`.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_json::Value;

use super::documents::{Document, Kind, Reference, Spec};
use super::nodes::{Node, Shape, is_null, read_yaml};
use super::problems::{Origin, Problem, push_segment, suggest};
use crate::words::Name;

/// The only keys of a document.
const KEYS: [&str; 3] = ["kind", "name", "spec"];

/// A document that somebody wants in force, and where it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub document: Document,
    pub origin: Origin,
}

impl Proposal {
    /// A document that was not read from a text.
    pub fn made(document: Document) -> Self {
        let origin = Origin::in_force(document.reference());
        Self { document, origin }
    }
}

/// What was read, and everything that could not be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub proposals: Vec<Proposal>,
    pub problems: Vec<Problem>,
}

impl Reading {
    /// Joins what was read elsewhere.
    pub fn extend(&mut self, other: Self) {
        self.proposals.extend(other.proposals);
        self.problems.extend(other.problems);
    }
}

/// The documents of a YAML text; `file` is what errors call it.
pub fn from_yaml(file: &str, text: &str) -> Reading {
    let name: Arc<str> = file.into();
    let mut reading = Reading::default();
    for document in read_yaml(text) {
        match document {
            Ok(node) => {
                let origin = Origin::File { name: name.clone(), lines: node.lines() };
                reading.take(&node, origin);
            }
            Err(wrong) => reading.problems.push(Problem {
                place: format!("{file}:{}", wrong.line),
                document: None,
                pointer: String::new(),
                message: wrong.message,
                suggestion: None,
            }),
        }
    }
    reading
}

/// The documents of a JSON body: one document, or a list of them.
pub fn from_json(body: &Value) -> Reading {
    let mut reading = Reading::default();
    match body {
        Value::Array(documents) => {
            for (place, document) in documents.iter().enumerate() {
                reading.take(&Node::from_json(document), Origin::Body { pointer: format!("/{place}") });
            }
        }
        one => reading.take(&Node::from_json(one), Origin::Body { pointer: String::new() }),
    }
    reading
}

impl Reading {
    fn take(&mut self, node: &Node, origin: Origin) {
        match read_document(node) {
            Ok(document) => self.proposals.push(Proposal { document, origin }),
            Err((reference, faults)) => self.problems.extend(faults.into_iter().map(|fault| {
                let pointer = fault.pointer();
                Problem {
                    place: origin.place(&pointer),
                    document: reference.clone(),
                    pointer,
                    message: fault.message,
                    suggestion: fault.suggestion,
                }
            })),
        }
    }
}

fn read_document(node: &Node) -> Result<Document, (Option<Reference>, Vec<Fault>)> {
    let Shape::Map(fields) = &node.shape else {
        let message = format!(
            "a document is a map with the keys `kind`, `name` and `spec`, but here is {}{}",
            node.describe(),
            if matches!(node.shape, Shape::List(_)) { "; put `---` between documents" } else { "" }
        );
        return Err((None, vec![Fault::new(message)]));
    };
    let mut faults: Vec<Fault> = fields
        .iter()
        .filter(|(key, ..)| !KEYS.contains(&key.as_str()))
        .map(|(key, ..)| Fault { suggestion: suggest(key, KEYS), ..unknown_key(key).within(key) })
        .collect();
    let field = |wanted: &str| fields.iter().find(|(key, ..)| key == wanted).map(|(.., value)| value);
    let mut require = |key: &str| {
        let value = field(key);
        if value.is_none() {
            faults.push(Fault::new(format!("`{key}` is missing: a document has `kind`, `name` and `spec`")));
        }
        value
    };
    let (kind, name, spec) = (require("kind"), require("name"), require("spec"));
    let kind: Option<Kind> = kind.and_then(|node| {
        let word = String::read(node).map_err(|fault| faults.push(fault.within("kind"))).ok()?;
        let known = word.parse().ok();
        if known.is_none() {
            let kinds = Kind::ALL.map(Kind::word);
            let message = format!("there is no kind of document {word:?}; the kinds are {}", kinds.join(", "));
            faults.push(Fault { suggestion: suggest(&word, kinds), ..Fault::new(message).within("kind") });
        }
        known
    });
    let name: Option<Name> =
        name.and_then(|node| Name::read(node).map_err(|fault| faults.push(fault.within("name"))).ok());
    let reference = kind.zip(name.clone()).map(|(kind, name)| Reference { kind, name });
    let spec: Option<Spec> = kind.zip(spec).and_then(|(kind, node)| {
        Spec::deserialize(kind, Reader(node)).map_err(|fault| faults.push(fault.within("spec"))).ok()
    });
    match (name, spec) {
        (Some(name), Some(spec)) if faults.is_empty() => Ok(Document { name, spec }),
        _ => Err((reference, faults)),
    }
}

fn unknown_key(key: &str) -> Fault {
    Fault::new(format!("there is no key `{key}` in a document: it has `kind`, `name` and `spec`"))
}

/// Reads one value of a node.
trait Read: Sized {
    fn read(node: &Node) -> Result<Self, Fault>;
}

impl<T: de::DeserializeOwned> Read for T {
    fn read(node: &Node) -> Result<Self, Fault> {
        T::deserialize(Reader(node))
    }
}

/// Why a value does not fit, and where: the segments of its pointer, the innermost first.
#[derive(Debug)]
struct Fault {
    segments: Vec<String>,
    message: String,
    suggestion: Option<String>,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self { segments: Vec::new(), message: message.into(), suggestion: None }
    }

    fn within(mut self, segment: &str) -> Self {
        self.segments.push(segment.to_owned());
        self
    }

    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for segment in self.segments.iter().rev() {
            push_segment(&mut pointer, segment);
        }
        pointer
    }

    fn mismatch(node: &Node, wanted: &str) -> Self {
        Self::new(format!("here must be {wanted}, not {}", node.describe()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// `a`, `b` and `c`.
fn list(words: &[&str]) -> String {
    let mut text = String::new();
    for (place, word) in words.iter().enumerate() {
        let between = match place {
            0 => "",
            _ if place + 1 == words.len() => " and ",
            _ => ", ",
        };
        let _ = write!(text, "{between}`{word}`");
    }
    text
}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let message = format!("there is no field `{field}` here; the fields are {}", list(expected));
        Self { suggestion: suggest(field, expected.iter().copied()), ..Self::new(message) }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let message = format!("{variant:?} is not one of {}", list(expected));
        Self { suggestion: suggest(variant, expected.iter().copied()), ..Self::new(message) }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("`{field}` is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("`{field}` stands here twice"))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let most = match expected.to_string().as_str() {
            "u8" => " of 0 to 255",
            "u16" => " of 0 to 65535",
            "i32" => " of at most ten digits",
            _ => "",
        };
        Self::new(format!("here must be a whole number{most}, not {found}").replace(" integer", ""))
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("here must be {expected}, not {found}"))
    }
}

/// Gives a node to serde.
#[derive(Clone, Copy)]
struct Reader<'n>(&'n Node);

macro_rules! whole_numbers {
    ($($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match &self.0.shape {
                Shape::Int(number) => visitor.visit_i64(*number),
                Shape::Word(word) => match word.parse() {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => Err(Fault::mismatch(self.0, "a whole number")),
                },
                _ => Err(Fault::mismatch(self.0, "a whole number")),
            }
        }
    )*};
}

macro_rules! texts {
    ($($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match &self.0.shape {
                Shape::Text(text) | Shape::Word(text) if text.contains('\0') => {
                    Err(Fault::new("the text has a NUL character in it, which cannot be stored"))
                }
                Shape::Text(text) => visitor.visit_str(text),
                Shape::Word(word) if !is_null(word) => visitor.visit_str(word),
                _ => Err(Fault::mismatch(self.0, "a text")),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.shape {
            Shape::Null => visitor.visit_unit(),
            Shape::Bool(value) => visitor.visit_bool(*value),
            Shape::Int(number) => visitor.visit_i64(*number),
            Shape::Float(number) => visitor.visit_f64(*number),
            Shape::Text(text) => visitor.visit_str(text),
            Shape::Word(word) => match word.as_str() {
                word if is_null(word) => visitor.visit_unit(),
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                word => match word.parse::<i64>() {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => visitor.visit_str(word),
                },
            },
            Shape::List(items) => visitor.visit_seq(Items { items, place: 0 }),
            Shape::Map(fields) => visitor.visit_map(Fields { fields, place: 0 }),
        }
    }

    whole_numbers!(
        deserialize_i8,
        deserialize_i16,
        deserialize_i32,
        deserialize_i64,
        deserialize_u8,
        deserialize_u16,
        deserialize_u32,
        deserialize_u64
    );
    texts!(deserialize_char, deserialize_str, deserialize_string, deserialize_identifier);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.shape {
            Shape::Bool(value) => visitor.visit_bool(*value),
            Shape::Word(word) if word == "true" => visitor.visit_bool(true),
            Shape::Word(word) if word == "false" => visitor.visit_bool(false),
            _ => Err(Fault::mismatch(self.0, "`true` or `false`")),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.shape {
            Shape::Float(number) => visitor.visit_f64(*number),
            Shape::Int(number) => visitor.visit_i64(*number),
            Shape::Word(word) => match word.parse::<f64>() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(Fault::mismatch(self.0, "a number")),
            },
            _ => Err(Fault::mismatch(self.0, "a number")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.shape {
            Shape::Null => visitor.visit_none(),
            Shape::Word(word) if is_null(word) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.shape {
            Shape::List(items) => visitor.visit_seq(Items { items, place: 0 }),
            _ => Err(Fault::mismatch(self.0, "a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.shape {
            Shape::Map(fields) => visitor.visit_map(Fields { fields, place: 0 }),
            _ => Err(Fault::mismatch(self.0, "a map")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.0.shape {
            Shape::Map(_) => self.deserialize_map(visitor),
            _ => Err(Fault::mismatch(self.0, &format!("a map with the fields {}", list(fields)))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.0.shape {
            Shape::Text(word) | Shape::Word(word) if !is_null(word) => {
                visitor.visit_enum(Variant { word, inner: None })
            }
            Shape::Map(fields) if fields.len() == 1 => {
                let (word, _, inner) = &fields[0];
                visitor.visit_enum(Variant { word, inner: Some(inner) })
            }
            _ => Err(Fault::mismatch(self.0, &format!("exactly one of {}", list(variants)))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { bytes byte_buf unit unit_struct tuple tuple_struct }
}

struct Items<'n> {
    items: &'n [Node],
    place: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.items.get(self.place) else { return Ok(None) };
        let value = seed.deserialize(Reader(item)).map_err(|fault| fault.within(&self.place.to_string()))?;
        self.place += 1;
        Ok(Some(value))
    }
}

struct Fields<'n> {
    fields: &'n [(String, u32, Node)],
    /// The value of this place comes next, or the key, by turns.
    place: usize,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, ..)) = self.fields.get(self.place) else { return Ok(None) };
        let reader: de::value::StrDeserializer<'_, Fault> = key.as_str().into_deserializer();
        seed.deserialize(reader).map(Some).map_err(|fault| fault.within(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (key, _, value) = self.fields.get(self.place).ok_or_else(|| Fault::new("a value is missing"))?;
        self.place += 1;
        seed.deserialize(Reader(value)).map_err(|fault| fault.within(key))
    }
}

/// One word of a choice, with what belongs to it.
struct Variant<'n> {
    word: &'n str,
    inner: Option<&'n Node>,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let reader: de::value::StrDeserializer<'_, Fault> = self.word.into_deserializer();
        let value = seed.deserialize(reader).map_err(|fault| match self.inner {
            Some(_) => fault.within(self.word),
            None => fault,
        })?;
        Ok((value, self))
    }
}

impl<'n> Variant<'n> {
    fn inner(&self, example: &str) -> Result<&'n Node, Fault> {
        self.inner.ok_or_else(|| Fault::new(format!("`{0}` needs its settings: write `{0}: {example}`", self.word)))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.inner {
            None => Ok(()),
            Some(_) => Err(Fault::new(format!("`{0}` has no settings: write `{0}` alone", self.word))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(Reader(self.inner("..")?)).map_err(|fault| fault.within(self.word))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        de::Deserializer::deserialize_seq(Reader(self.inner("[]")?), visitor).map_err(|fault| fault.within(self.word))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        de::Deserializer::deserialize_struct(Reader(self.inner("{}")?), "", fields, visitor)
            .map_err(|fault| fault.within(self.word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let reading = from_yaml("on.yaml", text);
        let mut out = String::new();
        for proposal in &reading.proposals {
            writeln!(out, "{}", proposal.document.canonical()).unwrap();
        }
        for problem in &reading.problems {
            writeln!(out, "{problem}").unwrap();
        }
        out
    }

    #[test]
    fn several_documents_of_a_file_are_read() {
        insta::assert_snapshot!(read("# teams\n---\nkind: team\nname: web\nspec: { title: Web, members: [ana, 007] }\n---\n\
            kind: person\nname: ana\nspec:\n  full_name: Ana Silva\n  email: ana@example.org\n  contacts:\n  \
            - { name: mail, email: ana@example.org }\n  - { name: push, ntfy: https://ntfy.sh/x }\n  ladder:\n    \
            high: [{ contact: push }, { contact: mail, after: 5m }]\n---\n# nothing\n"), @r#"
        {"kind":"team","name":"web","spec":{"members":["ana","007"],"title":"Web"}}
        {"kind":"person","name":"ana","spec":{"access":"responder","contacts":[{"email":"ana@example.org","name":"mail"},{"name":"push","ntfy":"https://ntfy.sh/x"}],"email":"ana@example.org","full_name":"Ana Silva","ladder":{"high":[{"contact":"push"},{"after":"5m","contact":"mail"}]}}}
        "#);
    }

    #[test]
    fn yaml_words_are_what_the_field_wants() {
        insta::assert_snapshot!(read("kind: route\nname: a\nspec: { order: 5, match: [country=no], service: null, group_by: [] }\n---\n\
            kind: role\nname: b\nspec: { title: no, duties: [yes, 12, '~'], single: true }\n---\n\
            kind: role\nname: c\nspec: { title: ~, duties: [] }\n---\n\
            kind: role\nname: d\nspec: { title: x, duties: [], single: yes }\n"), @r#"
        {"kind":"route","name":"a","spec":{"auto_close":"7d","group_by":[],"match":["country=\"no\""],"novelty":["severity","service"],"order":5,"urgency":"by-severity"}}
        {"kind":"role","name":"b","spec":{"duties":["yes","12","~"],"single":true,"title":"no"}}
        on.yaml:11: here must be a text, not nothing
        on.yaml:15: here must be `true` or `false`, not "yes"
        "#);
    }

    #[test]
    fn every_error_says_its_line_and_what_was_meant() {
        let mut out = String::new();
        for text in [
            "kind: shedule\nname: a\nspec: {}\n",
            "kind: team\nnam: a\nspec:\n  titel: x\n",
            "kind: team\nname: Web Team\nspec:\n  title: x\n",
            "apiVersion: v1\nkind: team\nname: web\nspec:\n  title: x\n",
            "kind: team\nname: web\nspec:\n  title: x\n  members: ana\n",
            "kind: team\nname: web\nspec:\n  title: x\n  members:\n  - ana\n  - Ben\n",
            "- kind: team\n",
            "just words\n",
            "kind: service\nname: web\nspec:\n  title: x\n  team: web\n  tier: 300\n",
            "kind: service\nname: web\nspec:\n  title: x\n  team: web\n  tier: one\n",
            "kind: route\nname: web\nspec:\n  group_wait: 5 minutes\n",
            "kind: route\nname: web\nspec:\n  match:\n  - severity=~\"(\"\n",
            "kind: route\nname: web\nspec:\n  urgency: hihg\n",
            "kind: integration\nname: p\nspec:\n  title: x\n  source: alertmanager\n",
            "kind: integration\nname: p\nspec:\n  title: x\n  source:\n    webhok: {}\n",
            "kind: integration\nname: p\nspec:\n  title: x\n  source:\n    webhook:\n      mapping:\n        sumary: /a\n",
            "kind: escalation-policy\nname: p\nspec:\n  title: x\n  steps:\n  - notify:\n    - { person: ana, schedule: b }\n",
            "kind: escalation-policy\nname: p\nspec:\n  title: x\n  steps:\n  - notify: [{ pager: ana }]\n",
            "kind: person\nname: p\nspec:\n  full_name: x\n  email: x\n  contacts:\n  - name: mail\n    emial: y\n",
            "kind: person\nname: p\nspec:\n  full_name: x\n  email: x\n  contacts:\n  - name: mail\n",
            "kind: person\nname: p\nspec:\n  full_name: x\n  full_name: y\n",
            "kind: team\nname: a\nspec: [\n---\nkind: team\nname: b\nspec: { title: B }\n",
            "kind: team\n\tname: a\n",
            "kind: !!python/object:os.system x\n",
            "kind: team\nname: a\nspec:\n  <<: { title: x }\n",
            "kind: team\nname: a\nspec: *nowhere\n",
            "kind: team\nname: a\nspec: &a\n  title: x\n  members: *a\n",
        ] {
            writeln!(out, "{}", read(text).trim_end()).unwrap();
        }
        insta::assert_snapshot!(out, @r#"
        on.yaml:1: there is no kind of document "shedule"; the kinds are person, team, schedule, escalation-policy, service, route, integration, severity-matrix, role, notification-template, update-template, obligation-pack, checklist, runbook, outgoing-webhook, status-page, chat, freeze, review, rollback-adapter, environment, flag, postmortem-policy, factor-taxonomy, tracker (did you mean "schedule"?)
        on.yaml:2: there is no key `nam` in a document: it has `kind`, `name` and `spec` (did you mean "name"?)
        on.yaml:1: `name` is missing: a document has `kind`, `name` and `spec`
        on.yaml:4: there is no field `titel` here; the fields are `title`, `members` and `description` (did you mean "title"?)
        on.yaml:2: "Web Team" is not a name: use 1 to 63 of a-z, 0-9, '-', '_' and '.', starting with a letter or digit
        on.yaml:1: there is no key `apiVersion` in a document: it has `kind`, `name` and `spec`
        on.yaml:5: here must be a list, not "ana"
        on.yaml:7: "Ben" is not a name: use 1 to 63 of a-z, 0-9, '-', '_' and '.', starting with a letter or digit
        on.yaml:1: a document is a map with the keys `kind`, `name` and `spec`, but here is a list; put `---` between documents
        on.yaml:1: a document is a map with the keys `kind`, `name` and `spec`, but here is "just words"
        on.yaml:6: here must be a whole number of 0 to 255, not `300`
        on.yaml:6: here must be a whole number, not "one"
        on.yaml:4: "5 minutes" is not a span of time: write it like 30s, 5m, 1h30m or 7d
        on.yaml:5: "(" is not a regular expression of a sensible size
        on.yaml:4: "hihg" is not one of `by-severity`, `high`, `low` and `none` (did you mean "high"?)
        on.yaml:5: `alertmanager` needs its settings: write `alertmanager: {}`
        on.yaml:6: "webhok" is not one of `alertmanager`, `webhook`, `heartbeat`, `github`, `gitlab`, `cdevents`, `pagerduty-changes` and `deploys` (did you mean "webhook"?)
        on.yaml:8: there is no field `sumary` here; the fields are `each`, `summary`, `key`, `status`, `resolved`, `severity`, `description`, `starts_at`, `link` and `labels` (did you mean "summary"?)
        on.yaml:7: here must be exactly one of `person`, `schedule` and `webhook`, not a map
        on.yaml:6: "pager" is not one of `person`, `schedule` and `webhook`
        on.yaml:8: there is no field `emial` here; the fields are `name`, `email`, `ntfy` and `webhook` (did you mean "email"?)
        on.yaml:7: a contact has exactly one of `email`, `ntfy` and `webhook`
        on.yaml:5: `full_name` stands here twice; it is on line 4 already
        {"kind":"team","name":"b","spec":{"title":"B"}}
        on.yaml:3: this is not YAML: unclosed bracket '['
        on.yaml:1: this is not YAML: while scanning a plain scalar, found a tab
        on.yaml:1: the tag !!python/object:os.system means nothing here
        on.yaml:4: merge keys (`<<`) are not read: write the fields out, or use an alias for a whole value
        on.yaml:3: this is not YAML: while parsing node, found unknown anchor
        on.yaml:5: this alias stands inside of what it names
        "#);
    }

    #[test]
    fn json_is_read_with_pointers() {
        let body = serde_json::json!([
            { "kind": "team", "name": "web", "spec": { "title": "Web" } },
            { "kind": "team", "name": "web", "spec": { "title": "Web", "members": ["ana", 3] } },
            { "kind": "team", "name": "web", "spec": { "title": "Web", "a/b": 1 } },
            { "kind": "service", "name": "web", "spec": { "title": "Web", "team": "web", "tier": "3" } },
        ]);
        let reading = from_json(&body);
        let problems: Vec<String> = reading.problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(problems.join("\n"), @r#"
        /1/spec/members/1: here must be a text, not 3
        /2/spec/a~1b: there is no field `a/b` here; the fields are `title`, `members` and `description`
        /3/spec/tier: here must be a whole number, not "3"
        "#);
        assert_eq!(reading.proposals.len(), 1);
        let one = from_json(&body[1]);
        assert_eq!(one.problems[0].place, "/spec/members/1");
    }

    #[test]
    fn a_text_made_to_hurt_is_given_up_early() {
        let mut laughs = String::from("a: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let alias = vec![format!("*a{}", level - 1); 10].join(", ");
            writeln!(laughs, "a{level}: &a{level} [{alias}]").unwrap();
        }
        let deep = format!("kind: {}", "[".repeat(3000));
        let deep_block: String = (0..200).fold(String::new(), |mut text, level| {
            writeln!(text, "{}a:", " ".repeat(level)).unwrap();
            text
        });
        let wide = "- x\n".repeat(300_000);
        let large = "#".repeat(17 << 20);
        let many = "---\n[\n".repeat(50_000);
        let keys: String = (0..100_000).fold("kind: team\n".into(), |mut text, key| {
            writeln!(text, "k{key}: 1").unwrap();
            text
        });
        let mut out = String::new();
        for text in [&laughs, &deep, &deep_block, &wide, &large] {
            writeln!(out, "{}", read(text).trim_end()).unwrap();
        }
        insta::assert_snapshot!(out, @"
        on.yaml:6: too large: more than 200000 values, aliases counted with what they stand for
        on.yaml:1: this is not YAML: recursion limit exceeded
        on.yaml:41: nested too deep: more than 40 levels
        on.yaml:200000: too large: more than 200000 values, aliases counted with what they stand for
        on.yaml:1: the text has 17825792 bytes; at most 16777216 are read
        ");
        assert!(!read(&many).is_empty());
        assert!(!read(&keys).is_empty());
    }
}
