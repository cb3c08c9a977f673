import {describe, expect, it} from 'vitest';

import {stepFailure, stepsOf} from '../../../src/container/failure.ts';
import {summarizeStep} from '../../../src/container/words.ts';
import type {Step} from '../../../src/plan/operations.ts';
import {failed} from './fakes.ts';

const errno = {EPERM: 1, ENOENT: 2, E2BIG: 7, ENOEXEC: 8, EACCES: 13, ENODEV: 19, ENOTDIR: 20, EISDIR: 21, EINVAL: 22};

/** The sentence for a failure of the only step of a plan. */
function told(step: Step, number: number, rest: Parameters<typeof failed>[2] = {}): string {
  return stepFailure(stepsOf([step]), failed(0, number, rest)).message;
}

const tmpfs: Step = {
  op: 'mountFilesystem',
  at: '/mounts/3',
  type: 'tmpfs',
  source: 'shm',
  target: '/dev/shm',
  options: [],
  attrSet: 0n,
  attrClear: 0n,
  recursiveSet: 0n,
  recursiveClear: 0n,
  legacyFlags: 0n,
  propagation: [],
  copyUp: false,
  directory: '',
  label: '',
  yield: false,
};
const find = (name: string): Step => ({op: 'findExecutable', at: '/process/args/0', name, path: '/bin'});
const exec: Step = {op: 'exec', at: '/process/args', args: ['x'], env: [], uid: 0, preserve: 0};
const hook: Step = {
  op: 'hook',
  at: '/hooks/createContainer/1',
  kind: 'createContainer',
  index: 1,
  path: '/bin/hook',
  args: [],
  env: [],
  timeoutMs: 1500,
  stateHead: '',
  stateTail: '',
};

describe('a failed step', () => {
  it("is told with the kernel's own sentence", () => {
    const detail = "e tmpfs: Bad value for 'size'\n";
    expect(told(tmpfs, errno.EINVAL, {syscall: 'fsconfig', object: 'size=64x', detail})).toBe(
      "config.json#/mounts/3: mount tmpfs on /dev/shm: fsconfig size=64x: EINVAL (invalid argument): tmpfs: Bad value for 'size'",
    );
  });

  it('does not name an object twice', () => {
    expect(told(tmpfs, errno.EPERM, {syscall: 'move_mount', object: '/dev/shm', detail: 'as told'})).toBe(
      'config.json#/mounts/3: mount tmpfs on /dev/shm: EPERM (operation not permitted): as told',
    );
  });

  it('comes with a hint where the errno misleads', () => {
    expect(told({...tmpfs, type: 'zfs'}, errno.ENODEV)).toBe(
      'config.json#/mounts/3: mount zfs on /dev/shm: ENODEV (no such device): the kernel does not know this filesystem; ' +
        'its module may not be loaded',
    );
  });

  it('without a property has no pointer', () => {
    expect(told({op: 'newSession', at: ''}, errno.EPERM, {syscall: 'setsid'})).toBe(
      'start a new session: EPERM (operation not permitted)',
    );
  });

  it('that the runtime does not know is told all the same', () => {
    expect(stepFailure(stepsOf([]), failed(7, errno.ENOENT, {syscall: 'open', object: '/x'})).message).toBe(
      "the container's first process failed: open /x: ENOENT (no such file or directory)",
    );
  });
});

describe('a program that cannot be run is told in the words that engines look for', () => {
  const cases: readonly [what: string, sentence: string, told: string][] = [
    [
      'not in PATH',
      'config.json#/process/args/0: exec: "nope": executable file not found in $PATH',
      told(find('nope'), errno.ENOENT, {syscall: 'lookup', object: 'nope'}),
    ],
    [
      'in PATH, but not executable',
      'config.json#/process/args/0: exec: "nope": executable file not found in $PATH: /bin/nope may not be executed',
      told(find('nope'), errno.ENOENT, {syscall: 'lookup', object: 'nope', detail: '/bin/nope'}),
    ],
    [
      'no such path',
      'config.json#/process/args/0: exec: "/nope": stat /nope: no such file or directory',
      told(find('/nope'), errno.ENOENT, {syscall: 'stat', object: '/nope'}),
    ],
    [
      'below a file',
      'config.json#/process/args/0: exec: "/a/b": stat /a/b: not a directory',
      told(find('/a/b'), errno.ENOTDIR),
    ],
    [
      'not executable',
      'config.json#/process/args/0: exec: "/etc/passwd": permission denied',
      told(find('/etc/passwd'), errno.EACCES),
    ],
    [
      'a directory',
      'config.json#/process/args/0: exec: "/etc": is a directory: permission denied',
      told(find('/etc'), errno.EISDIR),
    ],
    [
      'no program',
      'config.json#/process/args: exec /bin/x: exec format error: it is neither an ELF program nor a script that begins with #!',
      told(exec, errno.ENOEXEC, {syscall: 'execve', object: '/bin/x', detail: '\x1fnone'}),
    ],
    [
      'of another architecture',
      'config.json#/process/args: exec /bin/x: exec format error: it is built for another architecture, aarch64',
      told(exec, errno.ENOEXEC, {syscall: 'execve', object: '/bin/x', detail: '\x1felf64 machine 183'}),
    ],
    [
      'without its interpreter',
      'config.json#/process/args: exec /bin/x: no such file or directory: its interpreter /bin/nope does not exist in the container',
      told(exec, errno.ENOENT, {syscall: 'execve', object: '/bin/x', detail: '/bin/nope'}),
    ],
    [
      'too long',
      'config.json#/process/args: exec /bin/x: argument list too long: process.args and process.env together are too long',
      told(exec, errno.E2BIG, {syscall: 'execve', object: '/bin/x', detail: ''}),
    ],
  ];
  it.each(cases)('%s', (_, sentence, told) => expect(told).toBe(sentence));
});

describe('a failed hook of the container', () => {
  const at = 'config.json#/hooks/createContainer/1: error running createContainer hook #1: ';
  const cases: readonly [what: string, sentence: string, number: number, syscall: string, detail: string][] = [
    ['an exit status', 'exit status 3, stdout: out, stderr: err', 125, 'hook', 'exit 3\x1fout\n\x1ferr\n'],
    ['a signal', 'signal: SIGKILL, stdout: , stderr: ', 125, 'hook', 'signal 9\x1f\x1f'],
    ['its timeout', 'hook ran past specified timeout of 1.5s, stdout: , stderr: ', 125, 'hook', 'timeout\x1f\x1f'],
    ['a missing program', 'exec /bin/hook: no such file or directory', errno.ENOENT, 'execve', ''],
  ];
  it.each(cases)('tells %s', (_, sentence, number, syscall, detail) => {
    expect(told(hook, number, {syscall, object: '/bin/hook', detail})).toBe(at + sentence);
  });
});

describe('steps in words', () => {
  it('name limits and namespaces as the kernel does', () => {
    expect(summarizeStep({op: 'rlimit', at: '', resource: 7, soft: 1n, hard: 2n}).what).toBe(
      'set RLIMIT_NOFILE to 1 (hard: 2)',
    );
    expect(summarizeStep({op: 'unshare', at: '', flags: 0x2000080}).what).toBe(
      'create a new time and cgroup namespace',
    );
    expect(summarizeStep({op: 'sysctl', at: '', path: 'net/ipv4/ip_forward', value: '1'}).what).toBe(
      'set the sysctl net.ipv4.ip_forward to "1"',
    );
  });
});
