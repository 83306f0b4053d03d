//! TLS in front of a server, as a proxy of the operator's does it.

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio_rustls::TlsAcceptor;

/// A proxy with a certificate of its own.
pub(crate) struct Front {
    /// Where to reach it by its name, if that is `localhost`.
    pub(crate) url: String,
    /// The certificate by which it is known.
    pub(crate) ca: PathBuf,
}

impl Front {
    /// In front of the server at an address, with a certificate for some name, which is kept in a
    /// folder. It stands there until the process ends.
    pub(crate) fn of(server: &str, name: &str, folder: &Path) -> Self {
        let certified = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a name");
        let ca = folder.join(format!("{name}.pem"));
        fs::write(&ca, certified.cert.pem()).expect("written");
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = server.to_owned();
        // On a thread of its own: journeys wait for the programs that they run.
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(serve(listener, acceptor, server));
        });
        Self { url: format!("https://localhost:{port}"), ca }
    }
}

async fn serve(listener: std::net::TcpListener, acceptor: TlsAcceptor, server: String) {
    listener.set_nonblocking(true).expect("a socket");
    let listener = TcpListener::from_std(listener).expect("a socket");
    loop {
        let (caller, _) = listener.accept().await.expect("a caller");
        let (acceptor, server) = (acceptor.clone(), server.clone());
        tokio::spawn(async move {
            // Callers that do not trust the certificate go away, and so they should.
            let Ok(mut caller) = acceptor.accept(caller).await else { return };
            let mut server = TcpStream::connect(server).await.expect("the server");
            let _ = copy_bidirectional(&mut caller, &mut server).await;
        });
    }
}
