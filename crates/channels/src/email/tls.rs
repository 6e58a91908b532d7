//! Connections to mail servers, secured as configured.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use connector::Failure;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::config::Server;

/// How long a connection may take to be made.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection, secured or not.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Debug> Io for T {}

/// Connects without security.
pub(super) async fn connect(server: &Server) -> Result<TcpStream, Failure> {
    let connecting = TcpStream::connect((server.host.as_str(), server.port));
    let stream = timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| timed_out())?.map_err(|e| failure(&e))?;
    stream.set_nodelay(true).map_err(|e| failure(&e))?;
    Ok(stream)
}

/// Secures a connection.
pub(super) async fn secure(server: &Server, stream: TcpStream) -> Result<Box<dyn Io>, Failure> {
    let refused = |text: String| Failure::new("tls_failed", text);
    let name = ServerName::try_from(server.host.clone()).map_err(|e| refused(e.to_string()))?;
    let connector = TlsConnector::from(Arc::new(client_config(server)?));
    let securing = connector.connect(name, stream);
    let secured = timeout(CONNECT_TIMEOUT, securing).await.map_err(|_| timed_out())?;
    Ok(Box::new(secured.map_err(|e| refused(e.to_string()))?))
}

fn client_config(server: &Server) -> Result<ClientConfig, Failure> {
    let refused = |text: String| Failure::new("tls_failed", text);
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in server.ca_pem.iter().flat_map(|pem| CertificateDer::pem_slice_iter(pem.as_bytes())) {
        let certificate = certificate.map_err(|_| refused("the own certificate is no PEM".to_owned()))?;
        roots.add(certificate).map_err(|e| refused(e.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| refused(e.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// The server took too long.
pub(super) fn timed_out() -> Failure {
    Failure::new("timeout", "the server did not answer in time")
}

/// What an I/O error means.
pub(super) fn failure(error: &io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "connection_refused"
        }
        io::ErrorKind::TimedOut => "timeout",
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => "connection_lost",
        io::ErrorKind::InvalidData => "tls_failed",
        _ if error.to_string().contains("lookup") => "host_unknown",
        _ => "connection_lost",
    };
    Failure::new(code, error.to_string())
}
