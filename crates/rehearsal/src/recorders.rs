//! What people put on record in the incidents of a story: entries, evidence, observables, counts, checklists; and
//! maintenance that they plan in public.
//!
//! Each line becomes one act of one person, as in `responders.rs`.

use actions::inform::notices::{self, Post, Target};
use actions::respond::observables::{self, Wanted};
use actions::respond::{affected, checklists, entries, evidence};
use domain::inform::notices::{Effects, Sort as NoticeSort, Window};
use domain::respond::affected::{Amount, Claim, What};
use domain::respond::checklists::State;
use domain::respond::entries::{Entry, Sort};
use domain::respond::evidence::{Content, Found};
use domain::respond::observables::Seen;
use domain::respond::tlp::Tlp;
use domain::words::{IncidentId, Name, Span};

use crate::play::{Play, Stop, unquoted};
use crate::responders::Responder;

impl Play {
    /// A line about what is put on record in an incident; false if it is none.
    pub(crate) fn on_the_record(
        &mut self,
        responder: &Responder,
        words: &[&str],
        id: Option<IncidentId>,
        (said, also): (&str, Option<&str>),
    ) -> Result<bool, Stop> {
        let id = || id.ok_or_else(|| Stop::Words("there is no incident yet".into()));
        let now = self.world.now();
        match words {
            [verb @ ("notes" | "observes" | "acts" | "decides")] => {
                let id = id()?;
                let sort = match *verb {
                    "observes" => Sort::Observation,
                    "acts" => Sort::Action,
                    "decides" => Sort::Decision,
                    _ => Sort::Note,
                };
                let objections = also.map(str::to_owned);
                let entry = Entry { objections, ..Entry::new(sort, said) };
                responder.act(self, |tx, _, moment| entries::add(tx, moment, id, &entry))?;
            }
            ["collects", title, rest @ ..] if unquoted(title).is_some() => {
                let id = id()?;
                let hash = rest.iter().find_map(|word| word.strip_prefix("sha256="));
                let content = match hash {
                    Some(hash) => Content::Elsewhere { sha256: hash.parse()? },
                    None => Content::Unhashed { why: said.to_owned() },
                };
                let found = Found {
                    title: unquoted(title).unwrap_or_default(),
                    file: None,
                    media_type: None,
                    collector: responder.me.to_string(),
                    collected_at: now,
                    place: Some(said.to_owned()),
                    note: also.map(str::to_owned),
                    tlp: Tlp::Amber,
                };
                responder.act(self, |tx, _, moment| {
                    let evidence = moment.mint.id(moment.now);
                    evidence::collect(tx, moment, id, evidence, &found, &content)
                })?;
            }
            ["sees", value, verdict] => {
                let id = id()?;
                let wanted = [Wanted { kind: None, value: (*value).to_owned() }];
                let note = Some(said.to_owned()).filter(|said| !said.is_empty());
                let seen = Seen { verdict: verdict.parse()?, note, ..Seen::default() };
                responder.act(self, |tx, _, moment| observables::add(tx, moment, id, &wanted, &seen))?;
            }
            ["counts", subject, amount, rest @ ..] => {
                let id = id()?;
                let label = rest.first().and_then(|label| unquoted(label));
                let what = What { subject: subject.parse()?, label, data: None, unit: None };
                let amount = Amount::About(amount.parse().map_err(|_| Stop::Words("how many? a number".into()))?);
                let source = Some(said.to_owned()).filter(|said| !said.is_empty());
                let claim = Claim { amount, at: None, source, note: None };
                responder.act(self, |tx, _, moment| affected::begin(tx, moment, id, &what, &claim))?;
            }
            [verb @ ("ticks" | "skips"), checklist, item] => {
                let (id, checklist, item) = (id()?, checklist.parse::<Name>()?, item.parse::<Name>()?);
                let state = if *verb == "ticks" {
                    State::Done { note: Some(said.to_owned()).filter(|said| !said.is_empty()) }
                } else {
                    State::NotApplicable { why: said.to_owned() }
                };
                responder
                    .act(self, |tx, node, moment| checklists::act(tx, node, moment, id, (&checklist, &item), &state))?;
            }
            ["plans", title, "in", from, "for", long, rest @ ..] if unquoted(title).is_some() => {
                let from = from.parse::<Span>()?.after(now);
                let window = Window { from, until: long.parse::<Span>()?.after(from) };
                let post = Post {
                    notice: Target::New {
                        title: unquoted(title).unwrap_or_default(),
                        sort: NoticeSort::Maintenance,
                        window: Some(window),
                    },
                    incident: None,
                    state: None,
                    text: said.to_owned(),
                    components: effects(rest)?,
                    next_update_by: None,
                    at: None,
                    quiet: false,
                };
                responder.act(self, |tx, node, moment| notices::post_directly(tx, node, moment, &post))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `checkout=degraded`, any number.
pub(crate) fn effects(words: &[&str]) -> Result<Effects, Stop> {
    let mut effects = Effects::new();
    for (name, status) in words.iter().filter_map(|word| word.split_once('=')) {
        effects.insert(name.parse()?, status.parse()?);
    }
    Ok(effects)
}
