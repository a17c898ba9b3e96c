//! Builds the component: `npm run build`.

import { writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const path = (name) => new URL(name, import.meta.url).pathname;

const { component } = await componentize({
  sourcePath: path('src/connector.js'),
  witPath: path('wit'),
  worldName: 'app',
});
await writeFile(path('{{wasm}}'), component);
console.log(`{{wasm}}: ${component.length} bytes`);
