// Whole plans of what engines really send. The expectations are files: read their diff when a rule changes.
import {describe, expect, it} from 'vitest';
import {loadConfig} from '../../../src/config/load.ts';
import {engines, fixtures} from './engines.ts';
import {minimalInput, printPlan, v1Cgroup, v2Layout} from './input.ts';

const v2 = {
  cgroup: {...v1Cgroup, version: 2 as const, paths: {unified: '/sys/fs/cgroup/web'}},
  layout: v2Layout,
};

function planOf(name: string, changes: Partial<typeof minimalInput> = {}): string {
  const {config} = loadConfig(fixtures, `${name}.json`);
  const seccomp = config.linux?.seccomp === undefined ? {} : {seccomp: {program: new Uint8Array(4096), flags: 4}};
  const joined = config.linux?.namespaces?.filter(({path}) => path !== undefined) ?? [];
  const namespaceFds = new Map(joined.map(({type}, index) => [type, 20 + index]));
  return printPlan({...minimalInput, ...seccomp, namespaceFds, ...changes, config});
}

describe('plans of engines', () => {
  it.each(engines)('%s, on cgroup v1', async (name) => {
    await expect(planOf(name)).toMatchFileSnapshot(`${fixtures}/${name}.plan`);
  });

  it.each(engines)('%s, on cgroup v2: how it differs', async (name) => {
    const [before, after] = [planOf(name).split('\n'), planOf(name, v2).split('\n')];
    const gone = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`);
    const come = after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
    await expect(`${[...gone, ...come].join('\n')}\n`).toMatchFileSnapshot(`${fixtures}/${name}.v2.plan`);
    // All else is the same, in the same order.
    expect(before.filter((line) => after.includes(line))).toEqual(after.filter((line) => before.includes(line)));
  });

  it('runc-spec, on cgroup v2, as run and without a keyring', async () => {
    const options = {noPivot: false, noNewKeyring: true, preserveFds: 2};
    await expect(planOf('runc-spec', {...v2, options})).toMatchFileSnapshot(`${fixtures}/runc-spec-v2.plan`);
  });
});
