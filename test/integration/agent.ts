// A resident agent for tests: that of the whole run with RUNTS_TEST_AGENT=1, and those of the tests about it.
import {spawn} from 'node:child_process';
import {closeSync, mkdirSync, openSync} from 'node:fs';
import {join} from 'node:path';
import {read, until} from './inspect.ts';

export interface TestAgent {
  readonly pid: number;
  readonly socket: string;
  /** Ends it without a chance to clean up, and returns when all of it is gone, its socket's listener too. */
  kill(): Promise<void>;
  /** Ends it, and returns what it says of its work. */
  stop(): Promise<{answered: number; declined: number; log: string}>;
}

/** Starts `binary agent` with a socket in a directory of its own below `folder`. */
export async function startAgent(binary: string, folder: string, flags: readonly string[] = []): Promise<TestAgent> {
  const directory = join(folder, 'agent');
  mkdirSync(directory, {mode: 0o700, recursive: true});
  const [socket, log] = [join(directory, 'socket'), join(directory, 'log')];
  const output = openSync(log, 'a');
  const args = ['--debug', '--log', log, '--log-format', 'json', 'agent', '--socket', socket, ...flags];
  const child = spawn(binary, args, {
    cwd: '/',
    env: {PATH: process.env['PATH'] ?? '', RUNTS_AGENT: 'never'},
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const ended = new Promise<void>((fulfil) => child.on('exit', () => fulfil()));
  await until('an agent', () => child.exitCode !== null || isListening(socket));
  if (child.exitCode !== null) throw new Error(`the agent does not start:\n${read(log)}`);
  return {
    pid: child.pid ?? -1,
    socket,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      const said = read(log)
        .split('\n')
        .flatMap((line) => /"msg":"(agent: [^"]*)"/.exec(line)?.[1] ?? []);
      const [, answered, declined] = /^agent: (\d+) calls answered, (\d+) declined$/.exec(said.at(-1) ?? '') ?? [];
      return {answered: Number(answered), declined: Number(declined), log: read(log)};
    },
  };
}

/** Between bind(2) and listen(2) it has the name, and not yet the flag. */
const isListening = (socket: string): boolean =>
  read('/proc/net/unix')
    .split('\n')
    .some((line) => line.endsWith(` ${socket}`) && line.includes(' 00010000 '));
