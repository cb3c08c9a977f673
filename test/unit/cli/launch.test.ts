import {describe, expect, it} from 'vitest';
import {readLaunch} from '../../../src/cli/launch.ts';

const text = '1;nofile=1024:18446744073709551615;fds=3,4,7';

describe('what the launcher tells', () => {
  it('is read without loss', () => {
    expect(readLaunch({RUNTS_LAUNCH: text}).facts).toEqual({
      nofile: {soft: 1024n, hard: 18446744073709551615n},
      inheritedFds: [3, 4, 7],
    });
    expect(readLaunch({RUNTS_LAUNCH: text.replace('3,4,7', '')}).facts.inheritedFds).toEqual([]);
  });

  it('leaves the environment of the caller', () => {
    const {env} = readLaunch({
      RUNTS_LAUNCH: text,
      PATH: '/bin',
      EMPTY: '',
      RUNTS_SCRUBBED_NODE_OPTIONS: '--inspect',
    });
    expect(env).toEqual({PATH: '/bin', EMPTY: '', NODE_OPTIONS: '--inspect'});
  });

  it.each([
    '',
    '2;nofile=1:1',
    '1',
    text.replace('nofile', 'nofiles'),
    text.replace('3,4,7', '3,,7'),
    text.replace('1024', '-1'),
  ])('refuses %j', (broken) =>
    expect(() => readLaunch({RUNTS_LAUNCH: broken})).toThrow('launcher is of another version'),
  );

  it('is looked up where there was no launcher', () => {
    const {facts, env} = readLaunch({PATH: '/bin', NODE_OPTIONS: '-x'});
    expect(env).toEqual({PATH: '/bin', NODE_OPTIONS: '-x'});
    expect(facts.nofile.soft).toBeGreaterThan(0n);
    expect(facts.inheritedFds).toEqual([]);
  });
});
