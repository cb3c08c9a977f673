import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';

import {findRootfs} from '../../../src/container/bundle.ts';
import {checkTerminal} from '../../../src/container/console.ts';
import {createDescriptors} from '../../../src/container/descriptors.ts';
import {runHooks, stateForHooks} from '../../../src/container/hooks.ts';
import {inheritedFds, numbersOf} from '../../../src/container/inherited-fds.ts';
import {openNamespaces, sharesPidNamespace} from '../../../src/container/namespaces.ts';
import {patienceWith} from '../../../src/container/patience.ts';
import {writePidFile} from '../../../src/container/pid-file.ts';
import {descriptorsOf, timestamp} from '../../../src/container/prepare.ts';
import {createUndoStack} from '../../../src/container/rollback.ts';
import type {Config, NamespaceType} from '../../../src/generated/config.ts';
import type {ProgramRequest} from '../../../src/native.ts';
import {fakeNative, hookOk, syscallError, temporaryDirectory, testContext, throwing} from './fakes.ts';

describe('hooks', () => {
  const ran = (
    hook: Parameters<typeof runHooks>[2][number],
    env: Record<string, string> = {A: '1'},
  ): ProgramRequest => {
    let seen: ProgramRequest | undefined;
    const hookSpy = (request: ProgramRequest) => {
      seen = request;
      return hookOk;
    };
    runHooks({...testContext(fakeNative({hook: hookSpy}).native), env}, 'prestart', [hook], '/bundle', '{}');
    return seen as ProgramRequest;
  };

  it('get the state as one line, without a pid when there is none', () => {
    const subject = {id: 'web', bundle: '/b', annotations: {a: 'b'}};
    expect(stateForHooks(subject, 'creating', 12)).toBe(
      '{"ociVersion":"1.3.0","id":"web","status":"creating","pid":12,"bundle":"/b","annotations":{"a":"b"}}',
    );
    expect(stateForHooks({id: 'web', bundle: '/b'}, 'stopped', 0)).toBe(
      '{"ociVersion":"1.3.0","id":"web","status":"stopped","bundle":"/b"}',
    );
  });

  it('get exactly their environment, or all of the caller’s', () => {
    expect(ran({path: '/h', env: []}).env).toEqual([]);
    expect(ran({path: '/h', env: ['X=y']}).env).toEqual(['X=y']);
    expect(ran({path: '/h'}).env).toEqual(['A=1']);
  });

  it('run in the bundle, with their own argv[0] or their path', () => {
    expect(ran({path: '/h'})).toMatchObject({args: ['/h'], cwd: '/bundle', stdin: '{}', timeoutMs: 0});
    expect(ran({path: '/h', args: ['zero', 'one'], timeout: 2})).toMatchObject({
      args: ['zero', 'one'],
      timeoutMs: 2000,
    });
  });

  it('stop at the first that fails, and say how', () => {
    const result = {...hookOk, code: undefined, signal: 9, timedOut: true};
    const {native, events} = fakeNative({hook: () => result});
    const hooks = [{path: '/a', timeout: 1}, {path: '/b'}];
    expect(() => runHooks(testContext(native), 'createRuntime', hooks, '/b', '')).toThrow(
      'config.json#/hooks/createRuntime/0: error running createRuntime hook #0: hook ran past specified timeout of 1.0s, ' +
        'stdout: , stderr: ',
    );
    expect(events).toEqual(['hook /a']);
  });

  it('that cannot be executed are told by path', () => {
    const {native} = fakeNative({hook: throwing(syscallError('ENOENT', 'execve', '/h'))});
    expect(() => runHooks(testContext(native), 'poststart', [{path: '/h'}], '/b', '')).toThrow(
      'error running poststart hook #0: exec /h: no such file or directory',
    );
  });

  it('decide how long to wait for runts-init', () => {
    expect(patienceWith()).toBe(120_000);
    expect(patienceWith([{timeout: 3}, {timeout: 4}])).toBe(127_000);
    expect(patienceWith([{timeout: 3}, {}])).toBe(-1);
  });
});

describe('pid file', () => {
  it('is decimal without a newline, relative to the caller, and leaves no other file', () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, '.pid'), 'left by a command that was killed');
    expect(writePidFile({cwd}, 'pid', 4711)).toBe(join(cwd, 'pid'));
    expect(readFileSync(join(cwd, 'pid'), 'utf8')).toBe('4711');
    expect(readdirSync(cwd)).toEqual(['pid']);
  });

  it('is replaced, not written through', () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'target'), 'untouched');
    symlinkSync('target', join(cwd, 'pid'));
    symlinkSync('target', join(cwd, '.pid'));
    writePidFile({cwd}, 'pid', 1);
    expect(readFileSync(join(cwd, 'target'), 'utf8')).toBe('untouched');
    expect(readFileSync(join(cwd, 'pid'), 'utf8')).toBe('1');
  });

  it('that cannot be written is told with its path', () => {
    const cwd = temporaryDirectory();
    expect(() => writePidFile({cwd}, 'no/pid', 1)).toThrow(
      `cannot write the pid file ${cwd}/no/pid: open: ENOENT (no such file or directory)`,
    );
  });
});

describe('inherited fds', () => {
  const launch = {nofile: {soft: 1n, hard: 1n}, inheritedFds: [3, 4, 6]};

  it('are counted after those of socket activation', () => {
    const env = {LISTEN_PID: '7', LISTEN_FDS: '1'};
    expect(inheritedFds({env, pid: 7, launch}, 1)).toEqual({listen: 1, preserve: 1});
    expect(inheritedFds({env, pid: 8, launch}, 1)).toEqual({listen: 0, preserve: 1});
    expect(inheritedFds({env, launch}, 0)).toEqual({listen: 0, preserve: 0});
    expect(numbersOf({listen: 1, preserve: 2})).toEqual([3, 4, 5]);
  });

  it('must have been handed over by the caller', () => {
    expect(() => inheritedFds({env: {}, launch}, 4)).toThrow('unable to stat preserved-fd 2 (of 4): fd 5 is not open');
    expect(() => inheritedFds({env: {}, launch}, -1)).toThrow('--preserve-fds -1: must be a number from 0 up');
    const env = {LISTEN_PID: '7', LISTEN_FDS: '3'};
    expect(() => inheritedFds({env, pid: 7, launch}, 0)).toThrow('LISTEN_FDS=3: fd 5 is not open');
  });
});

describe('namespaces by path', () => {
  const config = (type: NamespaceType, path: string): Config =>
    ({linux: {namespaces: [{type: 'mount'}, {type, path}]}}) as unknown as Config;
  const open = (type: NamespaceType, path: string, namespaceType: () => number): ReadonlyMap<string, number> => {
    const descriptors = createDescriptors();
    try {
      return openNamespaces({namespaceType}, config(type, path), descriptors);
    } finally {
      descriptors.closeAll();
    }
  };

  it('are opened when they are of their kind', () => {
    expect([...open('network', '/proc/self/ns/net', () => 0x40000000).keys()]).toEqual(['network']);
  });

  it('of another kind, missing, or none at all are told by pointer', () => {
    expect(() => open('ipc', '/proc/self/ns/net', () => 0x40000000)).toThrow(
      'config.json#/linux/namespaces/1/path: /proc/self/ns/net is a net namespace, not ipc',
    );
    expect(() => open('ipc', '/proc/none', () => 0)).toThrow(
      'config.json#/linux/namespaces/1/path: cannot open the namespace /proc/none: ENOENT (no such file or directory)',
    );
    expect(() => open('ipc', '/dev/null', throwing(syscallError('ENOTTY', 'ioctl')))).toThrow(
      'config.json#/linux/namespaces/1/path: /dev/null is not a namespace',
    );
  });

  it('do not hang on a fifo', () => {
    const fifo = join(temporaryDirectory(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(() => open('ipc', fifo, throwing(syscallError('ENOTTY', 'ioctl')))).toThrow('is not a namespace');
  });

  it('tell whether the pid namespace is shared', () => {
    const shares = (namespaces: unknown): boolean => sharesPidNamespace({linux: {namespaces}} as unknown as Config);
    expect(shares([{type: 'pid'}])).toBe(false);
    expect(shares([{type: 'pid', path: '/proc/1/ns/pid'}])).toBe(true);
    expect(shares([])).toBe(true);
  });
});

describe('rootfs', () => {
  it('is found relative to the bundle', () => {
    const bundle = temporaryDirectory();
    mkdirSync(join(bundle, 'rootfs'));
    expect(findRootfs(bundle, 'rootfs')).toBe(join(bundle, 'rootfs'));
    expect(findRootfs('/', join(bundle, 'rootfs/'))).toBe(join(bundle, 'rootfs'));
  });

  it('must be a directory and no symlink', () => {
    const bundle = temporaryDirectory();
    mkdirSync(join(bundle, 'real'));
    symlinkSync('real', join(bundle, 'link'));
    writeFileSync(join(bundle, 'file'), '');
    const at = 'config.json#/root/path: ';
    expect(() => findRootfs(bundle, 'link')).toThrow(`${at}invalid rootfs: ${bundle}/link is a symlink`);
    expect(() => findRootfs(bundle, 'file')).toThrow(`${at}the rootfs ${bundle}/file is not a directory`);
    expect(() => findRootfs(bundle, 'none')).toThrow(
      `${at}the rootfs ${bundle}/none does not exist: no such file or directory`,
    );
  });
});

describe('terminal', () => {
  it('needs a console socket exactly when nobody stays', () => {
    expect(() => checkTerminal(true, true, undefined)).toThrow(
      'cannot allocate tty if runts will detach without setting console socket',
    );
    const useless = 'cannot use console socket if runts will not detach or allocate tty';
    expect(() => checkTerminal(true, false, '/s')).toThrow(useless);
    expect(() => checkTerminal(false, true, '/s')).toThrow(useless);
    expect(() => checkTerminal(true, true, '/s')).not.toThrow();
    expect(() => checkTerminal(true, false, undefined)).not.toThrow();
  });
});

describe('undo stack', () => {
  it('goes backwards, past failures, once', () => {
    const done: string[] = [];
    const warnings: string[] = [];
    const undo = createUndoStack();
    undo.push('one', () => void done.push('one'));
    undo.push('undo two', throwing(syscallError('EBUSY', 'rmdir', '/x')));
    undo.push('three', () => void done.push('three'));
    const log = {warn: (message: string) => void warnings.push(message)};
    undo.rollBack(log);
    undo.rollBack(log);
    expect(done).toEqual(['three', 'one']);
    expect(warnings).toEqual([
      'cannot undo two after the failure: rmdir /x: EBUSY (resource busy or locked), ignoring',
    ]);
  });
});

describe('preparation', () => {
  it('prints times as Go does', () => {
    expect(timestamp(new Date('2026-11-20T10:39:41.709Z'))).toBe('2026-11-20T10:39:41.709Z');
    expect(timestamp(new Date('2026-11-20T10:39:41.700Z'))).toBe('2026-11-20T10:39:41.7Z');
    expect(timestamp(new Date('2026-11-20T10:39:40.000Z'))).toBe('2026-11-20T10:39:40Z');
  });

  it('finds the fds that runts-init has to inherit in the plan', () => {
    expect(
      descriptorsOf({
        steps: [
          {op: 'setns', at: '', fd: 20, type: 0, yield: false},
          {op: 'umask', at: '', mask: 5},
          {op: 'gate', at: '', read: 21, report: 22},
          {op: 'setns', at: '', fd: 20, type: 0, yield: false},
        ],
      }),
    ).toEqual([20, 21, 22]);
  });
});
