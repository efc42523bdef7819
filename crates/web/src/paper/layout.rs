//! Lays blocks out: lines that fit, on pages that are full, with what each stands for.

use super::fonts::{Font, Kind};
use super::{Block, Document, Run};

/// A4, in points.
pub(super) const PAGE: (f32, f32) = (595.0, 842.0);
const LEFT: f32 = 62.0;
const RIGHT: f32 = 62.0;
const TOP: f32 = 64.0;
const BOTTOM: f32 = 70.0;
const BODY: f32 = 9.8;

/// What an element of the document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Document,
    Heading(u8),
    Paragraph,
    List,
    Item,
    Body,
    Label,
    Code,
    Quote,
    Table,
    Row,
    Head,
    Cell,
    Link,
}

/// An element, with what it stands in.
pub(super) struct Element {
    pub(super) role: Role,
    pub(super) parent: usize,
}

/// Something that is drawn.
pub(super) struct Piece {
    pub(super) x: f32,
    /// Of the line on which the letters stand, from the foot of the page.
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) font: Kind,
    pub(super) grey: f32,
    pub(super) text: String,
    pub(super) width: f32,
    pub(super) link: Option<String>,
    /// What it is part of; nothing: it is no part of the text.
    pub(super) element: Option<usize>,
}

/// A line or a ground that is drawn under the text.
pub(super) struct Bar {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) width: f32,
    pub(super) height: f32,
    pub(super) grey: f32,
}

#[derive(Default)]
pub(super) struct Page {
    pub(super) pieces: Vec<Piece>,
    pub(super) bars: Vec<Bar>,
}

/// A document on its pages.
pub(super) struct Laid {
    pub(super) pages: Vec<Page>,
    pub(super) elements: Vec<Element>,
    /// Headings, for the outline: title, page, height.
    pub(super) outline: Vec<(String, usize, f32)>,
}

struct Desk<'f> {
    fonts: &'f [Font],
    laid: Laid,
    /// Where the next line begins, from the foot of the page.
    y: f32,
    list: Option<usize>,
}

/// A word that is not broken unless it must be, in one look.
#[derive(Clone)]
struct Word {
    text: String,
    font: Kind,
    link: Option<String>,
    width: f32,
    /// A space stands before it.
    apart: bool,
}

type Line = Vec<Word>;

pub(super) fn lay(document: &Document, fonts: &[Font]) -> Laid {
    let elements = vec![Element { role: Role::Document, parent: 0 }];
    let laid = Laid { pages: vec![Page::default()], elements, outline: Vec::new() };
    let mut desk = Desk { fonts, laid, y: PAGE.1 - TOP, list: None };
    for block in &document.blocks {
        desk.block(block);
    }
    desk.feet(&document.foot);
    desk.laid
}

impl Desk<'_> {
    fn font(&self, kind: Kind) -> &Font {
        self.fonts.iter().find(|font| font.kind == kind).unwrap_or(&self.fonts[0])
    }

    fn element(&mut self, role: Role, parent: usize) -> usize {
        self.laid.elements.push(Element { role, parent });
        self.laid.elements.len() - 1
    }

    fn block(&mut self, block: &Block) {
        if !matches!(block, Block::Item(..)) {
            self.list = None;
        }
        let width = PAGE.0 - LEFT - RIGHT;
        match block {
            Block::Heading(level, text) => {
                let (size, before, after) = match level {
                    1 => (20.0, 0.0, 6.0),
                    2 => (13.0, 16.0, 4.0),
                    3 => (11.0, 10.0, 3.0),
                    _ => (BODY, 8.0, 2.0),
                };
                // A heading stays with what it is of.
                self.room(before + size * 1.3 + after + 3.0 * BODY * 1.5);
                self.gap(before);
                let element = self.element(Role::Heading(*level), 0);
                if *level == 2 {
                    self.laid.outline.push((text.clone(), self.laid.pages.len() - 1, self.y));
                }
                let run = Run { text: text.clone(), bold: true, ..Run::default() };
                self.text(&[run], LEFT, width, size, 0.1, 1.3, element);
                self.gap(after);
            }
            Block::Paragraph(runs) => {
                let element = self.element(Role::Paragraph, 0);
                self.text(runs, LEFT, width, BODY, 0.13, 1.5, element);
                self.gap(6.0);
            }
            Block::Note(text) => {
                let element = self.element(Role::Paragraph, 0);
                self.text(&[Run::plain(text.clone())], LEFT, width, 8.4, 0.38, 1.5, element);
                self.gap(5.0);
            }
            Block::Quote(runs) => {
                let element = self.element(Role::Quote, 0);
                let (page, top) = (self.laid.pages.len(), self.y);
                self.text(runs, LEFT + 14.0, width - 14.0, BODY, 0.3, 1.5, element);
                if page == self.laid.pages.len() {
                    let bar = Bar { x: LEFT + 2.0, y: self.y, width: 2.0, height: top - self.y, grey: 0.75 };
                    self.bar(bar);
                }
                self.gap(6.0);
            }
            Block::Item(depth, sign, runs) => self.item(*depth, sign, runs),
            Block::Code(text) => {
                let element = self.element(Role::Code, 0);
                self.gap(2.0);
                for line in text.lines() {
                    let run = Run { text: line.replace('\t', "    "), code: true, ..Run::default() };
                    self.code_line(&run, element, width);
                }
                self.gap(8.0);
            }
            Block::Table(rows) => self.table(rows),
        }
    }

    fn item(&mut self, depth: u8, sign: &str, runs: &[Run]) {
        let list = match self.list {
            Some(list) => list,
            None => self.element(Role::List, 0),
        };
        self.list = Some(list);
        let item = self.element(Role::Item, list);
        let (label, body) = (self.element(Role::Label, item), self.element(Role::Body, item));
        let x = LEFT + 4.0 + 14.0 * f32::from(depth.min(6));
        let leading = BODY * 1.5;
        self.room(leading);
        let piece = Piece {
            x,
            y: self.y - BODY,
            size: BODY,
            font: Kind::Regular,
            grey: 0.38,
            text: sign.to_owned(),
            width: self.font(Kind::Regular).width(sign, BODY),
            link: None,
            element: Some(label),
        };
        let indent = (piece.width + 6.0).max(12.0);
        self.page().pieces.push(piece);
        self.text(runs, x + indent, PAGE.0 - RIGHT - x - indent, BODY, 0.13, 1.5, body);
        self.gap(2.5);
    }

    fn code_line(&mut self, run: &Run, element: usize, width: f32) {
        let size = 8.4;
        let lines = self.code_lines(&run.text, size, width - 16.0);
        for text in lines {
            self.room(size * 1.5);
            let bar = Bar { x: LEFT, y: self.y - size * 1.5, width, height: size * 1.5 + 0.3, grey: 0.955 };
            self.bar(bar);
            let piece = Piece {
                x: LEFT + 8.0,
                y: self.y - size * 1.12,
                size,
                font: Kind::Mono,
                grey: 0.13,
                width: self.font(Kind::Mono).width(&text, size),
                text,
                link: None,
                element: Some(element),
            };
            self.page().pieces.push(piece);
            self.y -= size * 1.5;
        }
    }

    /// Spaces count in code, so it is broken by letters.
    fn code_lines(&self, text: &str, size: f32, width: f32) -> Vec<String> {
        broken(text, self.font(Kind::Mono), size, width)
    }

    fn table(&mut self, rows: &[Vec<Vec<Run>>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        if columns == 0 {
            return;
        }
        let (size, pad) = (8.8, 5.0);
        let whole = PAGE.0 - LEFT - RIGHT;
        // Each column as wide as what stands in it asks for, none so narrow that nothing fits.
        let asks = |place: usize| {
            let widest = rows
                .iter()
                .filter_map(|row| row.get(place))
                .map(|cell| cell.iter().map(|run| self.font(look(run, false)).width(&run.text, size)).sum::<f32>());
            widest.fold(20.0_f32, f32::max).min(whole * 0.7) + 2.0 * pad
        };
        let asked: Vec<f32> = (0..columns).map(asks).collect();
        let sum: f32 = asked.iter().sum();
        let widths: Vec<f32> = asked.iter().map(|one| if sum > whole { one * whole / sum } else { *one }).collect();
        let table = self.element(Role::Table, 0);
        for (place, row) in rows.iter().enumerate() {
            let head = place == 0;
            let cells: Vec<Vec<Line>> =
                row.iter().zip(&widths).map(|(runs, width)| self.lines(runs, size, width - 2.0 * pad, head)).collect();
            let most = cells.iter().map(Vec::len).max().unwrap_or(1).max(1);
            let leading = size * 1.4;
            // A row is not broken unless it fills more than a page.
            let height: f32 = std::iter::repeat_n(leading, most).sum::<f32>() + 2.0 * pad;
            self.room(height.min(PAGE.1 - TOP - BOTTOM));
            let element = self.element(Role::Row, table);
            let of: Vec<usize> =
                cells.iter().map(|_| self.element(if head { Role::Head } else { Role::Cell }, element)).collect();
            self.y -= pad * 0.7;
            for number in 0..most {
                self.room(leading);
                let mut x = LEFT;
                for (cell, (width, element)) in cells.iter().zip(widths.iter().zip(&of)) {
                    if let Some(line) = cell.get(number) {
                        self.put(line, x + pad, self.y - size, size, if head { 0.1 } else { 0.13 }, *element);
                    }
                    x += width;
                }
                self.y -= leading;
            }
            self.y -= pad * 0.5;
            let rule = Bar {
                x: LEFT,
                y: self.y,
                width: widths.iter().sum(),
                height: if head { 0.9 } else { 0.5 },
                grey: if head { 0.45 } else { 0.82 },
            };
            self.bar(rule);
        }
        self.gap(9.0);
    }

    #[expect(clippy::too_many_arguments, reason = "where and how it stands")]
    fn text(&mut self, runs: &[Run], x: f32, width: f32, size: f32, grey: f32, leading: f32, element: usize) {
        for line in self.lines(runs, size, width, false) {
            self.room(size * leading);
            self.put(&line, x, self.y - size, size, grey, element);
            self.y -= size * leading;
        }
    }

    fn put(&mut self, line: &[Word], x: f32, y: f32, size: f32, grey: f32, element: usize) {
        let mut x = x;
        let mut pieces: Vec<Piece> = Vec::new();
        for word in line {
            let space = if word.apart { self.font(word.font).width(" ", size) } else { 0.0 };
            // Words of one look are one piece, with the spaces between them.
            let joins = pieces.last().is_some_and(|last| last.font == word.font && last.link == word.link);
            if let Some(last) = pieces.last_mut().filter(|_| joins) {
                if word.apart {
                    last.text.push(' ');
                }
                last.text.push_str(&word.text);
                last.width += space + word.width;
            } else {
                if let Some(last) = pieces.last_mut().filter(|_| word.apart) {
                    last.text.push(' ');
                }
                pieces.push(Piece {
                    x: x + space,
                    y,
                    size,
                    font: word.font,
                    grey,
                    text: word.text.clone(),
                    width: word.width,
                    link: word.link.clone(),
                    element: Some(element),
                });
            }
            x += space + word.width;
        }
        self.page().pieces.extend(pieces);
    }

    /// Text in lines that fit.
    fn lines(&self, runs: &[Run], size: f32, width: f32, bold: bool) -> Vec<Line> {
        let mut lines: Vec<Line> = vec![Vec::new()];
        let (mut used, mut apart) = (0.0, false);
        for run in runs {
            let kind = look(run, bold);
            let font = self.font(kind);
            for (number, part) in run.text.split('\n').enumerate() {
                if number > 0 {
                    lines.push(Vec::new());
                    (used, apart) = (0.0, false);
                }
                for (place, text) in part.split(' ').enumerate() {
                    apart |= place > 0;
                    if text.is_empty() {
                        continue;
                    }
                    for text in broken(text, font, size, width) {
                        let wide = font.width(&text, size);
                        let first = lines.last().is_none_or(Vec::is_empty);
                        let space = if apart && !first { font.width(" ", size) } else { 0.0 };
                        if !first && used + space + wide > width {
                            lines.push(Vec::new());
                            used = 0.0;
                        }
                        let first = lines.last().is_none_or(Vec::is_empty);
                        let apart_here = apart && !first;
                        used += wide + if apart_here { space } else { 0.0 };
                        let word = Word { text, font: kind, link: run.link.clone(), width: wide, apart: apart_here };
                        if let Some(line) = lines.last_mut() {
                            line.push(word);
                        }
                        apart = false;
                    }
                }
                // A space at the end of a run stands before the next.
                apart = part.ends_with(' ') || (apart && part.trim().is_empty());
            }
        }
        lines
    }

    fn page(&mut self) -> &mut Page {
        if self.laid.pages.is_empty() {
            self.laid.pages.push(Page::default());
        }
        let last = self.laid.pages.len() - 1;
        &mut self.laid.pages[last]
    }

    fn bar(&mut self, bar: Bar) {
        self.page().bars.push(bar);
    }

    /// Another page, unless there is so much room.
    fn room(&mut self, height: f32) {
        if self.y - height < BOTTOM && self.y < PAGE.1 - TOP {
            self.laid.pages.push(Page::default());
            self.y = PAGE.1 - TOP;
        }
    }

    /// Nothing, but not at the head of a page.
    fn gap(&mut self, height: f32) {
        if self.y < PAGE.1 - TOP {
            self.y -= height;
        }
    }

    fn feet(&mut self, foot: &str) {
        let size = 7.6;
        let count = self.laid.pages.len();
        for number in 0..count {
            let says = format!("{} / {count}", number + 1);
            let wide = self.font(Kind::Regular).width(&says, size);
            let room = PAGE.0 - LEFT - RIGHT - wide - 20.0;
            let foot = self.lines(&[Run::plain(foot)], size, room, false).into_iter().next().unwrap_or_default();
            let foot: Vec<String> = foot.into_iter().map(|word| word.text).collect();
            let piece = |x: f32, text: String, width: f32| Piece {
                x,
                y: 40.0,
                size,
                font: Kind::Regular,
                grey: 0.45,
                text,
                width,
                link: None,
                element: None,
            };
            let page = &mut self.laid.pages[number];
            page.pieces.push(piece(LEFT, foot.join(" "), 0.0));
            page.pieces.push(piece(PAGE.0 - RIGHT - wide, says, wide));
        }
    }
}

/// A word that is wider than a line, in parts that are not.
fn broken(text: &str, font: &Font, size: f32, width: f32) -> Vec<String> {
    if font.width(text, size) <= width {
        return vec![text.to_owned()];
    }
    let mut parts = vec![String::new()];
    let mut used = 0.0;
    for letter in text.chars() {
        let wide = font.width(letter.encode_utf8(&mut [0; 4]), size);
        if used + wide > width && parts.last().is_some_and(|part| !part.is_empty()) {
            parts.push(String::new());
            used = 0.0;
        }
        used += wide;
        if let Some(part) = parts.last_mut() {
            part.push(letter);
        }
    }
    parts
}

fn look(run: &Run, bold: bool) -> Kind {
    match (run.code, run.bold || bold) {
        (true, _) => Kind::Mono,
        (false, true) => Kind::Bold,
        (false, false) => Kind::Regular,
    }
}
