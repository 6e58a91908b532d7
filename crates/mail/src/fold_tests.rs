use super::*;

/// `text` with `|` where the history begins.
#[track_caller]
fn check(text: &str) {
    let whole = text.replace('|', "");
    let folded = fold_quote(&whole);
    let expected = text.split_once('|').unwrap_or((text, ""));
    assert_eq!((folded.visible, folded.quoted), expected);
}

#[track_caller]
fn check_html(html: &str, visible: &str, quoted: &str) {
    let safe = crate::sanitise(html).html;
    let folded = fold_quote_html(&safe);
    let text = |html: &str| markup::to_text(html).replace('\n', " ");
    assert_eq!(text(&folded.visible), visible, "{safe}");
    assert_eq!(folded.quoted.as_deref().map(text).unwrap_or_default(), quoted, "{safe}");
}

#[test]
fn a_text_without_history_is_not_cut() {
    check("Hola,\n\nquiero un e-mail de confirmación.\n\nGracias\n--\nEva");
    check("");
    check("\n\n");
}

#[test]
fn the_spanish_gmail_attribution_is_history() {
    check(
        "Sí, gracias.\n\n|El lun, 16 nov 2026 a las 10:02, Soporte (<soporte@x.es>) escribió:\n\n> Hola\n> ¿Funciona?\n",
    );
    check("Sí.\n|El lun, 16 nov 2026 a las 10:02, Soporte Técnico de la Tienda\n(<soporte@x.es>) escribió:\n> Hola");
    check("Sí.\n\n|El lun., 16 nov. 2026 10:02, Soporte <soporte@x.es>\nescribió:\n\nHola sin prefijo");
}

#[test]
fn other_languages_attribute_too() {
    check("Yes\n\n|On Mon, Nov 16, 2026 at 10:02 AM Support <s@x.es> wrote:\n\n> Hello\n");
    check(
        "Ja\n\n|Am 16.11.2026 um 10:02 schrieb Support <s@x.de>:\n> x"
            .replace("schrieb Support <s@x.de>:", "Support schrieb:")
            .as_str(),
    );
    check("Oui\n|Le lun. 16 nov. 2026 à 10:02, Support <s@x.fr> a écrit :\n> x");
}

#[test]
fn outlook_header_blocks_are_history() {
    check(
        "Gracias\n\n|De: Soporte <s@x.es>\nEnviado: lunes, 16 de noviembre de 2026 10:02\nPara: Eva\nAsunto: Re: Pedido\n\nHola Eva",
    );
    check(
        "Thanks\n\n|________________________________\nFrom: Support\nSent: Monday\nTo: Eva\nSubject: Re: Order\n\nHello",
    );
    check("Thanks\r\n\r\n|*From:* Support\r\n*Sent:* Monday\r\n*To:* Eva\r\n*Subject:* x\r\n");
}

#[test]
fn one_label_alone_is_no_header_block() {
    check("De: Madrid\nquiero ir a Sevilla.\nSaludos");
}

#[test]
fn separators_are_history_and_forwarded_messages_are_not() {
    check("Gracias\n\n|-----Mensaje original-----\nDe: s\n");
    check("Gracias\n\n|-------- Original Message --------\nHola");
    check("Os reenvío esto\n\n---------- Forwarded message ---------\nDe: proveedor@x.es\nHola");
}

#[test]
fn our_marker_line_is_history_with_what_introduces_it() {
    check(
        "Ya funciona\n\n|El lun, 16 nov 2026 a las 10:02, S escribió:\n> Escriba por encima de esta línea / Write above this line\n> Hola\n",
    );
    check("Ya\n|## Escriba por encima de esta línea / Write\nabove this line ##\nHola");
}

#[test]
fn answers_between_and_below_quotes_are_never_hidden() {
    check("El lun, 16 nov 2026 a las 10:02, S escribió:\n> ¿Color?\nRojo\n> ¿Talla?\nLa M\n");
    check("> ¿Color?\n\nRojo");
    check("> Escriba por encima de esta línea / Write above this line\n> ¿Color?\nRojo\n");
    check("El 16 nov 2026 10:02, S escribió:\n> ¿Color?\n\nRojo\n\n|> adiós\n");
}

#[test]
fn a_mail_that_is_all_history_is_shown_whole() {
    check("> solo cita\n> más\n");
    check("De: a@b.es\nEnviado: hoy\nPara: c\nAsunto: d\n\nHola");
}

#[test]
fn prose_that_speaks_of_writing_is_no_attribution() {
    check("El vendedor me escribió:\n\nNo hay existencias.\n\n¿Es verdad?");
    check("On Monday he wrote:\nno stock\nIs that so?");
}

#[test]
fn html_marks_of_the_usual_clients_are_history() {
    check_html(
        "<div>Sí</div><div class=\"gmail_quote\"><div class=gmail_attr>El lun escribió:</div><blockquote>Hola</blockquote></div>",
        "Sí",
        "El lun escribió:  > Hola",
    );
    check_html(
        "<p>Sí</p><div class=moz-cite-prefix>El 16 escribió:</div><blockquote type=cite>Hola</blockquote>",
        "Sí",
        "El 16 escribió:  > Hola",
    );
    check_html(
        "<div>Sí</div><div id=appendonsend></div><hr><div id=divRplyFwdMsg>De: S</div><div>Hola</div>",
        "Sí",
        "De: S Hola",
    );
    check_html("<div>Sí</div><hr id=stopSpelling>De: S<br>Hola", "Sí", "De: S Hola");
    check_html("Sí<div class=OutlookMessageHeader>De: S</div>Hola", "Sí", "De: S Hola");
    check_html("Sí<div class=yahoo_quoted>Hola</div>", "Sí", "Hola");
}

#[test]
fn html_written_below_a_quote_is_never_hidden() {
    check_html("<blockquote type=cite>¿Color?</blockquote><p>Rojo</p>", "> ¿Color?  Rojo", "");
    check_html("<p>Sí</p><div class=gmail_quote>Hola</div><p>PD: gracias</p>", "Sí  Hola  PD: gracias", "");
}

#[test]
fn html_with_our_marker_is_cut_there_and_both_halves_are_balanced() {
    let html =
        crate::sanitise("<div><b>Sí</b><p>Escriba por encima de esta línea / Write above this line</p>x</div>").html;
    let folded = fold_quote_html(&html);
    assert_eq!(folded.visible, "<div><b>Sí</b></div>");
    assert!(folded.quoted.expect("history").starts_with("<div><p>Escriba"));
}

#[test]
fn an_outlook_header_block_without_any_mark_is_history() {
    check_html(
        "<p>Gracias</p><div><div><p><b><span>De:</span></b><span> Soporte<br><b>Enviado:</b> lunes<br><b>Para:</b> Eva<br><b>Asunto:</b> x</span></p></div></div><p>Hola</p>",
        "Gracias",
        "De: Soporte Enviado: lunes Para: Eva Asunto: x  Hola",
    );
    check_html("<p><b>De:</b> Madrid</p><p>a Sevilla</p>", "De: Madrid  a Sevilla", "");
}

#[test]
fn html_that_is_all_history_is_shown_whole() {
    check_html("<div class=gmail_quote>Hola</div>", "Hola", "");
}
