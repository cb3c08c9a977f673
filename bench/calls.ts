// `make test-scale`, second part: what a resident agent holds after 10,000 calls, beside what it held after 100. It may be a
// fifth more memory, and no more open files; and in the second half its own memory may not grow any more.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readdirSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {read} from '../test/integration/inspect.ts';
import {makeWorkplace} from './bundles.ts';
import {check} from './check.ts';
import {type Meter, openMeter} from './meter.ts';

const {values: options} = parseArgs({options: {calls: {type: 'string', default: '10000'}}});
const calls = Number(options.calls);
const FIRST = 100;
const GROWTH = 1.2;
const SETTLED = 1.05;

interface Holding {
  readonly residentMiB: number;
  /** What would be free without it: Node's own code is not in it. */
  readonly privateMiB: number;
  readonly fds: number;
}

/** Once it has done with its last call. */
async function holdingOf(pid: number): Promise<Holding> {
  await new Promise((wake) => setTimeout(wake, 100));
  const rollup = read(`/proc/${pid}/smaps_rollup`);
  const sumOf = (lines: RegExp): number =>
    [...rollup.matchAll(lines)].reduce((sum, [, kibibytes]) => sum + Number(kibibytes) / 1024, 0);
  const [residentMiB, privateMiB] = [sumOf(/^Rss: +(\d+) kB$/gm), sumOf(/^Private_\w+: +(\d+) kB$/gm)];
  return {residentMiB, privateMiB, fds: readdirSync(`/proc/${pid}/fd`).length};
}

const runtime = resolve(import.meta.dirname, '../dist/runts');
const workplace = makeWorkplace();
const root = join(workplace.states, 'state');
mkdirSync(root, {mode: 0o700});
const meter = openMeter(join(import.meta.dirname, '../build/measure'), join(workplace.directory, 'errors'));
const agent = spawn(runtime, ['--debug', '--root', root, 'agent'], {stdio: ['ignore', 'ignore', 'pipe']});
let said = '';
agent.stderr.on('data', (text: Buffer) => {
  said += text.toString();
});

/** The calls of an engine that probes its containers, and now and then has a new one. */
async function* everyCall(meter: Meter): AsyncGenerator<number> {
  const call = (...args: string[]) => meter.run([runtime, '--root', root, ...args]);
  const {long, short} = workplace.plain;
  const id = `calls-${process.pid}`;
  await call('run', '--detach', '--bundle', long, id);
  try {
    const works = [
      () => call('state', id),
      () => call('exec', id, '/bin/true'),
      () => call('run', '--bundle', short, `${id}-next`),
      () => call('list', '--format', 'json'),
    ];
    for (let done = 0; done < calls; done++) {
      await works[done % works.length]?.();
      yield done + 1;
    }
  } finally {
    await call('delete', '--force', id);
    await meter.reap();
  }
}

try {
  for (let tries = 0; !existsSync(join(root, 'agent@socket')); tries++) {
    if (tries === 200 || agent.exitCode !== null) throw new Error(`the agent does not listen: ${said}`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
  const holdings = new Map<number, Holding>();
  for await (const done of everyCall(meter)) {
    if (done !== FIRST && done % Math.ceil(calls / 20) !== 0) continue;
    const holding = await holdingOf(agent.pid as number);
    holdings.set(done, holding);
    const memory = `${holding.residentMiB.toFixed(1)} MiB, private ${holding.privateMiB.toFixed(1)}`;
    console.log(`      after ${done} calls: ${memory}, ${holding.fds} open files`);
  }
  agent.kill('SIGTERM');
  await once(agent, 'exit');
  const answered = Number(/agent: (\d+) calls answered/.exec(said)?.[1]);
  check(answered > calls * 0.99, `the agent has answered ${answered} calls`);
  const [early, half, late] = [FIRST, calls / 2, calls].map((done) => holdings.get(done)) as [
    Holding,
    Holding,
    Holding,
  ];
  check(
    late.fds <= early.fds,
    `after ${calls} calls it has ${late.fds} open files, after ${FIRST} it had ${early.fds}`,
  );
  check(
    late.residentMiB <= GROWTH * early.residentMiB,
    `after ${calls} calls it has ${late.residentMiB.toFixed(1)} MiB, after ${FIRST} it had ${early.residentMiB.toFixed(1)}`,
  );
  check(
    late.privateMiB <= SETTLED * half.privateMiB,
    `${late.privateMiB.toFixed(1)} MiB of it are its own, after half of the calls it was ${half.privateMiB.toFixed(1)}`,
  );
} finally {
  agent.kill('SIGKILL');
  await meter.close();
  workplace.remove();
}
