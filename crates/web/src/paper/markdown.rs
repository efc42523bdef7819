//! Markdown as blocks for paper. What has no form there, such as a picture, is its words and its address.

use comrak::nodes::{AstNode, ListType, NodeValue};
use comrak::{Arena, Options, parse_document};

use super::{Block, Run};
use crate::pages::markdown::{is_address, words_of};
use crate::pages::mentions::Names;

/// The blocks of a text, with the names of what it mentions; its headings begin at this level.
pub fn blocks(text: &str, level: u8, names: &Names) -> Vec<Block> {
    let arena = Arena::new();
    let mut options = Options::default();
    (options.extension.table, options.extension.strikethrough, options.extension.autolink) = (true, true, true);
    let root = parse_document(&arena, text, &options);
    let mut all = Vec::new();
    for node in root.children() {
        block(node, level, 0, names, &mut all);
    }
    all
}

fn block<'a>(node: &'a AstNode<'a>, level: u8, depth: u8, names: &Names, all: &mut Vec<Block>) {
    let runs = |node: &'a AstNode<'a>| runs(node, names);
    // The value is let go before what is below is looked at.
    let value = node.data.borrow().value.clone();
    match value {
        NodeValue::Heading(heading) => {
            let words: String = runs(node).into_iter().map(|run| run.text).collect();
            all.push(Block::Heading((level + heading.level.saturating_sub(1)).min(4), words));
        }
        NodeValue::Paragraph => all.push(Block::Paragraph(runs(node))),
        NodeValue::CodeBlock(code) => all.push(Block::Code(code.literal.trim_end().to_owned())),
        NodeValue::HtmlBlock(html) => all.push(Block::Paragraph(vec![Run::plain(html.literal.trim_end())])),
        NodeValue::BlockQuote => {
            for child in node.children() {
                all.push(Block::Quote(runs(child)));
            }
        }
        NodeValue::List(list) => {
            for (place, item) in node.children().enumerate() {
                let sign = match list.list_type {
                    ListType::Bullet => "\u{2022}".to_owned(),
                    ListType::Ordered => format!("{}.", list.start + place),
                };
                let mut said = false;
                for child in item.children() {
                    let is_text = matches!(child.data.borrow().value, NodeValue::Paragraph);
                    if is_text && !said {
                        all.push(Block::Item(depth, sign.clone(), runs(child)));
                        said = true;
                    } else {
                        block(child, level, depth.saturating_add(1), names, all);
                    }
                }
            }
        }
        NodeValue::Table(_) => {
            let row = |row: &'a AstNode<'a>| row.children().map(runs).collect();
            all.push(Block::Table(node.children().map(row).collect()));
        }
        NodeValue::ThematicBreak => {}
        _ => {
            let words = runs(node);
            if !words.is_empty() {
                all.push(Block::Paragraph(words));
            }
        }
    }
}

fn runs<'a>(node: &'a AstNode<'a>, names: &Names) -> Vec<Run> {
    let mut all = Vec::new();
    inline(node, &Run::default(), names, &mut all);
    all
}

/// Words, in which what is mentioned is a link with its name; within a link as they are.
fn words(text: &str, look: &Run, names: &Names, all: &mut Vec<Run>) {
    let with = |text: &str| Run { text: text.to_owned(), ..look.clone() };
    let mut last = 0;
    let named = if look.link.is_none() { names.named(text) } else { Vec::new() };
    for (place, _, named) in named {
        all.extend(Some(with(&text[last..place.start])).filter(|run| !run.text.is_empty()));
        all.push(Run { link: Some(names.address(named)), ..with(&named.says()) });
        last = place.end;
    }
    all.extend(Some(with(&text[last..])).filter(|run| !run.text.is_empty()));
}

fn inline<'a>(node: &'a AstNode<'a>, look: &Run, names: &Names, all: &mut Vec<Run>) {
    for child in node.children() {
        let value = child.data.borrow().value.clone();
        let with = |text: String| Run { text, ..look.clone() };
        match value {
            NodeValue::Text(text) => words(&text, look, names, all),
            NodeValue::Code(code) => all.push(Run { text: code.literal, code: true, ..look.clone() }),
            NodeValue::SoftBreak => all.push(with(" ".into())),
            NodeValue::LineBreak => all.push(with("\n".into())),
            NodeValue::HtmlInline(html) => all.push(with(html)),
            NodeValue::Strong => inline(child, &Run { bold: true, ..look.clone() }, names, all),
            NodeValue::Image(link) if names.get(&link.url).is_some_and(|named| named.picture.is_some()) => {
                let Some(named) = names.get(&link.url) else { continue };
                let said = Some(words_of(child)).filter(|said| !said.trim().is_empty());
                let said = said.unwrap_or_else(|| named.title.clone());
                let hash = named.picture.as_ref().map_or("", |shown| shown.sha256.as_str());
                let text = format!("[Picture: {said}; SHA-256 {hash}]");
                all.push(Run { link: Some(names.address(named)), ..with(text) });
            }
            NodeValue::Link(link) | NodeValue::Image(link) => {
                let named = names.get(&link.url).map(|named| names.address(named));
                let link = named.or_else(|| is_address(&link.url).then_some(link.url));
                inline(child, &Run { link, ..look.clone() }, names, all);
            }
            _ => inline(child, look, names, all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_has_a_form_on_paper() {
        let text = "## Seen\n\nOne **two** `three` [four](https://example.org) [five](javascript:x) <b>six</b>\n\n1. a\n   - b\n2. c\n\n\
            > said\n\n```\ncode\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n![seen](https://example.org/p.png)\n";
        insta::assert_debug_snapshot!(blocks(text, 3, &Names::default()));
    }

    #[test]
    fn what_is_mentioned_leads_back_from_paper() {
        let names = crate::pages::mentions::tests::names().from("https://a.example");
        let text = "so alr_06f1k2m9qv7x3t1a.\n\n![a graph](evd_06f1k2m9qv7x3t1a)\n\n`@ana`\n";
        let [Block::Paragraph(said), Block::Paragraph(seen), Block::Paragraph(code)] = &blocks(text, 3, &names)[..]
        else {
            panic!("three paragraphs")
        };
        let link = Some("https://a.example/alerts/alr_06f1k2m9qv7x3t1a".to_owned());
        let name = Run { text: "Alert Disk\"Full · firing".into(), link, ..Run::default() };
        assert_eq!(said[..], [Run::plain("so "), name, Run::plain(".")]);
        assert!(seen[0].text.starts_with("[Picture: a graph; SHA-256 abab"), "{seen:?}");
        assert_eq!(code[..], [Run { code: true, ..Run::plain("@ana") }]);
    }
}
