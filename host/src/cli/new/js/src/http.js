//! The one way out: `wasi:http`, waited for. `fetch` would say of every failure that there was a `NetworkError`, and what the
//! host denies has to be told from what the network loses.

import { handle } from 'wasi:http/outgoing-handler@0.2.0';
import { Fields, OutgoingBody, OutgoingRequest, httpErrorCode } from 'wasi:http/types@0.2.0';
import { NoAnswer } from './api.js';

/** What one write to a stream may have, by `wasi:io`. */
const WRITE_BYTES_MAX = 4096;
/** What one read asks for. */
const READ_BYTES = 65536n;

/** Sends a request and waits for the whole answer, whatever its status. Throws {@link NoAnswer}. */
export function send({ method, url, headers, body }) {
  try {
    const response = answerOf(outgoing(method, new URL(url), headers), body);
    const fields = response.headers().entries();
    const decoder = new TextDecoder();
    return {
      status: response.status(),
      headers: new Map(fields.map(([name, value]) => [name.toLowerCase(), decoder.decode(value)])),
      body: decoder.decode(everything(response.consume())),
    };
  } catch (error) {
    // The bindings throw the error of a WIT result as the payload of theirs.
    throw error.payload === undefined ? error : noAnswer(error.payload);
  }
}

function outgoing(method, url, headers) {
  const encoder = new TextEncoder();
  const request = new OutgoingRequest(Fields.fromList(headers.map(([name, value]) => [name, encoder.encode(value)])));
  request.setMethod({ tag: method });
  request.setScheme({ tag: url.protocol === 'http:' ? 'HTTP' : 'HTTPS' });
  request.setAuthority(url.host);
  request.setPathWithQuery(url.pathname + url.search);
  return request;
}

function answerOf(request, text) {
  const body = request.body();
  const answer = handle(request);
  if (text !== undefined) write(body, new TextEncoder().encode(text));
  OutgoingBody.finish(body);
  answer.subscribe().block();
  // Outermost the answer is there, since it was waited for, and has not been taken before.
  const outcome = answer.get().val;
  if (outcome.tag === 'err') throw noAnswer(outcome.val);
  return outcome.val;
}

function write(body, bytes) {
  const stream = body.write();
  for (let at = 0; at < bytes.length; at += WRITE_BYTES_MAX) {
    stream.blockingWriteAndFlush(bytes.subarray(at, at + WRITE_BYTES_MAX));
  }
  // A body is finished when its stream is gone.
  stream[Symbol.dispose]();
}

function everything(body) {
  const stream = body.stream();
  const parts = [];
  for (;;) {
    try {
      parts.push(stream.blockingRead(READ_BYTES));
    } catch (error) {
      if (error.payload?.tag !== 'closed') throw broken(error);
      return joined(parts);
    }
  }
}

function broken(error) {
  const code = error.payload?.tag === 'last-operation-failed' ? httpErrorCode(error.payload.val) : undefined;
  return code ? noAnswer(code) : new NoAnswer('failed', 'the connection failed in the middle of the answer');
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function noAnswer(code) {
  switch (code.tag) {
    case 'HTTP-request-denied':
      return new NoAnswer('denied', 'the host refused the call: its configuration does not allow it');
    case 'HTTP-response-body-size':
      return new NoAnswer('too-large', 'the answer is too large');
    default:
      return new NoAnswer('failed', `the connection failed: ${code.tag}`);
  }
}
