/**
 * @file Runs Transload connectors in Node. See README.md.
 */

export { readConfig } from './config.mjs';
export { Connector, load } from './connector.mjs';
export { decimal, eventData, plain, toData } from './data.mjs';
export { Failure, NeedsAttention, Rejected, Retry, Trapped } from './failure.mjs';
export { Flow } from './flow.mjs';
export { TooLarge, answerTo, readBody } from './http.mjs';
export { CallStore, Conflict, FileStore, MemoryStore } from './store.mjs';
export { Refused, Verifier } from './webhook.mjs';
export { Writes } from './writes.mjs';
