//! Lines of comma-separated values (RFC 4180) that a spreadsheet shows, and does not run.

/// One line, with its end. A cell that a spreadsheet would take for a formula gets an apostrophe in front; a number below
/// nought is none.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    // Full-width signs are formulas too, to some; so is what stands behind blanks.
    let first = text.trim_start().chars().next();
    let runs = first.is_some_and(|first| "=+-@|\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(first))
        || text.starts_with(['\t', '\r', '\n']);
    let guarded = if runs && !is_number(text) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains(['"', ',', '\r', '\n', ';']) {
        return format!("\"{}\"", guarded.replace('"', "\"\""));
    }
    guarded
}

/// Digits with a sign before them, and at most one point within.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|some| !some.is_empty() && some.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_each_reads_back() {
        for (text, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+49 30", "'+49 30"),
            ("-1", "-1"),
            ("-0.25", "-0.25"),
            ("-1+1", "'-1+1"),
            ("-", "'-"),
            ("-.5", "'-.5"),
            ("-1.2.3", "'-1.2.3"),
            ("-x", "'-x"),
            ("@sum", "'@sum"),
            ("  =1", "'  =1"),
            ("\t=1", "'\t=1"),
            ("two\nlines", "\"two\nlines\""),
            ("|cmd", "'|cmd"),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
        assert_eq!(line(["a", "b c", "=x"]), "a,b c,'=x\r\n");
    }
}
