//! My ladders as they are shown and changed: which contact after how many minutes, by urgency.
//!
//! What makes a ladder good is not decided here: the person's document is checked when it is applied.

use domain::engage::contacts;
use domain::prepare::people::{Ladder, Person, Rung};
use domain::words::{Refusal, Span, Urgency, text};

use super::people::rungs;
use crate::handlers::fields::Fields;
use crate::handlers::frame::Look;
use crate::pages::filters::Chosen;
use crate::pages::prepare::people::{LadderView, RungForm};

/// So many empty lines are offered below those that are filled in.
const MORE_LINES: usize = 2;
const DAY_MINUTES: f64 = 24.0 * 60.0;

/// What was typed into the form, as it was typed.
#[derive(Clone, Debug)]
pub struct Typed {
    urgency: Urgency,
    lines: Vec<(String, String)>,
    waking: (String, String),
}

impl Typed {
    pub fn of(fields: &Fields) -> Self {
        let trimmed = |name| fields.all(name).map(|value| value.trim().to_owned()).collect::<Vec<_>>();
        let after = trimmed("after").into_iter().chain(std::iter::repeat(String::new()));
        Self {
            urgency: if fields.text("urgency") == "low" { Urgency::Low } else { Urgency::High },
            lines: trimmed("contact").into_iter().zip(after).collect(),
            waking: (fields.text("waking-from").to_owned(), fields.text("waking-to").to_owned()),
        }
    }

    /// The part of my page that a refusal belongs to.
    pub fn section(&self) -> &'static str {
        word(self.urgency)
    }

    /// Puts it into the ladder.
    pub fn put(&self, ladder: &mut Ladder) -> Result<(), Refusal> {
        let chosen = self.lines.iter().filter(|(contact, _)| !contact.is_empty());
        let rungs = chosen
            .map(|(contact, after)| Ok(Rung { contact: contact.clone(), after: minutes(after)? }))
            .collect::<Result<Vec<Rung>, Refusal>>()?;
        match self.urgency {
            Urgency::High => ladder.high = rungs,
            Urgency::Low => {
                ladder.low = rungs;
                let (from, to) = &self.waking;
                ladder.waking = match (from.is_empty(), to.is_empty()) {
                    (true, true) => None,
                    (false, false) => Some(format!("{from}-{to}")),
                    _ => return Err(Refusal::invalid("waking hours need both a begin and an end")),
                };
            }
        }
        Ok(())
    }
}

const fn word(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::High => "high",
        Urgency::Low => "low",
    }
}

/// `5`, `1.5`, `1,5`; nothing is at once.
fn minutes(typed: &str) -> Result<Span, Refusal> {
    if typed.is_empty() {
        return Ok(Span::ZERO);
    }
    let number: Option<f64> = typed.replace(',', ".").parse().ok();
    let Some(number) = number.filter(|number| (0.0..=DAY_MINUTES).contains(number)) else {
        let typed = text::shorten(typed, 20);
        return Err(Refusal::invalid(format!("{typed:?} are no minutes: write 0, 5 or 1.5, and a day at most")));
    };
    #[expect(clippy::cast_possible_truncation, reason = "between nothing and a day, as was just checked")]
    let seconds = (number * 60.0).round() as i64;
    Ok(Span::seconds(seconds))
}

/// The same the other way round.
fn typed(span: Span) -> String {
    let seconds = span.as_millis() / 1000;
    if seconds % 60 == 0 {
        return (seconds / 60).to_string();
    }
    let hundredths = (seconds * 100 + 30) / 60;
    format!("{}.{:02}", hundredths / 100, hundredths % 100).trim_end_matches('0').to_owned()
}

/// Both ladders, with their forms; what was typed stays where a form was refused.
pub fn views(look: &Look<'_, '_>, person: &Person, refused: Option<&Typed>) -> Vec<LadderView> {
    let kept = person.ladder.waking.as_deref().unwrap_or("08:00-22:00");
    let (from, to) = kept.split_once('-').unwrap_or(("08:00", "22:00"));
    let waits = if (from.trim(), to.trim()) == ("00:00", "24:00") {
        "Pages of low urgency come at any hour: I am always awake.".to_owned()
    } else {
        format!("Pages of low urgency wait for my waking hours, {from} to {to}.")
    };
    let view = |urgency, heading, note, list: &[Rung]| {
        let refused = refused.filter(|typed| typed.urgency == urgency);
        let lines = match refused {
            Some(typed) => typed.lines.clone(),
            None => list.iter().map(|rung| (rung.contact.clone(), typed(rung.after))).collect(),
        };
        let empty = lines.iter().rev().take_while(|(contact, _)| contact.is_empty()).count();
        let more = std::iter::repeat_n((String::new(), String::new()), MORE_LINES.saturating_sub(empty));
        let waking = match refused {
            Some(typed) => typed.waking.clone(),
            None => (from.to_owned(), to.to_owned()),
        };
        LadderView {
            urgency: word(urgency),
            heading,
            note,
            rungs: rungs(look, person, list, urgency),
            lines: lines.into_iter().chain(more).map(|(contact, after)| line(person, &contact, after)).collect(),
            waking: (urgency == Urgency::Low).then_some(waking),
        }
    };
    vec![
        view(
            Urgency::High,
            "When it may wake me",
            "Pages of high urgency, at any hour, counted from the start of a step.".to_owned(),
            &person.ladder.high,
        ),
        view(Urgency::Low, "When it can wait", waits, &person.ladder.low),
    ]
}

fn line(person: &Person, contact: &str, after: String) -> RungForm {
    let choice = |(name, _)| Chosen { chosen: name == contact, title: String::clone(&name), value: name };
    RungForm { contacts: contacts::contacts(person).into_iter().map(choice).collect(), after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_read_as_people_write_them_and_written_back_the_same() {
        for (text, seconds, back) in [
            ("", 0, "0"),
            ("0", 0, "0"),
            ("5", 300, "5"),
            ("1.5", 90, "1.5"),
            ("0,25", 15, "0.25"),
            ("1440", 86_400, "1440"),
        ] {
            let span = minutes(text).unwrap();
            assert_eq!((span, typed(span).as_str()), (Span::seconds(seconds), back), "{text}");
        }
        for wrong in ["soon", "-1", "1441", "NaN", "inf", "5m"] {
            assert!(minutes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lines_without_a_contact_are_dropped_and_waking_hours_come_whole() {
        let fields = |text: &str| Typed::of(&Fields::of_query(Some(text)));
        let mut ladder = Ladder::default();
        fields("urgency=high&contact=phone&after=0&contact=&after=7&contact=mail&after=3").put(&mut ladder).unwrap();
        let rungs: Vec<String> = ladder.high.iter().map(|rung| format!("{} {}", rung.contact, rung.after)).collect();
        assert_eq!(rungs, ["phone 0s", "mail 3m"]);
        fields("urgency=low&contact=mail&after=&waking-from=07:00&waking-to=23:00").put(&mut ladder).unwrap();
        assert_eq!((ladder.low.len(), ladder.waking.as_deref()), (1, Some("07:00-23:00")));
        assert_eq!(ladder.high.len(), 2, "the other ladder stays");
        let half = fields("urgency=low&contact=mail&after=&waking-from=07:00&waking-to=").put(&mut ladder);
        assert!(half.unwrap_err().message.contains("both a begin and an end"));
    }
}
