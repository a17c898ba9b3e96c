/**
 * @file WASI 0.2 as a connector gets it: clocks, random numbers and HTTP, and nothing behind the rest. Toolchains of some
 * languages import files and sockets that no connector uses; those are there, empty or refusing.
 */

import { randomBytes } from 'node:crypto';

import { http } from './wasi-http.mjs';
import { InputStream, IoError, OutputStream, Pollable, monotonicClock, poll, wallClock } from './wasi-io.mjs';

/** Random bytes of one call, far above what a key or a nonce takes. */
const RANDOM_BYTES_MAX = 1n << 20n;

/** @param {bigint} length */
function bytes(length) {
  if (length > RANDOM_BYTES_MAX) throw new Error(`${length} random bytes at once; ${RANDOM_BYTES_MAX} are the most`);
  return Uint8Array.from(randomBytes(Number(length)));
}

const u64 = () => randomBytes(8).readBigUInt64LE();

/** An interface that grants nothing: its resources are never made, and its functions trap. */
const refused = (/** @type {string} */ name) =>
  new Proxy(
    {},
    {
      get: (_, member) => {
        if (/^[A-Z]/.test(String(member))) return class Refused {};
        return () => {
          throw new Error(`a connector may not use ${name}`);
        };
      },
    },
  );

/** `wasi:sockets`' error for whoever asks for a socket all the same. */
function noSocket() {
  throw 'access-denied';
}

class Network {}

/**
 * All imports of WASI, by interface.
 * @param {Parameters<typeof http>[0]} exchange sends an HTTP request and blocks
 * @param {(line: string) => void} print takes what the connector writes to its output streams
 */
export function wasi(exchange, print) {
  const output = () => new OutputStream((written) => print(new TextDecoder().decode(written)));
  /** @type {Record<string, object>} */
  const interfaces = {
    'wasi:cli/environment': {
      getEnvironment: () => [],
      getArguments: () => [],
      initialCwd: () => undefined,
    },
    'wasi:cli/exit': {
      exit: () => {
        throw new Error('the connector exited');
      },
    },
    'wasi:cli/stdin': { getStdin: () => new InputStream(new Uint8Array()) },
    'wasi:cli/stdout': { getStdout: output },
    'wasi:cli/stderr': { getStderr: output },
    'wasi:cli/terminal-stdin': { getTerminalStdin: () => undefined },
    'wasi:cli/terminal-stdout': { getTerminalStdout: () => undefined },
    'wasi:cli/terminal-stderr': { getTerminalStderr: () => undefined },
    'wasi:clocks/monotonic-clock': monotonicClock,
    'wasi:clocks/wall-clock': wallClock,
    'wasi:filesystem/preopens': { getDirectories: () => [] },
    'wasi:io/error': { Error: IoError },
    'wasi:io/poll': { Pollable, poll },
    'wasi:io/streams': { InputStream, OutputStream },
    'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: u64 },
    'wasi:random/insecure-seed': { insecureSeed: () => [u64(), u64()] },
    'wasi:random/random': { getRandomBytes: bytes, getRandomU64: u64 },
    'wasi:sockets/instance-network': { instanceNetwork: () => new Network() },
    'wasi:sockets/ip-name-lookup': { resolveAddresses: noSocket, ResolveAddressStream: class Unused {} },
    'wasi:sockets/network': { Network },
    'wasi:sockets/tcp-create-socket': { createTcpSocket: noSocket },
    'wasi:sockets/udp-create-socket': { createUdpSocket: noSocket },
    ...http(exchange),
  };
  return new Proxy(interfaces, { get: (known, name) => known[String(name)] ?? refused(String(name)) });
}
