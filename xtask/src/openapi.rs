//! Generated files: `openapi.json` from the binary, TypeScript types from `openapi.json`.

use crate::tree;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;
use std::path::Path;

const DOCUMENT: &str = "openapi.json";
const TYPES: &str = "web/sdk/src/schema.d.ts";
const GENERATOR: &str = "web/node_modules/.bin/openapi-typescript";

/// What to do with the generated text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Writes the files.
    Write,
    /// Compares them with what stands in the tree.
    Check,
}

/// Generates both files.
///
/// # Errors
/// When the binary or the generator fails, or a file cannot be written.
pub fn run(root: &Path, mode: Mode) -> Result<Vec<String>> {
    ensure!(root.join(GENERATOR).exists(), "{GENERATOR} is missing: run `npm ci` in web/ first");
    let document = document(root)?;
    let findings = dangling(&document)?;
    if !findings.is_empty() {
        return Ok(findings);
    }
    let types = types(root, &document)?;
    let files = [(DOCUMENT, document), (TYPES, types)];
    match mode {
        Mode::Write => {
            for (name, text) in &files {
                std::fs::write(root.join(name), text).with_context(|| (*name).to_owned())?;
            }
            Ok(Vec::new())
        }
        Mode::Check => Ok(files.iter().filter_map(|(name, text)| stale(root, name, text)).collect()),
    }
}

fn document(root: &Path) -> Result<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let args = ["run", "--quiet", "--package", "centralita", "--", "openapi"];
    let text = tree::output(root, &cargo, &args)?;
    normalise(&text)
}

/// Two-space JSON with a final line feed, members in the order of the document.
fn normalise(text: &str) -> Result<String> {
    let document: serde_json::Value = serde_json::from_str(text).context("`centralita openapi` printed no JSON")?;
    ensure!(document["openapi"].is_string(), "`centralita openapi` printed no OpenAPI document");
    Ok(format!("{}\n", text.trim_end()))
}

/// References to schemas that the document does not define.
fn dangling(document: &str) -> Result<Vec<String>> {
    let document: serde_json::Value = serde_json::from_str(document)?;
    let mut missing = BTreeSet::new();
    collect_dangling(&document, &document, &mut missing);
    Ok(missing.iter().map(|name| format!("{DOCUMENT} names {name}, which it does not define")).collect())
}

fn collect_dangling(part: &serde_json::Value, whole: &serde_json::Value, missing: &mut BTreeSet<String>) {
    if let Some(name) = part["$ref"].as_str()
        && name.strip_prefix('#').is_some_and(|pointer| whole.pointer(pointer).is_none())
    {
        missing.insert(name.to_owned());
    }
    let items = part.as_array().into_iter().flatten();
    let members = part.as_object().into_iter().flat_map(|members| members.values());
    for inner in items.chain(members) {
        collect_dangling(inner, whole, missing);
    }
}

fn types(root: &Path, document: &str) -> Result<String> {
    let folder = root.join("target/xtask");
    std::fs::create_dir_all(&folder)?;
    let (input, output) = (folder.join(DOCUMENT), folder.join("schema.d.ts"));
    std::fs::write(&input, document)?;
    let generator = root.join(GENERATOR);
    let args = [input.to_string_lossy(), "-o".into(), output.to_string_lossy()];
    let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
    tree::output(root, &generator.to_string_lossy(), &args)?;
    std::fs::read_to_string(&output).context("openapi-typescript wrote nothing")
}

fn stale(root: &Path, name: &str, expected: &str) -> Option<String> {
    let found = std::fs::read_to_string(root.join(name)).unwrap_or_default();
    (found != expected).then(|| format!("{name} is stale: run `cargo xtask openapi`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_differs_is_stale() {
        let tree = tempfile::tempdir().expect("a folder");
        std::fs::write(tree.path().join(DOCUMENT), "{}\n").expect("written");
        assert_eq!(stale(tree.path(), DOCUMENT, "{}\n"), None);
        assert_eq!(
            stale(tree.path(), DOCUMENT, "{\"openapi\":\"3.1.0\"}\n"),
            Some("openapi.json is stale: run `cargo xtask openapi`".into())
        );
    }

    #[test]
    fn a_missing_file_is_stale() {
        let tree = tempfile::tempdir().expect("a folder");
        assert!(stale(tree.path(), TYPES, "x").is_some());
    }

    #[test]
    fn a_schema_that_is_named_must_be_defined() {
        let document = r##"{"components":{"schemas":{"A":{}}},"x":[{"$ref":"#/components/schemas/A"},{"$ref":"#/components/schemas/B"}]}"##;
        let expected = "openapi.json names #/components/schemas/B, which it does not define";
        assert_eq!(dangling(document).expect("JSON"), [expected]);
    }

    #[test]
    fn something_that_is_no_openapi_document_is_refused() {
        assert!(normalise("not json").is_err());
        assert!(normalise("{}").is_err());
        assert_eq!(normalise("{\"openapi\":\"3.1.0\"}\n\n").expect("a document"), "{\"openapi\":\"3.1.0\"}\n");
    }
}
