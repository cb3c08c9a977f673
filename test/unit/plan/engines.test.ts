// Whole plans of what engines really send. The expectations are files: read their diff when a rule changes.
import {describe, expect, it} from 'vitest';
import {loadConfig} from '../../../src/config/load.ts';
import {minimalInput, printPlan, v1Cgroup, v2Layout} from './input.ts';

const fixtures = `${import.meta.dirname}/fixtures`;

function planOf(name: string, changes: Partial<typeof minimalInput> = {}): string {
  const {config} = loadConfig(fixtures, `${name}.json`);
  const seccomp = config.linux?.seccomp === undefined ? {} : {seccomp: {program: new Uint8Array(4096), flags: 4}};
  return printPlan({...minimalInput, ...seccomp, ...changes, config});
}

describe('plans of engines', () => {
  it.each(['runc-spec', 'podman', 'containerd'])('%s, on cgroup v1', async (name) => {
    await expect(planOf(name)).toMatchFileSnapshot(`${fixtures}/${name}.plan`);
  });

  it('runc-spec, on cgroup v2, as run and without a keyring', async () => {
    const cgroup = {...v1Cgroup, version: 2 as const, paths: {unified: '/sys/fs/cgroup/web'}};
    const options = {noPivot: false, noNewKeyring: true, preserveFds: 2};
    await expect(planOf('runc-spec', {cgroup, layout: v2Layout, options})).toMatchFileSnapshot(
      `${fixtures}/runc-spec-v2.plan`,
    );
  });
});
