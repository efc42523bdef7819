//! Markdown as blocks for paper. What has no form there, such as a picture, is its words and its address.

use comrak::nodes::{AstNode, ListType, NodeValue};
use comrak::{Arena, Options, parse_document};

use super::{Block, Run};
use crate::pages::markdown::is_address;

/// The blocks of a text; its headings begin at this level.
pub fn blocks(text: &str, level: u8) -> Vec<Block> {
    let arena = Arena::new();
    let mut options = Options::default();
    (options.extension.table, options.extension.strikethrough, options.extension.autolink) = (true, true, true);
    let root = parse_document(&arena, text, &options);
    let mut all = Vec::new();
    for node in root.children() {
        block(node, level, 0, &mut all);
    }
    all
}

fn block<'a>(node: &'a AstNode<'a>, level: u8, depth: u8, all: &mut Vec<Block>) {
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
                        block(child, level, depth.saturating_add(1), all);
                    }
                }
            }
        }
        NodeValue::Table(_) => {
            let row = |row: &'a AstNode<'a>| row.children().map(|cell| runs(cell)).collect();
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

fn runs<'a>(node: &'a AstNode<'a>) -> Vec<Run> {
    let mut all = Vec::new();
    inline(node, &Run::default(), &mut all);
    all
}

fn inline<'a>(node: &'a AstNode<'a>, look: &Run, all: &mut Vec<Run>) {
    for child in node.children() {
        let value = child.data.borrow().value.clone();
        let with = |text: String| Run { text, ..look.clone() };
        match value {
            NodeValue::Text(text) => all.push(with(text.to_string())),
            NodeValue::Code(code) => all.push(Run { text: code.literal, code: true, ..look.clone() }),
            NodeValue::SoftBreak => all.push(with(" ".into())),
            NodeValue::LineBreak => all.push(with("\n".into())),
            NodeValue::HtmlInline(html) => all.push(with(html)),
            NodeValue::Strong => inline(child, &Run { bold: true, ..look.clone() }, all),
            NodeValue::Link(link) | NodeValue::Image(link) => {
                let link = is_address(&link.url).then_some(link.url);
                inline(child, &Run { link, ..look.clone() }, all);
            }
            _ => inline(child, look, all),
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
        insta::assert_debug_snapshot!(blocks(text, 3));
    }
}
