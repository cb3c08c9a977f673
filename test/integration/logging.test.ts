// --log, --log-format, --debug: where errors go, and in which shape engines find them.
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {jsonLines, runtsOnly, test} from './harness.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

test('log: json is one object with level, msg and time', async ({box}) => {
  const outcome = await box.runtime(['--log', 'log', '--log-format', 'json', 'state', 'nobody']);
  expect(outcome.code).toBe(1);
  expect(jsonLines(join(box.dir, 'log'))).toEqual([
    {level: 'error', msg: expect.stringMatching(/container does not exist/), time: expect.stringMatching(TIME)},
  ]);
});

test('log: with a file, stderr gets the bare message', async ({box}) => {
  const outcome = await box.runtime(['--log', 'log', '--log-format', 'json', 'state', 'nobody']);
  const [entry] = jsonLines(join(box.dir, 'log'));
  expect(outcome.stderr).toBe(`${entry?.['msg']}\n`);
  expect(outcome.stdout).toBe('');
});

test('log: text has time, level and msg', async ({box}) => {
  await box.runtime(['--log', 'log', 'state', 'nobody']);
  expect(readFileSync(join(box.dir, 'log'), 'utf8')).toMatch(
    /^time="[^"]+" level=error msg="[^"]*container does not exist[^"]*"\n$/,
  );
});

test('log: without a file it is stderr', async ({box}) => {
  const text = await box.runtime(['state', 'nobody']);
  expect(text.stderr).toMatch(/^time="[^"]+" level=error msg="[^"]*container does not exist[^"]*"\n$/);
  const json = await box.runtime(['--log-format', 'json', 'state', 'nobody']);
  expect(JSON.parse(json.stderr)).toMatchObject({level: 'error', msg: expect.stringMatching(/does not exist/)});
});

test('log: is appended to', async ({box}) => {
  for (let round = 0; round < 3; round++) {
    await box.runtime(['--log', 'log', '--log-format', 'json', 'state', 'nobody']);
  }
  expect(jsonLines(join(box.dir, 'log'))).toHaveLength(3);
});

test('log: stays empty when all is well', async ({box}) => {
  const it = box.container(['/bin/true']);
  for (const args of [
    ['create', '--bundle', it.dir, it.id],
    ['state', it.id],
    ['start', it.id],
  ]) {
    const outcome = await box.ok(['--log', 'log', '--log-format', 'json', ...args]);
    expect(outcome.stderr).toBe('');
  }
  const log = join(box.dir, 'log');
  expect(existsSync(log) ? readFileSync(log, 'utf8') : '').toBe('');
});

test('log: the last line of a failed create is the error', async ({box}) => {
  const it = box.container(['/bin/nope']);
  await box.runtime(['--log', 'log', '--log-format', 'json', 'create', '--bundle', it.dir, it.id]);
  expect(jsonLines(join(box.dir, 'log')).at(-1)).toMatchObject({
    level: 'error',
    msg: expect.stringMatching(/create failed: .*\/bin\/nope/),
  });
});

runtsOnly('runc adds warnings', 'log: a failed create logs one object, all that Podman can read', async (box) => {
  const it = box.container(['/bin/nope']);
  await box.runtime(['--log', 'log', '--log-format', 'json', 'create', '--bundle', it.dir, it.id]);
  expect(jsonLines(join(box.dir, 'log'))).toHaveLength(1);
});

test('log: --debug says more, all of it valid JSON', async ({box}) => {
  const it = box.container(['/bin/true']);
  const globals = ['--debug', '--log', 'log', '--log-format', 'json'];
  await box.ok([...globals, 'create', '--bundle', it.dir, it.id]);
  const lines = jsonLines(join(box.dir, 'log'));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.every(({level}) => level === 'debug' || level === 'info')).toBe(true);
});

test('log: a message with quotes and line breaks stays one valid line', async ({box}) => {
  const it = box.container(['/bin/no"such\nthing']);
  await box.runtime(['--log', 'log', '--log-format', 'json', 'create', '--bundle', it.dir, it.id]);
  expect(jsonLines(join(box.dir, 'log')).at(-1)).toMatchObject({msg: expect.stringMatching(/no\\?"such/)});
  await box.runtime(['--log', 'text', 'create', '--bundle', it.dir, it.id]);
  expect(readFileSync(join(box.dir, 'text'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
});

for (const args of [['start'], ['state', '--nope', 'x'], ['list', '--format', 'xml']]) {
  test(`log: a usage error is logged too: ${args.join(' ')}`, async ({box}) => {
    await box.runtime(['--log', 'log', '--log-format', 'json', ...args]);
    expect(jsonLines(join(box.dir, 'log')).at(-1)).toMatchObject({level: 'error', msg: expect.stringMatching(/./)});
  });
}

test('log: an unknown format is refused', async ({box}) => {
  const outcome = await box.runtime(['--log-format', 'yaml', 'list']);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/invalid log-format.*yaml/);
});
