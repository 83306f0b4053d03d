//! A node elsewhere, asked over HTTP: with TLS, or plain where no network is in between.

use anyhow::{Context as _, bail, ensure};
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{Response, StatusCode, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};
use zeroize::Zeroizing;

/// No answer takes longer; one that does has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of a refusal that are read, to be passed on.
const SAID_LIMIT: u64 = 4_096;

/// A node, and the token that it is asked with.
#[derive(Debug)]
pub(crate) struct Remote {
    agent: Agent,
    url: String,
    token: Zeroizing<String>,
}

impl Remote {
    /// A node at an address, with the token in a file. `ca` is a file with the certificates that
    /// are trusted instead of those that browsers trust.
    ///
    /// # Errors
    /// A file cannot be read, or the address would have the token sent in the clear.
    pub(crate) fn new(url: &str, token_file: &Path, ca: Option<&Path>) -> anyhow::Result<Self> {
        let plain = is_plain(url)?;
        let token = fs::read_to_string(token_file).map(Zeroizing::new);
        let token = token.with_context(|| format!("cannot read {}", token_file.display()))?;
        let roots = ca.map_or(Ok(RootCerts::WebPki), roots)?;
        // The one that tokens are verified with as well.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(roots)
            .unversioned_rustls_crypto_provider(provider)
            .build();
        // A node that sends its caller elsewhere would send the token there.
        let mut config = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .https_only(!plain)
            .tls_config(tls)
            .timeout_global(Some(PATIENCE));
        if plain {
            // What is for this machine is not for a proxy of its surroundings.
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().into(),
            url: url.trim_end_matches('/').to_owned(),
            token: Zeroizing::new(format!("Bearer {}", token.trim())),
        })
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Reads what is at a path, at most so many bytes; `None` if nothing is.
    pub(crate) fn get(&self, path: &str, limit: u64) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(mut body) = self.open(path)? else { return Ok(None) };
        let read = body.with_config().limit(limit + 1).read_to_vec();
        read.map(Some).with_context(|| format!("cannot read what {}{path} answered", self.url))
    }

    /// Opens what is at a path, to be read piece by piece; `None` if nothing is.
    pub(crate) fn open(&self, path: &str) -> anyhow::Result<Option<Body>> {
        let url = format!("{}{path}", self.url);
        let asked = self.agent.get(&url).header("authorization", self.token.as_str()).call();
        let answer = asked.with_context(|| format!("cannot ask {url}"))?;
        match answer.status() {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(answer.into_body())),
            _ => bail!("{url} answered {}", refusal(answer)),
        }
    }

    /// Posts a text. The answer may be a refusal.
    pub(crate) fn post_text(&self, path: &str, text: &str) -> anyhow::Result<Response<Body>> {
        let url = format!("{}{path}", self.url);
        let request = self.agent.post(&url).header("authorization", self.token.as_str());
        let sent = request.content_type("text/plain; charset=utf-8").send(text);
        sent.with_context(|| format!("cannot ask {url}"))
    }

    /// Asks a GraphQL query: the whole answer.
    pub(crate) fn query(&self, query: &str) -> anyhow::Result<serde_json::Value> {
        let url = format!("{}/graphql", self.url);
        let request = self.agent.post(&url).header("authorization", self.token.as_str());
        let sent = request.send_json(serde_json::json!({ "query": query }));
        let mut answer = sent.with_context(|| format!("cannot ask {url}"))?;
        ensure!(answer.status().is_success(), "{url} answered {}", refusal(answer));
        Ok(answer.body_mut().read_json()?)
    }
}

/// A status and what was said with it, in one line.
pub(crate) fn refusal(mut answer: Response<Body>) -> String {
    let status = answer.status();
    if status.is_redirection() {
        return format!("{status}: it sends its callers elsewhere, and a token is not sent there");
    }
    let said = answer.body_mut().with_config().limit(SAID_LIMIT).read_to_string();
    format!("{status}: {}", said.unwrap_or_default().trim()).trim_end_matches([':', ' ']).to_owned()
}

/// Whether an address is plain HTTP, which is right where it does not leave the machine.
fn is_plain(url: &str) -> anyhow::Result<bool> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is no address"))?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(false),
        Some("http") if here => Ok(true),
        Some("http") => bail!(
            "{url} is plain HTTP off this machine: the token would be sent for everybody to read; \
             give an https address"
        ),
        _ => bail!("{url} is no https address"),
    }
}

/// The certificates in a PEM file.
fn roots(path: &Path) -> anyhow::Result<RootCerts> {
    let pem = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        let item = item.with_context(|| format!("{} is no PEM file", path.display()))?;
        if let PemItem::Certificate(certificate) = item {
            certificates.push(certificate);
        }
    }
    ensure!(!certificates.is_empty(), "{} holds no certificate", path.display());
    Ok(RootCerts::new_with_certs(&certificates))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for here in
            ["http://127.0.0.1:7465", "http://localhost", "http://[::1]:80/", "http://127.9.9.9"]
        {
            assert!(is_plain(here).expect("allowed"), "{here}");
        }
        assert!(!is_plain("https://ledger.example").expect("allowed"));
        for elsewhere in [
            "http://ledger.example",
            "http://10.0.0.1:7465",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "http://localhost@ledger.example",
            "ftp://localhost",
            "ledger.example:443",
            "localhost",
            "",
        ] {
            assert!(is_plain(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
