// No machine of the tests has resctrl: a plain directory stands in, into which `make` puts what the kernel would.
import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {joinRdtGroups, makeRdtGroups, planRdt, removeRdtGroups} from '../../../src/container/intel-rdt.ts';
import {findResctrl, withoutResctrl} from '../../../src/host/resctrl.ts';
import {temporaryDirectory} from './fakes.ts';

function makeGroup(path: string): void {
  mkdirSync(dirname(path), {recursive: true}); // mon_groups
  mkdirSync(path);
  for (const file of ['tasks', 'schemata']) writeFileSync(join(path, file), '');
}

function resctrl(): string {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'info'));
  writeFileSync(join(root, 'info/last_cmd_status'), 'ok\n');
  for (const file of ['tasks', 'schemata']) writeFileSync(join(root, file), '');
  return root;
}

function existing(root: string, name: string, schemata = ''): string {
  const path = join(root, name);
  makeGroup(path);
  writeFileSync(join(path, 'schemata'), schemata);
  return path;
}

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');

describe('a class of service', () => {
  it('is made under the name of the container, with its schemata in order', () => {
    const root = resctrl();
    const rdt = {
      schemata: ['L2:0=f', 'MB:1=20'],
      memBwSchema: 'MB:0=50',
      l3CacheSchema: 'L3CODE:0=f\nMB:0=10\nL3DATA:0=f0',
    };
    const plan = planRdt(root, 'web', rdt);
    expect(plan.made).toEqual([join(root, 'web')]);
    makeRdtGroups(plan, makeGroup);
    joinRdtGroups(plan, 42);
    expect(read(root, 'web/schemata')).toBe('L3CODE:0=f\nL3DATA:0=f0\nMB:0=50\nL2:0=f\nMB:1=20\n');
    expect(read(root, 'web/tasks')).toBe('42\n');
    expect(read(root, 'schemata')).toBe('');
    removeRdtGroups(plan, (path) => rmSync(path, {recursive: true}));
    removeRdtGroups(plan);
    expect(readdirSync(root).sort()).toEqual(['info', 'schemata', 'tasks']);
  });

  it('keeps its MB line without memBwSchema', () => {
    expect(planRdt(resctrl(), 'web', {l3CacheSchema: 'L3:0=f\nMB:0=10'}).lines.map(({text}) => text)).toEqual([
      'L3:0=f',
      'MB:0=10',
    ]);
  });

  it('is made for an empty object, too, and nothing is written to its schemata', () => {
    const plan = planRdt(resctrl(), 'web', {});
    expect(plan).toMatchObject({lines: [], present: [], made: plan.groups});
  });

  it('that exists is joined and left alone, whatever the container comes to', () => {
    const root = resctrl();
    const clos = existing(root, 'gold', '    L3:0=0ff;1=7ff\n    MB:0=100;1= 50\n');
    const plan = planRdt(root, 'web', {closID: 'gold', l3CacheSchema: 'L3:0=FF', memBwSchema: 'MB:1=50'});
    makeRdtGroups(plan, makeGroup);
    joinRdtGroups(plan, 42);
    expect(read(clos, 'tasks')).toBe('42\n');
    expect(read(clos, 'schemata')).toBe('    L3:0=0ff;1=7ff\n    MB:0=100;1= 50\n');
    removeRdtGroups(plan);
    expect(existsSync(clos)).toBe(true);
  });

  it.each([
    [{l3CacheSchema: 'L3:0=f'}, '/linux/intelRdt/l3CacheSchema', 'L3:0=f'],
    [{l3CacheSchema: 'L3:2=ff'}, '/linux/intelRdt/l3CacheSchema', 'L3:2=ff'],
    [{memBwSchema: 'MB:0=10'}, '/linux/intelRdt/memBwSchema', 'MB:0=10'],
  ])('that exists with other values than %j is an error', (schemas, pointer, line) => {
    const root = resctrl();
    const clos = existing(root, 'gold', '    L3:0=ff;1=7ff\n');
    const plan = planRdt(root, 'web', {closID: 'gold', ...schemas});
    expect(() => makeRdtGroups(plan, makeGroup)).toThrow(
      `config.json#${pointer}: ${clos} exists, and has not "${line}" in its schemata`,
    );
    expect(read(clos, 'schemata')).toBe('    L3:0=ff;1=7ff\n');
  });

  it('that exists gets the new schemata written', () => {
    const root = resctrl();
    existing(root, 'gold');
    makeRdtGroups(planRdt(root, 'web', {closID: 'gold', schemata: ['L3:0=f']}), makeGroup);
    expect(read(root, 'gold/schemata')).toBe('L3:0=f\n');
  });

  it('that is named without a schema must exist; "/" always does', () => {
    const root = resctrl();
    expect(() => planRdt(root, 'web', {closID: 'gold'})).toThrow(
      `config.json#/linux/intelRdt/closID: there is no ${root}/gold, and no schema to make one with`,
    );
    const plan = planRdt(root, 'web', {closID: '/'});
    expect(plan).toMatchObject({groups: [root], made: []});
    joinRdtGroups(plan, 42);
    expect(read(root, 'tasks')).toBe('42\n');
  });
});

describe('a monitoring group', () => {
  it.each([{}, {closID: '/'}, {closID: 'gold'}])(
    'is made in the class of %j, and removed with the container',
    (rdt) => {
      const root = resctrl();
      existing(root, 'gold');
      const before = readdirSync(root);
      const plan = planRdt(root, 'web', {...rdt, enableMonitoring: true});
      const [clos = ''] = plan.groups;
      expect(plan.made.at(-1)).toBe(join(clos, 'mon_groups/web'));
      makeRdtGroups(plan, makeGroup);
      joinRdtGroups(plan, 42);
      expect(read(clos, 'tasks') + read(clos, 'mon_groups/web/tasks')).toBe('42\n42\n');
      removeRdtGroups(plan, (path) => rmSync(path, {recursive: true}));
      expect(existsSync(join(clos, 'mon_groups/web'))).toBe(false);
      expect(readdirSync(root)).toEqual(expect.arrayContaining(before));
    },
  );
});

describe('a refusal', () => {
  it('names the line, and has the reason of the kernel; what was made is removed', () => {
    const root = resctrl();
    const plan = planRdt(root, 'web', {l3CacheSchema: 'L3:0=0'});
    const make = (path: string): void => {
      mkdirSync(path); // without a file to write to
      writeFileSync(join(root, 'info/last_cmd_status'), 'Need at least 2 bits in the mask\n');
    };
    expect(() => makeRdtGroups(plan, make)).toThrow(
      `config.json#/linux/intelRdt/l3CacheSchema: cannot write "L3:0=0" to ${root}/web/schemata: ` +
        'ENOENT (no such file or directory): Need at least 2 bits in the mask',
    );
    removeRdtGroups(plan);
    expect(existsSync(join(root, 'web'))).toBe(false);
  });

  it('to make a group, or to take the process', () => {
    const root = resctrl();
    const plan = planRdt(join(root, 'tasks'), 'web', {});
    expect(() => makeRdtGroups(plan)).toThrow(/intelRdt: cannot make .*web: ENOTDIR/);
    expect(() => joinRdtGroups({groups: [join(root, 'nope')], made: []}, 42)).toThrow(
      /intelRdt: cannot put the container into .*nope: ENOENT/,
    );
  });

  it('to be removed is an error', () => {
    const root = resctrl();
    const plan = planRdt(root, 'web', {});
    makeRdtGroups(plan, makeGroup);
    expect(() => removeRdtGroups(plan)).toThrow(/ENOTEMPTY/);
  });
});

describe('resctrl', () => {
  it('is found where it is mounted', () => {
    const line = '33 25 0:30 / /sys/fs/res\\040ctrl rw,relatime shared:9 - resctrl resctrl rw\n';
    expect(findResctrl(`22 1 8:1 / / rw - ext4 /dev/sda rw\n${line}`)).toBe('/sys/fs/res ctrl');
    expect(findResctrl('22 1 8:1 / / rw - ext4 /dev/sda rw\n')).toBeUndefined();
  });

  it('is missed with the remedy', () => {
    expect(withoutResctrl('nodev\tproc\nnodev\tresctrl\n\text4\n')).toContain('mount -t resctrl');
    expect(withoutResctrl('nodev\tproc\n\text4\n')).toContain('CONFIG_X86_CPU_RESCTRL');
  });
});
