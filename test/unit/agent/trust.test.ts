import {mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, expect, it} from 'vitest';
import {ownTrust, reasonAgainst} from '../../../src/agent/trust.ts';
import type {ProcessMarks} from '../../../src/native.ts';

const libexec = mkdtempSync(join(tmpdir(), 'runts-trust-'));
writeFileSync(join(libexec, 'runts'), '');
afterAll(() => rmSync(libexec, {recursive: true}));

const {dev, ino} = statSync(join(libexec, 'runts'));
const status = [
  'Name:\trunts',
  'Uid:\t0\t0\t0\t0',
  'Gid:\t0\t0\t0\t0',
  'Groups:\t0 4 ',
  'VmPeak:\t12 kB',
  'CapInh:\t0000000000000000',
  'CapPrm:\t000001ffffffffff',
  'CapEff:\t000001ffffffffff',
  'CapBnd:\t000001ffffffffff',
  'CapAmb:\t0000000000000000',
  'NoNewPrivs:\t0',
  'Seccomp:\t0',
  'Seccomp_filters:\t0',
  '',
].join('\n');
const own: ProcessMarks = {exe: '1:2', status, namespaces: 'mnt:[1] pid:[2]', root: '/', label: ''};

function reasonFor(changes: Partial<ProcessMarks>, ended = false): string | undefined {
  const native = {
    processMarks: (pid: number | 'self') => (pid === 'self' ? own : {...own, exe: `${dev}:${ino}`, ...changes}),
    pidfdWait: () => ended,
  };
  return reasonAgainst(native, ownTrust(native, libexec), 42, 9);
}

it('a launcher of the same installation, and of a process like the agent, is trusted', () => {
  expect(reasonFor({})).toBeUndefined();
  expect(reasonFor({status: status.replace('12 kB', '13 kB')})).toBeUndefined();
});

it.each([
  ['another program', {exe: '1:2'}, /installation/],
  ['another uid', {status: status.replace('Uid:\t0\t0', 'Uid:\t0\t1')}, /credentials/],
  ['another filesystem gid', {status: status.replace('Gid:\t0\t0\t0\t0', 'Gid:\t0\t0\t0\t5')}, /credentials/],
  ['other groups', {status: status.replace('0 4 ', '0 ')}, /credentials/],
  ['fewer capabilities', {status: status.replace('CapBnd:\t000001f', 'CapBnd:\t000001e')}, /credentials/],
  ['no_new_privs', {status: status.replace('NoNewPrivs:\t0', 'NoNewPrivs:\t1')}, /credentials/],
  ['a seccomp filter', {status: status.replace('Seccomp:\t0', 'Seccomp:\t2')}, /seccomp/],
  ['another namespace', {namespaces: 'mnt:[1] pid:[3]'}, /namespaces/],
  ['a chroot', {root: '/chroot'}, /root directory/],
  ['another label', {label: 'confined (enforce)\n'}, /label/],
] as const)('%s is not', (_, changes, reason) => {
  expect(reasonFor(changes)).toMatch(reason);
});

it('what was read of a process that has ended is nothing', () => {
  expect(reasonFor({}, true)).toMatch(/ended/);
});
