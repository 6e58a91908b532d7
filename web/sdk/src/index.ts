/** TypeScript SDK of Centralita: the wire types, the REST client and the staff socket. */
export * from './model';
export * from './client';
export * from './api';
export * from './stream';
