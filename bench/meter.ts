// The other end of measure.c: starts commands, and tells what each of them cost.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';

export type Command = readonly string[];

export interface Cost {
  readonly milliseconds: number;
  /** User and system time. Less than the wall time tells it depends on what else the machine does. */
  readonly processorMs: number;
  /** Minor and major page faults, of the command and of the children that it has waited for. */
  readonly faults: number;
  /** Peak of its resident memory in MiB, shared pages included. */
  readonly peakMiB: number;
}

export interface Together {
  /** From the start of the first command to the end of the last. */
  readonly milliseconds: number;
  readonly costs: readonly Cost[];
}

export interface Meter {
  /** Runs one command; anything but exit code 0 is an error. */
  run(command: Command): Promise<Cost>;
  /** Runs all of them at once. */
  runAll(commands: readonly Command[]): Promise<Together>;
  /** Waits until all that the commands left running has ended. */
  reap(): Promise<void>;
  close(): Promise<void>;
}

const PATIENCE_MS = 20_000;

/** Starts the program that measures; `errors` is a file for what commands write to stderr. */
export function openMeter(program: string, errors: string): Meter {
  const child = spawn(program, [errors], {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();

  const ask = async (request: string): Promise<readonly number[]> => {
    child.stdin.write(request);
    const {value, done} = await lines.next();
    if (done === true) throw new Error(`${program} has ended`);
    return value.split(' ').map(Number);
  };

  const runAll = async (commands: readonly Command[]): Promise<Together> => {
    const text = commands.map((command) => `${command.join('\x1f')}\n`).join('');
    const [total = 0, ...numbers] = await ask(`run ${commands.length}\n${text}`);
    const costs = commands.map((command, index) => {
      const [nanoseconds = 0, status, faults = 0, peakKiB = 0, microseconds = 0] = numbers.slice(index * 5);
      if (status !== 0) throw new Error(`${command.join(' ')}: exit code ${status}\n${readFileSync(errors, 'utf8')}`);
      return {milliseconds: nanoseconds / 1e6, processorMs: microseconds / 1e3, faults, peakMiB: peakKiB / 1024};
    });
    return {milliseconds: total / 1e6, costs};
  };

  return {
    runAll,
    run: async (command) => (await runAll([command])).costs[0] as Cost,
    reap: async () => {
      const [left] = await ask(`reap ${PATIENCE_MS}\n`);
      if (left !== 0) throw new Error(`a container has not ended within ${PATIENCE_MS / 1000} s`);
    },
    close: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
