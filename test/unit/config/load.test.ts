import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeEach, describe, expect, it} from 'vitest';
import {loadConfig} from '../../../src/config/load.ts';
import {ConfigError} from '../../../src/errors.ts';
import {sample} from './sample.ts';

const root = mkdtempSync(join(tmpdir(), 'runts-load-'));
afterAll(() => rmSync(root, {recursive: true}));

let bundle = '';
let config = '';
let count = 0;
beforeEach(() => {
  bundle = join(root, `bundle${count++}`);
  config = join(bundle, 'config.json');
  mkdirSync(bundle);
});

const failure = (file?: string): string => {
  try {
    loadConfig(bundle, file);
  } catch (error) {
    return (error as Error).message.replaceAll(bundle, 'BUNDLE');
  }
  throw new Error('was accepted');
};

describe('loadConfig reads', () => {
  it('config.json of a bundle', () => {
    const text = JSON.stringify(sample(), undefined, '\t');
    writeFileSync(config, text);
    expect(loadConfig(bundle)).toMatchObject({config: {ociVersion: '1.3.0'}, warnings: [], text});
  });

  it('another file of the bundle, or one by its absolute path', () => {
    writeFileSync(join(bundle, 'other.json'), JSON.stringify({...sample(), extra: 1}));
    const warning = 'unknown property "extra" is ignored';
    expect(loadConfig(bundle, 'other.json').warnings).toEqual([`other.json#: ${warning}`]);
    const absolute = join(bundle, 'other.json');
    expect(loadConfig('/', absolute).warnings).toEqual([`${absolute}#: ${warning}`]);
  });

  it('through a symlink', () => {
    writeFileSync(join(bundle, 'real.json'), JSON.stringify(sample()));
    symlinkSync('real.json', config);
    expect(loadConfig(bundle).config.root.path).toBe('rootfs');
  });

  it('a file of nearly 8 MiB', () => {
    writeFileSync(config, JSON.stringify({...sample(), annotations: {a: 'x'.repeat(8 * 1024 * 1024 - 1000)}}));
    expect(loadConfig(bundle).config.ociVersion).toBe('1.3.0');
  });
});

describe('loadConfig refuses', () => {
  it('a bundle that does not exist', () => {
    rmSync(bundle, {recursive: true});
    expect(failure()).toBe('the bundle BUNDLE does not exist');
  });

  it('a bundle that is a file', () => {
    rmSync(bundle, {recursive: true});
    writeFileSync(bundle, '');
    expect(failure()).toBe('the bundle BUNDLE is not a directory');
  });

  it('a bundle without config.json', () => {
    expect(failure()).toBe('JSON specification file config.json not found in bundle BUNDLE');
    symlinkSync('nowhere', config);
    expect(failure()).toBe('JSON specification file config.json not found in bundle BUNDLE');
  });

  it('a FIFO, without waiting for a writer', () => {
    execFileSync('mkfifo', [config]);
    expect(failure()).toBe('config.json in bundle BUNDLE must be a regular file, but is a FIFO');
  });

  it('a directory', () => {
    mkdirSync(config);
    expect(failure()).toBe('config.json in bundle BUNDLE must be a regular file, but is a directory');
  });

  it('a device', () => {
    symlinkSync('/dev/zero', config);
    expect(failure()).toBe('config.json in bundle BUNDLE must be a regular file, but is a device');
  });

  it('a symlink to itself', () => {
    symlinkSync('config.json', config);
    expect(failure()).toBe('cannot open config.json in bundle BUNDLE: ELOOP (too many symbolic links encountered)');
  });

  it('10 MB', () => {
    writeFileSync(config, JSON.stringify({...sample(), annotations: {a: 'x'.repeat(10_000_000)}}));
    expect(failure()).toBe('config.json is too large: 9.5 MiB; at most 8 MiB are read');
  });

  it('an empty and a truncated file, with the place', () => {
    writeFileSync(config, '');
    expect(failure()).toBe('config.json:1:1: the file is empty');
    writeFileSync(config, '{\n\t"ociVersion": "1.0.0",\n');
    expect(failure()).toBe('config.json:3:1: unexpected end of file: the file is truncated?');
  });

  it('what is not UTF-8, with the place', () => {
    writeFileSync(config, Buffer.from('{\n"a": "\xe9"}', 'latin1'));
    expect(failure()).toBe('config.json:2:7: a byte that is not UTF-8');
  });

  it('a million levels of nesting', () => {
    writeFileSync(config, '['.repeat(1_000_000) + ']'.repeat(1_000_000));
    expect(failure()).toBe('config.json#: must be an object, got an array');
    writeFileSync(config, '{"a":'.repeat(1_000_000));
    expect(failure()).toBe('config.json:1:5000001: unexpected end of file: the file is truncated?');
  });

  it('an invalid config with every problem as data', () => {
    writeFileSync(config, '{"ociVersion": 1}');
    expect(() => loadConfig(bundle)).toThrow(ConfigError);
    expect(failure()).toBe(
      [
        'config.json#: missing required property "root"',
        'config.json#: missing required property "process"',
        'config.json#/ociVersion: must be a string, got 1',
      ].join('\n'),
    );
  });
});
