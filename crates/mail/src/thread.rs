//! What a mail says about the conversation it belongs to, apart from the signed token.

/// Most earlier message ids looked at or written.
pub const MAX_REFERENCES: usize = 20;

/// Reply and forward prefixes of the clients people use, lower case, without the colon.
const PREFIXES: [&str; 13] = ["re", "rv", "fw", "fwd", "aw", "wg", "sv", "vs", "tr", "res", "enc", "antw", "rif"];

/// Message ids to look up, likeliest first: In-Reply-To, then References from right to left.
///
/// Each id once, at most [`MAX_REFERENCES`].
pub fn lookup_order(in_reply_to: &[String], references: &[String]) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    for id in in_reply_to.iter().chain(references.iter().rev()) {
        if order.len() == MAX_REFERENCES {
            break;
        }
        if !order.contains(id) {
            order.push(id.clone());
        }
    }
    order
}

/// The subject without reply prefixes, `[tags]` and conversation number, in lower case.
///
/// Two mails of one matter compare equal; the result is for comparing, not for showing.
pub fn normalise_subject(subject: &str) -> String {
    let without_number = remove_number(subject);
    let mut rest = without_number.trim();
    loop {
        let next = strip_prefix(rest).or_else(|| strip_tag(rest));
        match next {
            Some(next) => rest = next.trim_start(),
            None => break,
        }
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// Whether the subject begins like an answer or a forward.
pub fn has_reply_prefix(subject: &str) -> bool {
    strip_prefix(subject.trim_start()).is_some()
}

/// The conversation number in `[#1234]`, the last one if there are several.
pub fn conversation_number(subject: &str) -> Option<u64> {
    let (start, end) = number_span(subject)?;
    subject[start + 2..end - 1].parse().ok().filter(|number| *number > 0)
}

/// Byte range of the last `[#digits]`.
fn number_span(subject: &str) -> Option<(usize, usize)> {
    let starts = subject.rmatch_indices("[#").map(|(start, _)| start);
    starts.into_iter().find_map(|start| {
        let digits = subject[start + 2..].bytes().take_while(u8::is_ascii_digit).count();
        let end = start + 2 + digits;
        let is_closed = subject[end..].starts_with(']');
        ((1..=18).contains(&digits) && is_closed).then_some((start, end + 1))
    })
}

fn remove_number(subject: &str) -> String {
    match number_span(subject) {
        Some((start, end)) => format!("{} {}", &subject[..start], &subject[end..]),
        None => subject.to_owned(),
    }
}

/// `Re[2]: x`, `RV (3): x`, `FWD：x` → `x`.
fn strip_prefix(subject: &str) -> Option<&str> {
    let letters = subject.find(|c: char| !c.is_ascii_alphabetic())?;
    let word = subject[..letters].to_ascii_lowercase();
    if !PREFIXES.contains(&word.as_str()) {
        return None;
    }
    let rest = strip_count(subject[letters..].trim_start()).trim_start();
    rest.strip_prefix(':').or_else(|| rest.strip_prefix('：'))
}

fn strip_count(rest: &str) -> &str {
    let close = match rest.chars().next() {
        Some('[') => ']',
        Some('(') => ')',
        Some('*' | '^') => return rest[1..].trim_start_matches(|c: char| c.is_ascii_digit()),
        _ => return rest,
    };
    match rest[1..].split_once(close) {
        Some((count, after)) if count.len() < 6 && count.bytes().all(|b| b.is_ascii_digit()) => after,
        _ => rest,
    }
}

/// `[lista] x` → `x`; a subject that is nothing but a tag keeps it.
fn strip_tag(subject: &str) -> Option<&str> {
    let (tag, rest) = subject.strip_prefix('[')?.split_once(']')?;
    (tag.len() <= 60 && !rest.trim().is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_all_clients_nested_and_counted_are_removed() {
        for subject in [
            "Pedido 7",
            "Re: Pedido 7",
            "RV: RE: Pedido  7",
            "Fwd: FW: pedido 7",
            "AW: WG: Pedido 7",
            "SV: Pedido 7",
            "TR: RES: ENC: Pedido 7",
            "Re[2]: Pedido 7",
            "RE (3) : Pedido 7",
            "Re：Pedido 7",
            "[lista] Re: [ext] Pedido 7",
            "Re: Pedido 7 [#1234]",
            "[#1234] RE: Pedido 7",
            "re:re:re:Pedido 7",
            "Antw: Pedido 7",
        ] {
            assert_eq!(normalise_subject(subject), "pedido 7", "{subject}");
        }
    }

    #[test]
    fn words_that_only_look_like_prefixes_stay() {
        for subject in ["reunión: hoy", "respuesta", "ref: 7", "re", "re hoy", "[urgente]"] {
            assert_eq!(normalise_subject(subject), subject);
        }
    }

    #[test]
    fn the_conversation_number_is_read_anywhere() {
        assert_eq!(conversation_number("Re: Hola [#1234]"), Some(1234));
        assert_eq!(conversation_number("[#1] x [#22]"), Some(22));
        for none in ["[#]", "[#12", "#12", "[#0]", "[#12a]", "[#9999999999999999999]"] {
            assert_eq!(conversation_number(none), None, "{none}");
        }
    }

    #[test]
    fn ids_are_looked_up_from_the_nearest_to_the_oldest() {
        let ids = |list: &[&str]| list.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(lookup_order(&ids(&["c"]), &ids(&["a", "b", "c"])), ids(&["c", "b", "a"]));
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let order = lookup_order(&[], &many);
        assert_eq!(order.len(), 20);
        assert_eq!(order[0], "99");
    }
}
