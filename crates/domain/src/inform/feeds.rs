//! The page as feeds: Atom (RFC 4287) and RSS 2.0. One entry for each notice, whose id never changes and whose time moves
//! with everything that is said.

use std::fmt::Write as _;

use super::notices::{Notice, Sort, Status};
use super::prose::{self, escape};
use super::published::{Published, digest, heading, utc};
use crate::words::Timestamp;

/// An address that is none and stays the same for good, wherever the page moves: a UUID (RFC 9562, version 8).
fn urn(of: &str) -> String {
    let mut bytes = digest(of);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What was said in a notice, the newest first, as HTML.
pub fn content(all: &Published, notice: &Notice) -> String {
    let mut out = String::new();
    if let Some(window) = notice.window {
        let _ = write!(out, "<p>Scheduled: {} to {}</p>", utc(window.from), utc(window.until));
    }
    for post in notice.posts.iter().rev() {
        let _ = write!(out, "<p><strong>{}</strong>, {}", heading(post), utc(post.at));
        if let Some(corrected) = post.corrected_at {
            let _ = write!(out, " (corrected {})", utc(corrected));
        }
        let _ = write!(out, "</p>{}", prose::html(&post.text));
        if !post.effects.is_empty() {
            let told: Vec<String> = post
                .effects
                .iter()
                .map(|(name, status)| format!("{}: {}", escape(&all.title_of(name)), Status::title(*status)))
                .collect();
            let _ = write!(out, "<p>{}</p>", told.join("; "));
        }
    }
    out
}

fn title(notice: &Notice) -> String {
    match notice.sort {
        Sort::Incident => escape(&notice.title),
        Sort::Maintenance => format!("Maintenance: {}", escape(&notice.title)),
    }
}

/// `feed.atom`.
pub fn atom(all: &Published) -> String {
    let (name, base) = (escape(&all.page.title), escape(&all.base));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n\
         <id>{}</id>\n<title>{name}</title>\n<updated>{}</updated>\n<author><name>{name}</name></author>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{base}/status\"/>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{base}/status/feed.atom\"/>\n",
        urn("status-page"),
        time(all.changed_at()),
    );
    for notice in &all.changed {
        let _ = write!(
            out,
            "<entry>\n<id>{}</id>\n<title>{}</title>\n<published>{}</published>\n<updated>{}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n<content type=\"html\">{}</content>\n</entry>\n",
            urn(&notice.id.to_string()),
            title(notice),
            time(notice.posts.first().map_or(notice.created_at, |post| post.at)),
            time(notice.changed_at),
            escape(&all.link(notice.id)),
            escape(&content(all, notice)),
        );
    }
    out.push_str("</feed>\n");
    out
}

/// `feed.rss`.
pub fn rss(all: &Published) -> String {
    let mail = |at: Timestamp| at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let (name, base) = (escape(&all.page.title), escape(&all.base));
    let about = escape(all.page.about.as_deref().unwrap_or("Incidents and maintenance"));
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>\n<title>{name}</title>\n\
         <link>{base}/status</link>\n<description>{about}</description>\n<language>en</language>\n\
         <lastBuildDate>{}</lastBuildDate>\n\
         <atom:link rel=\"self\" type=\"application/rss+xml\" href=\"{base}/status/feed.rss\"/>\n",
        mail(all.changed_at()),
    );
    for notice in &all.changed {
        let _ = write!(
            out,
            "<item>\n<guid isPermaLink=\"false\">{}</guid>\n<title>{}</title>\n<link>{}</link>\n<pubDate>{}</pubDate>\n\
             <description>{}</description>\n</item>\n",
            urn(&notice.id.to_string()),
            title(notice),
            escape(&all.link(notice.id)),
            mail(notice.changed_at),
            escape(&content(all, notice)),
        );
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::super::notices::tests::notice;
    use super::super::published::tests::published;
    use super::*;

    #[test]
    fn a_feed_has_one_entry_for_each_notice_with_all_that_was_said() {
        let mut one = notice(Sort::Incident, None, &[(0, "investigating", "web=degraded"), (5, "", "")]);
        one.title = "It <b>burns</b> & smokes".into();
        one.posts[0].text = "See https://a.example/?a=1&b=2\n\n<script>".into();
        let all = published(vec![one]);
        for (feed, entry) in [(atom(&all), "<entry>"), (rss(&all), "<item>")] {
            assert_eq!(feed.matches(entry).count(), 1);
            assert!(feed.contains("It &lt;b&gt;burns&lt;/b&gt; &amp; smokes"), "{feed}");
            assert!(
                feed.contains("&amp;lt;script&amp;gt;"),
                "escaped as text of HTML, and that as text of XML: {feed}"
            );
            assert!(feed.find("Update").unwrap() < feed.find("Investigating").unwrap(), "the newest first");
            assert!(feed.contains("Web &amp;lt;shop&amp;gt;: Degraded performance"), "{feed}");
            assert!(!feed.contains("internal-shop"));
            assert!(feed.contains(&urn(&all.notices[0].id.to_string())));
        }
        assert_eq!(urn("a"), urn("a"));
        insta::assert_snapshot!(urn("a"), @"urn:uuid:ca978112-ca1b-8dca-bac2-31b39a23dc4d");
    }
}
