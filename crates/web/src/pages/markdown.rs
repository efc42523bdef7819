//! Markdown that people of the house wrote, as HTML: runbooks, postmortems.
//!
//! Hostile all the same. No HTML of the text passes (it is shown as text), only http, https and mailto become links, and a
//! picture is a link to it: a page loads nothing from elsewhere. What is mentioned, outside of code, is a link with its name, and a
//! picture that is evidence is shown, where the reader may see them. What the public reads is `domain/inform/prose.rs`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use comrak::nodes::{AstNode, NodeValue};
use comrak::options::{Extension, Render};
use comrak::{Arena, Options, format_html, parse_document};
use domain::learn::mentions::{Mention, find};

use super::mentions::Names;

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

/// What is mentioned outside of code, in its order, each once.
pub fn mentions(text: &str) -> Vec<Mention> {
    let arena = Arena::new();
    let mut all = Vec::new();
    let mut known = BTreeSet::new();
    for node in parse_document(&arena, text, &OPTIONS).descendants() {
        let found: Vec<Mention> = match &node.data.borrow().value {
            NodeValue::Text(words) => find(words).into_iter().map(|(_, mention)| mention).collect(),
            NodeValue::Image(link) | NodeValue::Link(link) => Mention::of(&link.url).into_iter().collect(),
            _ => Vec::new(),
        };
        all.extend(found.into_iter().filter(|mention| known.insert(mention.clone())));
    }
    all
}

/// As HTML. Headings go down from the second level without a gap, whatever their signs: the first is the page's.
pub fn html(text: &str) -> String {
    html_with(text, &Names::default())
}

/// The same, with the names of what is mentioned.
pub fn html_with(text: &str, names: &Names) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &OPTIONS);
    name(&arena, root, names);
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
                let mut link = std::mem::take(link);
                let named = names.get(&link.url).map(|named| names.address(named));
                let leads = named.is_some() || is_address(&link.url);
                link.url = named.unwrap_or_else(|| std::mem::take(&mut link.url));
                data.value = if leads { NodeValue::Link(link) } else { NodeValue::Emph };
            }
            _ => {}
        }
    }
    let mut out = String::with_capacity(text.len() * 2);
    // A string takes whatever is written.
    _ = format_html(root, &OPTIONS, &mut out);
    out
}

/// Puts names where things are mentioned.
fn name<'a>(arena: &'a Arena<'a>, root: &'a AstNode<'a>, names: &Names) {
    // What is our own HTML stands below a tag of no letters, which may be wherever words may.
    let put = |node: &'a AstNode<'a>, html: String| {
        node.children().for_each(AstNode::detach);
        node.data.borrow_mut().value = NodeValue::EscapedTag("");
        node.append(arena.alloc(AstNode::from(NodeValue::Raw(html))));
    };
    for node in root.descendants().collect::<Vec<_>>() {
        let html = match &node.data.borrow().value {
            NodeValue::Text(words) if !node.ancestors().skip(1).any(is_link) => names.html(words),
            NodeValue::Image(link) => names.picture(&link.url, &words_of(node)),
            _ => None,
        };
        if let Some(html) = html {
            put(node, html);
        }
    }
}

fn is_link<'a>(node: &'a AstNode<'a>) -> bool {
    matches!(node.data.borrow().value, NodeValue::Link(_) | NodeValue::Image(_))
}

/// The words below a node.
pub(crate) fn words_of<'a>(node: &'a AstNode<'a>) -> String {
    let mut words = String::new();
    for child in node.descendants().skip(1) {
        match &child.data.borrow().value {
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => words.push(' '),
            _ => {}
        }
    }
    words
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
    fn what_is_mentioned_has_its_name_but_in_code_and_links() {
        let names = crate::pages::mentions::tests::names();
        let html = |text: &str| html_with(text, &names);
        let alert = "<a class=\"mention\" href=\"/alerts/alr_06f1k2m9qv7x3t1a\" title=\"alr_06f1k2m9qv7x3t1a\">\
                     Alert Disk&quot;Full · <span>firing</span></a>";
        let ana = "<a class=\"mention\" href=\"/people/ana\" title=\"@ana\">Ana &lt;Silva&gt;</a>";
        assert_eq!(
            html("**@ana** saw alr_06f1k2m9qv7x3t1a & @ben"),
            format!("<p><strong>{ana}</strong> saw {alert} &amp; @ben</p>\n")
        );
        assert!(html("| a |\n| - |\n| alr_06f1k2m9qv7x3t1a |\n").contains(alert));
        for text in [
            "`@ana`",
            "```\n@ana alr_06f1k2m9qv7x3t1a\n```",
            "    alr_06f1k2m9qv7x3t1a\n",
            "[@ana](https://example.org)",
            "https://example.org/alr_06f1k2m9qv7x3t1a",
            "<b title='@ana'>",
            "ana@ana.example",
        ] {
            assert!(!html(text).contains("mention"), "{text}: {}", html(text));
            assert_eq!(html(text), super::html(text), "{text}");
        }
        assert!(html("[the disk](alr_06f1k2m9qv7x3t1a)").contains("<a href=\"/alerts/alr_06f1k2m9qv7x3t1a\""));
        assert!(html("[the disk](alr_06f1k2m9qv7x3t1a)").contains(">the disk</a>"));
        assert_eq!(super::html("[the disk](alr_06f1k2m9qv7x3t1a)"), "<p><em>the disk</em></p>\n");
        let mentioned: Vec<String> =
            mentions("@ana `@ben` ![x](evd_06f1k2m9qv7x3t1a) @ana [y](cng_06f1k2m9qv7x3t1a)\n\n    @cleo\n")
                .iter()
                .map(ToString::to_string)
                .collect();
        assert_eq!(mentioned, ["@ana", "evd_06f1k2m9qv7x3t1a", "cng_06f1k2m9qv7x3t1a"]);
    }

    #[test]
    fn a_picture_is_shown_where_it_is_evidence_that_is_seen() {
        let names = crate::pages::mentions::tests::names();
        let html = html_with("![the \"graph\" of *db-2*](evd_06f1k2m9qv7x3t1a)", &names);
        assert!(html.contains("<img src=\"/p&quot;ng\" alt=\"the &quot;graph&quot; of db-2\""), "{html}");
        assert!(html_with("![](evd_06f1k2m9qv7x3t1a)", &names).contains("alt=\"graph.png\""));
        assert_eq!(super::html("![a graph](evd_06f1k2m9qv7x3t1a)"), "<p><em>a graph</em></p>\n");
        assert!(!html_with("![x](https://example.org/x.png)", &names).contains("<img"));
    }

    #[test]
    fn deep_nesting_is_bounded_work() {
        let html = html(&"> ".repeat(50_000));
        assert!(html.len() < 5_000_000);
    }
}
