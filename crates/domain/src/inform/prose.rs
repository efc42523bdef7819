//! What the public reads, from plain text: paragraphs, lists, emphasis, code and links, and nothing else.
//!
//! A small part of Markdown, read in one place, so that page, feed and mail show the same. Every letter that is not one of
//! these marks is text: no HTML passes, and only http and https addresses become links.

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// `**so**`
    Strong(&'a str),
    /// `` `so` ``
    Code(&'a str),
    /// An address as it stands, or `[so](https://...)`.
    Link {
        text: &'a str,
        url: &'a str,
    },
}

/// As HTML: paragraphs and lists.
pub fn html(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for block in text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.trim().is_empty()) {
        let mut listed = false;
        let mut open = false;
        for line in block.lines() {
            let item = line.trim_start().strip_prefix("- ").or_else(|| line.trim_start().strip_prefix("* "));
            match (item, listed) {
                (Some(_), false) => {
                    out.push_str(if open { "</p><ul>" } else { "<ul>" });
                    (listed, open) = (true, false);
                }
                (None, true) => {
                    out.push_str("</ul>");
                    listed = false;
                }
                _ => {}
            }
            if let Some(item) = item {
                out.push_str("<li>");
                line_html(&mut out, item);
                out.push_str("</li>");
            } else {
                out.push_str(if open { "<br>" } else { "<p>" });
                open = true;
                line_html(&mut out, line);
            }
        }
        out.push_str(if listed { "</ul>" } else { "</p>" });
    }
    out
}

fn line_html(out: &mut String, line: &str) {
    for piece in pieces(line) {
        match piece {
            Piece::Text(text) => escape_into(out, text),
            Piece::Strong(text) => wrap(out, "strong", text),
            Piece::Code(text) => wrap(out, "code", text),
            Piece::Link { text, url } => {
                out.push_str("<a href=\"");
                escape_into(out, url);
                out.push_str("\" rel=\"nofollow noopener noreferrer\">");
                escape_into(out, text);
                out.push_str("</a>");
            }
        }
    }
}

fn wrap(out: &mut String, tag: &str, text: &str) {
    for part in ["<", tag, ">"] {
        out.push_str(part);
    }
    escape_into(out, text);
    for part in ["</", tag, ">"] {
        out.push_str(part);
    }
}

/// Text as it is kept: lines end in one way, and nothing is in it that moves a cursor or turns the direction of writing.
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !is_trick(*c)).collect::<String>().trim().to_owned()
}

/// Letters that show nothing and do something.
pub fn is_trick(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
        || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Text that is text in HTML and XML, in content and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    escape_into(&mut out, text);
    out
}

fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML knows no way to write these two.
            '\u{fffe}' | '\u{ffff}' => {}
            c if is_trick(c) => {}
            c => out.push(c),
        }
    }
}

/// The pieces of a line, in order; together they are the line.
pub fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < line.len() {
        let rest = &line[at..];
        let taken = code(rest).or_else(|| strong(rest)).or_else(|| named_link(rest)).or_else(|| bare_link(rest));
        match taken {
            Some((piece, length)) => {
                if from < at {
                    found.push(Piece::Text(&line[from..at]));
                }
                found.push(piece);
                at += length;
                from = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    if from < line.len() {
        found.push(Piece::Text(&line[from..]));
    }
    found
}

fn code(rest: &str) -> Option<(Piece<'_>, usize)> {
    let inner = rest.strip_prefix('`')?;
    let end = inner.find('`').filter(|end| *end > 0)?;
    Some((Piece::Code(&inner[..end]), end + 2))
}

fn strong(rest: &str) -> Option<(Piece<'_>, usize)> {
    let inner = rest.strip_prefix("**")?;
    let end = inner.find("**").filter(|end| *end > 0)?;
    let text = &inner[..end];
    (text.trim() == text && !text.starts_with('*')).then_some((Piece::Strong(text), end + 4))
}

fn named_link(rest: &str) -> Option<(Piece<'_>, usize)> {
    let inner = rest.strip_prefix('[')?;
    let close = inner.find("](").filter(|close| *close > 0 && !inner[..*close].contains('['))?;
    let address = &inner[close + 2..];
    let end = address.find(')')?;
    let url = &address[..end];
    (is_web(url) && !url.contains(char::is_whitespace))
        .then_some((Piece::Link { text: &inner[..close], url }, 1 + close + 2 + end + 1))
}

fn bare_link(rest: &str) -> Option<(Piece<'_>, usize)> {
    if !rest.starts_with("https://") && !rest.starts_with("http://") {
        return None;
    }
    let end = rest.find(|c: char| c.is_whitespace() || "<>\"'`|\\^{}".contains(c)).unwrap_or(rest.len());
    let url = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '*']);
    is_web(url).then_some((Piece::Link { text: url, url }, url.len()))
}

/// An address that a browser opens, with a host.
fn is_web(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| {
        host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && !url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`\\".contains(c))
            && !host.split(['/', '?', '#']).next().unwrap_or("").contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_part_of_markdown_and_nothing_else() {
        for (text, shown) in [
            ("One\ntwo\n\nthree", "<p>One<br>two</p><p>three</p>"),
            ("We saw:\n- a\n- b\nand c", "<p>We saw:</p><ul><li>a</li><li>b</li></ul><p>and c</p>"),
            ("**Now** `x < y`", "<p><strong>Now</strong> <code>x &lt; y</code></p>"),
            ("2 ** 3 ** 4", "<p>2 ** 3 ** 4</p>"),
            ("<script>alert('1')</script>", "<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;</p>"),
            (
                "See https://a.example/b?c=1&d=2.",
                "<p>See <a href=\"https://a.example/b?c=1&amp;d=2\" rel=\"nofollow noopener noreferrer\">https://a.example/b?c=1&amp;d=2</a>.</p>",
            ),
            (
                "[here](https://a.example)",
                "<p><a href=\"https://a.example\" rel=\"nofollow noopener noreferrer\">here</a></p>",
            ),
            ("[here](javascript:alert(1))", "<p>[here](javascript:alert(1))</p>"),
            ("[x](https://good.example@evil.example)", "<p>[x](https://good.example@evil.example)</p>"),
            ("a\u{202e}b\u{0}c", "<p>abc</p>"),
            ("`a **b` c**", "<p><code>a **b</code> c**</p>"),
            ("  ", ""),
        ] {
            assert_eq!(html(text), shown, "{text:?}");
        }
    }

    proptest! {
        /// Whatever is written, what comes out has only tags of ours, and every one of them is closed.
        #[test]
        fn nothing_passes_that_is_not_ours(text in "[-a<>\"'&`*\\[\\]()\n /:h.=\\\\]{0,80}|.{0,60}") {
            let shown = html(&text);
            let mut open: Vec<String> = Vec::new();
            for tag in shown.split('<').skip(1) {
                let (inside, _) = tag.split_once('>').expect("a tag ends");
                let name = inside.split(' ').next().unwrap_or_default();
                match name.strip_prefix('/') {
                    Some(name) => prop_assert_eq!(open.pop(), Some(name.to_owned())),
                    None if name == "br" => {}
                    None => {
                        prop_assert!(["p", "ul", "li", "strong", "code", "a"].contains(&name), "{}", shown);
                        let attributes = inside.matches('"').count();
                        prop_assert_eq!(attributes, if name == "a" { 4 } else { 0 });
                        open.push(name.to_owned());
                    }
                }
            }
            prop_assert!(open.is_empty(), "{}", shown);
        }
    }
}
