//! Which share of people something falls on: a number is drawn from a value, and shares are laid side by side over it.
//!
//! The same value always draws the same number, so nobody sees a flag flicker. How it is drawn is part of what a flag
//! means: a change of it would deal everybody anew. So both ways in use are here, and a set of flags says which is its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::Data;

/// How a value becomes a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bucketing {
    /// Murmur3 of the value in canonical CBOR, so that numbers, lists and maps draw too: flagd's current rule.
    #[default]
    Canonical,
    /// Murmur3 of a text's bytes; flag key and targeting key stand one behind the other. Flagd's rule before.
    Text,
}

/// All shares together weigh this at most: the largest whole number of 32 bits with a sign.
pub const MOST_WEIGHT: i64 = 2_147_483_647;

impl Bucketing {
    /// The number of a value; nothing where the rule does not know such values.
    pub(super) fn draw(self, value: &Data) -> Option<u32> {
        let mut hash = Murmur::default();
        match (self, value) {
            (_, Data::Null) => return None,
            (Self::Canonical, value) => encode(value, &mut hash),
            (Self::Text, Data::Text(text)) => hash.write(text.as_bytes()),
            (Self::Text, _) => return None,
        }
        Some(hash.finish())
    }

    /// What all draws for one flag begin with, if nothing else is named.
    pub(super) fn begin(self, flag: &str) -> Begun {
        let mut hash = Murmur::default();
        match self {
            Self::Canonical => {
                head(4, 2, &mut hash);
                encode_text(flag, &mut hash);
            }
            Self::Text => hash.write(flag.as_bytes()),
        }
        Begun { bucketing: self, hash }
    }
}

/// A draw for one flag that waits for somebody.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    bucketing: Bucketing,
    hash: Murmur,
}

impl Begun {
    /// The number of somebody.
    #[inline]
    pub(super) fn draw_for(self, targeting_key: &str) -> u32 {
        let mut hash = self.hash;
        match self.bucketing {
            Bucketing::Canonical => encode_text(targeting_key, &mut hash),
            Bucketing::Text => hash.write(targeting_key.as_bytes()),
        }
        hash.finish()
    }
}

/// Which of the shares a number falls on. Nothing if all of them weigh nothing, or too much.
#[inline]
pub(super) fn share(drawn: u32, weights: impl Iterator<Item = i64> + Clone) -> Option<usize> {
    // What a rollout reckons may come out below zero: it is nobody's share.
    let weights = weights.map(|weight| weight.max(0));
    let total = weights.clone().fold(0_i64, i64::saturating_add);
    if total == 0 || total > MOST_WEIGHT {
        return None;
    }
    let bucket = i64::try_from((u64::from(drawn) * total.unsigned_abs()) >> 32).ok()?;
    let mut end = 0;
    for (index, weight) in weights.enumerate() {
        end += weight;
        if bucket < end {
            return Some(index);
        }
    }
    None
}

/// Murmur3, 32 bits, for x86, with seed 0; fed piece by piece.
#[derive(Clone, Copy, Debug, Default)]
struct Murmur {
    hash: u32,
    block: u32,
    length: u32,
}

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;

impl Murmur {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a wide block are taken apart")]
    fn write(&mut self, bytes: &[u8]) {
        let (blocks, rest) = bytes.as_chunks::<4>();
        let waiting = 8 * (self.length % 4);
        for block in blocks {
            let wide = u64::from(self.block) | (u64::from(u32::from_le_bytes(*block)) << waiting);
            self.mix(wide as u32);
            self.block = (wide >> 32) as u32;
        }
        self.length = self.length.wrapping_add((bytes.len() - rest.len()) as u32);
        for byte in rest {
            self.push(*byte);
        }
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.block |= u32::from(byte) << (8 * (self.length % 4));
        self.length = self.length.wrapping_add(1);
        if self.length.is_multiple_of(4) {
            let block = std::mem::take(&mut self.block);
            self.mix(block);
        }
    }

    #[inline]
    fn mix(&mut self, block: u32) {
        self.hash ^= scramble(block);
        self.hash = self.hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }

    #[inline]
    fn finish(self) -> u32 {
        let mut hash = self.hash ^ scramble(self.block) ^ self.length;
        hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
        hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

#[inline]
fn scramble(block: u32) -> u32 {
    block.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

/// Canonical CBOR (RFC 8949, 4.2): the shortest form of everything, maps sorted, whole numbers as such.
fn encode(value: &Data, out: &mut Murmur) {
    match value {
        Data::Null => out.write(&[0xf6]),
        Data::Bool(is) => out.write(&[0xf4 + u8::from(*is)]),
        Data::Int(whole) => encode_whole(*whole, out),
        Data::Float(broken) => encode_float(*broken, out),
        Data::Text(text) => encode_text(text, out),
        Data::List(items) => {
            head(4, items.len() as u64, out);
            items.iter().for_each(|item| encode(item, out));
        }
        Data::Map(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(name, _)| (name.len(), *name));
            head(5, pairs.len() as u64, out);
            for (name, value) in pairs {
                encode_text(name, out);
                encode(value, out);
            }
        }
    }
}

/// The kind of a thing and its size or number, in as few bytes as will do.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each arm has looked at the size")]
fn head(kind: u8, number: u64, out: &mut Murmur) {
    let kind = kind << 5;
    match number {
        0..=23 => out.push(kind | number as u8),
        24..=0xff => out.write(&[kind | 0x18, number as u8]),
        0x100..=0xffff => {
            out.write(&[kind | 0x19]);
            out.write(&(number as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.write(&[kind | 0x1a]);
            out.write(&(number as u32).to_be_bytes());
        }
        _ => {
            out.write(&[kind | 0x1b]);
            out.write(&number.to_be_bytes());
        }
    }
}

#[inline]
fn encode_text(text: &str, out: &mut Murmur) {
    head(3, text.len() as u64, out);
    out.write(text.as_bytes());
}

fn encode_whole(whole: i64, out: &mut Murmur) {
    // -1 is kind 1 with number 0.
    if whole >= 0 { head(0, whole.unsigned_abs(), out) } else { head(1, (!whole).unsigned_abs(), out) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn encode_float(number: f64, out: &mut Murmur) {
    const FIRST_BEYOND: f64 = 18_446_744_073_709_551_616.0;
    if number.is_nan() {
        return out.write(&[0xf9, 0x7e, 0x00]);
    }
    if number.fract() == 0.0 && (0.0..FIRST_BEYOND).contains(&number) {
        return head(0, number as u64, out);
    }
    if number.fract() == 0.0 && (-FIRST_BEYOND / 2.0..0.0).contains(&number) {
        return encode_whole(number as i64, out);
    }
    let single = number as f32;
    if f64::from(single).to_bits() != number.to_bits() {
        out.write(&[0xfb]);
        out.write(&number.to_bits().to_be_bytes());
    } else if let Some(half) = half(single) {
        out.write(&[0xf9]);
        out.write(&half.to_be_bytes());
    } else {
        out.write(&[0xfa]);
        out.write(&single.to_bits().to_be_bytes());
    }
}

/// The number in 16 bits, if it fits without loss.
fn half(number: f32) -> Option<u16> {
    let bits = number.to_bits();
    let sign = u16::try_from(bits >> 31).ok()? << 15;
    let exponent = i32::try_from((bits >> 23) & 0xff).ok()? - 127;
    let digits = bits & 0x7f_ffff;
    match exponent {
        128 => Some(sign | 0x7c00),
        -14..=15 => {
            let kept = u16::try_from(digits >> 13).ok()?;
            let exponent = u16::try_from(exponent + 15).ok()?;
            digits.trailing_zeros().ge(&13).then_some(sign | (exponent << 10) | kept)
        }
        -24..=-15 => {
            // Below the normal numbers of 16 bits the leading one is written out.
            let lost = u32::try_from(-1 - exponent).ok()?;
            let full = digits | 0x80_0000;
            (full.trailing_zeros() >= lost).then_some(sign | u16::try_from(full >> lost).ok()?)
        }
        _ if bits << 1 == 0 => Some(sign),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn murmur(bytes: &[u8]) -> u32 {
        let mut hash = Murmur::default();
        hash.write(bytes);
        hash.finish()
    }

    #[test]
    fn murmur_agrees_with_its_published_vectors() {
        for (text, hash) in [
            ("", 0),
            ("test", 0xba6b_d213),
            ("Hello, world!", 0xc036_3e43),
            ("The quick brown fox jumps over the lazy dog", 0x2e4f_f723),
        ] {
            assert_eq!(murmur(text.as_bytes()), hash, "{text}");
        }
        assert_eq!(murmur(&[0xff; 4]), 0x7629_3b50);
        assert_eq!(murmur(&[0x21, 0x43, 0x65]), 0x7e4a_8634);
    }

    #[test]
    fn half_numbers_are_those_of_the_rfc() {
        for (number, half_bits) in [
            (0.0, Some(0x0000)),
            (1.5, Some(0x3e00)),
            (65504.0, Some(0x7bff)),
            (65505.0, None),
            (f32::INFINITY, Some(0x7c00)),
            (5.960_464_5e-8, Some(0x0001)),
            (6.103_515_6e-5, Some(0x0400)),
            (0.1, None),
        ] {
            assert_eq!(half(number), half_bits, "{number}");
        }
    }

    #[test]
    fn shares_are_laid_side_by_side() {
        let at = |drawn, weights: &[i64]| share(drawn, weights.iter().copied());
        assert_eq!(at(0, &[1, 1]), Some(0));
        assert_eq!(at(0x7fff_ffff, &[1, 1]), Some(0));
        assert_eq!(at(0x8000_0000, &[1, 1]), Some(1));
        assert_eq!(at(u32::MAX, &[1, 1]), Some(1));
        assert_eq!(at(7, &[-50, 1]), Some(1), "below zero is nobody's share");
        assert_eq!(at(7, &[0, 0]), None);
        assert_eq!(at(7, &[]), None);
        assert_eq!(at(7, &[MOST_WEIGHT, 1]), None);
        assert_eq!(at(7, &[i64::MAX, i64::MAX]), None);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes: Vec<u8>, cut: prop::sample::Index) {
            let cut = cut.index(bytes.len() + 1);
            let mut hash = Murmur::default();
            hash.write(&bytes[..cut]);
            hash.write(&bytes[cut..]);
            prop_assert_eq!(hash.finish(), murmur(&bytes));
        }

        #[test]
        fn every_draw_falls_on_a_share_that_weighs(drawn: u32, weights in prop::collection::vec(-5_i64..1000, 1..6)) {
            let found = share(drawn, weights.iter().copied());
            match found {
                Some(index) => prop_assert!(weights[index] > 0),
                None => prop_assert!(weights.iter().all(|weight| *weight <= 0)),
            }
        }

        /// Who has the first share keeps it as it grows: a rollout takes nothing away.
        #[test]
        fn a_growing_first_share_keeps_whom_it_has(drawn: u32, small in 0_i64..=100, more in 0_i64..=100) {
            let large = (small + more).min(100);
            if share(drawn, [small, 100 - small].into_iter()) == Some(0) {
                prop_assert_eq!(share(drawn, [large, 100 - large].into_iter()), Some(0));
            }
        }

        #[test]
        fn a_higher_draw_never_falls_on_an_earlier_share(a: u32, b: u32, weights in prop::collection::vec(0_i64..1000, 1..6)) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(share(low, weights.iter().copied()) <= share(high, weights.iter().copied()));
        }
    }
}
