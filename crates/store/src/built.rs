//! Puts a statement together: constant parts, values as parameters.

use db::Value;
use domain::ids::OrganizationId;

/// A growing statement; `$1` is the organization.
#[derive(Debug)]
pub(crate) struct Parts {
    text: String,
    params: Vec<Value>,
}

impl Parts {
    pub(crate) fn new(org: OrganizationId) -> Self {
        Self { text: String::new(), params: vec![org.0.into()] }
    }

    /// Adds constant text.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Binds a value; its `$n`.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    pub(crate) fn finish(self, name: &'static str) -> Result<(db::Built, Vec<Value>), db::Error> {
        Ok((db::Built::new(name, self.text)?, self.params))
    }
}

/// A pattern for `LIKE … ESCAPE '!'` that holds `text` anywhere.
pub(crate) fn containing(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}
