/**
 * @file A component as JavaScript and core modules, made by jco once and kept by the component's SHA-256.
 */

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { bounded } from './memory.mjs';

/** Size of a component, in bytes. Connectors in Rust weigh 1 to 3 MB, those in JavaScript or Python 15 to 18 MB. */
const COMPONENT_BYTES_MAX = 32 << 20;

/** What is made of a component changes with this module and with the jco that it is written for. */
const FORMAT = 'jco-1.10.2';

/** Where transpiled components are kept if nobody says otherwise. */
export const CACHE = join(homedir(), '.cache', 'transload', 'node');

/**
 * The transpiled component: its digest, the address of its JavaScript, and its core modules, compiled, by file name.
 * @typedef {{ digest: string, url: string, modules: Record<string, WebAssembly.Module> }} Compiled
 */

/**
 * Transpiles a component, or finds what an earlier run made of it.
 * @param {string | URL | Uint8Array} module a file, or its bytes
 * @param {string} cache a directory that nobody else may write to: what lies there is run
 * @returns {Promise<Compiled>}
 */
export async function compile(module, cache) {
  const bytes = module instanceof Uint8Array ? module : await readFile(module);
  if (bytes.length > COMPONENT_BYTES_MAX) {
    throw new Error(`the component has ${bytes.length} bytes; ${COMPONENT_BYTES_MAX} are the most`);
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  const directory = join(cache, `${digest}-${FORMAT}`);
  const present = await readdir(directory).catch(() => undefined);
  const names = present ?? (await transpile(bytes, directory, cache));
  const cores = names.filter((name) => name.endsWith('.wasm'));
  const compiled = cores.map(async (name) => {
    const core = bounded(await readFile(join(directory, name)));
    return [name, await WebAssembly.compile(core)];
  });
  return {
    digest: `sha256:${digest}`,
    url: pathToFileURL(join(directory, 'connector.mjs')).href,
    modules: Object.fromEntries(await Promise.all(compiled)),
  };
}

/** Writes what jco makes of the component, beside its place first: a directory that is there is whole. */
async function transpile(bytes, directory, cache) {
  const jco = await import('@bytecodealliance/jco');
  const { files } = await jco.transpile(bytes, { name: 'connector', instantiation: 'async', noTypescript: true });
  const made = Object.entries(files).filter(([name]) => /\.(js|wasm)$/.test(name));
  const partial = join(cache, `partial-${randomUUID()}`);
  await mkdir(partial, { recursive: true, mode: 0o700 });
  const names = made.map(([name]) => name.replace(/\.js$/, '.mjs'));
  await Promise.all(made.map(([, content], index) => writeFile(join(partial, names[index]), content)));
  await rename(partial, directory).catch(async (error) => {
    await rm(partial, { recursive: true });
    // Another process was faster, and made the same.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return names;
}
