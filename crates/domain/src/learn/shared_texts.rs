//! The words of a postmortem while several people write them at once: one Yjs document, with a text of Markdown for each section.
//!
//! Changes are taken in any order and any number of times, and all who have the same changes read the same text. Who made one is
//! not believed of a change itself: whoever takes it in knows who brought it. Revisions stay the truth that others read; this is
//! where they come from.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use yrs::updates::decoder::Decode as _;
use yrs::updates::encoder::Encode as _;
use yrs::{
    ClientID, Doc, GetString as _, OffsetKind, Options, ReadTxn as _, StateVector, Text as _, Transact as _, Update,
};

use super::edits::{Edit, edits};
use super::postmortem_sections::{Section, Texts, text};
use crate::words::{Refusal, Result, Span};

/// One change is no larger than this, in bytes.
pub const UPDATE_MOST: usize = 256 << 10;
/// All of it, with what was deleted, is no larger than this, in bytes.
pub const STATE_MOST: usize = 4 << 20;
/// After so long without a change what was written becomes a revision;
pub const PAUSE: Span = Span::seconds(3);
/// and after so long in any case.
pub const PAUSE_MOST: Span = Span::seconds(30);
/// So many changes are kept apart before they are folded into one.
pub const FOLD_AFTER: i64 = 200;

/// The document.
pub struct SharedText(Doc);

impl std::fmt::Debug for SharedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedText")
    }
}

fn unread() -> Refusal {
    Refusal::invalid("this change does not read as one of Yjs")
}

/// A library that reads what strangers send may break on it: then it is refused, and the document thrown away.
fn held<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(unread()))
}

impl SharedText {
    /// With nothing in it. What is changed here is signed with this number: by chance, another for each copy that changes something.
    pub fn new(chance: u64) -> Self {
        // As old Yjs programs count: 32 bits.
        let client_id = ClientID::new(chance & u64::from(u32::MAX));
        let options =
            Options { offset_kind: OffsetKind::Bytes, ..Options::with_guid_and_client_id("shared".into(), client_id) };
        let doc = Doc::with_options(options);
        for section in Section::ALL {
            doc.get_or_insert_text(section.word());
        }
        Self(doc)
    }

    /// From texts that stand.
    pub fn of(texts: &Texts, chance: u64) -> Self {
        let shared = Self::new(chance);
        for (section, text) in texts {
            shared.write(*section, text);
        }
        shared
    }

    /// From what was kept of it.
    pub fn read<'u>(kept: impl IntoIterator<Item = &'u [u8]>, chance: u64) -> Result<Self> {
        let shared = Self::new(chance);
        for update in kept {
            shared.integrate(update)?;
        }
        Ok(shared)
    }

    fn integrate(&self, update: &[u8]) -> Result<()> {
        held(|| {
            let update = Update::decode_v1(update).map_err(|_| unread())?;
            self.0.transact_mut().apply_update(update).map_err(|_| unread())
        })
    }

    /// Takes a change in; answers which sections read otherwise than before. After a refusal the document is not to be used.
    pub fn take(&self, update: &[u8]) -> Result<BTreeSet<Section>> {
        if update.len() > UPDATE_MOST {
            return Err(Refusal::invalid(format!("a change has at most {} kB", UPDATE_MOST >> 10)));
        }
        let before = self.texts();
        self.integrate(update)?;
        let missing = {
            let seen = self.0.transact();
            seen.store().pending_update().is_some() || seen.store().pending_ds().is_some()
        };
        if missing {
            return Err(Refusal::conflict("this change rests on another that is not here: load the page again"));
        }
        let after = self.texts();
        let changed = |section: &Section| before.get(section) != after.get(section);
        let changed: BTreeSet<Section> = Section::ALL.iter().copied().filter(changed).collect();
        for section in &changed {
            text(after.get(section).map_or("", String::as_str))
                .map_err(|wrong| wrong.at(format!("/sections/{section}")))?;
        }
        if !changed.is_empty() && self.state().len() > STATE_MOST {
            return Err(Refusal::invalid(
                "this text has been changed so much that no more is taken: save it, and begin anew",
            ));
        }
        Ok(changed)
    }

    /// What stands in a section, with blanks at its end.
    pub fn text(&self, section: Section) -> String {
        let text = self.0.get_or_insert_text(section.word());
        text.get_string(&self.0.transact())
    }

    /// What stands in all that are not empty.
    pub fn texts(&self) -> Texts {
        let all = Section::ALL.iter().map(|section| (*section, self.text(*section)));
        all.filter(|(_, text)| !text.is_empty()).collect()
    }

    /// Makes a section read so, by changing only the words that differ. The change, if there is any.
    pub fn write(&self, section: Section, wanted: &str) -> Option<Vec<u8>> {
        let before = self.text(section);
        let all = edits(&before, wanted);
        if all.is_empty() {
            return None;
        }
        let text = self.0.get_or_insert_text(section.word());
        let mut change = self.0.transact_mut();
        // From the end on: what stands before stays where it is.
        for Edit { at, text: new } in all.iter().rev() {
            let (start, length) = (place(at.start), place(at.len()));
            if length > 0 {
                text.remove_range(&mut change, start, length);
            }
            text.insert(&mut change, start, new);
        }
        Some(change.encode_update_v1())
    }

    /// All of it, as one change.
    pub fn state(&self) -> Vec<u8> {
        self.0.transact().encode_state_as_update_v1(&StateVector::default())
    }

    /// What it has, to be told to others.
    pub fn vector(&self) -> Vec<u8> {
        self.0.transact().state_vector().encode_v1()
    }

    /// What somebody lacks who has this.
    pub fn since(&self, vector: &[u8]) -> Result<Vec<u8>> {
        held(|| {
            let vector = StateVector::decode_v1(vector).map_err(|_| unread())?;
            Ok(self.0.transact().encode_state_as_update_v1(&vector))
        })
    }
}

fn place(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PART: Section = Section::Summary;

    fn copy(of: &SharedText, chance: u64) -> SharedText {
        SharedText::read([of.state().as_slice()], chance).unwrap()
    }

    #[test]
    fn two_who_write_apart_read_the_same_when_they_meet_again() {
        let one = SharedText::of(&Texts::from([(PART, "The pool was full.".into())]), 1);
        let other = copy(&one, 2);
        let mine = one.write(PART, "The pool of connections was full — überall.").unwrap();
        let theirs = other.write(PART, "The pool was full for an hour.").unwrap();
        assert_eq!(one.take(&theirs).unwrap(), BTreeSet::from([PART]));
        other.take(&mine).unwrap();
        assert_eq!(one.text(PART), other.text(PART));
        for words in ["of connections", "überall", "for an hour"] {
            assert!(one.text(PART).contains(words), "{}", one.text(PART));
        }
        // Again, and nothing is there twice.
        assert!(one.take(&theirs).unwrap().is_empty());
        assert_eq!(one.since(&other.vector()).map(|rest| copy(&other, 3).take(&rest).unwrap().len()), Ok(0));
    }

    #[test]
    fn what_differs_is_all_that_changes() {
        let one = SharedText::of(&Texts::from([(PART, "a ".repeat(500))]), 1);
        assert!(one.write(PART, &"a ".repeat(500)).is_none());
        let update = one.write(PART, &format!("{}b", "a ".repeat(500))).unwrap();
        assert!(update.len() < 60, "{}", update.len());
    }

    #[test]
    fn what_is_no_change_is_refused() {
        let one = SharedText::of(&Texts::from([(PART, "words".into())]), 1);
        let (first, second) = {
            let other = copy(&one, 2);
            (other.write(PART, "words and").unwrap(), other.write(PART, "words and more").unwrap())
        };
        assert!(copy(&one, 3).take(b"rubbish").is_err());
        assert!(copy(&one, 3).take(&[]).is_err());
        let early = copy(&one, 3).take(&second).unwrap_err();
        assert!(early.message.contains("rests on another"), "{early}");
        let third = copy(&one, 3);
        third.take(&first).unwrap();
        third.take(&second).unwrap();
        assert_eq!(third.text(PART), "words and more");
    }

    #[test]
    fn a_section_that_grows_too_long_or_rings_a_bell_is_refused() {
        let (one, other) = (SharedText::new(1), SharedText::new(2));
        let long = other.write(PART, &"x".repeat(40_001)).unwrap();
        assert!(one.take(&long).unwrap_err().message.contains("at most 40000"));
        let (one, other) = (SharedText::new(1), SharedText::new(2));
        let bell = other.write(PART, "a\u{7}").unwrap();
        assert!(one.take(&bell).is_err());
    }

    proptest! {
        #[test]
        fn rubbish_is_refused_and_nothing_breaks(update in proptest::collection::vec(any::<u8>(), 0..80)) {
            let one = SharedText::of(&Texts::from([(PART, "words".into())]), 1);
            if let Ok(changed) = one.take(&update) {
                prop_assert_eq!(changed.contains(&PART), one.text(PART) != "words");
            }
        }

        #[test]
        fn copies_agree_whatever_was_written(texts in proptest::collection::vec("[ab é\n]{0,12}", 1..6)) {
            let first = SharedText::new(1);
            let second = copy(&first, 2);
            let mut changes = Vec::new();
            for (at, text) in texts.iter().enumerate() {
                let by = if at % 2 == 0 { &first } else { &second };
                changes.extend(by.write(PART, text));
            }
            for change in &changes {
                first.take(change).unwrap();
            }
            for change in &changes {
                second.take(change).unwrap();
            }
            prop_assert_eq!(first.text(PART), second.text(PART));
        }
    }
}
