//! Builds the component: `node build.js [OUT]`.

import { cp, rm, writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => new URL(path, import.meta.url);
const out = process.argv[2] ?? 'ghl-labelry.wasm';

// The compiler wants the world and what it includes below one directory.
const wit = here('build/wit/');
await rm(wit, { recursive: true, force: true });
await cp(here('world'), wit, { recursive: true });
await cp(here('../../wit/0.1.0'), new URL('deps/connector', wit), { recursive: true });

const { component } = await componentize({
  sourcePath: here('src/connector.js').pathname,
  witPath: wit.pathname,
  worldName: 'component',
});
await writeFile(out, component);
console.log(`${out}: ${component.length} bytes`);
