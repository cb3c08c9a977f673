// An ordinary user for a test: he exists in a mount namespace of each of his commands only, with an /etc/passwd and what
// /etc/subuid and /etc/subgid are to give him.
import {join} from 'node:path';
import type {Box, Outcome} from './harness.ts';
import {read} from './inspect.ts';
import type {Spec} from './spec.ts';

export const USER = 64_321;
const NAME = 'tester';

export interface UserOptions {
  /** Comes before the runtime. */
  readonly around?: readonly string[];
  /** Text of /etc/subuid and /etc/subgid; without it the host's. */
  readonly grants?: string;
  /** Without it the user has no entry in /etc/passwd, either. */
  readonly named?: boolean;
  /** Commands of root in the mount namespace, beforehand. */
  readonly prelude?: string;
  /** undefined: not set. */
  readonly runtimeDirectory?: string | undefined;
  readonly gid?: number;
}

/** A command of the runtime as the user; the current directory holds his bundle, and his runtime directory is there, too. */
export function asUser(box: Box, args: readonly string[], options: UserOptions = {}): Promise<Outcome> {
  return commandOf(box, [...(options.around ?? []), box.command()[0] ?? '', ...args], options);
}

/** Any command as the user. */
export function commandOf(box: Box, command: readonly string[], options: UserOptions = {}): Promise<Outcome> {
  const {grants, named = grants !== undefined, prelude = ':', gid = USER} = options;
  const dir = join(box.dir, 'user');
  const runtime = 'runtimeDirectory' in options ? options.runtimeDirectory : dir;
  const script = `
    set -e
    ${named ? `echo "${NAME}:x:${USER}:${USER}::/:/bin/sh" >users; mount --bind users /etc/passwd` : ''}
    ${grants === undefined ? '' : `printf '%s' "$GRANTS" >grants; mount --bind grants /etc/subuid; mount --bind grants /etc/subgid`}
    ${prelude}
    unset GRANTS
    cd user && exec setpriv --reuid=${USER} --regid=${gid} --clear-groups "$@"`;
  const env = {
    ...(grants === undefined ? {} : {GRANTS: grants}),
    ...(runtime === undefined ? {} : {XDG_RUNTIME_DIR: runtime}),
  };
  return box.host(['unshare', '--mount', 'sh', '-c', script, 'sh', ...command], {env});
}

/** `run` by the user, with 1000 ids. */
export const asGranted = (box: Box): Promise<Outcome> => asUser(box, ['run', 'c'], {grants: `${NAME}:300000:1000\n`});

/** What `runts spec --rootless` writes, or without the option, with a script for the container's shell. */
export async function bundleOfUser(
  box: Box,
  script: string,
  edit?: (spec: Spec) => void,
  flags: readonly string[] = ['--rootless'],
): Promise<void> {
  const dir = join(box.dir, 'user');
  const rootfs = box.bundle(['true']).rootfs;
  const copy = `mkdir ${dir} && cp -a ${rootfs} ${dir} && chown -R ${USER}:${USER} ${dir} && chmod 755 ${box.dir}`;
  await box.host(['sh', '-c', copy]);
  const made = await asUser(box, ['spec', ...flags]);
  if (made.code !== 0) throw new Error(made.stderr);
  const spec = JSON.parse(read(join(dir, 'config.json'))) as Spec;
  spec.process.terminal = false;
  spec.process.args = ['/bin/sh', '-c', script];
  edit?.(spec);
  await box.host(['sh', '-c', 'cat > "$0"', join(dir, 'config.json')], {input: JSON.stringify(spec)});
}

/** The numbers of an id map, line by line. */
export const lines = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).join(' '));
