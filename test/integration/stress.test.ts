// Many containers at once, and many commands at once on one container.
import {describe, expect} from 'vitest';
import {type Box, type Outcome, runtsOnly, test} from './harness.ts';
import {until} from './inspect.ts';

/** Runs `count` jobs, `width` at a time. */
async function atATime<T>(count: number, width: number, job: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await job(index);
    }
  };
  await Promise.all(Array.from({length: width}, worker));
  return results;
}

const failures = (outcomes: readonly Outcome[]): string[] =>
  outcomes.filter(({code}) => code !== 0).map(({code, stderr}) => `${code}: ${stderr}`);

test('stress: 200 times run /bin/true, 8 at a time, all succeed', async ({box}) => {
  const {dir} = box.container(['/bin/true'], (spec) => {
    spec.linux.resources = {...spec.linux.resources, memory: {limit: 64 << 20}, pids: {limit: 50}};
  });
  const outcomes = await atATime(200, 8, (index) => box.runtime(['run', '--bundle', dir, `${box.token}-run-${index}`]));
  expect(failures(outcomes)).toEqual([]);
  expect(outcomes.filter(({stderr}) => stderr !== '')).toEqual([]);
  await until('clean', () => box.leftovers().length === 0);
}, 120_000);

test('stress: 40 containers through create, start, state, kill and delete, 8 at a time', async ({box}) => {
  const {dir} = box.container(['/bin/sleep', '100']);
  await atATime(40, 8, async (index) => {
    const id = `${box.token}-life-${index}`;
    await box.ok(['create', '--bundle', dir, id]);
    await box.ok(['start', id]);
    expect((await box.state(id)).status).toBe('running');
    await box.ok(['kill', id, 'KILL']);
    await until('stopped', async () => (await box.state(id)).status === 'stopped');
    await box.ok(['delete', '--force', id]);
  });
  await until('clean', () => box.leftovers().length === 0);
}, 120_000);

test('stress: 30 containers live side by side, are listed, and go', async ({box}) => {
  const {dir} = box.container(['/bin/sleep', '100']);
  const ids = Array.from({length: 30}, (_, index) => `${box.token}-side-${index}`);
  await atATime(30, 4, (index) => box.ok(['run', '--detach', '--bundle', dir, ids[index] ?? '']));
  expect((await box.ok(['list', '-q'])).stdout.trim().split('\n').sort()).toEqual([...ids].sort());
  await atATime(30, 4, (index) => box.ok(['delete', '--force', ids[index] ?? '']));
  expect((await box.ok(['list', '-q'])).stdout).toBe('');
}, 120_000);

describe('races on one id', () => {
  const many = (box: Box, count: number, args: readonly string[]): Promise<Outcome[]> =>
    Promise.all(Array.from({length: count}, () => box.runtime(args)));

  runtsOnly('runc 1.1 has no locks', 'races: of ten creates exactly one wins, and its container works', async (box) => {
    for (let round = 0; round < 3; round++) {
      const it = box.container('echo ran; sleep 100');
      const outcomes = await many(box, 10, ['create', '--bundle', it.dir, it.id]);
      expect(outcomes.filter(({code}) => code === 0)).toHaveLength(1);
      for (const {code, stderr} of outcomes)
        if (code !== 0) expect(stderr).toMatch(/container with given ID already exists/);
      expect(await it.status()).toBe('created');
      await it.start();
      await it.delete('--force');
      await until('clean', () => box.leftovers().length === 0);
    }
  });

  runtsOnly('runc 1.1 has no locks', 'races: of five starts exactly one starts', async (box) => {
    for (let round = 0; round < 3; round++) {
      const it = box.container('echo ran; sleep 100');
      await it.create();
      const outcomes = await many(box, 5, ['start', it.id]);
      expect(outcomes.filter(({code}) => code === 0).length).toBeGreaterThanOrEqual(1);
      for (const {code, stderr} of outcomes) if (code !== 0) expect(stderr).not.toBe('');
      await until('the program', () => it.output() !== '');
      expect(it.output()).toBe('ran\n');
      expect(await it.status()).toBe('running');
    }
  });

  test('races: five forced deletes all succeed', async ({box}) => {
    for (let round = 0; round < 3; round++) {
      const it = box.container('sleep 100 & sleep 100');
      await it.create();
      await it.start();
      const outcomes = await many(box, 5, ['delete', '--force', it.id]);
      expect(failures(outcomes)).toEqual([]);
      await until('clean', () => box.leftovers().length === 0);
    }
  });

  test('races: start, kill, state and delete at once leave it whole or gone', async ({box}) => {
    for (let round = 0; round < 5; round++) {
      const it = box.container(['/bin/sleep', '100']);
      await it.create();
      const outcomes = await Promise.all([
        box.runtime(['start', it.id]),
        box.runtime(['state', it.id]),
        box.runtime(['kill', it.id, 'KILL']),
        box.runtime(['delete', '--force', it.id]),
        box.runtime(['state', it.id]),
        box.runtime(['list', '--format', 'json']),
      ]);
      for (const {code, signal, stderr} of outcomes) {
        expect(signal).toBeNull();
        expect([0, 1]).toContain(code);
        expect(stderr).not.toMatch(/panic|internal error|TypeError|undefined/);
      }
      await it.delete('--force');
      await until('clean', () => box.leftovers().length === 0);
    }
  });

  runtsOnly('runc 1.1 has no locks', 'races: delete --force during create leaves it whole or gone', async (box) => {
    for (const moment of [0, 10, 20, 30, 40, 50]) {
      const it = box.container(['/bin/sleep', '100']);
      const creating = box.start(['create', '--bundle', it.dir, it.id]);
      await new Promise((resolve) => setTimeout(resolve, moment));
      const removed = await box.runtime(['delete', '--force', it.id]);
      const made = await creating.done;
      expect(removed.code).toBe(0);
      expect(made.signal).toBeNull();
      if (made.code === 0) await it.delete('--force');
      await until('clean', () => box.leftovers().length === 0, 1000).catch(() => {});
      expect(box.leftovers(), `after ${moment} ms`).toEqual([]);
    }
  });
});
