// Every command on a container in every state: what is allowed, and with which words the rest is refused.
import {expect} from 'vitest';
import {type Box, type Container, test} from './harness.ts';
import {until} from './inspect.ts';

type Status = 'created' | 'running' | 'stopped' | 'missing';

const PREPARE: Readonly<Record<Status, (it: Container) => Promise<unknown>>> = {
  created: (it) => it.create(),
  running: async (it) => {
    await it.create();
    await it.start();
  },
  stopped: async (it) => {
    await it.create();
    await it.start();
    await it.kill('KILL');
    await it.stopped();
  },
  missing: async () => {},
};

interface Case {
  readonly command: string;
  readonly args: (it: Container) => string[];
  /** Exit code 0 (a word: the status afterwards), or the message of the refusal. */
  readonly created: string | RegExp;
  readonly running: string | RegExp;
  readonly stopped: string | RegExp;
  readonly missing: string | RegExp;
}

const GONE = 'missing';
const UNKNOWN = /container does not exist/;
const EXISTS = /container with given ID already exists/;

const CASES: readonly Case[] = [
  {
    command: 'state',
    args: (it) => ['state', it.id],
    created: 'created',
    running: 'running',
    stopped: 'stopped',
    missing: UNKNOWN,
  },
  {
    command: 'start',
    args: (it) => ['start', it.id],
    created: 'running',
    running: /cannot start an already running container/,
    stopped: /cannot start a container that has stopped/,
    missing: UNKNOWN,
  },
  {
    command: 'kill TERM',
    args: (it) => ['kill', it.id, 'TERM'],
    created: 'stopped',
    running: 'stopped',
    stopped: /container not running/,
    missing: UNKNOWN,
  },
  {
    command: 'kill KILL',
    args: (it) => ['kill', it.id, 'KILL'],
    created: 'stopped',
    running: 'stopped',
    stopped: /container not running/,
    missing: UNKNOWN,
  },
  {
    command: 'kill --all KILL',
    args: (it) => ['kill', '--all', it.id, 'KILL'],
    created: 'stopped',
    running: 'stopped',
    stopped: 'stopped',
    missing: UNKNOWN,
  },
  {
    command: 'delete',
    args: (it) => ['delete', it.id],
    created: GONE,
    running: /cannot delete container \S+ that is not stopped: running/,
    stopped: GONE,
    missing: UNKNOWN,
  },
  {
    command: 'delete --force',
    args: (it) => ['delete', '--force', it.id],
    created: GONE,
    running: GONE,
    stopped: GONE,
    missing: GONE,
  },
  {
    command: 'create of the same id',
    args: (it) => ['create', '--bundle', it.dir, it.id],
    created: EXISTS,
    running: EXISTS,
    stopped: EXISTS,
    missing: 'created',
  },
  {
    command: 'run of the same id',
    args: (it) => ['run', '--detach', '--bundle', it.dir, it.id],
    created: EXISTS,
    running: EXISTS,
    stopped: EXISTS,
    missing: 'running',
  },
  {
    command: 'pause',
    args: (it) => ['pause', it.id],
    created: 'paused',
    running: 'paused',
    stopped: /container not running/,
    missing: UNKNOWN,
  },
  {
    command: 'resume',
    args: (it) => ['resume', it.id],
    created: /container not paused/,
    running: /container not paused/,
    stopped: /container not paused/,
    missing: UNKNOWN,
  },
  {
    command: 'ps',
    args: (it) => ['ps', it.id],
    created: 'created',
    running: 'running',
    stopped: 'stopped',
    missing: UNKNOWN,
  },
];

// As a container's first process it must handle TERM, or the kernel drops the signal.
const PROGRAM = 'trap "exit 0" TERM; while :; do sleep 0.02; done';

async function check(box: Box, status: Status, args: (it: Container) => string[], expected: string | RegExp) {
  const it = box.container(PROGRAM);
  await PREPARE[status](it);
  if (status === 'running') await new Promise((resolve) => setTimeout(resolve, 50)); // for the trap
  const outcome = await box.runtime(args(it));
  if (expected instanceof RegExp) {
    expect(outcome.stderr).toMatch(expected);
    expect(outcome.code).toBe(1);
    expect(await statusOf(box, it)).toBe(status);
  } else {
    expect(outcome.stderr).toBe('');
    expect(outcome.code).toBe(0);
    if (expected === 'stopped') await it.stopped();
    expect(await statusOf(box, it)).toBe(expected);
  }
}

async function statusOf(box: Box, it: Container): Promise<string> {
  const {code, stdout} = await box.runtime(['state', it.id]);
  return code === 0 ? JSON.parse(stdout).status : GONE;
}

for (const {command, args, ...expectations} of CASES) {
  for (const status of ['created', 'running', 'stopped', 'missing'] as const) {
    const expected = expectations[status];
    const verdict = expected instanceof RegExp ? 'is refused' : 'works';
    test(`${command} on a ${status} container ${verdict}`, ({box}) => check(box, status, args, expected));
  }
}

test('kill of a paused container is queued until it is thawed', async ({box}) => {
  const it = box.container(PROGRAM);
  await PREPARE.running(it);
  await box.ok(['pause', it.id]);
  expect(await it.status()).toBe('paused');
  const start = await box.runtime(['start', it.id]);
  expect(start.code).toBe(1);
  expect(start.stderr).toMatch(/cannot start (a container in the paused state|a paused container|an already running)/);
  const remove = await box.runtime(['delete', it.id]);
  expect(remove.code).toBe(1);
  expect(remove.stderr).toContain(`cannot delete container ${it.id} that is not stopped: paused`);
  await it.kill('USR1');
  expect(await it.status()).toBe('paused');
});

test('kill KILL of a paused container ends it', async ({box}) => {
  const it = box.container(PROGRAM);
  await PREPARE.running(it);
  await box.ok(['pause', it.id]);
  await it.kill('KILL');
  await it.stopped();
});

test('delete --force of a paused container leaves nothing', async ({box}) => {
  const it = box.container(PROGRAM);
  await PREPARE.running(it);
  await box.ok(['pause', it.id]);
  await it.delete('--force');
  await until('the end of all', () => box.leftovers().length === 0);
});

test('a state directory without a record is deleted by force', async ({box}) => {
  const it = box.container(PROGRAM);
  await box.host(['mkdir', '-p', `${box.root}/${it.id}`]);
  expect((await box.runtime(['state', it.id])).stderr).toMatch(UNKNOWN);
  await it.delete('--force');
  expect(box.leftovers()).toEqual([]);
});
