/** @file What `transload.js` uses; it is CommonJS, as Node-RED wants it. */

export { answerTo, plain, readBody, toData } from 'transload';
export { Connection } from './connection.mjs';
export { palette } from './palette.mjs';
