//! Every language says the same things: equal keys, equal arguments, no empty text.
//!
//! Two kinds of files: message files of the web packages (`web/*/messages/<language>.json`, the format
//! of inlang) and Fluent files of the crates (`crates/*/locales/<language>/*.ftl`).

use anyhow::{Context, Result, bail};
use fluent_syntax::ast;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Languages that must exist everywhere; others may exist and are held to the same keys.
const REQUIRED: &[&str] = &["en", "es"];

/// Message key → names of its arguments.
type Messages = BTreeMap<String, BTreeSet<String>>;

/// Checks the tree under `root`.
///
/// # Errors
/// When a message file cannot be read or parsed.
pub fn run(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for folder in folders(&root.join("web"), "messages")? {
        findings.extend(compare(&label(root, &folder), &json_languages(&folder)?));
    }
    for folder in folders(&root.join("crates"), "locales")? {
        findings.extend(compare(&label(root, &folder), &fluent_languages(&folder)?));
    }
    Ok(findings)
}

fn label(root: &Path, folder: &Path) -> String {
    folder.strip_prefix(root).unwrap_or(folder).display().to_string()
}

/// `parent/*/name`, in order, where it exists.
fn folders(parent: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let found = entries(parent)?.into_iter().map(|p| p.join(name));
    Ok(found.filter(|p| p.is_dir()).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<PathBuf> = read.map(|e| e.map(|e| e.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn json_languages(folder: &Path) -> Result<BTreeMap<String, Messages>> {
    let mut languages = BTreeMap::new();
    for path in entries(folder)?.iter().filter(|p| p.extension().is_some_and(|e| e == "json")) {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path)?;
        let messages = json_messages(&text).with_context(|| path.display().to_string())?;
        languages.insert(name, messages);
    }
    Ok(languages)
}

fn json_messages(text: &str) -> Result<Messages> {
    let Value::Object(all) = serde_json::from_str(text)? else { bail!("not a JSON object") };
    let mut messages = Messages::new();
    for (key, value) in all.iter().filter(|(key, _)| !key.starts_with('$')) {
        collect(key, value, &mut messages)?;
    }
    Ok(messages)
}

/// A text, a list of variants, or a group of further keys.
fn collect(key: &str, value: &Value, messages: &mut Messages) -> Result<()> {
    match value {
        Value::Object(group) => {
            for (name, value) in group {
                collect(&format!("{key}.{name}"), value, messages)?;
            }
        }
        Value::String(text) => {
            messages.insert(key.to_owned(), placeholders(key, text)?);
        }
        Value::Array(variants) => {
            messages.insert(key.to_owned(), variant_arguments(key, variants)?);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => bail!("`{key}` is not a text"),
    }
    Ok(())
}

/// Inputs that variants declare, or, where they declare none, the placeholders of their texts.
fn variant_arguments(key: &str, variants: &[Value]) -> Result<BTreeSet<String>> {
    let mut arguments = BTreeSet::new();
    for variant in variants {
        for declaration in strings(&variant["declarations"]) {
            arguments.extend(declaration.strip_prefix("input ").map(|n| n.trim().to_owned()));
        }
        for text in strings(&variant["match"]) {
            placeholders(key, text)?;
        }
    }
    Ok(arguments)
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::Object(map) => map.values().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Names in braces; an escaped brace (`\{`) is text.
fn placeholders(key: &str, text: &str) -> Result<BTreeSet<String>> {
    if text.trim().is_empty() {
        bail!("`{key}` is empty");
    }
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let is_escaped = rest[..open].ends_with('\\');
        rest = &rest[open + 1..];
        let Some(close) = rest.find('}').filter(|_| !is_escaped) else {
            continue;
        };
        names.insert(rest[..close].trim().to_owned());
        rest = &rest[close + 1..];
    }
    Ok(names)
}

fn fluent_languages(folder: &Path) -> Result<BTreeMap<String, Messages>> {
    let mut languages = BTreeMap::new();
    for language in entries(folder)?.iter().filter(|p| p.is_dir()) {
        let name = language.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut messages = Messages::new();
        for path in entries(language)?.iter().filter(|p| p.extension().is_some_and(|e| e == "ftl")) {
            let text = std::fs::read_to_string(path)?;
            messages.extend(fluent_messages(&text).with_context(|| path.display().to_string())?);
        }
        languages.insert(name, messages);
    }
    Ok(languages)
}

fn fluent_messages(text: &str) -> Result<Messages> {
    let resource = match fluent_syntax::parser::parse(text) {
        Ok(resource) => resource,
        Err((_, errors)) => bail!("{}", errors.first().map_or(String::new(), |e| e.to_string())),
    };
    let mut messages = Messages::new();
    for entry in &resource.body {
        match entry {
            ast::Entry::Message(message) => {
                let attributes = message.attributes.iter().map(|a| (Some(a.id.name), &a.value));
                let value = message.value.iter().map(|v| (None, v));
                for (attribute, pattern) in value.chain(attributes) {
                    let suffix = attribute.map(|a| format!(".{a}")).unwrap_or_default();
                    let key = format!("{}{suffix}", message.id.name);
                    messages.insert(key, variables(pattern));
                }
            }
            ast::Entry::Junk { content } => bail!("not Fluent: {}", content.trim()),
            ast::Entry::Term(_)
            | ast::Entry::Comment(_)
            | ast::Entry::GroupComment(_)
            | ast::Entry::ResourceComment(_) => {}
        }
    }
    Ok(messages)
}

fn variables(pattern: &ast::Pattern<&str>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    in_pattern(pattern, &mut names);
    names
}

fn in_pattern(pattern: &ast::Pattern<&str>, names: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        match element {
            ast::PatternElement::Placeable { expression } => in_expression(expression, names),
            ast::PatternElement::TextElement { .. } => {}
        }
    }
}

fn in_expression(expression: &ast::Expression<&str>, names: &mut BTreeSet<String>) {
    match expression {
        ast::Expression::Inline(inline) => in_inline(inline, names),
        ast::Expression::Select { selector, variants } => {
            in_inline(selector, names);
            for variant in variants {
                in_pattern(&variant.value, names);
            }
        }
    }
}

fn in_inline(inline: &ast::InlineExpression<&str>, names: &mut BTreeSet<String>) {
    use ast::InlineExpression as I;
    match inline {
        I::VariableReference { id } => {
            names.insert(id.name.to_owned());
        }
        I::Placeable { expression } => in_expression(expression, names),
        I::FunctionReference { arguments, .. } => in_arguments(arguments, names),
        I::TermReference { arguments, .. } => {
            if let Some(arguments) = arguments {
                in_arguments(arguments, names);
            }
        }
        I::StringLiteral { .. } | I::NumberLiteral { .. } | I::MessageReference { .. } => {}
    }
}

fn in_arguments(arguments: &ast::CallArguments<&str>, names: &mut BTreeSet<String>) {
    let named = arguments.named.iter().map(|n| &n.value);
    for inline in arguments.positional.iter().chain(named) {
        in_inline(inline, names);
    }
}

/// Differences between the languages of one folder.
fn compare(place: &str, languages: &BTreeMap<String, Messages>) -> Vec<String> {
    let missing = REQUIRED.iter().filter(|l| !languages.contains_key(**l));
    let mut findings: Vec<String> = missing.map(|l| format!("{place}: language `{l}` is missing")).collect();
    let keys: BTreeSet<&String> = languages.values().flat_map(|m| m.keys()).collect();
    for key in keys {
        findings.extend(compare_key(place, key, languages));
    }
    findings
}

fn compare_key(place: &str, key: &str, languages: &BTreeMap<String, Messages>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut first: Option<(&String, &BTreeSet<String>)> = None;
    for (language, messages) in languages {
        match (messages.get(key), first) {
            (None, _) => findings.push(format!("{place}: `{key}` is missing in `{language}`")),
            (Some(arguments), None) => first = Some((language, arguments)),
            (Some(arguments), Some((other, expected))) if arguments != expected => {
                let (a, b) = (list(arguments), list(expected));
                findings.push(format!("{place}: `{key}` takes {a} in `{language}` and {b} in `{other}`"));
            }
            (Some(_), Some(_)) => {}
        }
    }
    findings
}

fn list(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    format!("[{}]", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(es: &str, en: &str) -> Vec<String> {
        let parse = |text| json_messages(text).expect("well-formed");
        compare("m", &BTreeMap::from([("es".into(), parse(es)), ("en".into(), parse(en))]))
    }

    fn fluent(es: &str, en: &str) -> Vec<String> {
        let parse = |text| fluent_messages(text).expect("well-formed");
        compare("l", &BTreeMap::from([("es".into(), parse(es)), ("en".into(), parse(en))]))
    }

    #[test]
    fn a_key_that_one_language_lacks_is_named() {
        assert_eq!(json(r#"{"a":"uno","b":"dos"}"#, r#"{"a":"one"}"#), ["m: `b` is missing in `en`"]);
        assert_eq!(fluent("a = uno\nb = dos\n", "a = one\n"), ["l: `b` is missing in `en`"]);
    }

    #[test]
    fn arguments_must_agree() {
        assert_eq!(json(r#"{"a":"{n} s"}"#, r#"{"a":"{count} s"}"#), ["m: `a` takes [n] in `es` and [count] in `en`"]);
        assert_eq!(fluent("a = { $name }\n", "a = hello\n"), ["l: `a` takes [name] in `es` and [] in `en`"]);
    }

    #[test]
    fn equal_keys_and_arguments_pass_whatever_the_words() {
        assert!(json(r#"{"$schema":"x","a":"Hola {name}"}"#, r#"{"a":"Hi {name}"}"#).is_empty());
        assert!(fluent("a = Hola { $name }\n    .title = T\n", "a = { $name }, hi\n    .title = X\n").is_empty());
    }

    #[test]
    fn variants_are_compared_by_the_inputs_they_declare() {
        let variants = |input: &str| {
            format!(
                r#"{{"n":[{{"declarations":["input {input}","local c = {input}: plural"],"selectors":["c"],"match":{{"c=one":"1","c=other":"{{{input}}}"}}}}]}}"#
            )
        };
        assert!(json(&variants("count"), &variants("count")).is_empty());
        assert_eq!(json(&variants("count"), &variants("total")).len(), 1);
    }

    #[test]
    fn selectors_and_functions_of_fluent_name_their_arguments() {
        let text = "a = { $n ->\n    [one] { $who }\n   *[other] { NUMBER($n) } { $who }\n }\n";
        let messages = fluent_messages(text).expect("well-formed");
        assert_eq!(list(&messages["a"]), "[n, who]");
    }

    #[test]
    fn an_empty_text_is_refused() {
        assert!(json_messages(r#"{"a":"  "}"#).is_err());
    }

    #[test]
    fn an_escaped_brace_is_text() {
        assert_eq!(list(&placeholders("k", r"\{a} {b}").expect("not empty")), "[b]");
    }

    #[test]
    fn a_missing_language_is_named() {
        let only = BTreeMap::from([("es".to_owned(), Messages::new())]);
        assert_eq!(compare("m", &only), ["m: language `en` is missing"]);
    }
}
