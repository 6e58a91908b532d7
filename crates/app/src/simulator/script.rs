//! What a simulated customer does: read from YAML, made definite by a seed. The same seed gives the same customers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// The scripts that come with the program, Spanish and English.
const TEXTS: [(&str, &str); 4] = [
    ("cambio-roto", include_str!("../../scripts/cambio-roto.yaml")),
    ("pedido-perdido", include_str!("../../scripts/pedido-perdido.yaml")),
    ("which-size", include_str!("../../scripts/which-size.yaml")),
    ("wrong-invoice", include_str!("../../scripts/wrong-invoice.yaml")),
];

/// A script.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// How it is asked for.
    pub key: String,
    /// What its customers speak.
    pub language: String,
    /// Its name, in both languages.
    pub name: BTreeMap<String, String>,
    /// What happens in it, in both languages.
    pub about: BTreeMap<String, String>,
    /// Names of its customers.
    pub personas: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Says one of these.
    #[serde(default)]
    say: Vec<String>,
    /// Waits for an answer, at most this long; without one the customer leaves.
    wait_ms: Option<(u64, u64)>,
    /// Ends the conversation.
    #[serde(default)]
    end: bool,
    /// Thinks for this long first.
    #[serde(default)]
    after_ms: (u64, u64),
}

/// One definite thing that a customer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Thinks, then says this.
    Say(Duration, String),
    /// Waits for an answer; leaves without one.
    Wait(Duration),
    /// Thinks, then ends the conversation.
    End(Duration),
}

/// A definite customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Name.
    pub name: String,
    /// What they speak.
    pub language: String,
    /// What they do, in order.
    pub acts: Vec<Act>,
}

impl Script {
    /// The customer of this number in a run.
    #[must_use]
    pub fn customer(&self, seed: u64, number: u64) -> Customer {
        let mut dice = Dice(seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let name = dice.one_of(&self.personas).cloned().unwrap_or_default();
        let acts = self.steps.iter().map(|step| step.act(&mut dice)).collect();
        Customer { name, language: self.language.clone(), acts }
    }
}

impl Step {
    fn act(&self, dice: &mut Dice) -> Act {
        let think = dice.between(self.after_ms);
        match (self.wait_ms, dice.one_of(&self.say)) {
            (Some(patience), _) => Act::Wait(dice.between(patience)),
            (None, Some(text)) => Act::Say(think, text.clone()),
            (None, None) => Act::End(think),
        }
    }

    fn is_whole(&self) -> bool {
        let does = [!self.say.is_empty(), self.wait_ms.is_some(), self.end];
        does.iter().filter(|does| **does).count() == 1
    }
}

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let roll = self.roll();
        let at = roll.checked_rem(all.len() as u64)?;
        all.get(usize::try_from(at).ok()?)
    }

    fn between(&mut self, (from, to): (u64, u64)) -> Duration {
        let span = to.saturating_sub(from).saturating_add(1);
        Duration::from_millis(from + self.roll() % span)
    }
}

/// Reads a script.
///
/// # Errors
/// What is wrong with it.
pub fn read(text: &str) -> Result<Script, String> {
    let script: Script = serde_norway::from_str(text).map_err(|error| error.to_string())?;
    if script.personas.is_empty() {
        return Err("a script needs somebody".to_owned());
    }
    match script.steps.iter().position(|step| !step.is_whole()) {
        Some(at) => Err(format!("step {} must say, wait or end, and only one of these", at + 1)),
        None => Ok(script),
    }
}

/// Every script, by key.
///
/// # Panics
/// Never: a test reads each of them.
#[must_use]
pub fn all() -> Vec<Script> {
    let read = |(name, text): (&str, &str)| match read(text) {
        Ok(script) => Some(script),
        Err(error) => {
            tracing::error!(name, error, "a script that comes with the program cannot be read");
            None
        }
    };
    TEXTS.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_is_read_and_named_in_both_languages() {
        let scripts = all();
        assert_eq!(scripts.len(), TEXTS.len());
        for script in &scripts {
            for names in [&script.name, &script.about] {
                assert!(names.contains_key("es") && names.contains_key("en"), "{}", script.key);
            }
        }
        for language in ["es", "en"] {
            assert!(scripts.iter().any(|script| script.language == language));
        }
    }

    #[test]
    fn a_seed_gives_the_same_customers_and_another_seed_gives_others() {
        let script = all().remove(0);
        let cast = |seed| (0..20).map(|number| script.customer(seed, number)).collect::<Vec<_>>();
        assert_eq!(cast(7), cast(7));
        assert_ne!(cast(7), cast(8));
    }

    #[test]
    fn a_step_does_one_thing() {
        let script = |step: &str| {
            read(&format!("{{key: a, language: es, name: {{}}, about: {{}}, personas: [A], steps: [{step}]}}"))
        };
        assert!(script("{say: [hola]}").is_ok());
        assert!(script("{say: [hola], end: true}").is_err());
        assert!(script("{after_ms: [1, 2]}").is_err());
        assert!(script("{shout: [hola]}").is_err());
    }
}
