// Runs command lines in this process: a caller made of files, and whatever a test wants to change of it.
import {closeSync, mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Caller, runCli} from '../../../src/cli/cli.ts';
import type {Native} from '../../../src/native.ts';
import {ownOutput} from '../../../src/write.ts';

export const NOW = new Date('2026-11-20T10:39:41.709Z');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Content of the file `log` in the working directory, if the command made one. */
  readonly log: string | undefined;
}

const LAUNCH = '1;nofile=1024:4096;fds=';

export async function cli(argv: readonly string[], overrides: Partial<Caller> = {}): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'runts-cli-'));
  const [stdout, stderr] = [openSync(join(directory, 'out'), 'w+'), openSync(join(directory, 'err'), 'w+')];
  try {
    const code = await runCli({
      argv: argv.map((word) => word.replace('@', directory)),
      environment: {RUNTS_LAUNCH: LAUNCH},
      stdin: 0,
      stdout,
      stderr,
      pid: 4242,
      uid: 0,
      gid: 0,
      cwd: () => directory,
      now: () => NOW,
      libexec: directory,
      output: ownOutput,
      stay: () => 0,
      loadNative: () => ({}) as Native,
      ...overrides,
    });
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
    return {code, stdout: read('out'), stderr: read('err'), log: readIfAny(join(directory, 'log'))};
  } finally {
    closeSync(stdout);
    closeSync(stderr);
    rmSync(directory, {recursive: true});
  }
}

function readIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
