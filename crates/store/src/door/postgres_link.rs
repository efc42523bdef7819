//! How to reach PostgreSQL: the URL, TLS, and what every connection is set to.
//!
//! `sslmode` means what it means to libpq: `prefer` and `require` encrypt, `verify-ca` and `verify-full`
//! also check the server's certificate (both by name), as does `require` with a `sslrootcert`.

use std::sync::Arc;
use std::time::Duration;

use ::postgres::config::{SslMode, TargetSessionAttrs};
use ::postgres::{Client, Config, NoTls};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Error;
use super::postgres::failure;

const OLDEST_VERSION: i32 = 130_000;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(15);

/// Everything needed for a connection.
pub(super) struct Link {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Link {
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(Error::other("the address of a PostgreSQL database starts with postgres://"));
        }
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut root, mut rest) = ("prefer", None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("sslmode", value) => mode = value,
                ("sslrootcert", value) => root = Some(value.replace("%2F", "/")),
                _ => rest.push(pair),
            }
        }
        let (ssl, verify) = match mode {
            "disable" => (SslMode::Disable, false),
            "allow" | "prefer" => (SslMode::Prefer, false),
            "require" => (SslMode::Require, root.is_some()),
            "verify-ca" | "verify-full" => (SslMode::Require, true),
            _ => return Err(Error::other("sslmode is disable, prefer, require, verify-ca or verify-full")),
        };
        let mut config: Config = format!("{base}?{}", rest.join("&")).parse().map_err(|error: ::postgres::Error| {
            let why = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            Error::other(format!("the address of the PostgreSQL database does not read: {error}{why}"))
        })?;
        config.ssl_mode(ssl);
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("allclear");
        }
        config.keepalives_idle(SILENCE).keepalives_interval(Duration::from_secs(5)).keepalives_retries(3);
        config.tcp_user_timeout(SILENCE);
        let tls = if ssl == SslMode::Disable { None } else { Some(tls(verify, root.as_deref())?) };
        Ok(Self { config, tls })
    }

    /// A connection to whichever host takes writes.
    pub(super) fn connect(&self) -> Result<Client, Error> {
        let outcome = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        let mut client = outcome.map_err(|error| failure(&error, None).during("cannot connect"))?;
        client
            .batch_execute(
                "SET jit = off; SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '60s'; \
                 SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') = 'off'",
            )
            .map_err(|error| failure(&error, None).during("cannot set up a connection"))?;
        Ok(client)
    }

    /// Whether the server can keep what we promise.
    #[expect(clippy::unused_self, reason = "belongs to the link, as the other checks of the address do")]
    pub(super) fn check(&self, client: &mut Client) -> Result<(), Error> {
        let row = client
            .query_one(
                "SELECT CAST(current_setting('server_version_num') AS INTEGER), current_setting('server_encoding'), \
                 current_setting('fsync'), current_setting('full_page_writes'), current_schema()",
                &[],
            )
            .map_err(|error| failure(&error, None))?;
        let get = |place| row.try_get::<_, Option<String>>(place).map_err(|error| failure(&error, None));
        let version: i32 = row.try_get(0).map_err(|error| failure(&error, None))?;
        if version < OLDEST_VERSION {
            return Err(Error::other("PostgreSQL 13 or later is needed"));
        }
        if get(1)?.as_deref() != Some("UTF8") {
            return Err(Error::other("the PostgreSQL database must have the encoding UTF8"));
        }
        if get(2)?.as_deref() != Some("on") || get(3)?.as_deref() != Some("on") {
            tracing::warn!("PostgreSQL runs with fsync or full_page_writes off: it will lose data when its host stops");
        }
        if get(4)?.is_none() {
            return Err(Error::other("the schema named in search_path does not exist in the PostgreSQL database"));
        }
        Ok(())
    }
}

/// The address without user, password and options.
pub(super) fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", ""));
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, path) = rest.rsplit_once('/').unwrap_or((rest, ""));
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    format!("{scheme}://{hosts}/{path}")
}

fn tls(verify: bool, root: Option<&str>) -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::other(format!("TLS: {error}")))?;
    let config = if verify {
        builder.with_root_certificates(roots(root)?).with_no_client_auth()
    } else {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified(provider))).with_no_client_auth()
    };
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates in the file, or those that the system trusts.
fn roots(file: Option<&str>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let wrong = |error: &dyn std::fmt::Display| Error::unavailable(format!("cannot read {file}: {error}"));
            for certificate in CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))? {
                roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(Error::unavailable("there is no certificate to check the PostgreSQL server against"));
    }
    Ok(roots)
}

/// Encrypts without asking who is there, as libpq's `prefer` and `require` do.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (url, shown) in [
            ("postgres://ana:p%40ss@db.example:5432/allclear?sslmode=require", "postgres://db.example:5432/allclear"),
            ("postgres://db1,db2/allclear?password=x", "postgres://db1,db2/allclear"),
            ("postgresql://ana:a@b@db/x", "postgresql://db/x"),
            ("nonsense with password", "postgres:///"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }

    #[test]
    fn an_address_that_does_not_read_is_refused_in_words() {
        for (url, why) in [
            ("mysql://x", "starts with postgres://"),
            ("postgres://x/y?sslmode=maybe", "sslmode is"),
            ("postgres://x/y?nonsense=1", "does not read"),
            ("postgres://x/y?sslmode=verify-full&sslrootcert=/nonexistent.pem", "/nonexistent.pem"),
        ] {
            let error = Link::parse(url).err().unwrap_or_else(|| panic!("{url}"));
            assert!(error.message.contains(why), "{url}: {error}");
        }
        assert!(Link::parse("postgres://ana@a:1,b:2/y?target_session_attrs=any&sslmode=disable").is_ok());
    }
}
