//! One mail address with the name shown beside it.

use std::fmt;

/// A mailbox: `name <email>`.
///
/// The domain is lower case, the local part as written; compare with [`Address::is`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// The name people see; never empty, no control characters.
    pub name: Option<String>,
    /// `local@domain`, without spaces, angle brackets or control characters.
    pub email: String,
}

impl Address {
    /// Builds an address; `None` when `email` is not of the form `local@domain`.
    pub fn new(name: Option<&str>, email: &str) -> Option<Self> {
        let (local, domain) = email.trim().rsplit_once('@')?;
        let is_clean = |part: &str| !part.is_empty() && !part.contains(is_forbidden);
        if !is_clean(local) || !is_clean(domain) || email.len() > 998 {
            return None;
        }
        let name = name.map(clean_name).filter(|name| !name.is_empty());
        Some(Self { name, email: format!("{local}@{}", domain.to_lowercase()) })
    }

    /// The part before the last `@`.
    pub fn local(&self) -> &str {
        self.email.rsplit_once('@').map_or(self.email.as_str(), |(local, _)| local)
    }

    /// The part behind the last `@`, lower case.
    pub fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether `email` names the same mailbox; letter case and plus-suffixes are ignored.
    pub fn is(&self, email: &str) -> bool {
        base_mailbox(&self.email) == base_mailbox(email)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.email),
            None => f.write_str(&self.email),
        }
    }
}

/// `Soporte+c-01@Example.com` → `soporte@example.com`.
fn base_mailbox(email: &str) -> String {
    let email = email.trim().to_lowercase();
    match email.rsplit_once('@') {
        Some((local, domain)) => {
            let base = local.split('+').next().filter(|base| !base.is_empty()).unwrap_or(local);
            format!("{base}@{domain}")
        }
        None => email,
    }
}

fn is_forbidden(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')' | '\\')
}

/// Drops control characters and the marks that reverse the reading direction.
fn clean_name(name: &str) -> String {
    let kept = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    let kept: String = kept.filter(|c| !is_direction_mark(*c)).collect();
    kept.trim().trim_matches('"').trim().to_owned()
}

/// Unicode marks used to make `exe.fdp` look like `pdf.exe`.
pub(crate) fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn what_is_not_an_address_is_refused() {
        for email in ["", "a", "@b", "a@", "a b@c", "a@b\r\nBcc: x@y", "a<b@c", "a@b,c@d"] {
            assert_eq!(Address::new(None, email), None, "{email:?}");
        }
    }

    #[test]
    fn mailboxes_compare_without_case_and_plus_suffix() {
        let address = Address::new(Some("S"), "Soporte+c-1@Example.COM").expect("valid");
        assert!(address.is("soporte@example.com"));
        assert!(!address.is("ventas@example.com"));
        assert_eq!(address.email, "Soporte+c-1@example.com");
    }

    #[test]
    fn names_lose_line_breaks_and_direction_marks() {
        let address = Address::new(Some("\"Eva\r\nBcc: x\u{202e}\""), "e@x.es").expect("valid");
        assert_eq!(address.name.as_deref(), Some("Eva  Bcc: x"));
    }
}
