// The table of bad inputs: what one row says, and short ways to write it.
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Box, Container, Edit} from '../harness.ts';
import type {Spec} from '../spec.ts';

export interface Case {
  /** What is wrong, as the name of the test. */
  readonly what: string;
  /** What the message must say. */
  readonly says: RegExp;
  /** What the line before the message must say; without it there is none. */
  readonly warns?: RegExp;
  /** Changes the config. */
  readonly edit?: Edit;
  /** Changes the bundle on disk. */
  readonly bundle?: (it: Container, box: Box) => void;
  /** argv after the global --root; the default is `create --bundle DIR ID`. */
  readonly args?: (it: Container, box: Box) => string[];
  /** A command in front of the runtime. */
  readonly wrapper?: (box: Box) => string[];
  /** How runc 1.1 differs: its own message, or the reason why it is not asked. */
  readonly runc?: RegExp | string;
  /** In milliseconds; 1000 without. */
  readonly within?: number;
}

export const NOT_FOUND = 'no such file or directory|not found|does not exist|ENOENT';
export const create =
  (...flags: string[]) =>
  (it: Container): string[] => ['create', '--bundle', it.dir, ...flags, it.id];
export const withId =
  (id: string) =>
  (it: Container): string[] => ['create', '--bundle', it.dir, id];
export const config = (it: Container): string => join(it.dir, 'config.json');
export const rewrite = (it: Container, change: (text: string) => string): void =>
  writeFileSync(config(it), change(readFileSync(config(it), 'utf8')));
export const program =
  (args: string[]): ((spec: Spec) => void) =>
  (spec) => {
    spec.process.args = args;
  };

/** Puts a value, which the types may rightly forbid, where a JSON pointer says; `/-` appends, undefined removes. */
export const put =
  (pointer: string, value: unknown): Edit =>
  (spec) => {
    const keys = pointer.slice(1).split('/');
    const last = keys.pop() ?? '';
    let at: object = spec;
    for (const key of keys) at = Reflect.get(at, key);
    if (last === '-') Reflect.set(at, Reflect.get(at, 'length'), value);
    else if (value === undefined) Reflect.deleteProperty(at, last);
    else Reflect.set(at, last, value);
  };

export const all =
  (...edits: Edit[]): Edit =>
  (spec) => {
    for (const edit of edits) edit(spec);
  };
