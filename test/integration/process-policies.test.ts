// What the kernel is told of the program besides who it is: personality, memory policy, labels of security modules.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {runtsOnly, test} from './harness.ts';

const REASON = 'runc 1.1 does not know it';

describe('personality', () => {
  runtsOnly(REASON, 'personality: LINUX32 makes it a 32-bit machine', async (box) => {
    const it = box.container('uname -m', (spec) => {
      spec.linux['personality'] = {domain: 'LINUX32'};
    });
    const seen = await box.host(['setarch', 'linux32', 'uname', '-m']);
    expect(seen.stdout).not.toBe((await box.host(['uname', '-m'])).stdout);
    expect((await box.runtime(['run', '--bundle', it.dir, it.id])).stdout).toBe(seen.stdout);
  });

  runtsOnly(REASON, "personality: LINUX undoes the caller's", async (box) => {
    const it = box.container('cat /proc/self/personality', (spec) => {
      spec.linux['personality'] = {domain: 'LINUX'};
    });
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper: ['setarch', '-R']});
    expect(outcome.stdout).toBe('00000000\n');
  });

  test("personality: without it the caller's stays", async ({box}) => {
    const it = box.container('cat /proc/self/personality');
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {wrapper: ['setarch', '-R']});
    expect(outcome.stdout).toBe('00040000\n');
  });

  runtsOnly(REASON, 'personality: flags are a warning', async (box) => {
    const it = box.container('cat /proc/self/personality', (spec) => {
      spec.linux['personality'] = {domain: 'LINUX32', flags: ['ADDR_NO_RANDOMIZE']};
    });
    const outcome = await box.runtime(['--log', 'log', 'run', '--bundle', it.dir, it.id]);
    expect(outcome).toMatchObject({code: 0, stdout: '00000008\n'});
    expect(readFileSync(join(box.dir, 'log'), 'utf8')).toMatch(/level=warning.*\/linux\/personality\/flags: ignored/);
  });

  runtsOnly(REASON, 'personality: is there under a filter that forbids it', async (box) => {
    const out = await box.sh('cat /proc/self/personality', (spec) => {
      spec.linux['personality'] = {domain: 'LINUX32'};
      spec.process.noNewPrivileges = false;
      spec.linux.seccomp = {
        defaultAction: 'SCMP_ACT_ALLOW',
        syscalls: [{names: ['personality', 'set_mempolicy'], action: 'SCMP_ACT_ERRNO'}],
      };
    });
    expect(out).toBe('00000008');
  });
});

describe('memoryPolicy', () => {
  const cases: readonly (readonly [policy: Record<string, unknown>, seen: string])[] = [
    [{mode: 'MPOL_DEFAULT'}, 'default'],
    [{mode: 'MPOL_LOCAL', nodes: ''}, 'local'],
    [{mode: 'MPOL_PREFERRED', nodes: '0'}, 'prefer:0'],
    [{mode: 'MPOL_PREFERRED_MANY', nodes: '0'}, 'prefer (many):0'],
    [{mode: 'MPOL_BIND', nodes: '0'}, 'bind:0'],
    [{mode: 'MPOL_INTERLEAVE', nodes: '0'}, 'interleave:0'],
    [{mode: 'MPOL_WEIGHTED_INTERLEAVE', nodes: '0'}, 'weighted interleave:0'],
    [{mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_STATIC_NODES']}, 'bind=static:0'],
    [{mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_RELATIVE_NODES']}, 'bind=relative:0'],
    [{mode: 'MPOL_BIND', nodes: '0', flags: ['MPOL_F_NUMA_BALANCING']}, 'bind=balancing:0'],
  ];
  for (const [policy, seen] of cases) {
    runtsOnly(REASON, `memoryPolicy: ${Object.values(policy).flat().join(' ')}`, async (box) => {
      const it = box.container(['/bin/sleep', '100'], (spec) => {
        spec.linux['memoryPolicy'] = policy;
      });
      await it.create();
      await it.start();
      const [line = ''] = readFileSync(`/proc/${(await it.state()).pid}/numa_maps`, 'utf8').split('\n');
      expect(line.replace(/^[0-9a-f]+ /, '')).toMatch(new RegExp(`^${RegExp.escape(seen)} `));
    });
  }

  const refused: readonly (readonly [policy: Record<string, unknown>, says: RegExp])[] = [
    [{mode: 'MPOL_BIND', nodes: '1000'}, /EINVAL \(invalid argument\): no node of them is online/],
    [{mode: 'MPOL_BIND', nodes: '0-1000'}, /ENODEV .*linux\.resources\.cpu\.mems/],
    [{mode: 'MPOL_BIND', nodes: '0,60'}, /ENODEV .*linux\.resources\.cpu\.mems/],
  ];
  for (const [policy, says] of refused) {
    runtsOnly(REASON, `memoryPolicy: refused with the reason: ${Object.values(policy).join(' ')}`, async (box) => {
      const it = box.container(['/bin/true'], (spec) => {
        spec.linux['memoryPolicy'] = policy;
      });
      const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(
        new RegExp(`config\\.json#/linux/memoryPolicy: set the memory policy: ${says.source}`),
      );
      expect(box.leftovers()).toEqual([]);
    });
  }
});

// Where they are on, test/lab shows them at work.
describe('labels', () => {
  const module = (file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const cases = [
    [
      'apparmorProfile',
      'some-profile',
      module('/sys/module/apparmor/parameters/enabled') !== '',
      /apparmor not supported|failed to apply apparmor|apparmor failed to apply/,
    ],
    ['selinuxLabel', 'u:r:t:s0', module('/sys/fs/selinux/enforce') !== '', /selinux is disabled or not supported/],
  ] as const;
  for (const [property, value, present, says] of cases) {
    test(`${property}: without its security module it is refused`, async ({box, skip}) => {
      skip(present, 'this kernel has it');
      const it = box.container(['/bin/true'], (spec) => {
        spec.process[property] = value;
      });
      const outcome = await box.runtime(['create', '--bundle', it.dir, it.id]);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(says);
      expect(box.leftovers()).toEqual([]);
    });

    test(`${property}: empty is none`, async ({box}) => {
      const out = await box.sh('echo ran', (spec) => {
        spec.process[property] = '';
      });
      expect(out).toBe('ran');
    });
  }
});
