// A small valid config, and what is wrong with variations of it.
import {ConfigError} from '../../../src/errors.ts';
import {type LoadedConfig, parseConfig} from '../../../src/config/load.ts';

type Json = Record<string, unknown>;

export const sample = (): Json => ({
  ociVersion: '1.3.0',
  process: {user: {uid: 0, gid: 0}, args: ['sh'], cwd: '/'},
  root: {path: 'rootfs'},
  linux: {namespaces: [{type: 'mount'}, {type: 'pid'}]},
});

/** The sample with values put at JSON pointers; undefined deletes. Missing objects on the way are made. */
export function withValues(changes: Readonly<Record<string, unknown>>): string {
  const config = sample();
  for (const [pointer, value] of Object.entries(changes)) {
    const keys = pointer.split('/').slice(1);
    const last = keys.pop() ?? '';
    let parent: Json = config;
    for (const key of keys) {
      parent[key] ??= {};
      parent = parent[key] as Json;
    }
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  // `{"$raw": "1e3"}` puts a number into the text as it is written.
  return JSON.stringify(config).replace(/\{"\$raw":"([^"]*)"\}/g, '$1');
}

export const raw = (text: string): Json => ({$raw: text});

/** Namespaces: mount and those named here. */
export const namespaces = (...types: string[]): Json[] => ['mount', ...types].map((type) => ({type}));

export const load = (changes: Readonly<Record<string, unknown>>): LoadedConfig => parseConfig(withValues(changes));

/** The lines of the error that loading the changed sample ends in; none when it is fine. */
export function problemsOf(changes: Readonly<Record<string, unknown>>): string[] {
  return problemsOfText(withValues(changes));
}

export function problemsOfText(text: string): string[] {
  try {
    parseConfig(text);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => line.replace('config.json#', ''));
  }
}

/** Warnings without the file's name. */
export const warningsOf = (changes: Readonly<Record<string, unknown>>): string[] =>
  load(changes).warnings.map((line) => line.replace('config.json#', ''));
