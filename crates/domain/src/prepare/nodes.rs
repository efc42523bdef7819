//! A text as a tree that remembers its lines: what YAML and JSON become before they become documents.
//!
//! Keeps unquoted YAML words as they were written, so that the type that is asked for decides what they
//! are: `no` stays a text where a text is wanted. Reads no tags of its own, no merge keys, and gives up
//! early on texts that are made to hurt (size, depth, aliases that multiply).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use serde_saphyr::granit_parser::{Event, Options, Parser, ScalarStyle, Span, Tag};

use super::problems::push_segment;

/// A longer text is refused.
const BYTES_MOST: usize = 16 << 20;
/// Lists and maps in each other.
const DEPTH_MOST: usize = 40;
/// Values in one text, each alias counted with all that it stands for.
const NODES_MOST: usize = 200_000;

/// A value and the line on which it begins; 0 where there are no lines.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: u32,
    pub(super) shape: Shape,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A YAML word without quotes: a text, a number, `true` or nothing, as the reader of it wants.
    Word(String),
    List(Vec<Node>),
    /// Each key with its line.
    Map(Vec<(String, u32, Node)>),
}

impl Node {
    /// What it is, for people.
    pub(super) fn describe(&self) -> String {
        use crate::words::text::shorten;
        match &self.shape {
            Shape::Null => "nothing".into(),
            Shape::Word(word) if is_null(word) => "nothing".into(),
            Shape::Bool(value) => value.to_string(),
            Shape::Int(number) => number.to_string(),
            Shape::Float(number) => number.to_string(),
            Shape::Text(text) | Shape::Word(text) => format!("{:?}", shorten(text, 60)),
            Shape::List(_) => "a list".into(),
            Shape::Map(_) => "a map".into(),
        }
    }

    /// The line of every field, by its pointer.
    pub(super) fn lines(&self) -> BTreeMap<String, u32> {
        fn walk(node: &Node, pointer: &mut String, lines: &mut BTreeMap<String, u32>) {
            let end = pointer.len();
            match &node.shape {
                Shape::Map(fields) => {
                    for (key, line, value) in fields {
                        push_segment(pointer, key);
                        lines.insert(pointer.clone(), *line);
                        walk(value, pointer, lines);
                        pointer.truncate(end);
                    }
                }
                Shape::List(items) => {
                    for (place, item) in items.iter().enumerate() {
                        push_segment(pointer, &place.to_string());
                        lines.insert(pointer.clone(), item.line);
                        walk(item, pointer, lines);
                        pointer.truncate(end);
                    }
                }
                _ => {}
            }
        }
        let mut lines = BTreeMap::from([(String::new(), self.line)]);
        walk(self, &mut String::new(), &mut lines);
        lines
    }

    pub(super) fn from_json(value: &Value) -> Self {
        let shape = match value {
            Value::Null => Shape::Null,
            Value::Bool(value) => Shape::Bool(*value),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Shape::Float(number.as_f64().unwrap_or(f64::NAN)), Shape::Int)
            }
            Value::String(text) => Shape::Text(text.clone()),
            Value::Array(items) => Shape::List(items.iter().map(Self::from_json).collect()),
            Value::Object(fields) => {
                Shape::Map(fields.iter().map(|(key, value)| (key.clone(), 0, Self::from_json(value))).collect())
            }
        };
        Self { line: 0, shape }
    }
}

/// YAML's words for nothing.
pub(super) fn is_null(word: &str) -> bool {
    matches!(word, "" | "~" | "null" | "Null" | "NULL")
}

/// What is wrong with a text, and on which line.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) line: u32,
    pub(super) message: String,
}

/// The documents of a YAML text. After a document that cannot be read the next one still is.
pub(super) fn read_yaml(text: &str) -> Vec<Result<Node, Wrong>> {
    if text.len() > BYTES_MOST {
        let message = format!("the text has {} bytes; at most {BYTES_MOST} are read", text.len());
        return vec![Err(Wrong { line: 1, message })];
    }
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let (mut documents, mut builder) = (Vec::new(), Builder::default());
    loop {
        let step = match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => return documents,
            Some(Ok((Event::DocumentEnd, _))) => {
                documents.extend(builder.finish().map(Ok));
                Ok(())
            }
            Some(Ok((event, span))) => builder.take(event, &span),
            Some(Err(error)) => Err(Wrong {
                line: line_number(error.marker().line()),
                message: format!("this is not YAML: {}", error.info()),
            }),
        };
        if let Err(wrong) = step {
            documents.push(Err(wrong));
            // The budget is for the whole text: it is not given anew to each document.
            builder = Builder { nodes: builder.nodes, ..Builder::default() };
            if builder.nodes > NODES_MOST || !matches!(parser.proceed_next_document(), Ok(true)) {
                return documents;
            }
        }
    }
}

fn line_number(line: usize) -> u32 {
    u32::try_from(line.max(1)).unwrap_or(u32::MAX)
}

/// A list or map that is not closed yet.
struct Open {
    anchor: usize,
    node: Node,
    /// The key whose value comes next.
    key: Option<(String, u32)>,
    /// The keys so far, with their lines.
    keys: HashMap<String, u32>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    /// Each anchored value with the number of values in it.
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
}

impl Builder {
    fn finish(&mut self) -> Option<Node> {
        self.anchors.clear();
        self.open.clear();
        // A document of comments alone says nothing.
        self.root.take().filter(|node| !matches!(&node.shape, Shape::Word(word) if is_null(word)))
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Wrong> {
        let line = line_number(span.start.line());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let shape = scalar(text, style, tag.as_deref(), line)?;
                self.count(1, line)?;
                let node = Node { line, shape };
                if anchor != 0 {
                    self.anchors.insert(anchor, (node.clone(), 1));
                }
                self.put(node)
            }
            Event::SequenceStart(_, anchor, tag) => self.begin(Shape::List(Vec::new()), anchor, tag.as_deref(), line),
            Event::MappingStart(_, anchor, tag) => self.begin(Shape::Map(Vec::new()), anchor, tag.as_deref(), line),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(done) = self.open.pop() else { return Ok(()) };
                if done.anchor != 0 {
                    let size = size(&done.node);
                    self.anchors.insert(done.anchor, (done.node.clone(), size));
                }
                self.put(done.node)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err(Wrong { line, message: "this alias stands inside of what it names".into() });
                };
                let (node, size) = (Node { line, shape: node.shape.clone() }, *size);
                // Counted before it is put, so that aliases of aliases cannot multiply past the budget.
                self.count(size, line)?;
                self.put(node)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, more: usize, line: u32) -> Result<(), Wrong> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > NODES_MOST {
            let message = format!("too large: more than {NODES_MOST} values, aliases counted with what they stand for");
            return Err(Wrong { line, message });
        }
        Ok(())
    }

    fn begin(&mut self, shape: Shape, anchor: usize, tag: Option<&Tag>, line: u32) -> Result<(), Wrong> {
        refuse_tag(tag, line)?;
        self.count(1, line)?;
        if self.open.len() >= DEPTH_MOST {
            return Err(Wrong { line, message: format!("nested too deep: more than {DEPTH_MOST} levels") });
        }
        self.open.push(Open { anchor, node: Node { line, shape }, key: None, keys: HashMap::new() });
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), Wrong> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.shape, open.key.take()) {
            (Shape::List(items), _) => items.push(node),
            (Shape::Map(fields), Some((key, line))) => fields.push((key, line, node)),
            (Shape::Map(_), None) => {
                let (Shape::Text(key) | Shape::Word(key)) = node.shape else {
                    return Err(Wrong { line: node.line, message: "a key must be a word".into() });
                };
                if key == "<<" {
                    let message =
                        "merge keys (`<<`) are not read: write the fields out, or use an alias for a whole value";
                    return Err(Wrong { line: node.line, message: message.into() });
                }
                if let Some(before) = open.keys.insert(key.clone(), node.line) {
                    let message = format!("`{key}` stands here twice; it is on line {before} already");
                    return Err(Wrong { line: node.line, message });
                }
                open.key = Some((key, node.line));
            }
            _ => {}
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.shape {
        Shape::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Shape::Map(fields) => 1 + fields.iter().map(|(_, _, value)| 1 + size(value)).sum::<usize>(),
        _ => 1,
    }
}

fn refuse_tag(tag: Option<&Tag>, line: u32) -> Result<(), Wrong> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() => {
            Err(Wrong { line, message: format!("the tag {} means nothing here", tag.original()) })
        }
        _ => Ok(()),
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>, line: u32) -> Result<Shape, Wrong> {
    refuse_tag(tag, line)?;
    let text = text.into_owned();
    Ok(match tag.and_then(Tag::core_suffix) {
        Some("str") => Shape::Text(text),
        _ if style == ScalarStyle::Plain => Shape::Word(text),
        _ => Shape::Text(text),
    })
}
