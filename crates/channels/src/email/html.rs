//! The HTML of a mail: one column, three buttons, light and dark, readable at phone width.
//!
//! Styles are inline, since many readers drop everything else; the one style sheet only turns colours dark. Every word
//! that comes from outside is text, never markup, and only http and https addresses become links.

use std::fmt::Write as _;

use domain::engage::deliveries::{LinkKind, Message, Urgency};

use crate::{one_line, repeat_note};

const FONT: &str = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

const DARK: &str = "@media (prefers-color-scheme:dark){\
    .page{background:#14171c!important}.card{background:#1e232b!important;border-left-color:#333b47!important;\
    border-right-color:#333b47!important;border-bottom-color:#333b47!important}\
    .ink{color:#eceff4!important}.soft{color:#a3adbd!important}.rule{border-color:#333b47!important}\
    .text a{color:#8ab8ff!important}.plain{background:#2a313c!important;color:#eceff4!important;border-color:#465163!important}}\
    @media (max-width:480px){.page{padding:0!important}.card{border-radius:0!important;border-left:0!important;border-right:0!important}\
    .button{display:block!important;margin:0 0 12px 0!important}}";

/// The whole document.
pub fn render(message: &Message) -> String {
    let high = message.urgency == Urgency::High;
    let (colour, tint, word) = if high { ("#b3261e", "#fdecea", "Page") } else { ("#44566c", "#eef2f6", "Notice") };
    let title = escape(&one_line(&message.subject, 200));
    let mut out = String::with_capacity(4096);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{DARK}</style>\n</head>\n\
         <body class=\"page\" style=\"margin:0;padding:24px 0;background:#f3f4f6\">\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td align=\"center\">\n\
         <table role=\"presentation\" class=\"card\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
         style=\"max-width:560px;background:#ffffff;border:1px solid #e1e4ea;border-radius:12px;border-top:4px solid {colour}\">\n\
         <tr><td style=\"padding:24px 24px 8px 24px;{FONT}\">\n\
         <span style=\"display:inline-block;padding:3px 10px;border-radius:10px;background:{tint};color:{colour};\
         font-size:13px;line-height:18px;font-weight:600\">{word}</span>\n\
         <h1 class=\"ink\" style=\"margin:12px 0 0 0;font-size:21px;line-height:28px;font-weight:650;color:#12161c;\
         word-break:break-word\">{title}</h1>\n"
    );
    if let Some(note) = repeat_note(message) {
        let _ = writeln!(
            out,
            "<p class=\"soft\" style=\"margin:8px 0 0 0;font-size:14px;line-height:20px;color:#5b6675\">{}</p>",
            escape(&note)
        );
    }
    out.push_str("</td></tr>\n");
    buttons(&mut out, message, colour);
    let _ = writeln!(
        out,
        "<tr><td class=\"ink text\" style=\"padding:4px 24px 24px 24px;{FONT};font-size:16px;line-height:24px;\
         color:#12161c;word-break:break-word\">"
    );
    paragraphs(&mut out, &message.text);
    out.push_str("</td></tr>\n");
    let _ = write!(
        out,
        "<tr><td class=\"soft rule\" style=\"padding:14px 24px;border-top:1px solid #e1e4ea;{FONT};font-size:13px;\
         line-height:19px;color:#5b6675\">{} Sent by Allclear. Reference {}.</td></tr>\n\
         </table>\n</td></tr></table>\n</body>\n</html>\n",
        if message.links.iter().any(|link| link.kind != LinkKind::Open) {
            "The buttons act in your name: do not forward this mail."
        } else {
            ""
        },
        escape(&one_line(&message.thread, 64)),
    );
    out
}

/// The first action is the loud one; each is at least 44 points high, for a thumb.
fn buttons(out: &mut String, message: &Message, colour: &str) {
    let links: Vec<_> = message.links.iter().filter(|link| is_web(&link.url)).collect();
    if links.is_empty() {
        return;
    }
    let _ = writeln!(out, "<tr><td style=\"padding:14px 24px 6px 24px;{FONT}\">");
    for link in links {
        let loud = link.kind == LinkKind::Acknowledge;
        let (class, background, ink, edge) = if loud {
            ("button", colour, "#ffffff", colour)
        } else {
            ("button plain", "#ffffff", "#12161c", "#c6ccd6")
        };
        let _ = writeln!(
            out,
            "<a class=\"{class}\" href=\"{}\" style=\"display:inline-block;margin:0 8px 12px 0;padding:12px 20px;\
             border:1px solid {edge};border-radius:8px;background:{background};color:{ink};font-size:16px;\
             line-height:20px;font-weight:600;text-align:center;text-decoration:none\">{}</a>",
            escape(&link.url),
            escape(&one_line(&link.label, 60)),
        );
    }
    out.push_str("</td></tr>\n");
}

/// Blank lines part paragraphs; `name: value` lines have their name set back, as a list is easier to scan.
fn paragraphs(out: &mut String, text: &str) {
    let text = text.replace("\r\n", "\n");
    for paragraph in text.split("\n\n").map(|paragraph| paragraph.trim_matches('\n')).filter(|p| !p.trim().is_empty()) {
        out.push_str("<p style=\"margin:12px 0 0 0\">");
        for (at, line) in paragraph.lines().enumerate() {
            if at > 0 {
                out.push_str("<br>\n");
            }
            let name = line.split_once(": ").map(|(name, _)| name).filter(|name| is_field(name));
            let rest = if let Some(name) = name {
                let _ = write!(out, "<span class=\"soft\" style=\"color:#5b6675\">{}:</span> ", escape(name));
                &line[name.len() + 2..]
            } else {
                line
            };
            with_links(out, rest);
        }
        out.push_str("</p>\n");
    }
}

fn is_field(name: &str) -> bool {
    (1..=24).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_- ".contains(&b))
}

/// The text with its web addresses made into links.
fn with_links(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = ["https://", "http://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let end = rest[at..]
            .find(|c: char| c.is_whitespace() || c.is_control() || "<>\"'`|\\^{}".contains(c))
            .map_or(rest.len(), |length| at + length);
        let url = rest[at..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
        out.push_str(&escape(&rest[..at]));
        if is_web(url) {
            let shown = escape(url);
            let _ = write!(out, "<a href=\"{shown}\" style=\"color:#1a5fb4\">{shown}</a>");
        } else {
            out.push_str(&escape(url));
        }
        rest = &rest[at + url.len()..];
    }
    out.push_str(&escape(rest));
}

fn is_web(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Text that is text in HTML, in content and in quoted attributes. Control characters are left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\t' | '\n' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(text: &str) -> String {
        let mut out = String::new();
        with_links(&mut out, text);
        out.replace(" style=\"color:#1a5fb4\"", "")
    }

    #[test]
    fn only_web_addresses_become_links() {
        for (text, html) in [
            ("plain", "plain"),
            (
                "see https://a.example/x?y=1&z=2.",
                "see <a href=\"https://a.example/x?y=1&amp;z=2\">https://a.example/x?y=1&amp;z=2</a>.",
            ),
            ("(http://a.example)", "(<a href=\"http://a.example\">http://a.example</a>)"),
            (
                "http://a.example http://b.example",
                "<a href=\"http://a.example\">http://a.example</a> <a href=\"http://b.example\">http://b.example</a>",
            ),
            ("https://", "https://"),
            ("http://http://", "<a href=\"http://http://\">http://http://</a>"),
            ("javascript:alert(1)", "javascript:alert(1)"),
            (
                "https://a.example/\"onmouseover=alert(1)",
                "<a href=\"https://a.example/\">https://a.example/</a>&quot;onmouseover=alert(1)",
            ),
            ("https://<script>", "https://&lt;script&gt;"),
        ] {
            assert_eq!(linked(text), html);
        }
    }

    #[test]
    fn every_field_is_text_and_never_markup() {
        let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> &amp; \u{202e}\u{0}\u{1b}";
        let link = |url: &str| domain::engage::deliveries::MessageLink {
            label: evil.into(),
            url: url.into(),
            kind: LinkKind::Acknowledge,
        };
        let message = |evil: &str| Message {
            key: evil.into(),
            subject: evil.into(),
            text: format!("{evil}\n\n{evil}: {evil}\nfield: {evil} https://a.example/{evil}"),
            html: None,
            urgency: Urgency::High,
            links: vec![link(&format!("https://a.example/{evil}")), link("javascript:alert(1)"), link(evil)],
            thread: evil.into(),
            event: evil.into(),
            data: serde_json::Value::Null,
            repeat_of: None,
            unsubscribe: None,
            calendar: None,
        };
        let tags = |html: &str| html.matches('<').count();
        let html = render(&message(evil));
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("javascript:"), "{html}");
        assert!(!html.contains(['\u{202e}', '\u{0}', '\u{1b}']));
        // The same structure as with a harmless word in the same places.
        assert_eq!(tags(&html), tags(&render(&message("harmless, words"))));
        assert_eq!(html.matches("class=\"button").count(), 1, "only the link to the web");
    }
}
