//! Figures in the text form of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

/// Routes and statuses that are told apart; further ones count as `other`.
const SERIES_MAX: usize = 4_000;

/// What is counted here; everything else is asked of its owner when it is read.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<(String, u16), u64>>,
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, route: &str, status: u16) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (route.to_owned(), status);
        let is_full = requests.len() >= SERIES_MAX && !requests.contains_key(&key);
        let key = if is_full { ("other".to_owned(), status) } else { key };
        *requests.entry(key).or_default() += 1;
    }

    /// The counters of requests.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<(String, u16), u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes figures, one family after another.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// A family: its name, what it is, `counter` or `gauge`, and its values by labels.
    pub fn family<'a, I>(&mut self, name: &str, help: &str, kind: &str, values: I)
    where
        I: IntoIterator<Item = (&'a [(&'a str, &'a str)], u64)>,
    {
        write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n").ok();
        for (labels, value) in values {
            let labels: Vec<String> = labels.iter().map(|(key, text)| format!("{key}=\"{}\"", escaped(text))).collect();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            writeln!(self.0, "{name}{labels} {value}").ok();
        }
    }

    /// A family of one value.
    pub fn one(&mut self, name: &str, help: &str, kind: &str, value: u64) {
        self.family(name, help, kind, [(&[][..], value)]);
    }

    /// The text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_help_its_kind_and_its_values() {
        let mut page = Page::default();
        page.family("a_total", "What it is.", "counter", [(&[("route", "GET /\"x\"")][..], 2)]);
        page.one("b", "Another.", "gauge", 7);
        assert_eq!(
            page.into_text(),
            "# HELP a_total What it is.\n# TYPE a_total counter\na_total{route=\"GET /\\\"x\\\"\"} 2\n\
             # HELP b Another.\n# TYPE b gauge\nb 7\n"
        );
    }
}
