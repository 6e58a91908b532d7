//! Mail: IMAP in, SMTP out.
//!
//! # Invariants
//! - The mailbox is only read: nothing is deleted, moved or marked.
//! - The place in the mailbox moves with the mail that was taken in, never before it.
//! - Once the end of a mail was offered to the server, silence means "unknown", never "send again".

mod config;
mod imap;
mod meta;
mod normalise;
mod send;
mod smtp;
mod tls;

use async_trait::async_trait;
use connector::{
    Account, ChannelType, Checked, Claim, ConfigError, Failure, Health, InboundEvent, Meta, Outbound, Poller,
    SendOutcome,
};
use serde_json::Value;
use uuid::Uuid;

use config::Config;

/// The type.
pub static TYPE: Email = Email;

/// Mail.
#[derive(Debug)]
pub struct Email;

#[async_trait]
impl ChannelType for Email {
    fn meta(&self) -> &'static Meta {
        &meta::META
    }

    fn config_schema(&self) -> Value {
        meta::schema()
    }

    fn check_config(&self, config: &Value, is_whole: bool) -> Vec<ConfigError> {
        config::check(config, is_whole)
    }

    fn required_secrets(&self, config: &Value) -> Vec<&'static str> {
        config::required_secrets(config)
    }

    async fn check(&self, account: &Account) -> Checked {
        let config = match Config::of(account) {
            Ok(config) => config,
            Err(failure) => {
                return Checked { incoming: Health::Down(failure.clone()), outgoing: Health::Down(failure) };
            }
        };
        let (incoming, outgoing) = tokio::join!(imap::check(&config), smtp::check(&config));
        let health = |outcome: Result<(), Failure>| outcome.map_or_else(Health::Down, |()| Health::Ok);
        Checked { incoming: health(incoming), outgoing: health(outgoing) }
    }

    fn poller(&self) -> Option<&dyn Poller> {
        Some(&imap::POLLER)
    }

    fn own_address(&self, config: &Value) -> Option<String> {
        config.get("address").and_then(Value::as_str).map(str::to_owned)
    }

    fn normalise(&self, account: &Account, own: &[String], raw: &[u8], is_whole: bool) -> InboundEvent {
        normalise::event(account, own, raw, is_whole)
    }

    fn is_genuine(&self, account: &Account, claim: &Claim, customer: Uuid) -> bool {
        normalise::is_genuine(account, claim, customer)
    }

    fn reference(&self, account: &Account, conversation: Uuid, entry: Uuid, chance: u64) -> Option<String> {
        let config = Config::of(account).ok()?;
        Some(mail::message_id(conversation, entry, chance, config.domain()))
    }

    async fn send(&self, account: &Account, message: &Outbound) -> SendOutcome {
        send::send(account, message).await
    }
}
