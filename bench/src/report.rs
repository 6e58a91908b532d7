//! Figures, targets, verdict.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;
use serde_json::{Value, json};

/// What a workload found.
#[derive(Debug)]
pub struct Report {
    workload: &'static str,
    figures: BTreeMap<String, f64>,
    ratios: BTreeMap<String, f64>,
    targets: BTreeMap<String, Value>,
    cases: Vec<Value>,
    faults: Vec<String>,
}

impl Report {
    /// An empty one.
    #[must_use]
    pub fn new(workload: &'static str) -> Self {
        let (figures, ratios, targets) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { workload, figures, ratios, targets, cases: Vec::new(), faults: Vec::new() }
    }

    /// A figure, printed as it comes.
    pub fn figure(&mut self, name: &str, value: f64) {
        println!("{name:<44} {value:>12.3}");
        self.figures.insert(name.to_owned(), round(value));
    }

    /// Median, least and most of `values` as figures; the median.
    pub fn spread(&mut self, name: &str, values: &[f64]) -> f64 {
        let (middle, least, most) = (median(values), least(values), most(values));
        println!("{name:<44} {middle:>12.3}   ({least:.3} – {most:.3})");
        self.figures.insert(name.to_owned(), round(middle));
        self.figures.insert(format!("{name}_min"), round(least));
        self.figures.insert(format!("{name}_max"), round(most));
        middle
    }

    /// A ratio of product to floor by rounds; its median must be at least, or at most, `target`.
    pub fn ratio(&mut self, name: &str, values: &[f64], target: Target) {
        let middle = self.spread(name, values);
        self.ratios.insert(name.to_owned(), round(middle));
        self.judge(name, middle, target);
    }

    /// Holds a value against its target.
    pub fn judge(&mut self, name: &str, value: f64, target: Target) {
        let (words, limit, is_met) = match target {
            Target::AtLeast(limit) => ("at_least", limit, value >= limit),
            Target::AtMost(limit) => ("at_most", limit, value <= limit),
        };
        println!("{} {name}: {value:.3}, {} {limit}", if is_met { "✓" } else { "✗" }, words.replace('_', " "));
        self.targets.insert(name.to_owned(), json!({ words: limit, "is_met": is_met }));
        self.cases.push(json!({ "name": format!("{name} {} {limit}", words.replace('_', " ")), "ok": is_met,
            "figures": { "value": round(value) } }));
    }

    /// What makes the run void.
    pub fn fault(&mut self, text: String) {
        println!("void: {text}");
        self.faults.push(text);
    }

    /// Something that must hold for the run to count.
    pub fn must(&mut self, name: &str, complaints: &[String]) {
        let is_met = complaints.is_empty();
        self.cases.push(json!({ "name": name, "ok": is_met, "figures": { "complaints": complaints.len() } }));
        if let Some(first) = complaints.first() {
            self.fault(format!("{name}: {} complaints, the first: {first}", complaints.len()));
        }
    }

    /// Writes the results, prints the last line; whether all is met.
    ///
    /// # Errors
    /// When the results cannot be written.
    pub fn finish(self) -> anyhow::Result<bool> {
        let failed = self.cases.iter().filter(|case| case["ok"] != json!(true)).count();
        let has_passed = failed == 0 && self.faults.is_empty();
        fs::create_dir_all("results").context("the folder results")?;
        let suite = format!("bench-{}", self.workload);
        let results = json!({ "suite": suite, "passed": self.cases.len() - failed, "failed": failed,
            "cases": self.cases, "figures": self.figures, "void": self.faults });
        let path = format!("results/{suite}.json");
        fs::write(&path, format!("{results:#}\n")).with_context(|| format!("the results {path}"))?;
        let line = json!({ "workload": self.workload, "figures": self.figures, "ratios": self.ratios,
            "targets": self.targets, "void": self.faults, "pass": has_passed });
        println!("{line}");
        Ok(has_passed)
    }
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The value in the middle; 0 for none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    percentile(&sorted(values), 50.0)
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().reduce(f64::min).unwrap_or_default()
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().reduce(f64::max).unwrap_or_default()
}

/// The value below which `percent` of the sorted values lie; 0 for none.
#[must_use]
pub fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[allow(clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "an index")]
    let at = (last as f64 * percent / 100.0).round() as usize;
    sorted.get(at).copied().unwrap_or_default()
}
