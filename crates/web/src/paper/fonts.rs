//! Letters: how wide they are, and the part of a font that a document uses.

use std::collections::BTreeMap;

use subsetter::GlyphRemapper;
use ttf_parser::Face;

/// One of the fonts that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Regular,
    Bold,
    Mono,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Regular, Self::Bold, Self::Mono];

    pub(super) const fn name(self) -> &'static [u8] {
        match self {
            Self::Regular => b"DejaVuSansCondensed",
            Self::Bold => b"DejaVuSansCondensed-Bold",
            Self::Mono => b"DejaVuSansMono",
        }
    }

    fn data(self) -> &'static [u8] {
        match self {
            Self::Regular => dejavu::sans_condensed::regular(),
            Self::Bold => dejavu::sans_condensed::bold(),
            Self::Mono => dejavu::sans_mono::regular(),
        }
    }
}

/// A font, and what was used of it.
pub(super) struct Font {
    pub(super) kind: Kind,
    pub(super) face: Face<'static>,
    glyphs: GlyphRemapper,
    /// What each glyph in the file stands for.
    pub(super) stands_for: BTreeMap<u16, char>,
    /// Widths of the glyphs in the file, in thousandths.
    pub(super) widths: Vec<f32>,
}

/// What stands where a font has no such letter.
const MISSING: char = '\u{25a1}';

impl Font {
    pub(super) fn new(kind: Kind) -> Self {
        let face = Face::parse(kind.data(), 0).expect("a font that is part of the program reads");
        let mut one =
            Self { kind, face, glyphs: GlyphRemapper::new(), stands_for: BTreeMap::new(), widths: Vec::new() };
        one.widths.push(one.thousandths(0));
        one
    }

    fn glyph(&self, letter: char) -> u16 {
        let found = self.face.glyph_index(letter).or_else(|| self.face.glyph_index(MISSING));
        found.map_or(0, |glyph| glyph.0)
    }

    fn thousandths(&self, glyph: u16) -> f32 {
        let width = self.face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(0);
        f32::from(width) * 1000.0 / f32::from(self.face.units_per_em())
    }

    /// How wide a text is, in the unit of the size.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|letter| self.thousandths(self.glyph(letter))).sum::<f32>() * size / 1000.0
    }

    /// The text as bytes of the file.
    pub(super) fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for letter in text.chars() {
            let glyph = self.glyph(letter);
            let new = self.glyphs.remap(glyph);
            if usize::from(new) == self.widths.len() {
                self.widths.push(self.thousandths(glyph));
            }
            self.stands_for.entry(new).or_insert(letter);
            bytes.extend(new.to_be_bytes());
        }
        bytes
    }

    pub(super) fn is_used(&self) -> bool {
        !self.stands_for.is_empty()
    }

    /// The part that was used.
    pub(super) fn part(&self) -> Vec<u8> {
        subsetter::subset(self.kind.data(), 0, &self.glyphs).expect("a font that is part of the program is cut")
    }
}
