// Bad input: each is refused within a second, with one message that names the problem, and leaves nothing behind.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect} from 'vitest';
import {bundleCases} from './bad-input/bundle.ts';
import {processCases} from './bad-input/process.ts';
import {namespacesCases} from './bad-input/namespaces.ts';
import {mountsCases} from './bad-input/mounts.ts';
import {linuxCases} from './bad-input/linux.ts';
import {hooksCases} from './bad-input/hooks.ts';
import {optionsCases} from './bad-input/options.ts';
import {all, type Case, create, put} from './bad-input/case.ts';
import {UNSUPPORTED} from './bad-input/unsupported.ts';
import {type Box, isRunc, test} from './harness.ts';
import {entries, until} from './inspect.ts';

const CASES: readonly Case[] = [
  ...bundleCases,
  ...processCases,
  ...namespacesCases,
  ...mountsCases,
  ...linuxCases,
  ...hooksCases,
  ...optionsCases,
];

async function check(box: Box, it: Case, skip: (condition: boolean, note?: string) => void): Promise<void> {
  skip(isRunc && typeof it.runc === 'string', String(it.runc));
  const container = box.container(['/bin/true'], it.edit);
  it.bundle?.(container, box);
  const args = (it.args ?? create())(container, box);
  const wrapper = it.wrapper?.(box) ?? [];
  const outcome = await box.runtime(args, {wrapper, timeout: 5000});

  const message = outcome.stderr.trimEnd();
  expect(outcome.code, message).toBe(1);
  expect(message).toMatch(isRunc && it.runc instanceof RegExp ? it.runc : it.says);
  if (!isRunc) {
    const lines = message.split('\n');
    if (it.warns) expect(lines.shift()).toMatch(it.warns);
    // One line, or one for each problem of the config, each with its place.
    const [, ...more] = lines;
    expect(more.filter((line) => !/^config\.json#\/\S*: /.test(line))).toEqual([]);
    expect(message, 'no stack').not.toMatch(/\bat .*\.(js|cjs|ts):\d+|Error:.*Error:|internal\//);
    expect(message, 'nothing unset').not.toMatch(/undefined|\[object/);
  }
  expect(outcome.milliseconds).toBeLessThan(it.within ?? 1000);
  await until('clean', () => box.leftovers().length === 0, 1000).catch(() => {});
  expect(box.leftovers()).toEqual([]);
  expect(entries(box.root).filter((name) => !name.startsWith('.') && !/seccomp/.test(name))).toEqual([]);
}

for (const it of CASES) {
  test(`bad input: ${it.what}`, ({box, skip}) => check(box, it, skip));
}

test('bad input: there are enough of them', () => {
  expect(CASES.length).toBeGreaterThan(100);
});

test('bad input: an invalid config yields every problem at once', async ({box, skip}) => {
  skip(isRunc, 'runc stops at the first');
  const it = box.container(
    ['/bin/true'],
    all(
      put('/process/cwd', 'tmp'),
      put('/process/user/uid', 'root'),
      put('/mounts', 7),
      put('/linux/namespaces/-', {type: 'nope'}),
    ),
  );
  const outcome = await box.runtime(['--log', 'log', 'create', '--bundle', it.dir, it.id]);
  for (const pointer of ['/process/cwd', '/process/user/uid', '/mounts', '/linux/namespaces/5']) {
    expect(outcome.stderr).toContain(`config.json#${pointer}`);
  }
});

test('bad input: an unknown key is a warning with a suggestion, and the container runs', async ({box, skip}) => {
  skip(isRunc, 'runc passes over it in silence');
  const it = box.container('echo ran', all(put('/linux/rootPropagation', 'shared'), put('/procces', {})));
  const outcome = await box.runtime(['--log', 'log', 'run', '--bundle', it.dir, it.id]);
  expect(outcome).toMatchObject({code: 0, stdout: 'ran\n'});
  const log = readFileSync(join(box.dir, 'log'), 'utf8');
  expect(log).toMatch(/level=warning.*rootPropagation.*rootfsPropagation/);
  expect(log).toMatch(/level=warning.*procces.*process/);
});

for (const [what, edit, says] of UNSUPPORTED) {
  test(`not yet supported: ${what} works or is refused by name, never passed over`, async ({box, skip}) => {
    skip(isRunc, 'runc supports or ignores it');
    const it = box.container('echo ran', edit);
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(says);
    expect(outcome.stdout).toBe('');
    expect(box.leftovers()).toEqual([]);
  });
}
