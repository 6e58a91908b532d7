//! From the tree to its text form.

use std::fmt::Write;

use jiff::Timestamp;

use super::{Condition, Measure};

/// The text form of a condition. An empty "any of" prints as the negation of everything.
#[must_use]
pub fn print(condition: &Condition) -> String {
    let mut out = String::new();
    match condition.clone().normalised() {
        Condition::All(inner) => join(&mut out, &inner, " "),
        Condition::Any(inner) if !inner.is_empty() => join(&mut out, &inner, " OR "),
        other => one(&mut out, &other),
    }
    out
}

fn join(out: &mut String, inner: &[Condition], between: &str) {
    for (at, condition) in inner.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        one(out, condition);
    }
}

fn one(out: &mut String, condition: &Condition) {
    match condition {
        Condition::All(inner) => group(out, inner, " "),
        Condition::Any(inner) if inner.is_empty() => out.push_str("-()"),
        Condition::Any(inner) => group(out, inner, " OR "),
        Condition::Not(inner) => {
            out.push('-');
            one(out, inner);
        }
        Condition::Is { field, any } => {
            out.push_str(&field.name());
            out.push(':');
            for (at, word) in any.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                value(out, word);
            }
        }
        Condition::Compare { field, order, value } => {
            out.push_str(field.as_str());
            out.push_str(order.as_str());
            measure(out, *value);
        }
        Condition::Text(words) => quoted(out, words),
    }
}

fn group(out: &mut String, inner: &[Condition], between: &str) {
    out.push('(');
    join(out, inner, between);
    out.push(')');
}

fn value(out: &mut String, word: &str) {
    let is_bare = |c: char| c.is_alphanumeric() || "_.-@+/".contains(c);
    if !word.is_empty() && word.chars().all(is_bare) { out.push_str(word) } else { quoted(out, word) }
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if c == '"' || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

fn measure(out: &mut String, value: Measure) {
    let written = match value {
        Measure::Number(number) => write!(out, "{number}"),
        Measure::SpanMs(ms) => {
            let (per, unit) = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")]
                .into_iter()
                .find(|(per, _)| ms != 0 && ms % per == 0)
                .unwrap_or((1, "ms"));
            write!(out, "{}{unit}", ms / per)
        }
        Measure::At(at) => write!(out, "{}", Timestamp::from(at)),
    };
    written.expect("invariant: writing to a string never fails");
}
