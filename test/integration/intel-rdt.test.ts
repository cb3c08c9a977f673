// linux.intelRdt. No machine of the tests has resctrl: a plain directory stands in, which a forged /proc/self/mountinfo
// names as its mount point. test/unit/container/intel-rdt.test.ts has the rest.
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Edit, runtsOnly, succeeded} from './harness.ts';

const rdt =
  (intelRdt: unknown): Edit =>
  (spec) => {
    spec.linux['intelRdt'] = intelRdt;
  };

/** A directory that looks like resctrl with a class `gold`, and the command that shows it to a program. */
function standIn(box: Box): {root: string; wrapper: string[]} {
  const root = join(box.dir, 'resctrl');
  mkdirSync(join(root, 'gold'), {recursive: true});
  for (const file of ['tasks', 'gold/tasks', 'gold/schemata']) writeFileSync(join(root, file), '');
  const forged = join(box.dir, 'mountinfo');
  writeFileSync(
    forged,
    `${readFileSync('/proc/self/mountinfo', 'utf8')}999 1 0:99 / ${root} rw - resctrl resctrl rw\n`,
  );
  const script = `mount --bind ${forged} /proc/$$/mountinfo && exec "$@"`;
  return {root, wrapper: ['unshare', '--mount', 'sh', '-c', script, 'sh']};
}

describe('intelRdt', () => {
  runtsOnly('runc ignores it where it is not supported', 'intelRdt: without resctrl it is an error', async (box) => {
    for (const value of [{}, {closID: 'gold'}, {schemata: ['L3:0=f']}]) {
      const outcome = await box.run(['true'], rdt(value));
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/config\.json#\/linux\/intelRdt: .*resctrl/);
    }
  });

  runtsOnly(
    'runc looks for a real one',
    'intelRdt: the container is put into its class, before it starts',
    async (box) => {
      const {root, wrapper} = standIn(box);
      const container = box.container(['sleep', '100'], rdt({closID: 'gold', schemata: ['L3:0=f']}));
      await container.create([], {wrapper});
      expect(readFileSync(join(root, 'gold/tasks'), 'utf8')).toBe(`${(await container.state()).pid}\n`);
      expect(readFileSync(join(root, 'gold/schemata'), 'utf8')).toBe('L3:0=f\n');
      await container.delete('--force');
      expect(existsSync(join(root, 'gold'))).toBe(true);
    },
  );

  runtsOnly(
    'runc looks for a real one',
    'intelRdt: a group that was made is removed when a step fails',
    async (box) => {
      const {root, wrapper} = standIn(box);
      const outcome = await box.run(['true'], rdt({l3CacheSchema: 'L3:0=f'}), {wrapper});
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain('config.json#/linux/intelRdt/l3CacheSchema: cannot write');
      expect(outcome.stderr).not.toContain('after the failure');
      expect(existsSync(join(root, 'gold'))).toBe(true);
      expect((await box.host(['ls', root])).stdout).toBe('gold\ntasks\n');
    },
  );

  runtsOnly('runc looks for a real one', 'intelRdt: delete removes the groups that create has made', async (box) => {
    const {root, wrapper} = standIn(box);
    const container = box.container(['sleep', '100'], (spec) => {
      rdt({closID: 'gold', enableMonitoring: true})(spec);
    });
    // In place of the kernel, which fills a new group.
    mkdirSync(join(root, 'gold/mon_groups', container.id), {recursive: true});
    writeFileSync(join(root, 'gold/mon_groups', container.id, 'tasks'), '');
    await container.create([], {wrapper});
    const {pid} = await container.state();
    expect(readFileSync(join(root, 'gold/mon_groups', container.id, 'tasks'), 'utf8')).toBe(`${pid}\n`);
    // It was there, so it is not ours; as if it had been made by us:
    const file = join(box.root, container.id, 'state.json');
    const state = JSON.parse(readFileSync(file, 'utf8'));
    expect(state.intelRdt.made).toEqual([]);
    state.intelRdt.made = [join(root, 'gold/mon_groups', container.id)];
    writeFileSync(file, JSON.stringify(state));
    succeeded(await box.host(['rm', join(root, 'gold/mon_groups', container.id, 'tasks')]));
    await container.delete('--force');
    expect(existsSync(join(root, 'gold/mon_groups', container.id))).toBe(false);
  });
});
