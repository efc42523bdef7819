//! Where a request comes from. Behind proxies that the operator named, the address that they pass on; else, whoever
//! connected: a header that anybody can write proves nothing.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use domain::words::{Refusal, text};

use crate::app::App;

/// Who holds the other end of the connection; put beside each request by `listen`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The proxies that are believed: addresses and networks, as `10.1.0.7, 10.2.0.0/16, ::1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u32)>);

impl Proxies {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, address: IpAddr) -> bool {
        let (bits, width) = number(address);
        self.0.iter().any(|(base, length)| {
            let (base, base_width) = number(*base);
            width == base_width && (*length == 0 || bits >> (width - length) == base >> (width - length))
        })
    }

    /// The first address, counted from us, that is not a proxy of ours.
    pub fn source(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut source = peer.to_canonical();
        let passed_on = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let passed_on: Vec<&str> = passed_on.flat_map(|line| line.split(',')).map(str::trim).collect();
        for word in passed_on.into_iter().rev() {
            if !self.has(source) {
                break;
            }
            // What cannot be read was not written by a proxy of ours: the last one that it passed through counts.
            let Ok(address) = word.trim_matches(['[', ']']).parse::<IpAddr>() else { break };
            source = address.to_canonical();
        }
        source
    }
}

/// As a number, and of how many bits.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

impl FromStr for Proxies {
    type Err = Refusal;

    fn from_str(list: &str) -> Result<Self, Refusal> {
        let words = list.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(word: &str) -> Result<(IpAddr, u32), Refusal> {
    let wrong = || {
        let word = text::shorten(word, 60);
        Refusal::invalid(format!("{word:?} is no proxy: write an address (10.1.0.7) or a network (10.1.0.0/16)"))
    };
    let (base, length) = word.split_once('/').map_or((word, None), |(base, length)| (base, Some(length)));
    let base: IpAddr = base.parse().map_err(|_| wrong())?;
    let base = base.to_canonical();
    let (_, width) = number(base);
    let length = length.map_or(Ok(width), str::parse).map_err(|_| wrong())?;
    if length > width { Err(wrong()) } else { Ok((base, length)) }
}

/// Where this request comes from, for counting. `None`: from this machine itself, with no proxy named, which says
/// nothing about who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source(pub Option<IpAddr>);

impl FromRequestParts<App> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&app.settings().proxies, &parts.extensions, &parts.headers))
    }
}

impl Source {
    pub fn of(proxies: &Proxies, beside: &Extensions, headers: &HeaderMap) -> Self {
        let peer = beside.get::<Peer>().map(|peer| peer.0.to_canonical());
        let peer = peer.filter(|peer| !peer.is_loopback() || !proxies.is_empty());
        Self(peer.map(|peer| proxies.source(peer, headers)))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |address| fmt::Display::fmt(&address, f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_passed_on_counts_only_from_a_proxy_of_ours() {
        for (proxies, peer, passed_on, source) in [
            ("", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.1.0.0/16", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
            ("10.1.0.0/16", "10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("10.1.0.0/16", "::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"),
            ("10.1.0.0/16", "10.1.2.3", "1.1.1.1, 198.51.100.1, 10.1.9.9", "198.51.100.1"),
            ("10.1.0.0/16", "10.1.2.3", "1.1.1.1, nonsense", "10.1.2.3"),
            ("10.1.0.0/16", "10.1.2.3", "", "10.1.2.3"),
            ("::1, 2001:db8::/32", "::1", "2001:db8::7, 2001:db9::1, 2001:db8::7", "2001:db9::1"),
            ("0.0.0.0/0", "10.1.2.3", "198.51.100.1", "198.51.100.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", passed_on.parse().unwrap());
            let proxies: Proxies = proxies.parse().unwrap();
            assert_eq!(proxies.source(peer.parse().unwrap(), &headers).to_string(), source, "{proxies:?} {passed_on}");
        }
    }

    #[test]
    fn a_proxy_that_is_none_is_refused() {
        for wrong in ["nginx", "10.1.0.0/33", "10.1.0.0/", "::/129", "10.1.0/8"] {
            let said = wrong.parse::<Proxies>().unwrap_err().to_string();
            assert!(said.contains("is no proxy: write an address"), "{said}");
        }
    }
}
