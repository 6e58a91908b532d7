//! What visitors answer before their first message: checked against the questions, then kept as what it is worth.

use std::collections::BTreeMap;

use channels::web_chat::config::{Config, PrechatField, PrechatType};
use serde_json::{Map, Value};

use crate::identity_tokens::{is_email, is_phone};
use crate::{Error, FieldError};

/// Longest answer in code points.
const ANSWER_MAX: usize = 1_000;

/// Answers, sorted by what they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) name: Option<String>,
    /// Claimed, never proven.
    pub(super) email: Option<String>,
    /// Claimed, never proven.
    pub(super) phone: Option<String>,
    pub(super) fields: Map<String, Value>,
}

/// The answers to a channel's questions.
///
/// # Errors
/// [`Error::Invalid`]: a required answer is missing, one is none of its kind, or nobody asked. `name` and `email` may
/// be said without a question: the page may know them.
pub(super) fn answers(config: &Config, said: &BTreeMap<String, String>) -> Result<Answers, Error> {
    let questions = config.prechat.as_ref().map_or(&[][..], |prechat| &prechat.fields);
    let mut faults = Vec::new();
    let mut fault = |key: &str, code: &'static str, detail: &str| {
        faults.push(FieldError { pointer: format!("/prechat/{key}"), code, detail: detail.to_owned() });
    };
    let mut answers = Answers::default();
    for question in questions {
        let is_missing = said.get(&question.key).is_none_or(|answer| answer.trim().is_empty());
        if question.is_required && is_missing {
            fault(&question.key, "required", "an answer");
        }
    }
    for (key, answer) in said {
        let answer = answer.trim();
        let question = questions.iter().find(|question| question.key == *key);
        match problem(key, question, answer) {
            Some((code, detail)) => fault(key, code, detail),
            None if answer.is_empty() => {}
            None => answers.keep(key, question, answer),
        }
    }
    if faults.is_empty() { Ok(answers) } else { Err(Error::Invalid(faults)) }
}

fn problem(key: &str, question: Option<&PrechatField>, answer: &str) -> Option<(&'static str, &'static str)> {
    let is_known = question.is_some() || ["name", "email"].contains(&key);
    if !is_known {
        return Some(("unknown_reference", "nobody asked"));
    }
    if answer.contains('\0') || answer.chars().count() > ANSWER_MAX {
        return Some(("length", "at most 1000 characters"));
    }
    if answer.is_empty() {
        return None;
    }
    match question.map(|question| question.r#type) {
        Some(PrechatType::Email) if !is_email(answer) => Some(("format", "an e-mail address")),
        Some(PrechatType::Phone) if !is_phone(answer) => Some(("format", "a phone number with its country")),
        Some(PrechatType::Choice) => {
            let is_offered = question.is_some_and(|q| q.options.iter().any(|option| option.value == answer));
            (!is_offered).then_some(("enum", "one of the options"))
        }
        Some(PrechatType::Email | PrechatType::Phone | PrechatType::Text) => None,
        None => (key == "email" && !is_email(answer)).then_some(("format", "an e-mail address")),
    }
}

impl Answers {
    fn keep(&mut self, key: &str, question: Option<&PrechatField>, answer: &str) {
        let slot = match (key, question.map(|question| question.r#type)) {
            ("name", _) => &mut self.name,
            ("email", _) | (_, Some(PrechatType::Email)) => &mut self.email,
            ("phone", _) | (_, Some(PrechatType::Phone)) => &mut self.phone,
            (_, Some(PrechatType::Text | PrechatType::Choice) | None) => {
                self.fields.insert(key.to_owned(), Value::String(answer.to_owned()));
                return;
            }
        };
        *slot = Some(answer.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config() -> Config {
        let label = json!({ "es": "?" });
        let value = json!({ "prechat": { "fields": [
            { "key": "name", "type": "text", "label": label, "is_required": true },
            { "key": "mail", "type": "email", "label": label },
            { "key": "phone", "type": "phone", "label": label },
            { "key": "topic", "type": "choice", "label": label, "options": [{ "value": "order", "label": label }] },
        ] } });
        Config::checked(&value).expect("right")
    }

    fn said(pairs: &[(&str, &str)]) -> Result<Answers, Error> {
        let said = pairs.iter().map(|(key, answer)| ((*key).to_owned(), (*answer).to_owned())).collect();
        answers(&config(), &said)
    }

    #[track_caller]
    fn check(pairs: &[(&str, &str)], pointer: &str, code: &str) {
        let Err(Error::Invalid(faults)) = said(pairs) else { panic!("{pairs:?} passed") };
        assert_eq!((faults[0].pointer.as_str(), faults[0].code), (pointer, code));
    }

    #[test]
    fn answers_become_what_they_are() {
        let answers =
            said(&[("name", " Eva "), ("mail", "eva@example.com"), ("phone", "+34 600 000 000"), ("topic", "order")]);
        let answers = answers.expect("right");
        assert_eq!((answers.name.as_deref(), answers.email.as_deref()), (Some("Eva"), Some("eva@example.com")));
        assert_eq!(answers.phone.as_deref(), Some("+34 600 000 000"));
        assert_eq!(Value::Object(answers.fields), json!({ "topic": "order" }));
    }

    #[test]
    fn each_wrong_answer_has_its_place() {
        check(&[], "/prechat/name", "required");
        check(&[("name", " ")], "/prechat/name", "required");
        check(&[("name", "Eva"), ("mail", "eva")], "/prechat/mail", "format");
        check(&[("name", "Eva"), ("phone", "600")], "/prechat/phone", "format");
        check(&[("name", "Eva"), ("topic", "other")], "/prechat/topic", "enum");
        check(&[("name", "Eva"), ("iban", "x")], "/prechat/iban", "unknown_reference");
        check(&[("name", &"x".repeat(1_001))], "/prechat/name", "length");
    }
}
