//! Who does it: the subject of the clause in which something is said.
//!
//! A few rules of word order and a short list of nouns, no grammar. What is not known for a person is a thing: a rule that
//! blames the disk is worse than one that overlooks a name.

use std::collections::BTreeSet;

use crate::prepare::catalog::Catalog;

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agent {
    /// Somebody of the house: a name, a role, a team.
    Person,
    /// The writers.
    We,
    /// Somebody who is not named: a passive, or an act without a subject.
    Hidden,
    /// Nobody did it.
    Nobody,
    /// A program, a machine, a document, a process.
    Thing,
    /// Customers, attackers, the public.
    Outsider,
}

/// What people are called here. What a service is called, too, is a thing.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    people: BTreeSet<String>,
}

impl Directory {
    /// People by names, titles and handles, services by names and titles.
    pub fn new<'a>(people: impl Iterator<Item = &'a str>, services: impl Iterator<Item = &'a str>) -> Self {
        let words = |title: &str| -> Vec<String> {
            let parts = title.split(|sign: char| !sign.is_alphanumeric() && sign != '-');
            // The first name and the last, if they could not be a word.
            parts.filter(|part| part.chars().count() >= 3).map(str::to_lowercase).collect()
        };
        let services: BTreeSet<String> = services.map(str::to_lowercase).collect();
        let people = people.flat_map(words).filter(|name| !services.contains(name) && !is_common(name)).collect();
        Self { people }
    }

    /// Of the documents in force.
    pub fn of(catalog: &Catalog) -> Self {
        let people = catalog.people.iter().flat_map(|(name, person)| [name.as_str(), person.full_name.as_str()]);
        let services = catalog.services.iter().flat_map(|(name, service)| [name.as_str(), service.title.as_str()]);
        Self::new(people, services)
    }

    /// Whether this word is a person's name. Both as the text writes it: `Will` may be one, `will` is none.
    pub(super) fn is_person(&self, word: &str) -> bool {
        let begins =
            word.trim_start_matches('@').chars().next().is_some_and(char::is_uppercase) || word.starts_with('@');
        begins && self.people.contains(word.trim_start_matches('@').trim_end_matches("'s").to_lowercase().as_str())
    }
}

/// Names that begin sentences as other words.
fn is_common(name: &str) -> bool {
    const COMMON: &str = "will mark may grace hope faith dawn august april june the and";
    listed(COMMON, name) || listed(PEOPLE, name) || listed(GROUPS, name)
}

/// A word of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// In lower case.
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// What separates it from the one before.
    breaks: bool,
    is_name: bool,
}

impl Word<'_> {
    /// Whether it is somebody's name.
    pub(super) fn is_name(&self) -> bool {
        self.is_name
    }
}

/// One person, by what they do here.
const PEOPLE: &str = "admin administrator analyst architect author colleague commander contractor dba deployer developer dev \
    director employee engineer executive intern maintainer manager member newcomer officer oncaller \
    operator owner pilot programmer responder reviewer scientist someone somebody sre staffer supervisor \
    sysadmin teammate technician tester trainee approver committer dispatcher individual human consultant";
/// Many.
const GROUPS: &str = "team teams staff personnel management leadership crew squad everyone everybody anyone anybody folks \
    humans";
const OUTSIDERS: &str = "customer customers user users client clients attacker attackers visitor visitors subscriber subscribers \
    farmer farmers merchant merchants hacker hackers adversary actor actors player players subscriber public \
    miner";
/// What can stand between a subject and what it does.
const HELPERS: &str = "had has have was were is are been being be did does do not n't also then never simply just again only both \
    still initially apparently would could should will may might must can hadn't didn't all first later even to \
    clearly";
const PREPOSITIONS: &str = "of for in on at by with from during after before under over about against between within into through per as \
    to without across due following via despite upon around near behind until like";
/// Begin another clause.
const JOINTS: &str =
    "and but or because since while when so although though if where that which who whether unless once then yet";
const VERBS: &str = "ran made took went saw got sent began came found gave left put set wrote broke felt kept knew led lost meant \
    met read said shut told thought understood became is are was were has had did does would could";
const DETERMINERS: &str = "the a an this that these those our their its his her my your one some any each every another two several \
    both all";

/// Begin what is told between two commas.
const ASIDES: &str = "which who whose while when whilst during after before in at on having as despite although though \
    trying attempting believing thinking working";
/// Say how many.
const COUNTS: &str = "number couple majority group handful pair part half three four five six most many few none";

fn listed(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

/// The words of a sentence; `original` is the same as people wrote it.
pub(super) fn words<'a>(text: &'a str, original: &str, directory: &Directory) -> Vec<Word<'a>> {
    let is_word = |sign: char| sign.is_alphanumeric() || matches!(sign, '\'' | '’' | '-' | '_' | '@' | '/');
    let mut words: Vec<Word<'a>> = Vec::new();
    let (mut from, mut breaks) = (None, true);
    for (at, sign) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_word(sign) {
            from.get_or_insert(at);
            continue;
        }
        if let Some(start) = from.take() {
            let own = text[start..at].trim_matches(['\'', '’', '-', '/']);
            if !own.is_empty() {
                let is_name = original.get(start..at).is_some_and(|word| directory.is_person(word));
                words.push(Word { text: own, at: start, breaks, is_name });
                breaks = false;
            }
        }
        // A full stop within a word is none: `v1.2`, `db1.example`.
        let follows = text[at..].chars().nth(1).is_some_and(char::is_alphanumeric);
        breaks |= matches!(sign, ',' | ';' | ':' | '(' | ')' | '—' | '–' | '!' | '?') || sign == '.' && !follows;
    }
    words
}

/// Who does what begins at `at` and ends at `end`.
pub(super) fn agent(words: &[Word<'_>], at: usize, end: usize) -> Agent {
    let first = words.partition_point(|word| word.at < at);
    let after = words.partition_point(|word| word.at < end);
    if is_passive(words, first, after) {
        let by = words[after..].iter().take(6).position(|word| word.text == "by");
        return by.map_or(Agent::Hidden, |place| match class_of(phrase(&words[after + place + 1..])) {
            Some(Agent::Thing) | None => Agent::Thing,
            Some(known) => known,
        });
    }
    // Far back there is no subject any more.
    let from = first.saturating_sub(40);
    before(&words[from..first], words.get(first).is_some_and(|word| word.breaks))
}

/// Who did it, of an object: `a release was made from the wrong branch` does not say.
pub(super) fn agent_of_object(words: &[Word<'_>], at: usize) -> Agent {
    let first = words.partition_point(|word| word.at < at);
    let from = first.saturating_sub(40);
    let clause = &words[from + clause_start(&words[from..first])..first];
    let passive = clause
        .windows(2)
        .position(|pair| matches!(pair[0].text, "was" | "were" | "been") && is_participle(pair[1].text));
    if passive.is_some() { Agent::Hidden } else { before(&words[from..first], false) }
}

/// `was accidentally deleted`, `had been overlooked`, `is forgotten`: a form of *be*, then, at once, what was done.
fn is_passive(words: &[Word<'_>], first: usize, after: usize) -> bool {
    let is_be = |word: &Word<'_>| matches!(word.text, "was" | "were" | "been" | "being" | "is" | "are" | "be" | "got");
    let adverb = |word: &Word<'_>| word.text.ends_with("ly") || matches!(word.text, "not" | "also" | "then" | "never");
    let helper = words[..first].iter().rev().find(|word| !adverb(word));
    let own = &words[first..after.max(first)];
    let done = own.iter().chain(&words[after..]).find(|word| !adverb(word) && !is_be(word));
    let is_there = helper.is_some_and(is_be) || own.iter().any(is_be);
    is_there && done.is_some_and(|word| is_participle(word.text))
}

/// By its form.
fn is_participle(word: &str) -> bool {
    const IRREGULAR: &str = "been done made caught seen known told sent found taken given run set put read kept left built had thought \
    understood written shown gone begun chosen brought held met paid said shut cut lost led heard got gotten \
    asked spent split overlooked overridden undone";
    listed(IRREGULAR, word) || word.len() > 4 && (word.ends_with("ed") || word.ends_with("en") || word.ends_with("wn"))
}

/// Looks back from what is done to who does it. `breaks`: a comma stands before what is done.
fn before(words: &[Word<'_>], mut breaks: bool) -> Agent {
    let mut rest = words;
    // Auxiliaries and adverbs belong to what is done.
    while let Some((last, others)) = rest.split_last() {
        let is_helper = listed(HELPERS, last.text) || last.text.ends_with("ly") && last.text != "family";
        if !is_helper {
            break;
        }
        breaks |= last.breaks;
        rest = others;
    }
    let Some(last) = rest.last() else { return Agent::Hidden };
    // `while debugging accidentally pushed`: somebody debugs.
    if last.text.ends_with("ing") && rest.len() >= 2 && matches!(rest[rest.len() - 2].text, "while" | "when" | "whilst")
    {
        return Agent::Hidden;
    }
    if breaks {
        // What is told between two commas is passed over: `the deploy, which the developer began, failed`.
        let start = clause_start(rest);
        let aside = start.checked_sub(1).map_or(&rest[..0], |joint| &rest[joint..]);
        let opened = aside.first().or(rest.get(start)).filter(|word| listed(ASIDES, word.text));
        let outside = opened.map_or(&rest[..0], |word| &rest[..rest.partition_point(|other| other.at < word.at)]);
        return if outside.is_empty() { before_break(rest) } else { before_break(outside) };
    }
    if let Some(known) = pronoun(last) {
        return known;
    }
    match last.text {
        "and" | "or" | "but" | "then" => return before_break(&rest[..rest.len() - 1]),
        // What a relative clause is about stands at its head.
        "which" | "that" => return antecedent(&rest[..rest.len() - 1]),
        _ => {}
    }
    // `the cause was an engineer mistakenly running it`, but not `the script of the engineer failed`.
    if is_person(last) && !is_after_preposition(rest) {
        return Agent::Person;
    }
    let start = clause_start(rest);
    let clause = &rest[start..];
    if let Some(known) = class_of(phrase(clause)) {
        return known;
    }
    before_break(&rest[..start])
}

/// The last noun before `which` or `that`.
fn antecedent(words: &[Word<'_>]) -> Agent {
    let is_part =
        |word: &Word<'_>| is_participle(word.text) || word.text.ends_with("ing") || listed(PREPOSITIONS, word.text);
    words.iter().rev().find(|word| !is_part(word)).map_or(Agent::Thing, noun)
}

/// Whether the noun at the end belongs to a preposition.
fn is_after_preposition(words: &[Word<'_>]) -> bool {
    let own = words.iter().rev().skip(1).take(4);
    own.take_while(|word| !listed(VERBS, word.text)).any(|word| listed(PREPOSITIONS, word.text))
}

/// The clause before says who.
fn before_break(words: &[Word<'_>]) -> Agent {
    if words.is_empty() {
        return Agent::Hidden;
    }
    let start = clause_start(words);
    if let Some(known) = class_of(phrase(&words[start..])) {
        return known;
    }
    let joint = words[..start].last().is_some_and(|word| listed(JOINTS, word.text));
    before_break(&words[..start - usize::from(joint && start > 0)])
}

/// Where the clause begins that the last word belongs to.
fn clause_start(words: &[Word<'_>]) -> usize {
    for at in (0..words.len()).rev() {
        if listed(JOINTS, words[at].text) && !(words[at].text == "that" && at + 1 < words.len() && at == 0) {
            // `who` is a subject of its own.
            return if words[at].text == "who" { at } else { (at + 1).min(words.len()) };
        }
        if words[at].breaks {
            return at;
        }
    }
    0
}

fn pronoun(word: &Word<'_>) -> Option<Agent> {
    Some(match word.text {
        "we" | "i" | "we'd" | "we’d" | "we've" => Agent::We,
        "he" | "she" | "who" => Agent::Person,
        "nobody" | "no-one" | "noone" => Agent::Nobody,
        "it" | "this" | "these" | "they" | "there" => Agent::Thing,
        _ => return None,
    })
}

/// The noun phrase that a clause begins with, up to its verb; after a preposition the one that follows.
fn phrase<'a, 'w>(clause: &'a [Word<'w>]) -> &'a [Word<'w>] {
    let mut from = 0;
    loop {
        let rest = &clause[from..];
        let Some(first) = rest.first() else { return rest };
        if listed(PREPOSITIONS, first.text) || listed(JOINTS, first.text) && first.text != "who" {
            // `on monday the engineer`: what follows a determiner in the middle.
            let inner = rest.iter().skip(2).position(|word| listed(DETERMINERS, word.text) || pronoun(word).is_some());
            match inner {
                Some(place) => from += place + 2,
                None => from += 1,
            }
            continue;
        }
        let mut to = 0;
        while let Some(word) = rest.get(to) {
            let after_determiner = to > 0 && listed(DETERMINERS, rest[to - 1].text);
            let is_verb = listed(VERBS, word.text)
                || word.text.len() > 4 && word.text.ends_with("ed") && !after_determiner && to > 0;
            if listed(PREPOSITIONS, word.text) && to > 0 || is_verb || word.breaks && to > 0 {
                break;
            }
            to += 1;
        }
        // `one of the pods`, `a number of people`: what they are is what counts.
        let is_count = |word: &Word<'_>| listed(DETERMINERS, word.text) || listed(COUNTS, word.text);
        if rest.get(to).is_some_and(|word| word.text == "of") && rest[..to].iter().all(is_count) {
            from += to + 1;
            continue;
        }
        return &rest[..to];
    }
}

/// What the head of a noun phrase is: its last word; of `one of the engineers` and `members of the team` nothing is lost.
fn class_of(phrase: &[Word<'_>]) -> Option<Agent> {
    if phrase.len() >= 2 && phrase[0].text == "no" && phrase[1].text == "one" {
        return Some(Agent::Nobody);
    }
    let head = phrase.iter().rev().find(|word| !listed(HELPERS, word.text) && !word.text.ends_with("ly"))?;
    if let Some(known) = pronoun(head) {
        return Some(known);
    }
    if phrase.iter().all(|word| listed(DETERMINERS, word.text)) {
        // `one of the engineers`, `some of us`.
        return None;
    }
    Some(noun(head))
}

fn noun(word: &Word<'_>) -> Agent {
    match word.text {
        _ if is_person(word) => Agent::Person,
        text if listed(OUTSIDERS, text) => Agent::Outsider,
        _ => Agent::Thing,
    }
}

fn is_person(word: &Word<'_>) -> bool {
    word.is_name || is_role(word.text)
}

/// A noun for people of the house.
fn is_role(text: &str) -> bool {
    let one = text.strip_suffix('s').unwrap_or(text);
    let last = one.rsplit(['-', '/']).next().unwrap_or(one);
    listed(GROUPS, text) || listed(PEOPLE, one) || listed(PEOPLE, last) || text == "on-call"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(text: &str, did: &str) -> Agent {
        let directory =
            Directory::new(["Ana Sousa", "Jenkins Doe"].into_iter(), ["operator-portal", "jenkins"].into_iter());
        let lower = text.to_ascii_lowercase();
        let at = lower.find(did).unwrap();
        agent(&words(&lower, text, &directory), at, at + did.len())
    }

    #[test]
    fn the_subject_of_the_clause_is_found() {
        use Agent::{Hidden, Nobody, Outsider, Person, Thing, We};
        for (text, did, expected) in [
            ("The developer on call failed to look", "failed", Person),
            ("A member of the team failed to look", "failed", Person),
            ("Ana failed to look", "failed", Person),
            ("On Monday the team failed to look", "failed", Person),
            ("On Monday developers failed to look", "failed", Person),
            ("The developer's script failed to start", "failed", Thing),
            ("Two of the pods failed to start", "failed", Thing),
            ("The deploy, which the developer began, failed to end", "failed", Thing),
            ("Customers failed to sign in", "failed", Outsider),
            ("The developer ran the job and forgot to look", "forgot", Person),
            ("The developer who failed to look", "failed", Person),
            ("We had also failed to look", "failed", We),
            ("The row was accidentally removed", "accidentally", Hidden),
            ("The row was accidentally removed by the developer", "accidentally", Person),
            ("The row was accidentally removed by the job", "accidentally", Thing),
            ("The job accidentally removed it", "accidentally", Thing),
            ("The job ran, accidentally removing it", "accidentally", Thing),
            ("The disk was full, and while debugging accidentally removed it", "accidentally", Hidden),
            ("Nobody noticed", "noticed", Nobody),
            ("No one noticed", "noticed", Nobody),
            ("operator-portal failed to start", "failed", Thing),
            ("Jenkins failed to start", "failed", Thing),
            ("Forgot to look", "forgot", Hidden),
            ("A developer, while looking at it, failed to see", "failed", Person),
            ("The cause was a developer mistakenly removing it", "mistakenly", Person),
            ("This led to changes being made which broke it", "broke", Thing),
            ("It had a defect that we saw in the tests, which broke it", "broke", Thing),
            ("The script of a developer failed to start", "failed", Thing),
        ] {
            assert_eq!(who(text, did), expected, "{text}");
        }
    }
}
