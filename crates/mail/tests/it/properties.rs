//! What holds for every input.

use mail::{Attachment, Context, compose, fold_quote, fold_quote_html, parse, sanitise};
use proptest::{collection::vec, prelude::*};

use crate::{
    composing::{address, outgoing},
    corpora, read,
};

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("De: a@b.es".to_owned()),
        Just("Enviado: lunes".to_owned()),
        Just("Para: c@d.es".to_owned()),
        Just("Asunto: x".to_owned()),
        Just("> cita".to_owned()),
        Just("-----Mensaje original-----".to_owned()),
        Just("El lun, 16 nov 2026 a las 10:02, X <x@y.es> escribió:".to_owned()),
        Just(mail::MARKER.to_owned()),
        Just(String::new()),
        "\\PC{0,40}",
    ]
}

fn tag() -> impl Strategy<Value = String> {
    prop_oneof![
        "</?(div|p|b|a|table|tr|td|blockquote|img|script|svg|style)( (class|id|style|href|src|onerror)=\"?[a-z:/_-]{0,12}\"?)?>?",
        Just("<div class=gmail_quote>".to_owned()),
        Just("<blockquote type=cite>".to_owned()),
        Just("<hr id=stopSpelling>".to_owned()),
        "\\PC{0,12}",
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_a_mail_or_unreadable(bytes in vec(any::<u8>(), 0..2_000)) {
        let _ = parse(&bytes, &Context::default());
    }

    #[test]
    fn any_damage_to_a_mail_leaves_a_mail_or_unreadable(
        which in 0..corpora::SAMPLES.len(),
        edits in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12),
    ) {
        let mut raw = corpora::SAMPLES[which].as_bytes().to_vec();
        for (index, byte, kind) in edits {
            let at = index.index(raw.len().max(1)).min(raw.len());
            match kind {
                0 if at < raw.len() => raw[at] = byte,
                1 => raw.insert(at, byte),
                2 => raw.truncate(at),
                _ => raw.extend_from_within(at..),
            }
        }
        let _ = parse(&raw, &Context::default());
    }

    #[test]
    fn folding_loses_nothing_and_shows_something(lines in vec(line(), 0..30)) {
        let text = lines.join("\n");
        let folded = fold_quote(&text);
        prop_assert_eq!(format!("{}{}", folded.visible, folded.quoted), text.clone());
        prop_assert_eq!(folded.visible.trim().is_empty(), text.trim().is_empty());
    }

    #[test]
    fn folding_html_loses_no_text(tags in vec(tag(), 0..30)) {
        let safe = sanitise(&tags.concat());
        let folded = fold_quote_html(&safe.html);
        let letters = |html: &str| {
            let text = sanitise(html).to_text();
            text.chars().filter(|c| c.is_alphanumeric()).collect::<String>()
        };
        let halves = letters(&folded.visible) + &folded.quoted.as_deref().map(letters).unwrap_or_default();
        prop_assert_eq!(halves, letters(&safe.html));
    }

    #[test]
    fn no_soup_of_tags_leaves_anything_that_acts(tags in vec(tag(), 0..30)) {
        let once = sanitise(&tags.concat()).html;
        prop_assert_eq!(super::hostile_html::offence(&once), None);
    }

    #[test]
    fn what_is_composed_is_read_back(
        subject in "[^\\pC\\p{Zl}\\p{Zp}]{0,80}",
        name in "[^\\pC\\p{Zl}\\p{Zp}\"]{0,40}",
        markdown in "[^\\pC]{0,200}(\n[^\\pC]{0,80}){0,5}",
        file in vec(any::<u8>(), 0..300),
        file_name in "[a-zñ ;'=%]{0,60}x",
        is_text in any::<bool>(),
    ) {
        let mut mail = outgoing();
        mail.subject = subject.clone();
        mail.to = vec![address(&name, "eva@cliente.es")];
        mail.markdown = markdown.clone();
        let media_type = if is_text { "text/plain" } else { "application/pdf" };
        mail.attachments = vec![Attachment { name: file_name, media_type: media_type.into(), content_id: None, bytes: file.clone() }];
        let back = read(compose(&mail).unwrap());
        prop_assert_eq!(back.subject, subject.trim());
        prop_assert_eq!(&back.to, &mail.to);
        prop_assert_eq!(back.text.trim_end(), markdown.trim_end());
        prop_assert_eq!(&back.attachments[0].bytes, &file);
        prop_assert_eq!(back.attachments[0].name.as_deref(), Some(mail.attachments[0].name.trim()));
    }
}
