import {execFile} from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {ConfigError} from '../../../src/errors.ts';
import type {Seccomp} from '../../../src/generated/config.ts';
import {SECCOMP_CACHE, seccompProgram} from '../../../src/host/seccomp-cache.ts';
import {decodeEntry, encodeEntry, entryName} from '../../../src/host/seccomp-entry.ts';
import {builtLibexec} from './addon.ts';
import {quietLog, sizedProfile} from './profiles.ts';

const libexec = builtLibexec();
const isRoot = process.geteuid?.() === 0;
const profile = sizedProfile(1);
let root = '';
let directory = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'runts-seccomp-'));
  directory = join(root, SECCOMP_CACHE);
});

afterEach(() => rmSync(root, {recursive: true}));

function context(extra: {root?: string; libexec?: string; log?: typeof quietLog} = {}) {
  return {root, libexec, log: quietLog, native: {buildId: 'test'}, ...extra};
}

function program(seccomp: Seccomp = profile): Buffer {
  return Buffer.from(seccompProgram(context(), seccomp).program);
}

function entries(): string[] {
  return readdirSync(directory).map((name) => join(directory, name));
}

/** The only file of the cache. */
function entryFile(): string {
  const [file, ...more] = entries();
  if (file === undefined || more.length > 0) throw new Error(`${entries().length} files`);
  return file;
}

/** Whether `act` writes to the cache. */
function compilesAnyOf(act: () => void): boolean {
  const inodes = (): number[] => entries().map((file) => lstatSync(file).ino);
  const before = inodes();
  act();
  return inodes().join() !== before.join();
}

/** Whether `act` has the profile compiled: every write makes a file with another inode number. */
function compiles(act: () => void): boolean {
  const before = lstatSync(entryFile()).ino;
  // A second name keeps the number from being used again.
  const kept = join(root, 'kept');
  linkSync(entryFile(), kept);
  act();
  rmSync(kept);
  return lstatSync(entryFile()).ino !== before;
}

describe('seccomp cache', () => {
  it('compiles once, then reads', () => {
    const first = program();
    expect(lstatSync(directory).mode & 0o777).toBe(0o700);
    expect(lstatSync(entryFile()).mode & 0o777).toBe(0o600);
    let second: Buffer = Buffer.alloc(0);
    expect(compiles(() => (second = program()))).toBe(false);
    expect(second).toEqual(first);
  });

  it('has one file for each profile, and none for their flags', () => {
    program();
    expect(seccompProgram(context(), profile).flags).toBe(4);
    expect(seccompProgram(context(), {...profile, flags: ['SECCOMP_FILTER_FLAG_LOG']}).flags).toBe(2);
    expect(entries()).toHaveLength(1);
    program({...profile, defaultErrnoRet: 38});
    program({...profile, architectures: ['SCMP_ARCH_X86']});
    program(sizedProfile(2));
    expect(entries()).toHaveLength(4);
  });

  it('has one program for all agents, and another for calls that are notified', () => {
    const notifying = (more: Partial<Seccomp> = {}): Seccomp => ({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{names: ['mkdir'], action: 'SCMP_ACT_NOTIFY'}],
      ...more,
    });
    program({...notifying(), syscalls: [{names: ['mkdir'], action: 'SCMP_ACT_LOG'}]});
    program(notifying({listenerPath: '/a'}));
    expect(compilesAnyOf(() => program(notifying({listenerPath: '/b', listenerMetadata: 'm'})))).toBe(false);
    expect(entries()).toHaveLength(2);
    // The listener is a flag of the load: it does not get lost with a program from the cache.
    expect(seccompProgram(context(), notifying({listenerPath: '/b'})).flags).toBe(12);
  });

  it('does not take one list of names for another', () => {
    const named = (...names: string[]): Seccomp => ({
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [{names, action: 'SCMP_ACT_ALLOW'}],
    });
    program(named('read', 'write'));
    program(named('read","write'));
    expect(entries()).toHaveLength(2);
  });

  it('keeps nothing of a wrong profile', () => {
    const args = [{index: 0, op: 'SCMP_CMP_EQ', value: 1n}] as const;
    const wrong: Seccomp = {
      defaultAction: 'SCMP_ACT_ERRNO',
      syscalls: [
        {names: ['read'], action: 'SCMP_ACT_ALLOW', args},
        {names: ['read'], action: 'SCMP_ACT_LOG', args},
      ],
    };
    expect(() => program(wrong)).toThrow(ConfigError);
    expect(() => program(wrong)).toThrow('config.json#/linux/seccomp/syscalls/1: libseccomp');
    expect(entries()).toEqual([]);
  });

  it('is void for another build of runts', () => {
    program();
    const other = {...context(), native: {buildId: 'other'}};
    seccompProgram(other, profile);
    expect(entries()).toHaveLength(2);
  });

  it('is void when the addon has changed', () => {
    const own = join(root, 'libexec');
    mkdirSync(own);
    const addon = join(own, 'runts_seccomp.node');
    copyFileSync(join(libexec, 'runts_seccomp.node'), addon);
    const ctx = context({libexec: own});
    seccompProgram(ctx, profile);
    expect(compiles(() => seccompProgram(ctx, profile))).toBe(false);
    utimesSync(addon, 1, 1);
    expect(compiles(() => seccompProgram(ctx, profile))).toBe(true);
    writeFileSync(join(own, 'runts.cjs'), '');
    expect(compiles(() => seccompProgram(ctx, profile))).toBe(true);
  });

  it('removes the oldest files beyond 64', () => {
    for (let size = 0; size < 70; size++) program(sizedProfile(size));
    expect(entries()).toHaveLength(64);
    writeFileSync(join(directory, 'left-over.123'), '');
    program(sizedProfile(70));
    expect(entries()).toHaveLength(64);
  });
});

describe('seccomp cache, damaged', () => {
  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    'an empty file': () => Buffer.alloc(0),
    'a header only': (bytes) => bytes.subarray(0, 20),
    'a file that ends early': (bytes) => bytes.subarray(0, bytes.length - 100),
    'a file that is too long': (bytes) => Buffer.concat([bytes, Buffer.alloc(8)]),
    'a file of zeros': (bytes) => Buffer.alloc(bytes.length),
    'a file with zeros behind the key': (bytes) => Buffer.concat([bytes, bytes]).fill(0, 300).subarray(0, bytes.length),
    'another magic': (bytes) => flip(bytes, 0),
    'another key': (bytes) => flip(bytes, 25),
    'a changed program': (bytes) => flip(bytes, bytes.length - 20),
    'lengths that add up to more than there is': (bytes) => flip(bytes, 11),
  };

  function flip(bytes: Buffer, at: number): Buffer {
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    return bytes;
  }

  for (const [name, damage] of Object.entries(damages)) {
    it(`compiles anew for ${name}`, () => {
      const first = program();
      const file = entryFile();
      writeFileSync(file, damage(readFileSync(file)));
      let again: Buffer = Buffer.alloc(0);
      expect(compiles(() => (again = program()))).toBe(true);
      expect(again).toEqual(first);
      expect(compiles(() => program())).toBe(false);
    });
  }

  it('finds every single changed byte', () => {
    program();
    const bytes = readFileSync(entryFile());
    const keyLength = bytes.readUInt32LE(8);
    const key = bytes.toString('utf8', 20, 20 + keyLength);
    expect(decodeEntry(bytes, key)).toBeDefined();
    for (let at = 0; at < bytes.length; at++) expect(decodeEntry(flip(Buffer.from(bytes), at), key)).toBeUndefined();
  });

  it('does not take a program that the kernel could not', () => {
    const whole = {key: 'k', inputs: 'i\n', program: new Uint8Array(4096 * 8)};
    expect(decodeEntry(encodeEntry(whole), 'k')?.program.length).toBe(4096 * 8);
    expect(decodeEntry(encodeEntry({...whole, program: new Uint8Array(4097 * 8)}), 'k')).toBeUndefined();
    expect(decodeEntry(encodeEntry({...whole, program: new Uint8Array(9)}), 'k')).toBeUndefined();
    expect(decodeEntry(encodeEntry({...whole, program: new Uint8Array(0)}), 'k')).toBeUndefined();
  });

  it('compiles anew when another profile has the same file name', () => {
    program();
    const bytes = readFileSync(entryFile());
    const other = encodeEntry({key: 'another', inputs: '', program: new Uint8Array(8)});
    writeFileSync(entryFile(), other);
    expect(compiles(() => program())).toBe(true);
    expect(readFileSync(entryFile())).toEqual(bytes);
  });
});

describe('seccomp cache, not to be trusted', () => {
  it('does not use a directory that others can write to', () => {
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    expect(program().length).toBeGreaterThan(0);
    expect(entries()).toEqual([]);
  });

  it('does not use a symlink', () => {
    mkdirSync(join(root, 'elsewhere'), {mode: 0o700});
    symlinkSync('elsewhere', directory);
    expect(program().length).toBeGreaterThan(0);
    expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
  });

  it.runIf(isRoot)('does not use a directory of another user', () => {
    mkdirSync(directory, {mode: 0o700});
    chownSync(directory, 1000, 1000);
    expect(program().length).toBeGreaterThan(0);
    expect(entries()).toEqual([]);
  });

  it.runIf(isRoot)('does not read a file of another user', () => {
    program();
    chownSync(entryFile(), 1000, 1000);
    expect(compiles(() => program())).toBe(true);
  });

  it('does not read a file that others can write to', () => {
    program();
    chmodSync(entryFile(), 0o620);
    expect(compiles(() => program())).toBe(true);
  });

  it('does not follow a symlink to a file', () => {
    program();
    const file = entryFile();
    renameSync(file, join(root, 'moved'));
    symlinkSync(join(root, 'moved'), file);
    program();
    expect(lstatSync(file).isFile()).toBe(true);
  });

  it('works without a cache: no state root, a file in the way, a directory as entry', () => {
    expect(seccompProgram(context({root: join(root, 'missing')}), profile).program.length).toBeGreaterThan(0);
    expect(existsSync(join(root, 'missing'))).toBe(false);
    program();
    const file = entryFile();
    rmSync(file);
    mkdirSync(file);
    expect(program().length).toBeGreaterThan(0);
    expect(entries()).toEqual([file]);
    rmSync(directory, {recursive: true});
    writeFileSync(directory, '');
    expect(program().length).toBeGreaterThan(0);
  });

  it('says at debug level why it is not used', () => {
    const messages: string[] = [];
    const log = {...quietLog, debug: (message: string) => void messages.push(message)};
    seccompProgram(context({log, root: join(root, 'missing')}), {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{names: ['no_such_call', 'bad\nname', 'no_such_call'], action: 'SCMP_ACT_LOG'}],
    });
    expect(messages).toEqual([
      `seccomp: programs are not kept: mkdir ${join(root, 'missing', SECCOMP_CACHE)}: ENOENT (no such file or directory)`,
      'seccomp: unknown system calls ignored: "no_such_call", "bad\\nname"',
    ]);
  });
});

describe('seccomp cache, many writers', () => {
  it('serves processes that write the same entries at the same time', async () => {
    const execute = promisify(execFile);
    const script = join(import.meta.dirname, 'cache-run.ts');
    const runs = await Promise.all(
      Array.from({length: 4}, () => execute(process.execPath, [script, root, libexec, '1', '12'])),
    );
    const [first] = runs;
    expect(first?.stdout.split(' ')).toHaveLength(12);
    for (const {stdout, stderr} of runs) expect([stdout, stderr]).toEqual([first?.stdout, '']);
    expect(entries()).toHaveLength(12);
    expect(entries().filter((file) => !/\/[0-9a-f]{8}$/.test(file))).toEqual([]);
  });
});

describe('names of cache entries', () => {
  it('differ for keys that differ in one place', () => {
    const names = new Set(Array.from({length: 10_000}, (_, i) => entryName(`key ${i} of a profile`)));
    expect(names.size).toBeGreaterThan(9990);
  });
});
