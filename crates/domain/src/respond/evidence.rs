//! Evidence: what was collected, by whom, when and where, and through whose hands it went.
//!
//! The bytes are known by their SHA-256 and are never changed; the log of custody only grows. Evidence that lies
//! elsewhere (a disk in a safe) is recorded with the hash that somebody took, or with the reason why there is none.
//! The fields follow NIST SP 800-61r2, 3.3.2 (evidence gathering and handling).

use std::fmt;
use std::str::FromStr;

use super::entries::{line, past, text};
use super::tlp::Tlp;
use crate::words::choices::choices;
use crate::words::{EvidenceId, Refusal, Result, Timestamp};

/// A SHA-256, written in 64 lower-case hexadecimal letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Refusal;

    fn from_str(typed: &str) -> Result<Self> {
        let typed = typed.trim();
        let wrong = || Refusal::invalid("a SHA-256 has 64 letters from 0-9 and a-f").at("/sha256");
        if typed.len() != 64 || !typed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&typed[2 * place..2 * place + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// Where the bytes are, and what is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Here, by their hash.
    Kept { sha256: Digest, size: u64 },
    /// Somewhere else; somebody took the hash.
    Elsewhere { sha256: Digest },
    /// Somewhere else, and there is no hash, because.
    Unhashed { why: String },
}

impl Content {
    pub const fn sha256(&self) -> Option<Digest> {
        match self {
            Self::Kept { sha256, .. } | Self::Elsewhere { sha256 } => Some(*sha256),
            Self::Unhashed { .. } => None,
        }
    }

    pub const fn is_kept(&self) -> bool {
        matches!(self, Self::Kept { .. })
    }

    /// Of what lies elsewhere: with a hash, or a reason why there is none.
    pub fn elsewhere(sha256: Option<&str>, why: Option<&str>) -> Result<Self> {
        match (sha256.filter(|typed| !typed.trim().is_empty()), why.filter(|why| !why.trim().is_empty())) {
            (Some(typed), _) => Ok(Self::Elsewhere { sha256: typed.parse()? }),
            (None, Some(why)) => Ok(Self::Unhashed { why: line(why, WORDS_MOST, "/why_no_hash")? }),
            (None, None) => Err(Refusal::invalid("give its SHA-256, or say why it has none").at("/sha256")),
        }
    }
}

/// Something that may prove what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub id: EvidenceId,
    pub found: Found,
    pub content: Content,
    /// `person:ana`: who wrote it down here.
    pub added_by: String,
    pub added_at: Timestamp,
    /// When the bytes here were found altered or gone.
    pub altered_at: Option<Timestamp>,
}

/// What whoever collected it says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub title: String,
    /// As it was called; it may hold anything that can be shown.
    pub file: Option<String>,
    /// `application/pdf`, as whoever sent it says; nothing is run by it, and what is shown is looked at first ([`Picture`]).
    pub media_type: Option<String>,
    /// A person of ours by name, or anybody in words.
    pub collector: String,
    pub collected_at: Timestamp,
    /// Where it was found.
    pub place: Option<String>,
    pub note: Option<String>,
    pub tlp: Tlp,
}

choices! {
    /// A picture that pages show. Others may be evidence, and are not shown: an SVG is a program.
    Picture: "the kind of a picture" at "/type" {
        Png = "image/png",
        Jpeg = "image/jpeg",
        Gif = "image/gif",
        Webp = "image/webp",
    }
}

impl Picture {
    /// A page shows none that has more bytes.
    pub const BYTES_MOST: u64 = 10 << 20;
    /// So many bytes say what it is.
    pub const HEAD: usize = 12;

    /// What it is by its first bytes, whatever it is called.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins = |sign: &[u8]| bytes.starts_with(sign);
        if begins(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if begins(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if begins(b"GIF87a") || begins(b"GIF89a") {
            Some(Self::Gif)
        } else if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else {
            None
        }
    }
}

impl Evidence {
    /// What it says that it is, if that is a picture that is kept here and is not too large to be shown.
    pub fn said_picture(&self) -> Option<Picture> {
        let said = self.found.media_type.as_deref()?.parse().ok()?;
        matches!(self.content, Content::Kept { size, .. } if size <= Picture::BYTES_MOST).then_some(said)
    }
}

/// Letters of a title, a name, a place, a reason.
pub const WORDS_MOST: usize = 200;
const FILE_MOST: usize = 255;

impl Found {
    /// The same, fit to be kept; or why not.
    pub fn checked(self, now: Timestamp) -> Result<Self> {
        let some = |said: Option<String>, place: &str| {
            said.filter(|said| !said.trim().is_empty()).map(|said| line(&said, WORDS_MOST, place)).transpose()
        };
        Ok(Self {
            title: line(&self.title, WORDS_MOST, "/title")?,
            file: self.file.as_deref().and_then(file_name),
            media_type: self.media_type.as_deref().and_then(media_type),
            collector: line(&self.collector, WORDS_MOST, "/collector")?,
            collected_at: past(self.collected_at, now).map_err(|refusal| refusal.at("/collected_at"))?,
            place: some(self.place, "/place")?,
            note: self.note.filter(|said| !said.trim().is_empty()).map(|said| text(&said, "/note")).transpose()?,
            tlp: self.tlp,
        })
    }
}

/// A file's name without its folders, and without what would turn a line around or break it.
pub fn file_name(sent: &str) -> Option<String> {
    let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().map(|letter| if shows_nothing(letter) { '_' } else { letter }).collect();
    let name: String = name.trim().chars().take(FILE_MOST).collect();
    (!name.is_empty() && name != "." && name != "..").then_some(name)
}

/// Control characters, and those that change the direction of text: `exe.txt` shown for `txt.exe`.
fn shows_nothing(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn media_type(sent: &str) -> Option<String> {
    let kind = sent.split(';').next()?.trim().to_ascii_lowercase();
    let fits = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let (sort, rest) = kind.split_once('/')?;
    (kind.len() <= 127 && fits(sort) && fits(rest)).then_some(kind)
}

choices! {
    /// What happened to evidence.
    Step: "a step of custody" at "/step" {
        Collected = "collected",
        HandedOver = "handed-over",
        /// Somebody took a copy.
        Downloaded = "downloaded",
        /// The bytes that are kept are not those that were collected.
        Altered = "altered",
    }
}

/// A line of the log of custody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// From 1, without a gap.
    pub number: u32,
    pub step: Step,
    /// When it was.
    pub at: Timestamp,
    /// Who gave it.
    pub from: Option<String>,
    /// Who has it since, or took a copy.
    pub to: Option<String>,
    pub place: Option<String>,
    pub why: Option<String>,
    /// `person:ana`: who wrote it down, and when.
    pub by: String,
    pub recorded_at: Timestamp,
}

/// Who has it, by its log.
pub fn holder(log: &[Custody]) -> Option<&str> {
    let hands = log.iter().rev().find(|line| matches!(line.step, Step::Collected | Step::HandedOver));
    hands.and_then(|line| line.to.as_deref())
}

/// Somebody gives it to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    pub to: String,
    /// Now, if absent.
    pub at: Option<Timestamp>,
    pub place: Option<String>,
    pub why: String,
}

impl HandOver {
    /// The next line of the log; or why it cannot be.
    pub fn line(&self, evidence: &Evidence, log: &[Custody], by: String, now: Timestamp) -> Result<Custody> {
        let to = line(&self.to, WORDS_MOST, "/to")?;
        let at = past(self.at.unwrap_or(now), now)?;
        let from = holder(log).map(str::to_owned);
        if from.as_deref() == Some(to.as_str()) {
            return Err(Refusal::conflict(format!("{to} has it already")).at("/to"));
        }
        if at < evidence.found.collected_at {
            return Err(Refusal::invalid("it was not collected yet at that time").at("/at"));
        }
        let place = self.place.as_deref().filter(|place| !place.trim().is_empty());
        Ok(Custody {
            number: next(log),
            step: Step::HandedOver,
            at,
            from,
            to: Some(to),
            place: place.map(|place| line(place, WORDS_MOST, "/place")).transpose()?,
            why: Some(line(&self.why, WORDS_MOST, "/why")?),
            by,
            recorded_at: now,
        })
    }
}

/// The number of the next line of a log.
pub fn next(log: &[Custody]) -> u32 {
    log.last().map_or(1, |line| line.number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Mint;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    fn found() -> Found {
        Found {
            title: "Memory of pay-1".into(),
            file: None,
            media_type: None,
            collector: "ana".into(),
            collected_at: at(0),
            place: Some(" ".into()),
            note: None,
            tlp: Tlp::Amber,
        }
    }

    #[test]
    fn a_hostile_file_name_is_a_name_and_nothing_else() {
        for (sent, kept) in [
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\x\\mem.raw", Some("mem.raw")),
            ("a\r\nSet-Cookie: x=1", Some("a__Set-Cookie: x=1")),
            ("invoice\u{202e}txt.exe", Some("invoice_txt.exe")),
            ("..", None),
            ("/", None),
            (" ", None),
            ("\"><script>.pdf", Some("\"><script>.pdf")),
        ] {
            assert_eq!(file_name(sent).as_deref(), kept, "{sent:?}");
        }
        assert_eq!(file_name(&"é".repeat(400)).unwrap().chars().count(), 255);
    }

    #[test]
    fn evidence_is_titled_and_not_from_the_future() {
        let kept = Found { media_type: Some("Text/HTML; charset=x".into()), ..found() }.checked(at(1)).unwrap();
        assert_eq!((kept.place, kept.media_type.as_deref()), (None, Some("text/html")));
        let place = |found: Found| found.checked(at(1)).unwrap_err().at.unwrap();
        assert_eq!(place(Found { title: " ".into(), ..found() }), "/title");
        assert_eq!(place(Found { title: "a\nb".into(), ..found() }), "/title");
        assert_eq!(place(Found { collected_at: at(9), ..found() }), "/collected_at");
        assert_eq!(place(Found { collector: String::new(), ..found() }), "/collector");
        assert_eq!(Found { media_type: Some("x".into()), ..found() }.checked(at(1)).unwrap().media_type, None);
    }

    #[test]
    fn a_picture_is_one_by_its_first_bytes() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], Some(Picture::Png)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some(Picture::Jpeg)),
            (b"GIF89a\x01\0", Some(Picture::Gif)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some(Picture::Webp)),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", None),
            (b"<!doctype html>", None),
            (b"\x89PNG", None),
            (b"", None),
        ] {
            assert_eq!(Picture::of(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn what_lies_elsewhere_has_a_hash_or_a_reason() {
        let hash = "ab".repeat(32);
        assert_eq!(Content::elsewhere(Some(&hash.to_uppercase()), None).unwrap().sha256().unwrap().to_string(), hash);
        assert!(matches!(Content::elsewhere(Some(" "), Some("a disk")), Ok(Content::Unhashed { .. })));
        for (hash, why) in [(None, None), (Some("ab"), None), (Some("zz"), Some("x"))] {
            assert_eq!(Content::elsewhere(hash, why).unwrap_err().at.as_deref(), Some("/sha256"));
        }
    }

    #[test]
    fn custody_goes_from_hand_to_hand_and_only_grows() {
        let id = Mint::seeded(1).id(at(0));
        let content = Content::Unhashed { why: "a disk".into() };
        let evidence =
            Evidence { id, found: found(), content, added_by: "person:ana".into(), added_at: at(0), altered_at: None };
        let first = Custody {
            number: 1,
            step: Step::Collected,
            at: at(0),
            from: None,
            to: Some("ana".into()),
            place: None,
            why: None,
            by: "person:ana".into(),
            recorded_at: at(0),
        };
        let give = |to: &str, when| HandOver { to: to.into(), at: when, place: None, why: "to be imaged".into() };
        let log = vec![first];
        let second = give("Lab Ltd", Some(at(5))).line(&evidence, &log, "person:ana".into(), at(9)).unwrap();
        assert_eq!((second.number, second.from.as_deref(), second.at), (2, Some("ana"), at(5)));
        let copy = Custody { step: Step::Downloaded, to: Some("ben".into()), number: 3, ..second.clone() };
        assert_eq!(holder(&[log[0].clone(), second.clone(), copy]), Some("Lab Ltd"), "a copy is no hand-over");
        let refused = |hand: HandOver, log: &[Custody]| hand.line(&evidence, log, String::new(), at(9)).unwrap_err().at;
        assert_eq!(refused(give("ana", None), &log).as_deref(), Some("/to"));
        assert_eq!(refused(give("ben", Some(at(-1))), &log).as_deref(), Some("/at"));
        assert_eq!(refused(give("ben", Some(at(20))), &log).as_deref(), Some("/at"));
        let silent = HandOver { why: " ".into(), ..give("ben", None) };
        assert_eq!(refused(silent, &log).as_deref(), Some("/why"));
    }
}
