// list: what containers there are, for people and for programs.
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {BINARY, type Box, runtsOnly, test} from './harness.ts';

async function two(box: Box) {
  const [created, running] = [box.container(['/bin/true']), box.container(['/bin/sleep', '100'])];
  await created.create();
  await running.create();
  await running.start();
  return [created, running] as const;
}

test('list: is a table with a header', async ({box}) => {
  const [created, running] = await two(box);
  const lines = (await box.ok(['list'])).stdout.trimEnd().split('\n');
  expect(lines[0]?.trim().split(/\s+/)).toEqual(['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER']);
  expect(lines).toHaveLength(3);
  for (const it of [created, running]) {
    const row = lines
      .find((line) => line.startsWith(it.id))
      ?.trim()
      .split(/\s+/);
    const state = await it.state();
    expect(row).toEqual([it.id, String(state.pid), state.status, it.dir, state.created, 'root']);
  }
});

test('list: columns are aligned', async ({box}) => {
  await two(box);
  const lines = (await box.ok(['list'])).stdout.trimEnd().split('\n');
  const columns = ['PID', 'STATUS', 'BUNDLE', 'CREATED'].map((name) => lines[0]?.indexOf(name) ?? -1);
  for (const line of lines) {
    for (const column of columns) expect(line.slice(column - 1, column + 1)).toMatch(/^ \S$/);
  }
});

test('list: without containers is a header only', async ({box}) => {
  const {stdout} = await box.ok(['list']);
  expect(stdout.trim().split(/\s+/)).toEqual(['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER']);
});

for (const format of [['-f', 'json'], ['--format', 'json'], ['--format=json']]) {
  test(`list: ${format.join(' ')} is an array of states on one line`, async ({box}) => {
    const [created, running] = await two(box);
    const {stdout} = await box.ok(['list', ...format]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const listed: {id: string; pid: number; status: string; bundle: string; owner: string}[] = JSON.parse(stdout);
    expect(listed.map(({id}) => id).sort()).toEqual([created.id, running.id].sort());
    for (const it of [created, running]) {
      const {owner, ...state} = await it.state();
      expect(owner).toBe('');
      expect(listed.find(({id}) => id === it.id)).toMatchObject({...state, owner: 'root'});
    }
  });
}

test('list: json without containers is null', async ({box}) => {
  expect((await box.ok(['list', '--format', 'json'])).stdout.trim()).toBe('null');
});

test('list: -q prints one id per line', async ({box}) => {
  const [created, running] = await two(box);
  const {stdout} = await box.ok(['list', '-q']);
  expect(stdout.trimEnd().split('\n').sort()).toEqual([created.id, running.id].sort());
  expect((await box.ok(['list', '--quiet'])).stdout).toBe(stdout);
});

test('list: -q without containers prints nothing', async ({box}) => {
  expect((await box.ok(['list', '-q'])).stdout).toBe('');
});

test('list: shows stopped containers with pid 0', async ({box}) => {
  const it = box.container(['/bin/true']);
  await it.create();
  await it.start();
  await it.stopped();
  const [listed] = JSON.parse((await box.ok(['list', '-f', 'json'])).stdout);
  expect(listed).toMatchObject({id: it.id, status: 'stopped', pid: 0});
});

test('list: an unknown format is refused', async ({box}) => {
  const outcome = await box.runtime(['list', '--format', 'xml']);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/invalid format option/);
});

runtsOnly('runc 1.1 makes it', 'list: a --root that does not exist is an error', async (box) => {
  const outcome = await box.host([BINARY, '--root', join(box.dir, 'nope'), 'list']);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/nope.*no such file or directory/i);
});

runtsOnly('runc has no profile cache', 'list: is not disturbed by what else is in the state root', async (box) => {
  const it = box.container(['/bin/true'], (spec) => {
    spec.linux.seccomp = {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{names: ['swapon'], action: 'SCMP_ACT_ERRNO'}]};
  });
  await it.create();
  expect((await box.ok(['list', '-q'])).stdout).toBe(`${it.id}\n`);
  await it.delete();
  expect((await box.ok(['list', '-q'])).stdout).toBe('');
  expect(readdirSync(box.root).filter((name) => name.includes(box.token))).toEqual([]);
});
