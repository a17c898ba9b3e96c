/** @file What `transload.js` uses; it is CommonJS, as Node-RED wants it. */

export { answerTo, readBody, toData } from 'transload';
export { Connection } from './connection.mjs';
export { palette } from './palette.mjs';
