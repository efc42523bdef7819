//! The terms of a text, by which it is found: words and numbers in lower case, without accents, without their English endings.
//!
//! A name with joints (`db-1.shop.example`, `inc_06f1…`) is its parts, one after the other, and is asked for as such. What has
//! a figure in it keeps its ending. The same reading serves what is kept and what is asked, so both meet.

use std::ops::Range;

/// A term of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its place in the order of terms.
    pub position: u32,
    /// Where it stands, in bytes.
    pub at: Range<usize>,
    /// As it is kept: a stem.
    pub stem: String,
}

/// Longer ones are no words: a picture in letters, for instance. A hash of 512 bits is one.
const LONGEST: usize = 128;

/// Calls with each term of a text, in its order.
pub fn each(text: &str, mut with: impl FnMut(Range<usize>, &str)) {
    let (mut word, mut from) = (String::new(), 0);
    let mut letters = text.char_indices().peekable();
    let mut end = |word: &mut String, at: Range<usize>| {
        if !word.is_empty() && word.len() <= LONGEST {
            stem(word);
            with(at, word);
        }
        word.clear();
    };
    while let Some((at, letter)) = letters.next() {
        if stands_alone(letter) {
            end(&mut word, from..at);
            word.push(letter);
            end(&mut word, at..at + letter.len_utf8());
        } else if letter.is_alphanumeric() || is_accent(letter) && !word.is_empty() {
            if word.is_empty() {
                from = at;
            }
            if word.len() <= LONGEST {
                fold(letter, &mut word);
            }
        } else if is_apostrophe(letter)
            && !word.is_empty()
            && letters.peek().is_some_and(|(_, next)| next.is_alphabetic())
        {
            // "don't" is one word, and so is "the service's".
        } else {
            end(&mut word, from..at);
        }
    }
    end(&mut word, from..text.len());
}

/// The terms of a text.
pub fn terms(text: &str) -> Vec<Term> {
    let (mut found, mut position) = (Vec::new(), 0);
    each(text, |at, stem| {
        found.push(Term { position, at, stem: stem.to_owned() });
        position += 1;
    });
    found
}

/// The stems of a text.
pub fn stems(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    each(text, |_, stem| found.push(stem.to_owned()));
    found
}

/// Whether a stem says so little that a question of several words does better without it.
pub fn says_little(stem: &str) -> bool {
    LITTLE.binary_search(&stem).is_ok()
}

/// Stems of words that are in nearly every sentence, sorted.
const LITTLE: &[&str] = &[
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "becaus", "been", "befor",
    "but", "by", "can", "could", "did", "do", "doe", "dur", "for", "from", "had", "has", "have", "he", "her", "his",
    "how", "i", "if", "in", "into", "is", "it", "its", "more", "no", "not", "of", "on", "one", "or", "our", "out",
    "over", "she", "so", "some", "such", "than", "that", "the", "their", "them", "then", "ther", "thes", "they",
    "this", "to", "up", "was", "we", "were", "what", "when", "wher", "which", "whil", "who", "will", "with", "would",
    "you", "your",
];

/// Letters of scripts that put no space between words: each is a term.
fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// An accent that is written after its letter.
const fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

const fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}')
}

/// In lower case, without an accent.
fn fold(letter: char, into: &mut String) {
    if letter.is_ascii() {
        into.push(letter.to_ascii_lowercase());
        return;
    }
    for lower in letter.to_lowercase() {
        match lower {
            'à'..='å' | 'ā' | 'ă' | 'ą' => into.push('a'),
            'æ' => into.push_str("ae"),
            'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => into.push('c'),
            'ď' | 'đ' | 'ð' => into.push('d'),
            'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => into.push('e'),
            'ĝ' | 'ğ' | 'ġ' | 'ģ' => into.push('g'),
            'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => into.push('i'),
            'ĺ' | 'ļ' | 'ľ' | 'ł' => into.push('l'),
            'ñ' | 'ń' | 'ņ' | 'ň' => into.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => into.push('o'),
            'œ' => into.push_str("oe"),
            'ŕ' | 'ŗ' | 'ř' => into.push('r'),
            'ś' | 'ŝ' | 'ş' | 'š' => into.push('s'),
            'ß' => into.push_str("ss"),
            'ţ' | 'ť' => into.push('t'),
            'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => into.push('u'),
            'ý' | 'ÿ' => into.push('y'),
            'ź' | 'ż' | 'ž' => into.push('z'),
            accent if is_accent(accent) => {}
            other => into.push(other),
        }
    }
}

/// Takes off the commonest endings of English: of the plural, of `-ed` and `-ing`. So little that unlike words stay apart.
fn stem(word: &mut String) {
    if word.len() < 4 || !word.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return;
    }
    if word.ends_with("sses") {
        word.truncate(word.len() - 2);
    } else if word.ends_with("ies") && word.len() > 4 {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is") {
        word.truncate(word.len() - 1);
    }
    let cut = if word.ends_with("ied") && word.len() > 4 {
        word.truncate(word.len() - 3);
        word.push('y');
        return;
    } else if word.ends_with("eed") {
        return;
    } else if word.ends_with("ed") {
        2
    } else if word.ends_with("ing") {
        3
    } else {
        end_of_e(word);
        return;
    };
    let rest = &word.as_bytes()[..word.len() - cut];
    let has_vowel = rest.iter().any(|letter| b"aeiouy".contains(letter));
    if rest.len() < 3 || !has_vowel {
        return;
    }
    word.truncate(word.len() - cut);
    let rest = word.as_bytes();
    let (last, before) = (rest[rest.len() - 1], rest[rest.len() - 2]);
    if last == before && !b"lsz".contains(&last) && !b"aeiou".contains(&last) {
        word.truncate(word.len() - 1);
    }
    end_of_e(word);
}

/// `cache`, `cached` and `caching` are one: all without their `e`.
fn end_of_e(word: &mut String) {
    if word.len() > 4 && word.ends_with('e') && !word.ends_with("ee") {
        word.truncate(word.len() - 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_read_as_its_terms() {
        let table: &[(&str, &[&str])] = &[
            ("Rolled back the deployments", &["roll", "back", "the", "deployment"]),
            ("cache cached caching caches", &["cach", "cach", "cach", "cach"]),
            ("retries retried retry retrying", &["retry", "retry", "retry", "retry"]),
            ("stopped stopping stop stops", &["stop", "stop", "stop", "stop"]),
            ("failed failing failure fails", &["fail", "fail", "failur", "fail"]),
            ("db-1.shop.example:5432", &["db", "1", "shop", "exampl", "5432"]),
            ("INC-17 v1.2.3", &["inc", "17", "v1", "2", "3"]),
            ("payment_failed", &["payment", "fail"]),
            ("Don't; it’s the service's", &["dont", "its", "the", "servic"]),
            ("Zürich, Ångström, Łódź", &["zurich", "angstrom", "lodz"]),
            ("e\u{301}te\u{301}", &["ete"]),
            ("支払いが失敗", &["支", "払", "い", "が", "失", "敗"]),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", &["da39a3ee5e6b4b0d3255bfef95601890afd80709"]),
            ("need feed status redis access", &["need", "feed", "status", "redis", "access"]),
            ("using being red bed sing", &["using", "being", "red", "bed", "sing"]),
            (" --- ... ", &[]),
        ];
        for (text, wanted) in table {
            assert_eq!(stems(text), *wanted, "{text}");
        }
        assert_eq!(stems(&"x".repeat(LONGEST + 1)), Vec::<String>::new());
    }

    #[test]
    fn a_term_knows_where_it_stands() {
        let text = "Über db-1, don't";
        let found = terms(text);
        let said: Vec<&str> = found.iter().map(|term| &text[term.at.clone()]).collect();
        assert_eq!(said, ["Über", "db", "1", "don't"]);
        assert_eq!(found.iter().map(|term| term.position).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }

    #[test]
    fn what_says_little_is_sorted_and_stands_in_its_stems() {
        assert!(LITTLE.is_sorted());
        assert!(says_little("the") && !says_little("shop"));
        for word in ["because", "before", "does", "these", "where", "while", "there", "was"] {
            assert!(says_little(&stems(word)[0]), "{word}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_stems_stay_what_they_are(text in "\\PC{0,80}") {
            for term in terms(&text) {
                prop_assert!(text.get(term.at.clone()).is_some());
                prop_assert!(!term.stem.is_empty() && term.stem.len() <= LONGEST);
            }
        }
    }
}
