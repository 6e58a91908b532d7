//! SMTP: one connection per mail, each stage with its own meaning.

use std::time::Duration;

use connector::{Failure, SendOutcome};
use lettre::address::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::time::timeout;

use super::config::{Config, Security, Server};
use super::tls::{self, CONNECT_TIMEOUT, timed_out};

/// How long the server may think about a command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take to take the mail itself; beyond, nobody knows.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(100);

/// Connects and signs in.
async fn open(config: &Config) -> Result<AsyncSmtpConnection, Failure> {
    let server = &config.smtp;
    let hello = ClientId::Domain(config.domain().to_owned());
    let tls = match server.security {
        Security::Tls => Some(tls_parameters(server)?),
        Security::StartTls | Security::None => None,
    };
    let connecting = AsyncSmtpConnection::connect_tokio1(
        (server.host.as_str(), server.port),
        Some(CONNECT_TIMEOUT),
        &hello,
        tls,
        None,
    );
    let mut connection = within(COMMAND_TIMEOUT, connecting).await?;
    if server.security == Security::StartTls {
        within(COMMAND_TIMEOUT, connection.starttls(tls_parameters(server)?, &hello)).await?;
    }
    if let Some((user, password)) = server.user.as_ref().zip(server.password.as_ref()) {
        let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
        let signing_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials);
        within(COMMAND_TIMEOUT, signing_in).await.map_err(|failure| match failure.provider_code {
            Some(_) => Failure { code: "auth_failed", ..failure },
            None => failure,
        })?;
    }
    Ok(connection)
}

fn tls_parameters(server: &Server) -> Result<TlsParameters, Failure> {
    let refused = |error: Error| Failure::new("tls_failed", error.to_string());
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(pem) = &server.ca_pem {
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(refused)?);
    }
    builder.build_rustls().map_err(refused)
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    timeout(limit, work).await.map_err(|_| timed_out())?.map_err(|error| failure(&error))
}

/// What an error of the library means. Its text quotes the server, never us.
fn failure(error: &Error) -> Failure {
    let text = words(error);
    if let Some(code) = error.status() {
        return Failure { provider_code: Some(code.to_string()), ..Failure::new("smtp_refused", text) };
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return Failure { text, ..tls::failure(io) };
        }
        source = cause.source();
    }
    Failure::new(if error.is_tls() { "tls_failed" } else { "protocol" }, text)
}

fn words(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) if error.status().is_some() => source.to_string(),
        Some(_) | None => error.to_string(),
    }
}

/// Whether outgoing mail works.
pub(super) async fn check(config: &Config) -> Result<(), Failure> {
    let mut connection = open(config).await?;
    within(COMMAND_TIMEOUT, connection.command(Noop)).await?;
    drop(timeout(Duration::from_secs(2), connection.quit()).await);
    Ok(())
}

/// Hands one mail to the server.
pub(super) async fn deliver(config: &Config, from: &str, to: &str, mail: &[u8]) -> SendOutcome {
    let address = |text: &str| text.parse::<Address>();
    let (Ok(from), Ok(to)) = (address(from), address(to)) else {
        return SendOutcome::Permanent(Failure::new("bad_address", "the server would not understand the address"));
    };
    let mut connection = match open(config).await {
        Ok(connection) => connection,
        Err(failure) => return SendOutcome::Retry { failure, after: None, is_down: true },
    };
    if let Err(failure) = envelope(&mut connection, from, to).await {
        connection.abort().await;
        return refused(failure);
    }
    message(connection, mail).await
}

/// Everything before the mail itself: as long as this goes on, the server has nothing.
async fn envelope(connection: &mut AsyncSmtpConnection, from: Address, to: Address) -> Result<(), Failure> {
    let mut parameters = Vec::new();
    let is_international = [&from, &to].iter().any(|a| !AsRef::<str>::as_ref(*a).is_ascii());
    if is_international {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Failure {
                provider_code: Some("553".to_owned()),
                ..Failure::new("smtp_refused", "the server takes no international addresses")
            });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    within(COMMAND_TIMEOUT, connection.command(Mail::new(Some(from), parameters))).await?;
    within(COMMAND_TIMEOUT, connection.command(Rcpt::new(to, Vec::new()))).await.map_err(|failure| {
        let is_unknown = failure.text.contains("5.1.1") || failure.text.contains("5.1.10");
        if is_unknown { Failure { code: "recipient_unknown", ..failure } } else { failure }
    })?;
    within(COMMAND_TIMEOUT, connection.command(Data)).await?;
    Ok(())
}

/// The mail itself. A refusal is an answer; silence is not.
async fn message(mut connection: AsyncSmtpConnection, mail: &[u8]) -> SendOutcome {
    let outcome = match timeout(MESSAGE_TIMEOUT, connection.message(mail)).await {
        Ok(Ok(response)) => {
            let line = response.message().next().map(|line| line.chars().take(200).collect());
            SendOutcome::Accepted { provider_id: line }
        }
        Ok(Err(error)) if error.status().is_some() => refused(failure(&error)),
        Ok(Err(error)) => SendOutcome::Unknown(failure(&error)),
        Err(_) => SendOutcome::Unknown(timed_out()),
    };
    drop(timeout(Duration::from_secs(2), connection.quit()).await);
    outcome
}

/// 4xx: later. 5xx: never. No code: the server has nothing, so later.
fn refused(failure: Failure) -> SendOutcome {
    match failure.provider_code.as_deref() {
        Some(code) if code.starts_with('5') => SendOutcome::Permanent(failure),
        Some(_) => SendOutcome::Retry { failure, after: None, is_down: false },
        None => SendOutcome::Retry { failure, after: None, is_down: true },
    }
}
