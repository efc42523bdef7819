//! Markdown that people of the house wrote, as HTML: runbooks.
//!
//! Hostile all the same. No HTML of the text passes (it is shown as text), only http, https and mailto become links, and a
//! picture is a link to it: a page loads nothing from elsewhere. What the public reads is `domain/inform/prose.rs`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use comrak::nodes::NodeValue;
use comrak::options::{Extension, Render};
use comrak::{Arena, Options, format_html, parse_document};

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| Options {
    extension: Extension {
        table: true,
        strikethrough: true,
        autolink: true,
        // What other tools keep their own facts in.
        front_matter_delimiter: Some("---".into()),
        ..Extension::default()
    },
    render: Render { escape: true, ..Render::default() },
    ..Options::default()
});

/// As HTML. Headings go down from the second level without a gap, whatever their signs: the first is the page's.
pub fn html(text: &str) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &OPTIONS);
    let (mut signs, mut deepest) = (BTreeSet::new(), 1);
    for node in root.descendants() {
        if let NodeValue::Heading(heading) = &node.data.borrow().value {
            signs.insert(heading.level);
        }
    }
    for node in root.descendants() {
        let mut data = node.data.borrow_mut();
        match &mut data.value {
            NodeValue::Heading(heading) => {
                let rank = u8::try_from(signs.range(..=heading.level).count()).unwrap_or(5);
                deepest = (rank + 1).min(deepest + 1).min(6);
                heading.level = deepest;
            }
            NodeValue::Image(link) | NodeValue::Link(link) => {
                let link = std::mem::take(link);
                data.value = if is_address(&link.url) { NodeValue::Link(link) } else { NodeValue::Emph };
            }
            _ => {}
        }
    }
    let mut out = String::with_capacity(text.len() * 2);
    // A string takes whatever is written.
    _ = format_html(root, &OPTIONS, &mut out);
    out
}

/// What may stand in `href`: a page of the web, an address of mail.
pub(crate) fn is_address(url: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|begin| url.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_runbook_needs_is_drawn() {
        let text = "---\ntitle: x\n---\n\n# Meaning\n\nLook at *this*:\n\n```shell\nkubectl get pod <name>\n```\n\n\
            | a | b |\n| - | - |\n| 1 | 2 |\n\n- [ ] first\n- second\n\nhttps://example.org and [here](#meaning)\n";
        insta::assert_snapshot!(html(text));
    }

    #[test]
    fn headings_leave_no_gap() {
        let levels = |text: &str| -> Vec<char> {
            html(text).split("<h").skip(1).filter_map(|rest| rest.chars().next()).collect()
        };
        assert_eq!(levels("## a\n\n#### b\n\n## c\n"), ['2', '3', '2']);
        assert_eq!(levels("### a\n\n# b\n\n###### c\n"), ['2', '2', '3']);
    }

    #[test]
    fn nothing_of_it_runs_or_loads() {
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
            "[x](vbscript:x)",
            "![x](https://example.org/track.png)",
            "![x](javascript:alert(1))",
            "<https://example.org/\"onmouseover=alert(1)>",
            "[x](https://example.org \"\\\" onmouseover=alert(1)\")",
            "<iframe src=//example.org>",
            "<style>*{display:none}</style>",
            "```\"><script>alert(1)</script>\nx\n```",
            "[x][1]\n\n[1]: javascript:alert(1)",
            "<a href=\"javascript:alert(1)\">x</a>",
        ] {
            let html = html(hostile);
            for forbidden in
                ["<script", "<img", "<iframe", "<style", "href=\"j", "href=\"J", "href=\"d", "href=\"v", "\" on"]
            {
                assert!(!html.contains(forbidden), "{hostile}: {html}");
            }
        }
    }

    #[test]
    fn deep_nesting_is_bounded_work() {
        let html = html(&"> ".repeat(50_000));
        assert!(html.len() < 5_000_000);
    }
}
