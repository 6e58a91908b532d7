//! The words of letters, in Spanish and English.

/// Which language a letter speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    Es,
    En,
}

impl Tongue {
    /// Spanish for every Spanish, else English.
    pub(super) fn of(language: &str) -> Self {
        let base = language.split(['-', '_']).next().unwrap_or_default();
        if base.eq_ignore_ascii_case("es") { Self::Es } else { Self::En }
    }

    const fn pick<'a>(self, es: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Es => es,
            Self::En => en,
        }
    }

    /// How instants are written.
    pub(super) const fn instant(self) -> &'static str {
        self.pick("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M")
    }

    pub(super) const fn you(self) -> &'static str {
        self.pick("Tú", "You")
    }

    pub(super) const fn customer(self) -> &'static str {
        self.pick("Cliente", "Customer")
    }

    pub(super) const fn team(self) -> &'static str {
        self.pick("El equipo", "The team")
    }

    pub(super) const fn attachment(self) -> &'static str {
        self.pick("Adjunto", "Attachment")
    }

    pub(super) const fn left_out(self) -> &'static str {
        self.pick("Lo anterior no cabe en este correo.", "What came before does not fit into this mail.")
    }

    pub(super) fn times_in(self, zone: &str) -> String {
        format!("{} {zone}", self.pick("Horas de", "Times are"))
    }

    pub(super) fn transcript(self, brand: &str) -> String {
        format!("{} {brand}", self.pick("Tu conversación con", "Your conversation with"))
    }

    pub(super) fn copy(self, brand: &str) -> String {
        format!("{} {brand}", self.pick("Conversación con", "Conversation with"))
    }

    pub(super) fn answers(self, brand: &str) -> String {
        format!("{brand} {}", self.pick("te ha contestado", "has answered you"))
    }

    pub(super) const fn answers_how(self) -> &'static str {
        self.pick("Puedes seguir en el chat, donde lo dejaste.", "You can go on in the chat, where you left it.")
    }

    pub(super) const fn stop(self) -> &'static str {
        self.pick("No quiero más correos de esta conversación", "No more mails about this conversation")
    }

    pub(super) fn confirm(self, brand: &str) -> String {
        format!(
            "{} {brand}",
            self.pick("¿Quieres recibir por correo las respuestas de", "Do you want answers by mail from")
        ) + "?"
    }

    pub(super) const fn confirm_how(self) -> &'static str {
        self.pick(
            "Alguien dio esta dirección en el chat para recibir las respuestas que no haya leído. Si has sido tú, \
             confírmalo; si no, no hagas nada y no te escribiremos.",
            "Somebody gave this address in the chat to receive answers they have not read. If it was you, confirm it; \
             if not, do nothing and we will not write to you.",
        )
    }

    pub(super) const fn confirm_link(self) -> &'static str {
        self.pick("Sí, quiero recibirlas", "Yes, I want them")
    }

    pub(super) const fn confirm_until(self) -> &'static str {
        self.pick("El enlace vale una vez, durante un día.", "The link works once, for one day.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spanish_is_spanish_and_all_else_english() {
        for spanish in ["es", "es-MX", "ES_ar"] {
            assert_eq!(Tongue::of(spanish), Tongue::Es, "{spanish}");
        }
        for other in ["en", "en-GB", "fr", "est", ""] {
            assert_eq!(Tongue::of(other), Tongue::En, "{other}");
        }
    }
}
