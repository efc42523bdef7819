//! Whom we trust over TLS: the authorities of the machine, those of Mozilla, and those that the operator adds.
//!
//! rustls with ring, given explicitly: nothing depends on a provider installed elsewhere.

use std::sync::Arc;

use domain::words::Refusal;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// A TLS client that trusts the usual authorities and those in `authorities` (PEM).
///
/// A machine without any certificates still works, by Mozilla's list that is built in.
pub fn trust(authorities: Option<&[u8]>) -> Result<Arc<ClientConfig>, Refusal> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = authorities {
        let wrong = |why: String| Refusal::invalid(format!("the certificate authorities in the settings: {why}"));
        let mut count = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|why| wrong(format!("not PEM: {why}")))?;
            roots.add(certificate).map_err(|why| wrong(why.to_string()))?;
            count += 1;
        }
        if count == 0 {
            return Err(wrong("no certificate in the file; it must be PEM (-----BEGIN CERTIFICATE-----)".into()));
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| Refusal::invalid(format!("TLS: {why}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
