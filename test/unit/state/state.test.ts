import {closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';

import {isValidId, validateId} from '../../../src/state/id.ts';
import {lockDirectory} from '../../../src/state/lock.ts';
import {identify, isAlive, openProcess, readProcessStat} from '../../../src/state/process.ts';
import {BrokenRecordError, type ContainerRecord, parseRecord} from '../../../src/state/record.ts';
import {
  claimDirectory,
  isBusy,
  listIds,
  lockContainer,
  readRecord,
  readRecordIfAny,
  release,
  removeDirectory,
  tryLockContainer,
  withContainer,
  writeRecord,
} from '../../../src/state/store.ts';
import {fakeNative, idleProcess, isRunning, temporaryDirectory, testContext} from '../container/fakes.ts';

const record: ContainerRecord = {
  version: 1,
  ociVersion: '1.3.0',
  id: 'web',
  bundle: '/bundle',
  rootfs: '/bundle/rootfs',
  created: '2026-11-20T10:39:41Z',
  owner: 0,
  status: 'creating',
  cgroup: {version: 2, paths: {unified: '/sys/fs/cgroup/web'}, ancestors: []},
  sharesPidNamespace: false,
  afterGate: {index: 0, steps: []},
  hooks: {poststart: [], poststop: []},
};

function store() {
  return testContext(fakeNative().native);
}

describe('ids', () => {
  it.each(['a', 'web-1', 'A.b_c+d', '...', '-x', '_', 'x'.repeat(1024)])('accepts %s', (id) => {
    expect(isValidId(id)).toBe(true);
  });

  it.each(['.', '..', '../x', 'a/b', 'a b', 'a\n', 'ä', 'a\0', 'a@b', 'x'.repeat(1025)])('refuses %j', (id) => {
    expect(isValidId(id)).toBe(false);
    expect(() => validateId(id)).toThrow('invalid container ID format: ');
  });

  it('tells the id as it was given, and an empty one apart', () => {
    expect(() => validateId('../x')).toThrow(/^invalid container ID format: "\.\.\/x"/);
    expect(() => validateId('')).toThrow('container id cannot be empty');
  });
});

describe('claim', () => {
  it('makes the root and the directory for the owner only', () => {
    const ctx = store();
    const directory = claimDirectory(ctx, 'web');
    expect(statSync(ctx.root).mode & 0o777).toBe(0o700);
    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
    release(directory);
  });

  it('is granted to one of several only', () => {
    const ctx = store();
    const other = {...ctx};
    const directory = claimDirectory(ctx, 'web');
    expect(() => claimDirectory(other, 'web')).toThrow('container with given ID already exists');
    release(directory);
    // Without a record and a holder it is what a killed command has left.
    const taken = claimDirectory(other, 'web');
    writeFileSync(join(taken.path, 'state.json'), '{}');
    release(taken);
    expect(() => claimDirectory(other, 'web')).toThrow('container with given ID already exists');
  });

  it('starts over when a delete takes the unlocked directory for a left-over', () => {
    const ctx = store();
    const path = join(ctx.root, 'web');
    let raced = false;
    const flock: typeof ctx.native.flock = (fd, mode) => {
      if (!raced) rmSync(path, {recursive: true});
      raced = true;
      return ctx.native.flock(fd, mode);
    };
    const directory = claimDirectory({root: ctx.root, native: {...ctx.native, flock}}, 'web');
    writeRecord(directory, record);
    expect(readRecord(ctx, 'web').id).toBe('web');
    release(directory);
  });

  it('does not spin for ever against one that removes it every time', () => {
    const ctx = store();
    const flock = (): boolean => {
      rmSync(join(ctx.root, 'web'), {recursive: true});
      return true;
    };
    expect(() => claimDirectory({root: ctx.root, native: {...ctx.native, flock}}, 'web')).toThrow(
      'is removed again and again by another process',
    );
  });
});

describe('lock', () => {
  it('excludes others until it is released', () => {
    const ctx = store();
    const directory = claimDirectory(ctx, 'web');
    expect(isBusy(ctx, 'web')).toBe(true);
    release(directory);
    expect(isBusy(ctx, 'web')).toBe(false);
    expect(isBusy(ctx, 'none')).toBe(false);
  });

  it('is given up after the deadline, with words on who has it', () => {
    const directory = temporaryDirectory();
    const fd = openSync(directory, 'r');
    expect(() => lockDirectory({flock: () => false}, fd, 'web', 20)).toThrow(
      /^container web is busy: another process has been working on it for more than 0\.02 s; try again when that has ended$/,
    );
    closeSync(fd);
  });

  it('of a directory that has been replaced is no lock', () => {
    const ctx = store();
    release(claimDirectory(ctx, 'web'));
    const path = join(ctx.root, 'web');
    const flock = (): boolean => {
      rmSync(path, {recursive: true});
      mkdirSync(path);
      return true;
    };
    expect(tryLockContainer({root: ctx.root, native: {...ctx.native, flock}}, 'web')).toBeUndefined();
  });

  it('is released when the work throws', () => {
    const ctx = store();
    release(claimDirectory(ctx, 'web'));
    const work = (): never => {
      throw new Error('work');
    };
    expect(() => withContainer(ctx, 'web', work)).toThrow('work');
    expect(isBusy(ctx, 'web')).toBe(false);
    expect(() => lockContainer(ctx, 'none')).toThrow('container does not exist');
  });
});

describe('record', () => {
  it('is replaced as a whole and comes back as it was', () => {
    const ctx = store();
    const directory = claimDirectory(ctx, 'web');
    writeRecord(directory, record);
    const open = openSync(join(directory.path, 'state.json'), 'r');
    writeRecord(directory, {...record, status: 'created'});
    // Who had opened the old one still reads all of it.
    expect(JSON.parse(readFileSync(open, 'utf8'))).toEqual(record);
    expect(readRecord(ctx, 'web')).toEqual({...record, status: 'created'});
    expect(readdirSync(directory.path)).toEqual(['state.json']);
    expect(statSync(join(directory.path, 'state.json')).mode & 0o777).toBe(0o600);
    closeSync(open);
    release(directory);
  });

  it('that is missing means that there is no container', () => {
    const ctx = store();
    expect(() => readRecord(ctx, 'web')).toThrow('container does not exist');
    release(claimDirectory(ctx, 'web'));
    expect(() => readRecord(ctx, 'web')).toThrow('container does not exist');
    expect(readRecordIfAny(ctx, 'web')).toBeUndefined();
  });

  it.each([
    ['empty', '', '/s is empty'],
    ['cut short', '{"version":1,', '/s is damaged: '],
    ['not an object', 'null', '/s is not a state of runts: it has no version'],
    ['foreign', '{"ociVersion":"1.0.2"}', '/s is not a state of runts: it has no version'],
    ['incomplete', '{"version":1,"id":"web"}', '/s is damaged: look at ociVersion, bundle'],
  ])('that is %s is broken', (_, text, message) => {
    expect(() => parseRecord(text, '/s', 'web')).toThrow(message);
    expect(() => parseRecord(text, '/s', 'web')).toThrow(BrokenRecordError);
  });

  it('of another version is refused, not guessed at', () => {
    const parse = (): unknown => parseRecord('{"version":2}', '/s', 'web');
    expect(parse).toThrow('/s has version 2, this runts reads version 1: use the runts that created the container');
    expect(parse).not.toThrow(BrokenRecordError);
  });
});

describe('directories', () => {
  it('are removed with all that is in them, also twice', () => {
    const ctx = store();
    const directory = claimDirectory(ctx, 'web');
    writeRecord(directory, record);
    mkdirSync(join(directory.path, 'notify'));
    writeFileSync(join(directory.path, 'notify', 'x'), '');
    removeDirectory(directory);
    removeDirectory(directory);
    expect(readdirSync(ctx.root)).toEqual([]);
    release(directory);
  });

  it('are listed by valid ids only', () => {
    const ctx = store();
    expect(listIds(ctx)).toEqual([]);
    for (const name of ['b', 'a', 'seccomp@cache']) mkdirSync(join(ctx.root, name), {recursive: true});
    writeFileSync(join(ctx.root, 'file'), '');
    expect(listIds(ctx)).toEqual(['a', 'b']);
  });
});

describe('processes', () => {
  it('are alive until they end, and as zombies no more', () => {
    const identity = identify(idleProcess());
    expect(isAlive(identity)).toBe(true);
    process.kill(identity.pid, 'SIGKILL');
    while (isRunning(identity.pid));
    // Node reaps it later: it is a zombie now.
    expect(readProcessStat(identity.pid)?.state).toBe('Z');
    expect(isAlive(identity)).toBe(false);
  });

  it('are not the same when only the pid is', () => {
    const {native} = fakeNative();
    const identity = identify(idleProcess());
    const fd = openProcess(native, identity);
    expect(fd).toBeGreaterThan(2);
    closeSync(fd as number);
    for (const recycled of [
      {...identity, startTime: identity.startTime - 1},
      {...identity, bootId: 'another'},
    ]) {
      expect(isAlive(recycled)).toBe(false);
      expect(openProcess(native, recycled)).toBeUndefined();
    }
  });

  it('that never were are gone', () => {
    const identity = {pid: 2 ** 22 + 1, startTime: 1, bootId: ''};
    expect(isAlive(identity)).toBe(false);
    expect(openProcess(fakeNative().native, identity)).toBeUndefined();
  });
});
