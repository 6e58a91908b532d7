//! SPF, DKIM and DMARC verdicts as the receiving mail server wrote them down (RFC 8601).
//!
//! # Invariants
//! - Only the topmost `Authentication-Results` counts, and only when it carries one of the
//!   configured server ids: everything below could have been written by the sender.
//! - A pass for another domain than the visible sender's is a fail.

use crate::header::Headers;

/// What one check concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verdict {
    /// The check succeeded.
    Pass,
    /// The check failed: the sender is probably not who they say.
    Fail,
    /// The domain publishes nothing to check against.
    None,
    /// Nobody we trust checked, or the check broke off.
    #[default]
    Unknown,
}

/// The verdicts on one mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Authentication {
    /// Whether the sending host may use the envelope sender's domain.
    pub spf: Verdict,
    /// Whether a signature holds; one good signature is enough.
    pub dkim: Verdict,
    /// Whether the domain people see in From stands behind the mail: the one that decides.
    pub dmarc: Verdict,
}

/// Reads the verdicts; `from_domain` is the domain of the visible sender, lower case.
pub(crate) fn read(headers: &Headers<'_>, trusted_ids: &[String], from_domain: Option<&str>) -> Authentication {
    let topmost = headers.plain("authentication-results").map(|value| remove_comments(&value));
    let mut verdicts = topmost
        .filter(|value| is_trusted(value, trusted_ids))
        .map(|value| parse(&value, from_domain))
        .unwrap_or_default();
    // Two senders: whichever was checked, people may see the other.
    let has_other_domain = headers.addresses("from").iter().any(|from| Some(from.domain()) != from_domain);
    if headers.count("from") > 1 || has_other_domain {
        verdicts.dmarc = Verdict::Fail;
    }
    verdicts
}

fn is_trusted(value: &str, trusted_ids: &[String]) -> bool {
    let id = value.split(';').next().unwrap_or_default();
    let id = id.split_whitespace().next().unwrap_or_default().trim_matches('"');
    !id.is_empty() && trusted_ids.iter().any(|trusted| trusted.eq_ignore_ascii_case(id))
}

fn parse(value: &str, from_domain: Option<&str>) -> Authentication {
    let mut found = Authentication::default();
    for result in value.split(';').skip(1) {
        let lower = result.trim().to_lowercase();
        if lower == "none" {
            return Authentication { spf: Verdict::None, dkim: Verdict::None, dmarc: Verdict::None };
        }
        let mut words = lower.split_whitespace();
        let Some((method, verdict)) = words.next().and_then(|word| word.split_once('=')) else { continue };
        let verdict = self::verdict(verdict);
        match method.split('/').next().unwrap_or_default() {
            "spf" => found.spf = verdict,
            "dkim" => found.dkim = better(found.dkim, verdict),
            "dmarc" => found.dmarc = aligned(verdict, words, from_domain),
            _ => {}
        }
    }
    found
}

fn verdict(word: &str) -> Verdict {
    match word {
        "pass" => Verdict::Pass,
        "fail" | "hardfail" | "softfail" | "policy" => Verdict::Fail,
        "none" | "neutral" => Verdict::None,
        _ => Verdict::Unknown,
    }
}

fn better(one: Verdict, other: Verdict) -> Verdict {
    let rank = |verdict| match verdict {
        Verdict::Pass => 3,
        Verdict::Fail => 2,
        Verdict::None => 1,
        Verdict::Unknown => 0,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// A DMARC pass for a `header.from` that is not the sender we show proves nothing about them.
fn aligned<'a>(verdict: Verdict, mut words: impl Iterator<Item = &'a str>, from_domain: Option<&str>) -> Verdict {
    let checked = words.find_map(|word| word.strip_prefix("header.from="));
    let checked = checked.map(|value| value.trim_matches('"').rsplit('@').next().unwrap_or_default());
    match (verdict, checked) {
        (Verdict::Pass, Some(checked)) if Some(checked) != from_domain => Verdict::Fail,
        (verdict, _) => verdict,
    }
}

/// Leaves out parenthesised comments, which may hold anything, semicolons too.
fn remove_comments(value: &str) -> String {
    let (mut depth, mut is_quoted, mut out) = (0_usize, false, String::with_capacity(value.len()));
    for c in value.chars() {
        match c {
            '"' if depth == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            // A quoted semicolon must not start another result.
            out.push(if is_quoted && c == ';' { ' ' } else { c });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use Verdict::{Fail, None as Nothing, Pass, Unknown};

    #[track_caller]
    fn check(headers: &str, spf: Verdict, dkim: Verdict, dmarc: Verdict) {
        let raw = format!("{headers}\nFrom: a@x.es\n\n");
        let (headers, _) = Headers::split(raw.as_bytes());
        let found = read(&headers, &["mx.example.org".to_owned()], Some("x.es"));
        assert_eq!(found, Authentication { spf, dkim, dmarc });
    }

    #[test]
    fn verdicts_of_the_trusted_server_are_read() {
        check(
            "Authentication-Results: mx.example.org 1;\n spf=pass (ok; really) smtp.mailfrom=x.es;\n dkim=fail header.d=y.es;\n dkim=pass header.d=x.es; dmarc=pass (p=reject) header.from=x.es",
            Pass,
            Pass,
            Pass,
        );
        check("Authentication-Results: MX.example.org; dmarc=fail header.from=x.es; spf=softfail", Fail, Unknown, Fail);
        check("Authentication-Results: mx.example.org; none", Nothing, Nothing, Nothing);
        check("Authentication-Results: mx.example.org; dmarc=temperror", Unknown, Unknown, Unknown);
    }

    #[test]
    fn servers_nobody_configured_are_not_believed() {
        check("Authentication-Results: evil.org; dmarc=pass header.from=x.es", Unknown, Unknown, Unknown);
        check("Authentication-Results: mx.example.org.evil.org; dmarc=pass", Unknown, Unknown, Unknown);
        check("X: y", Unknown, Unknown, Unknown);
    }

    #[test]
    fn only_the_topmost_field_counts() {
        check(
            "Authentication-Results: mx.example.org; dmarc=fail\nAuthentication-Results: mx.example.org; dmarc=pass",
            Unknown,
            Unknown,
            Fail,
        );
        check(
            "Authentication-Results: other.org; spf=pass\nAuthentication-Results: mx.example.org; dmarc=pass",
            Unknown,
            Unknown,
            Unknown,
        );
    }

    #[test]
    fn a_pass_for_another_sender_is_a_fail() {
        check("Authentication-Results: mx.example.org; dmarc=pass header.from=evil.es", Unknown, Unknown, Fail);
        check("From: b@x.es\nAuthentication-Results: mx.example.org; dmarc=pass", Unknown, Unknown, Fail);
        check(
            "From: b@evil.es\nAuthentication-Results: mx.example.org; dmarc=pass header.from=x.es",
            Unknown,
            Unknown,
            Fail,
        );
    }

    #[test]
    fn a_second_sender_is_a_fail_whatever_was_checked() {
        let headers = "Authentication-Results: mx.example.org; dmarc=pass header.from=x.es\nFrom: a@x.es, b@evil.es";
        let raw = format!("{headers}\n\n");
        let found = read(&Headers::split(raw.as_bytes()).0, &["mx.example.org".to_owned()], Some("x.es"));
        assert_eq!(found.dmarc, Fail);
    }

    #[test]
    fn comments_and_quotes_cannot_forge_a_result() {
        check("Authentication-Results: mx.example.org; spf=fail (x; dmarc=pass)", Fail, Unknown, Unknown);
        check(
            "Authentication-Results: mx.example.org; spf=fail smtp.mailfrom=\"; dmarc=pass\"",
            Fail,
            Unknown,
            Unknown,
        );
    }
}
