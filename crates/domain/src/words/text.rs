//! Text for people: shortening, and "did you mean".

/// The text, or its first `most` characters and an ellipsis. Control characters become spaces.
pub fn shorten(text: &str, most: usize) -> String {
    let mut out: String = text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(most).is_some() {
        out.push('…');
    }
    out
}

/// The text with a mark in the place of each letter that steers or hides and that nobody sees: tags, directions, fillers.
/// What people read and what a program reads is then the same.
pub fn all_seen(text: &str) -> String {
    let unseen = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t' | '\r')
            || matches!(c, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{180e}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.chars().map(|c| if unseen(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The candidate that is nearest to what was typed, if it is near: at most a third of the letters differ.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .filter_map(|candidate| Some((distance(typed, candidate, candidate.chars().count().max(3) / 3)?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// ` (did you mean "x"?)`, or nothing.
pub fn did_you_mean<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(typed, candidates).map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default()
}

/// How many letters must be put in, taken out, replaced, or swapped with their neighbour; nothing, if more than `most`.
pub fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let (mut before, mut above) = (Vec::new(), (0..=b.len()).collect::<Vec<usize>>());
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let mut cost = (above[j] + usize::from(a[i] != b[j])).min(row[j] + 1).min(above[j + 1] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                let swapped: &Vec<usize> = &before;
                cost = cost.min(swapped[j - 1] + 1);
            }
            row.push(cost);
        }
        // A swap may come back from the row before by one.
        if row.iter().chain(&above).all(|cost| *cost > most) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
    }
    Some(above[b.len()]).filter(|far| *far <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_a_letter_more_less_another_or_two_that_changed_places() {
        let is_within = |a: &str, b: &str, most| distance(a, b, most).is_some();
        for other in ["paymet", "paymentt", "paymant", "paymnet", "payment"] {
            assert!(is_within("payment", other, 1), "{other}");
        }
        assert!(!is_within("payment", "paymnte", 1) && is_within("payment", "paymnte", 2));
        assert!(!is_within("payment", "pay", 2) && !is_within("", "abc", 2) && is_within("", "ab", 2));
    }

    #[test]
    fn what_nobody_sees_is_marked_and_what_is_written_in_any_script_stays() {
        assert_eq!(all_seen("a\u{e0041}b\u{202e}c\u{200b}\u{1b}"), "a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}");
        let fine = "Zürich\n\t日本語 👩\u{200d}🚒 می\u{200c}خواهم";
        assert_eq!(all_seen(fine), fine);
    }

    #[test]
    fn near_names_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("payment-primary", ["payments-primary", "web"]), Some("payments-primary"));
        assert_eq!(nearest("titel", ["title", "text"]), Some("title"));
        assert_eq!(nearest("zzz", ["payments-primary", "web"]), None);
        assert_eq!(shorten("abcdef", 3), "abc…");
    }
}
