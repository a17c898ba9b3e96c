//! Builds the component: `node build.js [OUT]`.

import { cp, rm, writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => new URL(path, import.meta.url);
const out = process.argv[2] ?? 'ghl-labelry.wasm';

// A package of WIT is one directory: the contract, and the world of new connectors, which adds HTTP to it.
const wit = here('build/wit');
await rm(wit, { recursive: true, force: true });
for (const part of ['../../wit/0.1.0', '../../host/src/cli/new/wit']) await cp(here(part), wit, { recursive: true });

const { component } = await componentize({
  sourcePath: here('src/connector.js').pathname,
  witPath: wit.pathname,
  worldName: 'app',
});
await writeFile(out, component);
console.log(`${out}: ${component.length} bytes`);
