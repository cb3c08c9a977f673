// Containers to exec into.
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Box, type Edit, type Outcome, type RunOptions, succeeded} from './harness.ts';
import {type ProcessSpec, toJson} from './spec.ts';

/** A container that runs `sleep`, and exec with its id: flags first, then the command. */
export async function running(box: Box, edit?: Edit) {
  const it = box.container(['/bin/sleep', '1000'], edit);
  await it.create();
  await it.start();
  return {...it, ...execOf(box, it.id)};
}

export function execOf(box: Box, id: string) {
  const exec = (flags: readonly string[], command: readonly string[] = [], options?: RunOptions): Promise<Outcome> =>
    box.runtime(['exec', ...flags, id, ...command], options);
  return {
    exec,
    /** What a script prints; it must succeed. */
    sh: async (script: string, ...flags: string[]): Promise<string> =>
      succeeded(await exec(flags, ['/bin/sh', '-c', script])).stdout.trimEnd(),
    /** The same for a process file. */
    process: (process: Partial<ProcessSpec> & Record<string, unknown>, ...flags: string[]): Promise<Outcome> => {
      const file = join(box.dir, `${box.unique()}.json`);
      const defaults = {cwd: '/', env: ['PATH=/bin'], user: {uid: 0, gid: 0}};
      writeFileSync(file, toJson({...defaults, ...process}));
      return exec(['--process', file, ...flags]);
    },
  };
}

/** The message, with the quotes that the log escapes. */
export const told = ({stderr}: Outcome): string => stderr.replaceAll('\\"', '"');
