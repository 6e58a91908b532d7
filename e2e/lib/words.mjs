// Accessible names of what the suites press and read, in both languages. The texts themselves live in
// web/console/messages and web/widget/src; a name that changes there changes here.

export const WORDS = {
  es: {
    name: /^(tu )?nombre( y apellidos)?$/i,
    email: /^correo/i,
    password: /^contraseña/i,
    organization: /^(nombre de (la|tu) )?(organización|empresa)/i,
    prepare: /^(preparar la demo|empezar|crear)/i,
    presence: /^(fuera|disponible|desconectad|conectad|presencia|estado)/i,
    available: /^disponible/i,
    accept: /^aceptar/i,
    reply: /^respuesta/i,
    send: /^enviar/i,
    signIn: /^entrar/i,
    launch: /^abrir el chat/i,
    newMessage: /^(nuevo mensaje|nueva conversación)/i,
    write: /^escribe un mensaje/i,
    log: /^conversación$/i,
  },
  en: {
    name: /^(your )?(full )?name$/i,
    email: /^email/i,
    password: /^password/i,
    organization: /^(name of (the|your) )?(organi[sz]ation|company)/i,
    prepare: /^(prepare the demo|set up the demo|start|create)/i,
    presence: /^(away|offline|available|connected|presence|status)/i,
    available: /^available/i,
    accept: /^accept/i,
    reply: /^reply/i,
    send: /^send/i,
    signIn: /^sign in/i,
    launch: /^open chat/i,
    newMessage: /^new (message|conversation)/i,
    write: /^write a message/i,
    log: /^conversation$/i,
  },
};
