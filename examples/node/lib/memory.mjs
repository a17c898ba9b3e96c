/**
 * @file A bound on a core module's linear memory. JavaScript has none to set from outside, but the engine holds the one that stands
 * in the module itself, so it is written there.
 */

/** Linear memory of one module, in pages of 64 KiB: 128 MiB, twice what reconciling a million transactions takes. */
const PAGES_MAX = 2_048;

/** Magic number and version. */
const HEADER_BYTES = 8;

const MEMORY_SECTION = 5;

/**
 * The module with at most `PAGES_MAX` pages for each of its memories.
 * @param {Uint8Array} module
 * @returns {Uint8Array}
 */
export function bounded(module) {
  const parts = [module.subarray(0, HEADER_BYTES)];
  let at = HEADER_BYTES;
  while (at < module.length) {
    const start = at;
    const [size, body] = number(module, at + 1);
    at = body + size;
    parts.push(module[start] === MEMORY_SECTION ? section(module.subarray(body, at)) : module.subarray(start, at));
  }
  return Buffer.concat(parts);
}

/** The memory section with a limit on each memory (WebAssembly core specification, binary format, memory section). */
function section(body) {
  let [count, at] = number(body, 0);
  const content = [...leb(count)];
  for (; count > 0; count -= 1) {
    const hasMax = body[at] === 1;
    // The other flags are shared and 64-bit memories, which no component of WASI 0.2 has.
    if (!hasMax && body[at] !== 0) throw new Error('a module of the component has a memory of an unknown kind');
    let min, max;
    [min, at] = number(body, at + 1);
    if (hasMax) [max, at] = number(body, at);
    if (min > PAGES_MAX) throw new Error(`a module begins with ${min} pages of memory; ${PAGES_MAX} are the most`);
    content.push(1, ...leb(min), ...leb(Math.min(max ?? PAGES_MAX, PAGES_MAX)));
  }
  return Uint8Array.of(MEMORY_SECTION, ...leb(content.length), ...content);
}

/** An unsigned LEB128 number and where it ends. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at];
    at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
    if (byte === undefined || shift > 28) throw new Error('a module of the component is damaged');
  }
}

function leb(value) {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}
