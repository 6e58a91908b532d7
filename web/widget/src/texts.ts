/**
 * Every text of the widget, in Spanish and English.
 *
 * `{}` marks a value; the values stand in the same order in all languages. Another language is one more entry in each
 * text and in {@link LANGUAGES}.
 */
export type Text = readonly [es: string, en: string];

export const LANGUAGES = ['es', 'en'];

/** The words of a text in the language with that place in {@link LANGUAGES}. */
export const wordsOf = (text: Text, place: number): string => text[place]!;

export const ask: Text = ['¿En qué te ayudamos?', 'How can we help?'];
export const attach: Text = ['Adjuntar un archivo', 'Attach a file'];
export const back: Text = ['Volver', 'Back'];
export const badType: Text = ['No se admiten archivos de este tipo.', 'Files of this type are not accepted.'];
export const blocked: Text = ['Desde aquí no puedes escribir.', 'You cannot write from here.'];
export const bot: Text = ['Asistente automático', 'Automatic assistant'];
export const close: Text = ['Cerrar el chat', 'Close chat'];
export const conversation: Text = ['Conversación', 'Conversation'];
export const edit: Text = ['Editar', 'Edit'];
export const email: Text = ['Correo electrónico', 'Email'];
export const end: Text = ['Terminar conversación', 'End conversation'];
export const ended: Text = ['Conversación terminada', 'Conversation ended'];
export const failure: Text = ['No ha sido posible ({}).', 'That did not work ({}).'];
export const hello: Text = ['Hola, {}.', 'Hello, {}.'];
export const joined: Text = ['{} entra en la conversación', '{} joins the conversation'];
export const launch: Text = ['Abrir el chat', 'Open chat'];
export const left: Text = ['{} sale de la conversación', '{} leaves the conversation'];
export const more: Text = ['Más opciones', 'More options'];
export const newMessage: Text = ['Nuevo mensaje', 'New message'];
export const notSent: Text = ['No enviado', 'Not sent'];
export const offline: Text = ['Sin conexión', 'Offline'];
export const offlineNote: Text = ['Tus mensajes saldrán al volver la conexión.', 'Your messages go out once you are back online.'];
export const older: Text = ['Ver mensajes anteriores', 'Show earlier messages'];
export const openNow: Text = ['Atendemos ahora', 'We are here now'];
export const openUntil: Text = ['Abierto hasta las {}', 'Open until {}'];
export const optional: Text = ['{} (opcional)', '{} (optional)'];
export const outside: Text = ['Fuera de horario', 'Outside opening hours'];
export const outsideNote: Text = ['Escribe cuando quieras: te contestamos al volver.', 'Write any time: we answer when we are back.'];
export const outsideUntil: Text = ['Volvemos {} a las {}', 'Back {} at {}'];
export const queueKeep: Text = ['Puedes cerrar la ventana: guardamos tu puesto.', 'You can close this window: we keep your place.'];
export const queuePlace: Text = ['Tu puesto en la cola: {}', 'Your place in the queue: {}'];
export const queued: Text = ['Estás en la cola', 'You are in the queue'];
export const rate: Text = ['¿Qué tal ha ido?', 'How did it go?'];
export const read: Text = ['Leído', 'Read'];
export const remove: Text = ['Quitar', 'Remove'];
export const retry: Text = ['Reintentar', 'Try again'];
export const send: Text = ['Enviar', 'Send'];
export const sending: Text = ['Enviando…', 'Sending…'];
export const sent: Text = ['Enviado', 'Sent'];
export const team: Text = ['El equipo', 'The team'];
export const tooBig: Text = ['Pesa {} y el máximo son {}.', 'It is {} and the limit is {}.'];
export const transcript: Text = ['Enviar transcripción', 'Send transcript'];
export const typing: Text = ['{} está escribiendo…', '{} is writing…'];
export const unread: Text = ['{} sin leer', '{} unread'];
export const waiting: Text = ['En espera · {} de {}', 'Waiting · {} of {}'];
export const write: Text = ['Escribe un mensaje', 'Write a message'];
export const you: Text = ['Tú: {}', 'You: {}'];
