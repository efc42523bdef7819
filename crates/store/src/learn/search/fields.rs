//! The fields of a document as they are kept: stems with their places, tags to filter by, and the whole to show.

use domain::learn::search::{Document, Found, Key};
use domain::learn::terms;
use domain::respond::incidents::Class;
use domain::words::{IncidentId, Timestamp};
use serde::{Deserialize, Serialize};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STORED, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{Index, TantivyDocument, TantivyError};

pub(super) const KEY: &str = "key";
pub(super) const INCIDENT: &str = "incident";
pub(super) const AT: &str = "at";
/// The kind, and whether it is marked RED.
pub(super) const FLAGS: &str = "flags";
const STEMS: &str = "stems";
const TAGS: &str = "tags";
const WHOLE: &str = "whole";
/// How often a title counts.
pub(super) const TITLE: usize = 3;

#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub key: Field,
    pub stems: Field,
    pub tags: Field,
    incident: Field,
    at: Field,
    flags: Field,
    whole: Field,
}

/// The schema; another one throws away what is there.
pub(super) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let words =
        TextFieldIndexing::default().set_tokenizer(STEMS).set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let tags = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    let fast = || NumericOptions::default() | FAST;
    let fields = Fields {
        key: schema.add_u64_field(KEY, fast() | INDEXED),
        stems: schema.add_text_field(STEMS, TextOptions::default().set_indexing_options(words)),
        tags: schema.add_text_field(TAGS, TextOptions::default().set_indexing_options(tags)),
        incident: schema.add_u64_field(INCIDENT, fast()),
        at: schema.add_i64_field(AT, fast()),
        flags: schema.add_u64_field(FLAGS, fast()),
        whole: schema.add_bytes_field(WHOLE, STORED),
    };
    (schema.build(), fields)
}

pub(super) fn register(index: &Index) {
    index.tokenizers().register(STEMS, Stems);
}

impl Fields {
    pub(super) fn document(&self, key: u64, document: &Document) -> tantivy::Result<TantivyDocument> {
        let mut kept = TantivyDocument::default();
        kept.add_u64(self.key, key);
        if !document.title.is_empty() {
            for _ in 0..TITLE {
                kept.add_text(self.stems, &document.title);
            }
        }
        kept.add_text(self.stems, &document.text);
        for tag in tags(document) {
            kept.add_text(self.tags, tag);
        }
        kept.add_u64(self.incident, hash_of_incident(document.key.incident));
        kept.add_i64(self.at, document.at.as_microsecond());
        kept.add_u64(self.flags, flags(document));
        let whole = postcard::to_allocvec(&Kept::of(document));
        kept.add_bytes(self.whole, &whole.map_err(|error| TantivyError::InternalError(error.to_string()))?);
        Ok(kept)
    }

    /// The whole of what was kept.
    pub(super) fn read(&self, kept: &TantivyDocument) -> Option<Document> {
        use tantivy::schema::Value as _;
        let whole = kept.get_first(self.whole)?;
        postcard::from_bytes::<Kept>(whole.as_bytes()?).ok()?.document()
    }
}

pub(super) fn flags(document: &Document) -> u64 {
    document.key.kind.code() << 1 | u64::from(document.red)
}

pub(super) const fn is_red(flags: u64) -> bool {
    flags & 1 == 1
}

/// What a document is filtered by.
pub(super) fn tags(document: &Document) -> Vec<String> {
    let mut tags = vec![format!("kind:{}", document.key.kind)];
    tags.extend(document.services.iter().map(|name| format!("service:{name}")));
    tags.extend(document.severity.iter().map(|name| format!("severity:{}", name.to_lowercase())));
    tags.extend(document.class.map(|class| format!("class:{}", class.word())));
    tags.extend(document.key.incident.map(|id| format!("incident:{id}")));
    tags
}

/// What stands for a key.
pub(super) fn hash_of(key: &Key) -> u64 {
    fnv([key.kind.word().as_bytes(), b" ", key.id.as_bytes()])
}

/// What stands for an incident; nought for none.
pub(super) fn hash_of_incident(incident: Option<IncidentId>) -> u64 {
    incident.map_or(0, |id| fnv([id.to_string().as_bytes()]).max(1))
}

/// FNV-1a of 64 bits: the same in every build, as what is on disk must be.
fn fnv<const N: usize>(parts: [&[u8]; N]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A document as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    kind: u64,
    id: String,
    incident: Option<String>,
    title: String,
    text: String,
    services: Vec<String>,
    severity: Option<String>,
    class: Option<String>,
    at: i64,
    red: bool,
}

impl Kept {
    fn of(document: &Document) -> Self {
        Self {
            kind: document.key.kind.code(),
            id: document.key.id.clone(),
            incident: document.key.incident.map(|id| id.to_string()),
            title: document.title.clone(),
            text: document.text.clone(),
            services: document.services.iter().map(ToString::to_string).collect(),
            severity: document.severity.clone(),
            class: document.class.map(|class| class.word().to_owned()),
            at: document.at.as_microsecond(),
            red: document.red,
        }
    }

    fn document(self) -> Option<Document> {
        let incident = self.incident.map(|id| id.parse()).transpose().ok()?;
        let class = |word: &String| Class::ALL.into_iter().find(|class| class.word() == word);
        Some(Document {
            key: Key { kind: Found::from_code(self.kind)?, id: self.id, incident },
            title: self.title,
            text: self.text,
            services: self.services.iter().map(|name| name.parse()).collect::<Result<_, _>>().ok()?,
            severity: self.severity,
            class: self.class.as_ref().and_then(class),
            at: Timestamp::from_microsecond(self.at).ok()?,
            red: self.red,
        })
    }
}

/// Reads terms as the domain does.
#[derive(Clone)]
struct Stems;

struct Stream {
    tokens: Vec<Token>,
    next: usize,
}

impl Tokenizer for Stems {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        let mut tokens = Vec::new();
        terms::each(text, |at, stem| {
            tokens.push(Token {
                offset_from: at.start,
                offset_to: at.end,
                position: tokens.len(),
                text: stem.to_owned(),
                position_length: 1,
            });
        });
        Stream { tokens, next: 0 }
    }
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        self.next += 1;
        self.next <= self.tokens.len()
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next - 1]
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.tokens[self.next - 1]
    }
}
