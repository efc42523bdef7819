//! What changed between two texts, word by word; and two changes of one text taken together.
//!
//! A text that somebody saves is not laid over what others wrote meanwhile: what they changed in it is. Where both changed the
//! same words nothing is guessed: a person takes both together.

use std::ops::Range;

/// A range of the text before, in bytes, and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub at: Range<usize>,
    pub text: String,
}

/// A stretch of two texts laid beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    Same(&'t str),
    Gone(&'t str),
    New(&'t str),
}

/// So many pairs of words are compared at most; longer changes are compared line by line, or replaced as a whole.
const PAIRS_MOST: usize = 2_000_000;

/// What makes the one text into the other, in order; no two touch.
pub fn edits(before: &str, after: &str) -> Vec<Edit> {
    let edit = |(at, new): (Range<usize>, Range<usize>)| Edit { at, text: after[new].to_owned() };
    changed(before, after).into_iter().map(edit).collect()
}

/// The text with these edits of it made.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for edit in edits {
        out.push_str(&text[from..edit.at.start]);
        out.push_str(&edit.text);
        from = edit.at.end;
    }
    out.push_str(&text[from..]);
    out
}

/// Both texts beside each other.
pub fn pieces<'t>(before: &'t str, after: &'t str) -> Vec<Piece<'t>> {
    let (mut all, mut from) = (Vec::new(), 0);
    for (old, new) in changed(before, after) {
        all.extend([Piece::Same(&before[from..old.start]), Piece::Gone(&before[old.clone()]), Piece::New(&after[new])]);
        from = old.end;
    }
    all.push(Piece::Same(&before[from..]));
    all.retain(|piece| !matches!(piece, Piece::Same("") | Piece::Gone("") | Piece::New("")));
    all
}

/// What two people made of one text, in one text. Nothing, where they changed the same words in different ways, or wrote at the
/// same place: then a person decides.
pub fn merge(base: &str, mine: &str, theirs: &str) -> Option<String> {
    if mine == theirs || base == mine {
        return Some(theirs.to_owned());
    }
    if base == theirs {
        return Some(mine.to_owned());
    }
    let (mine, theirs) = (edits(base, mine), edits(base, theirs));
    let clash = |one: &Edit, other: &Edit| one != other && one.at.start <= other.at.end && other.at.start <= one.at.end;
    if mine.iter().any(|one| theirs.iter().any(|other| clash(one, other))) {
        return None;
    }
    let mut both = theirs;
    both.extend(mine.into_iter().filter(|one| !both.contains(one)).collect::<Vec<_>>());
    both.sort_by_key(|edit| (edit.at.start, edit.at.end));
    Some(apply(base, &both))
}

/// Ranges of both, in bytes, that are not the same.
fn changed(before: &str, after: &str) -> Vec<(Range<usize>, Range<usize>)> {
    if let Some(found) = aligned(&words(before), &words(after)) {
        return found;
    }
    let Some(lines) = aligned(&lines(before), &lines(after)) else {
        return vec![(0..before.len(), 0..after.len())];
    };
    let mut all = Vec::new();
    for (old, new) in lines {
        match aligned(&words(&before[old.clone()]), &words(&after[new.clone()])) {
            Some(found) => all.extend(found.into_iter().map(|(a, b)| (moved(a, old.start), moved(b, new.start)))),
            None => all.push((old, new)),
        }
    }
    all
}

fn moved(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Words, stretches of blanks, ends of lines, and every other sign by itself.
fn words(text: &str) -> Vec<&str> {
    let kind = |one: char| match one {
        one if one.is_alphanumeric() => 0,
        ' ' | '\t' => 1,
        _ => 2,
    };
    let mut all: Vec<&str> = Vec::new();
    let (mut begin, mut last) = (0, None);
    for (at, one) in text.char_indices() {
        let of = kind(one);
        if last.is_some_and(|last| last != of || of == 2) {
            all.push(&text[begin..at]);
            begin = at;
        }
        last = Some(of);
    }
    if begin < text.len() {
        all.push(&text[begin..]);
    }
    all
}

/// The stretches that are not in both, by the longest common sequence; nothing if that would take too long.
fn aligned(before: &[&str], after: &[&str]) -> Option<Vec<(Range<usize>, Range<usize>)>> {
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let tail = before[head..].iter().rev().zip(after[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[head..before.len() - tail], &after[head..after.len() - tail]);
    let (high, wide) = (old.len(), new.len());
    if high.saturating_mul(wide) > PAIRS_MOST {
        return None;
    }
    // How long the longest common sequence is from each place on.
    let mut longest = vec![0_u16; (high + 1) * (wide + 1)];
    let place = |a: usize, b: usize| a * (wide + 1) + b;
    for a in (0..high).rev() {
        for b in (0..wide).rev() {
            longest[place(a, b)] = if old[a] == new[b] {
                longest[place(a + 1, b + 1)].saturating_add(1)
            } else {
                longest[place(a + 1, b)].max(longest[place(a, b + 1)])
            };
        }
    }
    let length = |parts: &[&str]| parts.iter().map(|part| part.len()).sum::<usize>();
    let (mut from, mut to) = (length(&before[..head]), length(&after[..head]));
    let mut all: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    let (mut a, mut b) = (0, 0);
    let mut open = false;
    while a < high || b < wide {
        if a < high && b < wide && old[a] == new[b] {
            (from, to, a, b, open) = (from + old[a].len(), to + new[b].len(), a + 1, b + 1, false);
            continue;
        }
        if !open {
            all.push((from..from, to..to));
            open = true;
        }
        let Some(last) = all.last_mut() else { break };
        if b == wide || (a < high && longest[place(a + 1, b)] >= longest[place(a, b + 1)]) {
            (from, a) = (from + old[a].len(), a + 1);
            last.0.end = from;
        } else {
            (to, b) = (to + new[b].len(), b + 1);
            last.1.end = to;
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_that_changed_are_found() {
        let found = pieces("Half of the payments failed.", "Half of all card payments failed!");
        assert_eq!(
            found,
            [
                Piece::Same("Half of "),
                Piece::Gone("the"),
                Piece::New("all"),
                Piece::Same(" "),
                Piece::New("card "),
                Piece::Same("payments failed"),
                Piece::Gone("."),
                Piece::New("!"),
            ]
        );
        assert_eq!(pieces("", ""), []);
        assert_eq!(pieces("same", "same"), [Piece::Same("same")]);
    }

    #[test]
    fn what_two_changed_in_different_places_is_taken_together() {
        let base = "The pool was full.\n\nNobody saw it.";
        let mine = "The pool of connections was full.\n\nNobody saw it.";
        let theirs = "The pool was full.\n\nNobody saw it for an hour.";
        let both = "The pool of connections was full.\n\nNobody saw it for an hour.";
        assert_eq!(merge(base, mine, theirs).unwrap(), both);
        assert_eq!(merge(base, theirs, mine).unwrap(), both);
        assert_eq!(merge(base, mine, mine).unwrap(), mine);
        assert_eq!(merge(base, base, theirs).unwrap(), theirs);
        assert_eq!(merge(base, mine, base).unwrap(), mine);
    }

    #[test]
    fn what_two_changed_in_one_place_is_for_a_person() {
        assert_eq!(merge("", "Half of it.", "All of it."), None);
        assert_eq!(merge("a b c", "a x c", "a y c"), None);
        assert_eq!(merge("a b c", "a c", "a x c"), None);
        assert_eq!(merge("a", "a b", "a c"), None);
    }

    #[test]
    fn a_long_text_that_is_another_is_replaced_and_costs_little() {
        let text = |word: &str| (0..9000).map(|at| format!("{word}{at} ")).collect::<Vec<_>>().concat();
        let (before, after) = (text("a"), text("b"));
        assert_eq!(edits(&before, &after).len(), 1);
        let lines = |word: &str| (0..3000).map(|at| format!("same\n{word}{at} too\n")).collect::<Vec<_>>().concat();
        let (before, after) = (lines("a"), lines("b"));
        assert_eq!(apply(&before, &edits(&before, &after)), after);
    }

    proptest! {
        #[test]
        fn edits_make_the_other_text(before in "[ab é\n.]{0,40}", after in "[ab é\n.]{0,40}") {
            prop_assert_eq!(apply(&before, &edits(&before, &after)), after.clone());
            let told: String = pieces(&before, &after)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Same(text) | Piece::New(text) => text,
                    Piece::Gone(_) => "",
                })
                .collect();
            prop_assert_eq!(told, after);
        }

        #[test]
        fn a_merge_does_not_care_who_is_who(base in "[ab \n]{0,20}", one in "[ab \n]{0,20}", other in "[ab \n]{0,20}") {
            prop_assert_eq!(merge(&base, &one, &other), merge(&base, &other, &one));
        }
    }
}
