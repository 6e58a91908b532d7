//! `format=flowed` text (RFC 3676): paragraphs whose soft line breaks end in a space.

/// Joins soft-broken lines; `is_delsp` removes the space that marks the break.
pub(crate) fn unflow(text: &str, is_delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // Quote depth of the paragraph that goes on, if one does.
    let mut open: Option<usize> = None;
    for (index, line) in text.split('\n').enumerate() {
        let (depth, content) = split_quotes(line);
        let is_signature = content == "-- ";
        let continues = open == Some(depth) && !is_signature;
        if index > 0 && !continues {
            out.push('\n');
        }
        if !continues {
            push_quotes(&mut out, depth);
        }
        let is_soft = content.ends_with(' ') && !is_signature;
        out.push_str(if is_soft && is_delsp { &content[..content.len() - 1] } else { content });
        open = is_soft.then_some(depth);
    }
    out
}

/// Quote depth of a line and its text without stuffing.
fn split_quotes(line: &str) -> (usize, &str) {
    let content = line.trim_start_matches('>');
    let depth = line.len() - content.len();
    (depth, content.strip_prefix(' ').unwrap_or(content))
}

fn push_quotes(out: &mut String, depth: usize) {
    if depth > 0 {
        out.extend(std::iter::repeat_n('>', depth));
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::unflow;

    #[test]
    fn soft_breaks_are_joined_and_hard_ones_stay() {
        assert_eq!(unflow("uno \ndos\ntres", false), "uno dos\ntres");
        assert_eq!(unflow("日 \n本", true), "日本");
    }

    #[test]
    fn quotes_of_different_depth_are_never_joined() {
        assert_eq!(unflow("> a \n> b\n>> c \nd", false), "> a b\n>> c \nd");
    }

    #[test]
    fn stuffing_goes_and_the_signature_mark_stays() {
        assert_eq!(unflow(" From x\n-- \nEva", false), "From x\n-- \nEva");
    }
}
