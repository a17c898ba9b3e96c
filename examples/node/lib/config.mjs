/**
 * @file A configuration whose secrets lie elsewhere.
 */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Reads a configuration. Below `apis`, a text `env:NAME` or `file:PATH` stands for what that variable or file holds; paths are
 * relative to the configuration's own.
 * @param {string} file a JSON file
 * @returns {Promise<any>}
 */
export async function readConfig(file) {
  const config = JSON.parse(await readFile(file, 'utf8'));
  return { ...config, apis: await resolved(config.apis ?? {}, dirname(resolve(file))) };
}

async function resolved(value, directory) {
  if (typeof value === 'string') return secret(value, directory);
  if (Array.isArray(value)) return Promise.all(value.map((item) => resolved(item, directory)));
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).map(async ([name, item]) => [name, await resolved(item, directory)]);
  return Object.fromEntries(await Promise.all(members));
}

async function secret(text, directory) {
  if (text.startsWith('file:')) return (await readFile(resolve(directory, text.slice('file:'.length)), 'utf8')).trim();
  if (!text.startsWith('env:')) return text;
  const name = text.slice('env:'.length);
  const value = process.env[name];
  if (value === undefined) throw new Error(`the environment has no ${name}, which the configuration names`);
  return value;
}
