//! From the text form to the tree.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Condition, Flaw, MAX_CHARS, MAX_DEPTH, Measure, Measured, Order, WordField};
use crate::time::Micros;

/// Why a text is no filter, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at {position}")]
pub struct BadFilter {
    /// Characters before the place where it went wrong.
    pub position: usize,
    /// For developers.
    pub reason: String,
}

/// Reads the text form. An empty text is met by everything.
///
/// # Errors
/// [`BadFilter`] with the position of the first thing that cannot be read.
pub fn parse(text: &str) -> Result<Condition, BadFilter> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > MAX_CHARS {
        return Err(BadFilter { position: MAX_CHARS, reason: format!("at most {MAX_CHARS} characters") });
    }
    let mut reader = Reader { chars: &chars, at: 0, depth: 0 };
    let condition = reader.alternatives()?;
    match reader.peek() {
        Some(_) => Err(reader.bad("a closing parenthesis without its opening")),
        None => {
            let condition = condition.normalised();
            condition.check().map_err(|flaw: Flaw| BadFilter { position: 0, reason: flaw.to_string() })?;
            Ok(condition)
        }
    }
}

struct Reader<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn bad(&self, reason: &str) -> BadFilter {
        BadFilter { position: self.at, reason: reason.to_owned() }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn takes(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    /// `a b OR c`
    fn alternatives(&mut self) -> Result<Condition, BadFilter> {
        let mut any = vec![self.neighbours()?];
        while self.takes_or() {
            any.push(self.neighbours()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }

    fn takes_or(&mut self) -> bool {
        self.skip_space();
        let is_or = self.chars[self.at..].starts_with(&['O', 'R'])
            && self.chars.get(self.at + 2).is_none_or(|c| c.is_whitespace() || *c == '(');
        self.at += if is_or { 2 } else { 0 };
        is_or
    }

    /// `a b`
    fn neighbours(&mut self) -> Result<Condition, BadFilter> {
        let mut all = Vec::new();
        loop {
            self.skip_space();
            let start = self.at;
            let ends = self.peek().is_none_or(|c| c == ')') || self.takes_or();
            if ends {
                self.at = start;
                return Ok(Condition::All(all));
            }
            all.push(self.one()?);
        }
    }

    fn one(&mut self) -> Result<Condition, BadFilter> {
        if self.takes('-') {
            return Ok(Condition::Not(Box::new(self.nested(Self::one)?)));
        }
        if self.takes('(') {
            let inner = self.nested(Self::alternatives)?;
            return if self.takes(')') { Ok(inner) } else { Err(self.bad("a closing parenthesis is missing")) };
        }
        if self.peek() == Some('"') {
            return self.quoted().map(Condition::Text);
        }
        self.term()
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Condition, BadFilter>) -> Result<Condition, BadFilter> {
        self.depth += 1;
        if self.depth > 2 * MAX_DEPTH {
            return Err(self.bad("nested too deeply"));
        }
        let inner = read(self);
        self.depth -= 1;
        inner
    }

    /// `field:value`, `field<value` or a free word.
    fn term(&mut self) -> Result<Condition, BadFilter> {
        let start = self.at;
        let name = self.word(|c| c.is_alphanumeric() || "_.-".contains(c));
        let Some(order) = self.order() else {
            let rest = self.word(|c| !c.is_whitespace() && !"()\"".contains(c));
            let word = format!("{name}{rest}");
            return if word.is_empty() { Err(self.bad("a word is missing")) } else { Ok(Condition::Text(word)) };
        };
        if let Ok(field) = name.parse::<Measured>() {
            return self.compare(field, order);
        }
        match (WordField::named(&name), order) {
            (Some(field), Order::Equal) => self.is(field),
            (Some(_), _) => Err(BadFilter { position: start, reason: format!("{name} has no order; use a colon") }),
            (None, _) => Err(BadFilter { position: start, reason: format!("no field {name:?}; quote free words") }),
        }
    }

    fn word(&mut self, fits: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&fits) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    fn order(&mut self) -> Option<Order> {
        let order = match self.peek()? {
            ':' => Order::Equal,
            '<' => Order::Less,
            '>' => Order::More,
            _ => return None,
        };
        self.at += 1;
        let is_wide = order != Order::Equal && self.takes('=');
        Some(match (order, is_wide) {
            (Order::Less, true) => Order::AtMost,
            (Order::More, true) => Order::AtLeast,
            (plain, _) => plain,
        })
    }

    fn is(&mut self, field: WordField) -> Result<Condition, BadFilter> {
        let mut any = Vec::new();
        loop {
            let start = self.at;
            let word = self.value()?;
            if !field.takes(&word) {
                return Err(BadFilter { position: start, reason: format!("{} has no value {word:?}", field.name()) });
            }
            any.push(word);
            if !self.takes(',') {
                return Ok(Condition::Is { field, any });
            }
        }
    }

    fn value(&mut self) -> Result<String, BadFilter> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let word = self.word(|c| !c.is_whitespace() && !"()\",".contains(c));
        if word.is_empty() { Err(self.bad("a value is missing")) } else { Ok(word) }
    }

    fn quoted(&mut self) -> Result<String, BadFilter> {
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(text),
                '\\' => match self.peek() {
                    Some(escaped) => {
                        self.at += 1;
                        text.push(escaped);
                    }
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(self.bad("a closing quotation mark is missing"))
    }

    fn compare(&mut self, field: Measured, order: Order) -> Result<Condition, BadFilter> {
        let start = self.at;
        let bad = |reason: &str| BadFilter { position: start, reason: reason.to_owned() };
        let word = self.value()?;
        let value = match field {
            Measured::Number => word.parse().ok().map(Measure::Number),
            Measured::Due | Measured::Waiting | Measured::Activity | Measured::Created => time(&word),
        };
        let value = value.ok_or_else(|| bad("a number, a span such as 2h, or a day such as 2026-11-25"))?;
        if order == Order::Equal && field != Measured::Number {
            return Err(bad("a time needs <, <=, > or >="));
        }
        Ok(Condition::Compare { field, order, value })
    }
}

/// `2h`, `2026-11-25` or a whole instant.
fn time(word: &str) -> Option<Measure> {
    let at = |at: Timestamp| Measure::At(Micros::from(at));
    if let Ok(instant) = word.parse::<Timestamp>() {
        return Some(at(instant));
    }
    if let Ok(day) = word.parse::<Date>() {
        return Some(at(day.to_zoned(TimeZone::UTC).ok()?.timestamp()));
    }
    let split = word.find(|c: char| !c.is_ascii_digit() && c != '-')?;
    let (count, unit) = word.split_at(split);
    let per: i64 = match unit {
        "d" => 86_400_000,
        "h" => 3_600_000,
        "m" => 60_000,
        "s" => 1_000,
        "ms" => 1,
        _ => return None,
    };
    let ms = count.parse::<i64>().ok()?.checked_mul(per)?;
    // A century either way: beyond it instants leave the range of the store.
    (ms.abs() <= 36_525 * 86_400_000).then_some(Measure::SpanMs(ms))
}
