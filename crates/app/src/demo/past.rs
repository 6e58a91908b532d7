//! The past of a shop that does not exist: what customers asked on the days before, and what they were told.

use domain::ids::AgentId;
use jiff::{Span, Timestamp};
use store::channels::Channel;
use store::demo::{Past, PastIds};
use uuid::Uuid;

/// Colleagues, by name and address; the domain is reserved and reaches nobody.
pub const COLLEAGUES: [(&str, &str); 3] = [
    ("Ana Beltrán", "ana@pedales.example"),
    ("Marcos Vega", "marcos@pedales.example"),
    ("Sofía Llorente", "sofia@pedales.example"),
];

/// Days of history.
const DAYS: i64 = 10;
/// Conversations of a day.
const PER_DAY: i64 = 6;

const CUSTOMERS: [&str; 20] = [
    "Lucía Prieto",
    "Mateo Ibáñez",
    "Nuria Campos",
    "Iker Arana",
    "Rosa Belmonte",
    "Hugo Salcedo",
    "Ángela Ruiz",
    "Bruno Cid",
    "Teresa Vidal",
    "Óscar Lago",
    "Marta Gil",
    "Julián Ferrer",
    "Carmen Ocaña",
    "Andrés Poza",
    "Elena Quirós",
    "Tomás Urrutia",
    "Grace Okafor",
    "Tom Hadley",
    "Priya Nair",
    "Hannah Cole",
];
/// From this customer on they speak English.
const FIRST_ENGLISH: usize = 16;

type Story = (&'static str, &'static str, &'static [&'static str]);

const STORIES: [Story; 6] = [
    (
        "Pedido que no llega",
        "envíos",
        &[
            "Hola, hice un pedido el lunes y no me ha llegado nada",
            "Buenos días. ¿Me dice el número de pedido, por favor?",
            "El 10482",
            "Gracias. Está en reparto, le llega hoy antes de las seis.",
            "Perfecto, muchas gracias",
        ],
    ),
    (
        "Talla de la Alameda",
        "tallas",
        &[
            "Mido 1,68, ¿qué talla necesito en la Alameda?",
            "Con esa altura, la M. Si duda entre dos, la más pequeña se maneja mejor.",
            "¿Y si no me va bien?",
            "Tiene treinta días para cambiarla, el transporte corre de nuestra cuenta.",
        ],
    ),
    (
        "Cambio que salta",
        "taller",
        &[
            "El cambio me salta al subir cuestas",
            "Suele ser el cable, que cede las primeras semanas. ¿La compró hace poco?",
            "Hace un mes",
            "Entonces la ajustamos gratis. ¿Le viene bien el taller del centro el jueves?",
            "Sí, el jueves por la tarde",
            "Apuntado: jueves a las cinco. Tráigala tal cual está.",
        ],
    ),
    (
        "Factura con otro NIF",
        "facturas",
        &[
            "La factura ha salido con el NIF equivocado",
            "Lo siento. Dígame el correcto y se la mando ahora mismo.",
            "Se lo he puesto en el formulario de la web",
            "Lo veo. Ya la tiene en su correo, corregida.",
        ],
    ),
    (
        "Devolución",
        "devoluciones",
        &[
            "Quiero devolver el portabultos, no encaja en mi bici",
            "Claro. Le acabo de mandar la etiqueta; basta con dejarlo en un punto de recogida.",
            "¿Cuándo me devuelven el dinero?",
            "En cuanto lo escaneen: uno o dos días.",
        ],
    ),
    (
        "Autonomía de la Cuesta",
        "ventas",
        &[
            "¿Los 90 km de la Cuesta son de verdad?",
            "En llano y con asistencia baja, sí. Con cuestas cuente con 60.",
            "Me sirve. ¿Se puede subir al tren?",
            "En Cercanías sí, fuera de horas punta.",
        ],
    ),
];
const ENGLISH: Story = (
    "Delivery to Lisbon",
    "envíos",
    &[
        "Hi, do you ship to Lisbon?",
        "We do. It takes four working days, fully assembled.",
        "And the price?",
        "39 euros; free above 900.",
        "Great, thanks!",
    ],
);

/// A conversation to come to pass in the past.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    customer: usize,
    story: &'static Story,
    agent: usize,
    began: Timestamp,
}

/// The conversations of the days before `now`, oldest first; the same every time.
#[must_use]
pub fn plan(now: Timestamp) -> Vec<Planned> {
    let one = |number: i64| {
        let at = usize::try_from(number).unwrap_or_default();
        let customer = (at * 7) % CUSTOMERS.len();
        let story = if customer >= FIRST_ENGLISH { &ENGLISH } else { &STORIES[at % STORIES.len()] };
        let minutes = (DAYS * PER_DAY - number) * (24 * 60 / PER_DAY) + (number * 37) % 90;
        let began = now.checked_sub(Span::new().minutes(minutes)).unwrap_or(now);
        Planned { customer, story, agent: at % COLLEAGUES.len(), began }
    };
    (0..DAYS * PER_DAY).map(one).collect()
}

impl Planned {
    /// The rows of it; `None` without anybody to answer.
    pub fn row(
        &self,
        number: i64,
        channel: &Channel,
        agents: &[(AgentId, String)],
        mut id: impl FnMut() -> Uuid,
    ) -> Option<Past> {
        let agent = agents.get(self.agent % agents.len().max(1))?.clone();
        let name = CUSTOMERS[self.customer];
        let (subject, tag, texts) = *self.story;
        let lines = texts.iter().zip(0_i64..).map(|(text, place)| {
            let at = self.began.checked_add(Span::new().seconds(place * 47)).unwrap_or(self.began);
            (id(), (*text).to_owned(), at)
        });
        let lines = lines.collect();
        Some(Past {
            number,
            ids: PastIds { customer: id(), identity: id(), conversation: id(), interaction: id() },
            channel_id: channel.id.0,
            channel_kind: channel.kind.clone(),
            queue_id: channel.queue_id.map(|queue| queue.0),
            agent,
            customer_name: name.to_owned(),
            customer_key: name.to_lowercase(),
            language: if self.customer >= FIRST_ENGLISH { "en" } else { "es" }.to_owned(),
            subject: subject.to_owned(),
            tags: vec![tag.to_owned()],
            lines,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_lies_before_now_and_in_order() {
        let now = Timestamp::from_second(1_800_000_000).expect("a time in range");
        let planned = plan(now);
        assert_eq!(planned.len(), 60);
        assert!(planned.iter().all(|one| one.began < now));
        assert!(
            planned
                .windows(2)
                .all(|two| two[0].began <= two[1].began.checked_add(Span::new().hours(2)).expect("in range"))
        );
    }
}
