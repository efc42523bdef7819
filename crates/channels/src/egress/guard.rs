//! Where messages may go: the rule that keeps an address from turning us against our own network (SSRF).
//!
//! Pure. Decides on a URL's spelling and on an address; who resolves names and connects asks here with what it got.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use domain::words::{Refusal, text};
use url::{Host, Url};

/// What may be reached besides the public internet. Written as a list:
/// `private, loopback, 10.1.0.0/16, ntfy.lan, *.corp.example`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    private: bool,
    loopback: bool,
    networks: Vec<Network>,
    /// Lower case, no final dot; `.corp.example` stands for everything below it.
    hosts: Vec<String>,
}

impl Allow {
    /// For URLs that the operator typed on the command line of this very process.
    pub fn everything() -> Self {
        let all = [(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0), (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0)];
        Self { networks: all.map(|(base, bits)| Network { base, bits }).into(), ..Self::default() }
    }

    /// May this address be connected to, reached by this host name?
    pub fn check(&self, host: Option<&str>, address: IpAddr) -> Result<(), Place> {
        let address = address.to_canonical();
        let place = Place::of(address);
        let named = || host.is_some_and(|host| self.has_host(&host.trim_end_matches('.').to_ascii_lowercase()));
        let listed = || self.networks.iter().any(|network| network.contains(address));
        let allowed = match place {
            Place::Public => true,
            Place::Private => self.private || named() || listed(),
            Place::Loopback => self.loopback || named() || listed(),
            Place::Closed => listed(),
            Place::Nowhere => false,
        };
        if allowed { Ok(()) } else { Err(place) }
    }

    /// The URL, if its form may be requested and, where it names an address, that address may be reached.
    pub fn check_url(&self, address: &str) -> Result<Url, String> {
        if address.len() > 2048 {
            return Err("the URL is longer than 2048 characters".into());
        }
        let url = Url::parse(address).map_err(|why| format!("not a URL: {why}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("the URL must begin with https:// or http://, not {}:", url.scheme()));
        }
        let literal = match url.host() {
            None => return Err("the URL names no host".into()),
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(name)) if name.trim_matches('.').is_empty() => return Err("the URL names no host".into()),
            Some(Host::Domain(_)) => None,
        };
        let port = url.port_or_known_default().unwrap_or(0);
        if NOT_HTTP.contains(&port) {
            return Err(format!("port {port} is not for HTTP"));
        }
        if let Some(address) = literal {
            self.check(None, address).map_err(|place| place.refusal(&address.to_string()))?;
        }
        Ok(url)
    }
}

impl Allow {
    /// Whether the host of this URL is one of the own network, allowed by its name or address. For a URL that was checked.
    pub(super) fn names(&self, url: &Url) -> bool {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                return self.loopback && name == "localhost" || self.has_host(&name);
            }
            None => return false,
        };
        // It got here, so it is allowed; what is left is whether that had to be said.
        Place::of(address.to_canonical()) != Place::Public
    }

    /// Whether a name, in lower case, is one of those that are allowed.
    fn has_host(&self, host: &str) -> bool {
        self.hosts
            .iter()
            .any(|allowed| if allowed.starts_with('.') { host.ends_with(allowed.as_str()) } else { host == *allowed })
    }
}

impl FromStr for Allow {
    type Err = Refusal;

    fn from_str(list: &str) -> Result<Self, Refusal> {
        let mut allow = Self::default();
        for word in list.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty()) {
            let host = word.strip_prefix('*').unwrap_or(word).trim_end_matches('.').to_ascii_lowercase();
            match word {
                "private" => allow.private = true,
                "loopback" => allow.loopback = true,
                _ if word.parse::<Network>().is_ok() => allow.networks.push(word.parse()?),
                _ if is_host(&host) && word.starts_with('*') == host.starts_with('.') => allow.hosts.push(host),
                _ => {
                    return Err(Refusal::invalid(format!(
                        "{:?} is nothing that can be allowed: write private, loopback, a network (10.1.0.0/16), a host \
                         (ntfy.lan) or all hosts below a name (*.corp.example)",
                        text::shorten(word, 60)
                    )));
                }
            }
        }
        Ok(allow)
    }
}

fn is_host(name: &str) -> bool {
    let name = name.strip_prefix('.').unwrap_or(name);
    // What ends in a number is an address, and not a well-formed one, or it would have been read as a network.
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
        && !last.bytes().all(|b| b.is_ascii_digit())
}

/// What kind of place an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the public internet.
    Public,
    /// Somebody's own network: 10/8, 172.16/12, 192.168/16, 100.64/10, `fc00::/7`.
    Private,
    /// This very machine.
    Loopback,
    /// Link-local, where clouds keep their metadata; reserved, for documentation, or a tunnel to elsewhere.
    Closed,
    /// Unspecified, multicast, broadcast: not one machine.
    Nowhere,
}

impl Place {
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        // Metadata services that stand on otherwise ordinary addresses: Azure, Alibaba, Oracle.
        const METADATA: [Ipv4Addr; 3] =
            [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
        let [a, b, c, _] = address.octets();
        match (a, b, c) {
            _ if METADATA.contains(&address) => Self::Closed,
            _ if address.is_unspecified() || address.is_multicast() || address.is_broadcast() => Self::Nowhere,
            (127, ..) => Self::Loopback,
            (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Self::Private,
            (0 | 240..=255, ..)
            | (169, 254, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113) => Self::Closed,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if let Some(mapped) = address.to_ipv4_mapped() {
            return Self::of_v4(mapped);
        }
        let segments = address.segments();
        let inside = || Ipv4Addr::from_bits((u32::from(segments[6]) << 16) | u32::from(segments[7]));
        match (segments[0], segments[1]) {
            _ if address.is_unspecified() || address.is_multicast() => Self::Nowhere,
            _ if address.is_loopback() => Self::Loopback,
            // NAT64: the network behind it is that of the IPv4 address inside.
            (0x64, 0xff9b) if segments[2..6] == [0; 4] => Self::of_v4(inside()),
            // Amazon's metadata service, in the midst of the private range.
            (0xfd00, 0x0ec2) => Self::Closed,
            (0xfc00..=0xfdff, _) => Self::Private,
            // Tunnels (Teredo, 6to4), benchmarks, ORCHID, documentation: all within 2000::/3.
            (0x2001, 0..=0x1ff | 0x0db8) | (0x2002 | 0x3fff, _) => Self::Closed,
            (0x2000..=0x3fff, _) => Self::Public,
            // Everything else is link-local, site-local, IPv4-compatible or not given out.
            _ => Self::Closed,
        }
    }

    /// Why it is not reached, and what an administrator can do.
    pub fn refusal(self, host: &str) -> String {
        let host = text::shorten(host, 100);
        match self {
            Self::Public => format!("{host} is public"),
            Self::Private => {
                format!(
                    "{host} is in a private network, which is not allowed: an administrator can allow it for egress"
                )
            }
            Self::Loopback => {
                format!("{host} is this machine itself, which is not allowed: an administrator can allow it for egress")
            }
            Self::Closed => {
                format!("{host} is link-local, reserved or a metadata service: nothing to send messages to")
            }
            Self::Nowhere => format!("{host} is not the address of one machine"),
        }
    }
}

/// A network: an address and how many of its first bits count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        let mask = |value: u128, width: u32| value.checked_shr(width - u32::from(self.bits)).unwrap_or(0);
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                mask(base.to_bits().into(), 32) == mask(address.to_bits().into(), 32)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => mask(base.to_bits(), 128) == mask(address.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let wrong = || Refusal::invalid(format!("{:?} is not a network: write 10.1.0.0/16", text::shorten(text, 60)));
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
        };
        Ok(Self { base, bits })
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

/// The ports that browsers refuse too ("bad ports" of the Fetch standard): mail, shells, chat, databases of names.
const NOT_HTTP: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Spellings of URLs, and whether the strictest setting lets them through. Names are judged when they are resolved.
    const SPELLINGS: &[(&str, bool)] = &[
        // ordinary
        ("https://hooks.example.com/x", true),
        ("http://hooks.example.com:8080/x?y=z#f", true),
        ("https://93.184.216.34/", true),
        ("https://[2606:2800:220:1:248:1893:25c8:1946]/", true),
        ("https://user:secret@hooks.example.com/", true),
        ("https://xn--bcher-kva.example/", true),
        ("http://1.1.1.1.example.com/", true),
        ("http://127.0.0.1.nip.example/", true),
        ("http://localhost/", true),
        ("http://[64:ff9b::5db8:d822]/", true),
        // loopback, as people and attackers write it
        ("http://127.0.0.1/", false),
        ("http://127.0.0.1./", false),
        ("http://127.1/", false),
        ("http://127.0.1/", false),
        ("http://127.255.255.254:8080/", false),
        ("http://0x7f000001/", false),
        ("http://0x7f.0.0.1/", false),
        ("http://0x7F.1/", false),
        ("http://0177.0.0.1/", false),
        ("http://0177.0x0.0.01/", false),
        ("http://2130706433/", false),
        ("http://017700000001/", false),
        ("http://%31%32%37.0.0.1/", false),
        ("http://127。0。0。1/", false),
        ("http://①②⑦.0.0.1/", false),
        ("http://127.0.0.1/", false),
        ("HTTP://127.0.0.1", false),
        ("http:\\\\127.0.0.1\\", false),
        ("http:127.0.0.1", false),
        ("  http://127.0.0.1/", false),
        ("ht\ntp://127.0.\t0.1/", false),
        ("http://good.example@127.0.0.1/", false),
        ("http://good.example:80@127.0.0.1/", false),
        ("http://127.0.0.1#@good.example/", false),
        ("http://127.0.0.1?@good.example/", false),
        ("http://127.0.0.1\\@good.example/", false),
        ("http://[::1]/", false),
        ("http://[0:0:0:0:0:0:0:1]/", false),
        ("http://[::ffff:127.0.0.1]/", false),
        ("http://[::ffff:7f00:1]/", false),
        ("http://[0:0:0:0:0:ffff:127.0.0.1]/", false),
        ("http://[::127.0.0.1]/", false),
        ("http://[64:ff9b::127.0.0.1]/", false),
        // private
        ("http://10.0.0.1/", false),
        ("http://10.255.255.255/", false),
        ("http://012.1.2.3/", false),
        ("http://172.16.0.1/", false),
        ("http://172.31.255.255/", false),
        ("http://172.32.0.1/", true),
        ("http://192.168.1.1/", false),
        ("http://192.168.257/", false),
        ("http://3232235777/", false),
        ("http://100.64.0.1/", false),
        ("http://100.127.255.255/", false),
        ("http://100.128.0.1/", true),
        ("http://[fc00::1]/", false),
        ("http://[fdff:ffff::1]/", false),
        ("http://[::ffff:10.0.0.1]/", false),
        ("http://[64:ff9b::10.0.0.1]/", false),
        ("http://[64:ff9b:1::1]/", false),
        // link-local and metadata
        ("http://169.254.169.254/latest/meta-data/", false),
        ("http://169.254.0.1/", false),
        ("http://0xA9FEA9FE/", false),
        ("http://2852039166/", false),
        ("http://0251.0376.0251.0376/", false),
        ("http://[::ffff:169.254.169.254]/", false),
        ("http://[64:ff9b::a9fe:a9fe]/", false),
        ("http://[fe80::1]/", false),
        ("http://[fe80::1%25eth0]/", false),
        ("http://[fec0::1]/", false),
        ("http://[fd00:ec2::254]/", false),
        ("http://168.63.129.16/", false),
        ("http://100.100.100.200/", false),
        ("http://192.0.0.192/", false),
        // nobody, everybody, reserved, tunnels
        ("http://0.0.0.0/", false),
        ("http://0/", false),
        ("http://0.1.2.3/", false),
        ("http://[::]/", false),
        ("http://[::ffff:0:0]/", false),
        ("http://224.0.0.1/", false),
        ("http://239.255.255.250/", false),
        ("http://240.0.0.1/", false),
        ("http://255.255.255.255/", false),
        ("http://[ff02::1]/", false),
        ("http://192.0.2.1/", false),
        ("http://198.18.0.1/", false),
        ("http://198.51.100.7/", false),
        ("http://203.0.113.9/", false),
        ("http://192.88.99.1/", false),
        ("http://[2001:db8::1]/", false),
        ("http://[2001::1]/", false),
        ("http://[2002:7f00:1::]/", false),
        ("http://[3fff::1]/", false),
        ("http://[5f00::1]/", false),
        ("http://[100::1]/", false),
        // no address at all, no HTTP, not for HTTP
        ("http://256.1.1.1/", false),
        ("http://1.2.3.4.5/", false),
        ("http://0x100000000/", false),
        ("http://[::1/", false),
        ("http:///", false),
        ("http://./", false),
        ("http://", false),
        ("", false),
        ("hooks.example.com/x", false),
        ("//hooks.example.com/x", false),
        ("file:///etc/passwd", false),
        ("ftp://example.com/", false),
        ("gopher://example.com:70/x", false),
        ("data:text/plain,x", false),
        ("javascript:alert(1)", false),
        ("unix:/run/docker.sock", false),
        ("http://example.com:22/", false),
        ("http://example.com:25/", false),
        ("http://example.com:0/", false),
        ("http://example.com:65536/", false),
        ("http://exam ple.com/", false),
        ("http://ex\u{0}ample.com/", false),
    ];

    #[test]
    fn no_spelling_of_an_inner_address_gets_through() {
        assert!(SPELLINGS.len() >= 100, "{}", SPELLINGS.len());
        for (spelling, through) in SPELLINGS {
            let answer = Allow::default().check_url(spelling);
            assert_eq!(answer.is_ok(), *through, "{spelling:?}: {answer:?}");
        }
    }

    #[test]
    fn an_administrator_allows_as_little_as_needed() {
        let check = |allow: &str, host: Option<&str>, address: &str| {
            allow.parse::<Allow>().unwrap().check(host, address.parse().unwrap()).is_ok()
        };
        for (allow, host, address, through) in [
            ("", None, "10.1.2.3", false),
            ("private", None, "10.1.2.3", true),
            ("private", None, "fd12::1", true),
            ("private", None, "127.0.0.1", false),
            ("private", None, "169.254.169.254", false),
            ("private", None, "fd00:ec2::254", false),
            ("private", None, "100.100.100.200", false),
            ("loopback", None, "127.9.9.9", true),
            ("loopback", None, "::1", true),
            ("loopback", None, "10.1.2.3", false),
            ("10.1.0.0/16", None, "10.1.2.3", true),
            ("10.1.0.0/16", None, "::ffff:10.1.2.3", true),
            ("10.1.0.0/16", None, "10.2.2.3", false),
            ("10.1.2.3", None, "10.1.2.3", true),
            ("10.1.2.3", None, "10.1.2.4", false),
            ("fe80::/10", None, "fe80::5", true),
            ("169.254.169.254", None, "169.254.169.254", true),
            ("0.0.0.0/0 ::/0", None, "224.0.0.1", false),
            ("0.0.0.0/0 ::/0", None, "::", false),
            ("ntfy.lan", Some("ntfy.lan"), "10.1.2.3", true),
            ("ntfy.lan", Some("NTFY.lan."), "127.0.0.1", true),
            ("ntfy.lan", Some("ntfy.lan"), "169.254.169.254", false),
            ("ntfy.lan", Some("evil.ntfy.lan"), "10.1.2.3", false),
            ("ntfy.lan", Some("notntfy.lan"), "10.1.2.3", false),
            ("*.corp.example", Some("a.b.corp.example"), "10.1.2.3", true),
            ("*.corp.example", Some("corp.example"), "10.1.2.3", false),
            ("*.corp.example", Some("evilcorp.example"), "10.1.2.3", false),
            ("localhost, 10.0.0.0/8", Some("localhost"), "::1", true),
        ] {
            assert_eq!(check(allow, host, address), through, "{allow:?} {host:?} {address}");
        }
        for wrong in [
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.300",
            "http://x",
            "*",
            "*.",
            "a..b",
            "*corp",
            ".corp",
            "x/8",
            "fe80::/129",
        ] {
            assert!(wrong.parse::<Allow>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_tls_a_host_must_be_named() {
        for (allow, url, named) in [
            ("", "http://hooks.example.org/", false),
            ("private", "http://hooks.lan/", false),
            ("hooks.lan", "http://HOOKS.lan./in", true),
            ("*.lan", "http://hooks.lan/", true),
            ("private", "http://10.1.2.3/", true),
            ("loopback", "http://localhost:8080/", true),
            ("private", "http://localhost:8080/", false),
            ("loopback", "http://[::ffff:127.0.0.1]/", true),
            ("private", "http://9.9.9.9/", false),
        ] {
            let allow: Allow = allow.parse().unwrap();
            assert_eq!(allow.names(&allow.check_url(url).unwrap()), named, "{url}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let say = |url: &str| Allow::default().check_url(url).unwrap_err();
        insta::assert_snapshot!(
            ["http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://0/", "ftp://x/", "x", "http://x:25/"]
                .map(say)
                .join("\n"),
            @r"
            10.0.0.1 is in a private network, which is not allowed: an administrator can allow it for egress
            ::1 is this machine itself, which is not allowed: an administrator can allow it for egress
            169.254.169.254 is link-local, reserved or a metadata service: nothing to send messages to
            0.0.0.0 is not the address of one machine
            the URL must begin with https:// or http://, not ftp:
            not a URL: relative URL without a base
            port 25 is not for HTTP
            "
        );
    }
}
