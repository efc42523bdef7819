//! Lists of alerts: a tab, filters, a page of so many, and where the next one begins.
//!
//! A page costs what it shows: open alerts come from the board, newest first; those that are over from their rows.
//! What is searched for by words is looked for in so many alerts and no more; the next page goes on from there.

use std::fmt;
use std::str::FromStr;

use domain::detect::alerts::{Muted, Severity, Taken};
use domain::detect::board::{Board, Slot};
use domain::words::labels::Compare;
use domain::words::{AlertId, Labels, Matcher, Refusal, Timestamp, text};
use store::detect::alerts::{self, AlertRow};
use store::{Halt, Tx};

use super::views::{self, AlertView};

/// Which alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Everything that is not over.
    #[default]
    Open,
    /// Fires, and nobody has taken it.
    Unacknowledged,
    Acknowledged,
    Snoozed,
    /// Silenced, or inhibited by another.
    Silenced,
    Resolved,
    /// Open ones, then those that are over.
    All,
}

impl Tab {
    pub const ALL: [Self; 7] = [
        Self::Open,
        Self::Unacknowledged,
        Self::Acknowledged,
        Self::Snoozed,
        Self::Silenced,
        Self::Resolved,
        Self::All,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unacknowledged => "unacknowledged",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Silenced => "silenced",
            Self::Resolved => "resolved",
            Self::All => "all",
        }
    }

    fn takes(self, board: &Board, slot: Slot) -> bool {
        let alert = board.at(slot);
        match self {
            Self::Open | Self::All => true,
            Self::Resolved => false,
            Self::Unacknowledged => alert.wants_attention(),
            Self::Silenced => alert.muted().is_some(),
            Self::Acknowledged | Self::Snoozed => {
                let snoozed = matches!(alert.taken.as_deref(), Some(Taken::Snoozed { .. }));
                alert.muted().is_none() && alert.taken.is_some() && snoozed == (self == Self::Snoozed)
            }
        }
    }
}

impl FromStr for Tab {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|tab| tab.word() == word).ok_or_else(|| {
            let near = text::did_you_mean(word, Self::ALL.map(Self::word));
            Refusal::invalid(format!("there is no state {:?}{near}", text::shorten(word, 40)))
        })
    }
}

/// What is looked for: all of it must hold.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub tab: Tab,
    pub matchers: Vec<Matcher>,
    /// Each stands in a label's value, in the summary, or in another annotation; lower case.
    pub words: Vec<String>,
    pub integration: Option<domain::words::Name>,
    pub severity: Option<Severity>,
    /// In which order the open ones come. Those that are over always come as they ended, the last first.
    pub sort: Sort,
}

/// In which order open alerts come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    #[default]
    Newest,
    Oldest,
    /// The worst first, and among equals the newest.
    Severity,
}

impl Sort {
    pub const ALL: [Self; 3] = [Self::Newest, Self::Oldest, Self::Severity];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::Severity => "severity",
        }
    }
}

impl FromStr for Sort {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|sort| sort.word() == word).ok_or_else(|| {
            let near = text::did_you_mean(word, Self::ALL.map(Self::word));
            Refusal::invalid(format!("there is no order {:?}{near}", text::shorten(word, 40)))
        })
    }
}

impl Search {
    /// Reads what somebody typed: matchers such as `severity="critical"`, and words. Answers with what does not read.
    pub fn type_in(&mut self, typed: &str) -> Result<(), Refusal> {
        for part in parts(typed)? {
            match part.find(['=', '!']).filter(|at| is_label(&part[..*at])) {
                Some(_) => {
                    let matcher: Matcher = part
                        .parse()
                        .map_err(|refusal: Refusal| Refusal::invalid(format!("{part}: {}", refusal.message)))?;
                    self.matchers.push(matcher);
                }
                None => self.words.push(part.trim_matches('"').to_lowercase()),
            }
        }
        self.words.retain(|word| !word.is_empty());
        if self.words.len() + self.matchers.len() > 32 {
            return Err(Refusal::invalid("at most 32 words and matchers at once"));
        }
        Ok(())
    }

    fn filters(&self) -> bool {
        !(self.matchers.is_empty() && self.words.is_empty() && self.integration.is_none() && self.severity.is_none())
    }
}

fn is_label(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte))
}

/// Splits at spaces and commas outside of quotes.
fn parts(typed: &str) -> Result<Vec<String>, Refusal> {
    let (mut parts, mut part, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for letter in typed.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ' ' | ',' | '{' | '}' | '\t' | '\n' | '\r' if !quoted => {
                parts.extend(Some(std::mem::take(&mut part)).filter(|part| !part.is_empty()));
                continue;
            }
            _ => {}
        }
        part.push(letter);
    }
    if quoted {
        return Err(Refusal::invalid(format!("{}: the quote is not closed", text::shorten(&part, 80))));
    }
    parts.extend(Some(part).filter(|part| !part.is_empty()));
    Ok(parts)
}

/// Where a page begins: behind this alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Open(AlertId),
    Over(Timestamp, AlertId),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(id) => write!(f, "{id}"),
            Self::Over(at, id) => write!(f, "{}-{id}", at.as_microsecond()),
        }
    }
}

impl FromStr for Place {
    type Err = Refusal;

    fn from_str(word: &str) -> Result<Self, Refusal> {
        let wrong = || Refusal::invalid("this is not a place in a list of alerts; begin at its start").at("/after");
        let over = word.split_once("-alr_").map(|(at, id)| (at, format!("alr_{id}")));
        match over {
            None => word.parse().map(Self::Open).map_err(|_: Refusal| wrong()),
            Some((at, id)) => {
                let at = at.parse().ok().and_then(|at| Timestamp::from_microsecond(at).ok()).ok_or_else(wrong)?;
                Ok(Self::Over(at, id.parse().map_err(|_: Refusal| wrong())?))
            }
        }
    }
}

/// A page of the list.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub alerts: Vec<AlertView>,
    /// Where to go on, if there may be more.
    pub next: Option<Place>,
}

/// So many alerts are looked at for one page when words are searched for or rows are filtered.
const LOOKED_AT_MOST: usize = 2_000;
const ROWS_AT_ONCE: u32 = 200;

/// A page of so many alerts.
pub fn list(
    tx: &mut Tx<'_>,
    board: &Board,
    search: &Search,
    after: Option<Place>,
    limit: usize,
) -> Result<Listed, Halt> {
    let mut listed = Listed::default();
    let mut looked_at = 0;
    if !matches!(search.tab, Tab::Resolved) && !matches!(after, Some(Place::Over(..))) {
        let after = match after {
            Some(Place::Open(id)) => Some(id),
            _ => None,
        };
        let mut last = after;
        for slot in candidates(board, search, after) {
            if !fits(board, search, slot) {
                continue;
            }
            if listed.alerts.len() == limit || looked_at == LOOKED_AT_MOST {
                listed.next = last.map(Place::Open);
                return Ok(listed);
            }
            last = Some(board.at(slot).id);
            if search.words.is_empty() {
                listed.alerts.extend(views::open(tx, board, &[slot])?);
                continue;
            }
            looked_at += 1;
            let mut found = views::open(tx, board, &[slot])?;
            found.retain(|view| has_words(&view.labels, &view.annotations, &search.words));
            listed.alerts.append(&mut found);
        }
        if search.tab != Tab::All {
            return Ok(listed);
        }
    }
    if !matches!(search.tab, Tab::Resolved | Tab::All) {
        return Ok(listed);
    }
    over(tx, search, after, limit, &mut listed)?;
    Ok(listed)
}

/// The open alerts among which to look, in the order of the list.
fn candidates<'b>(board: &'b Board, search: &'b Search, after: Option<AlertId>) -> Box<dyn Iterator<Item = Slot> + 'b> {
    let exact = search.matchers.iter().any(|one| one.compare == Compare::Equal && !one.value.is_empty());
    if search.sort == Sort::Newest && !exact {
        return Box::new(board.newest_first(after));
    }
    // An exact matcher is looked up, which gives few; another order wants them all.
    let mut slots = board.matching(&search.matchers);
    slots.sort_by_cached_key(|slot| std::cmp::Reverse(board.at(*slot).id));
    match search.sort {
        Sort::Newest => {}
        Sort::Oldest => slots.reverse(),
        Sort::Severity => slots.sort_by_cached_key(|slot| std::cmp::Reverse(board.severity(*slot))),
    }
    let from = after.and_then(|id| slots.iter().position(|slot| board.at(*slot).id == id)).map_or(0, |at| at + 1);
    Box::new(slots.into_iter().skip(from))
}

fn fits(board: &Board, search: &Search, slot: Slot) -> bool {
    search.tab.takes(board, slot)
        && search.severity.is_none_or(|severity| board.severity(slot) == severity)
        && search.integration.as_ref().is_none_or(|name| board.at(slot).integration == *name)
        && search.matchers.iter().all(|one| one.matches_value(board.label(slot, &one.name).unwrap_or("")))
}

fn has_words(labels: &Labels, annotations: &Labels, words: &[String]) -> bool {
    let stands = |word: &String| {
        labels.iter().chain(annotations.iter()).any(|(_, value)| value.to_lowercase().contains(word.as_str()))
    };
    words.iter().all(stands)
}

/// Alerts that are over, by their rows.
fn over(tx: &mut Tx<'_>, search: &Search, after: Option<Place>, limit: usize, listed: &mut Listed) -> Result<(), Halt> {
    let mut before = match after {
        Some(Place::Over(at, id)) => Some((at, id)),
        _ => None,
    };
    let place = |row: &AlertRow| row.resolved_at.map(|at| (at, row.id));
    let mut looked_at = 0;
    loop {
        let wanted = if search.filters() { ROWS_AT_ONCE } else { u32::try_from(limit).unwrap_or(ROWS_AT_ONCE) + 1 };
        let rows = alerts::resolved(tx, before, wanted)?;
        let last_batch = rows.len() < wanted as usize;
        for row in rows {
            let here = place(&row);
            if listed.alerts.len() == limit || looked_at == LOOKED_AT_MOST {
                // Before the first of them: behind the last that is open.
                let open = listed.alerts.last().map(|last| Place::Open(last.id));
                listed.next = before.map(|(at, id)| Place::Over(at, id)).or(open);
                return Ok(());
            }
            looked_at += 1;
            before = here;
            if search.integration.as_ref().is_some_and(|name| row.integration != *name) {
                continue;
            }
            let found = views::rows(tx, vec![row])?;
            listed.alerts.extend(found.into_iter().filter(|view| {
                search.severity.is_none_or(|severity| view.severity == severity)
                    && search.matchers.iter().all(|matcher| matcher.matches(&view.labels))
                    && has_words(&view.labels, &view.annotations, &search.words)
            }));
        }
        if last_batch {
            return Ok(());
        }
    }
}

/// How many alerts are open, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub open: u64,
    pub firing: u64,
    pub acknowledged: u64,
    pub snoozed: u64,
    /// Silenced or inhibited.
    pub muted: u64,
}

impl Counts {
    /// Counts the board. Keep the answer while the board's version stands.
    pub fn of(board: &Board) -> Self {
        let mut counts = Self::default();
        for slot in board.newest_first(None) {
            let alert = board.at(slot);
            let state = match (alert.muted(), alert.taken.as_deref()) {
                (Some(Muted::Silenced(_) | Muted::Inhibited(_)), _) => &mut counts.muted,
                (None, Some(Taken::Snoozed { .. })) => &mut counts.snoozed,
                (None, Some(Taken::Acknowledged { .. })) => &mut counts.acknowledged,
                (None, None) => &mut counts.firing,
            };
            *state += 1;
            counts.open += 1;
        }
        counts
    }

    /// Of a tab; none for those that grow without end.
    pub fn tab(&self, tab: Tab) -> Option<u64> {
        match tab {
            Tab::Open => Some(self.open),
            Tab::Unacknowledged => Some(self.firing),
            Tab::Acknowledged => Some(self.acknowledged),
            Tab::Snoozed => Some(self.snoozed),
            Tab::Silenced => Some(self.muted),
            Tab::Resolved | Tab::All => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Result<(Vec<String>, Vec<String>), String> {
        let mut search = Search::default();
        search.type_in(text).map_err(|refusal| refusal.message)?;
        Ok((search.matchers.iter().map(ToString::to_string).collect(), search.words))
    }

    #[test]
    fn what_is_typed_is_matchers_and_words() {
        for (text, matchers, words) in [
            ("disk full", &[][..], &["disk", "full"][..]),
            ("severity=\"critical\" Disk", &["severity=\"critical\""], &["disk"]),
            ("{job=~\"api.*\", zone!=\"b c\"}", &["job=~\"api.*\"", "zone!=\"b c\""], &[]),
            ("severity=critical", &["severity=\"critical\""], &[]),
            ("\"disk full\"", &[], &["disk full"]),
            ("", &[], &[]),
        ] {
            let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
            assert_eq!(typed(text), Ok((owned(matchers), owned(words))), "{text}");
        }
        assert!(typed("region=\"eu").unwrap_err().ends_with("the quote is not closed"));
        assert!(typed("job=~\"(\"").is_err());
    }

    #[test]
    fn a_place_in_the_list_reads_back() {
        let id: AlertId = domain::words::Mint::seeded(1).id(Timestamp::UNIX_EPOCH);
        for place in [Place::Open(id), Place::Over(Timestamp::from_second(1_790_000_000).unwrap(), id)] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        assert!("nowhere".parse::<Place>().is_err());
    }
}
