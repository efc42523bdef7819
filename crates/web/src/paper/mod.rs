//! A document on paper: blocks with runs of text, laid out on pages and written as PDF.
//!
//! Small on purpose: headings, paragraphs, lists, tables, code and links of one column. The file is tagged, so that what reads aloud knows
//! what is a heading; its letters are those of `DejaVu`, embedded as far as they are used. Writing that needs shaping shows as boxes.

mod file;
mod fonts;
mod layout;
mod markdown;

pub use file::write;
pub use markdown::blocks;

/// A text in one look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub text: String,
    pub bold: bool,
    pub code: bool,
    /// Where it leads: an address of the web, or of mail.
    pub link: Option<String>,
}

impl Run {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// Something that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Of a level from 1 to 4.
    Heading(u8, String),
    Paragraph(Vec<Run>),
    /// Of a list: how deep, its sign or number, its text.
    Item(u8, String, Vec<Run>),
    /// Lines as they are.
    Code(String),
    Quote(Vec<Run>),
    /// Rows of cells; the first row is the head.
    Table(Vec<Vec<Vec<Run>>>),
    /// Small and soft: who, when.
    Note(String),
}

/// What is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub title: String,
    pub blocks: Vec<Block>,
    /// At the foot of each page, beside its number.
    pub foot: String,
}
