import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {execProcess, type ProcessOptions} from '../../../src/container/exec-process.ts';
import type {Process} from '../../../src/generated/config.ts';
import {fakeNative, testContext} from './fakes.ts';

const container: Process = {
  args: ['/bin/app'],
  cwd: '/srv',
  env: ['PATH=/bin'],
  terminal: true,
  noNewPrivileges: true,
  user: {uid: 1, gid: 2, additionalGids: [3], umask: 0o77},
  capabilities: {bounding: ['CAP_KILL'], inheritable: ['CAP_KILL']},
  rlimits: [{type: 'RLIMIT_CORE', soft: 1n, hard: 2n}],
  oomScoreAdj: 5,
};

const context = () => testContext(fakeNative().native);
const made = (options: ProcessOptions, ctx = context()) => execProcess(ctx, {process: container}, options);

function fromFile(process: object) {
  const ctx = context();
  writeFileSync(join(ctx.cwd, 'p.json'), JSON.stringify(process));
  return {file: join(ctx.cwd, 'p.json'), ...made({process: 'p.json'}, ctx)};
}

describe('a process from the command line', () => {
  it('is that of the container, with other args and without its terminal', () => {
    expect(made({args: ['ls']}).process).toEqual({...container, args: ['ls'], terminal: false});
  });

  it('adds to the groups, and changes what of the user is said', () => {
    const {user} = made({args: ['ls'], user: '7', additionalGids: ['8']}).process;
    expect(user).toEqual({uid: 7, gid: 2, additionalGids: [3, 8], umask: 0o77});
  });

  it('never adds to the inheritable capabilities', () => {
    expect(made({args: ['ls'], capabilities: ['CAP_CHOWN']}).process.capabilities).toEqual({
      bounding: ['CAP_KILL', 'CAP_CHOWN'],
      effective: ['CAP_CHOWN'],
      permitted: ['CAP_CHOWN'],
      inheritable: ['CAP_KILL'],
      ambient: ['CAP_CHOWN'],
    });
  });

  it.each(['', '4294967295', '-1', '1:2:3', 'root', '0x1', '1:'])('refuses the user %j', (user) => {
    expect(() => made({args: ['ls'], user})).toThrow('--user');
  });

  it('names config.json for what is the container’s, and nothing for what the command line says', () => {
    const {locate} = made({args: ['ls']});
    expect(locate('/process/cwd')).toEqual({at: '/process/cwd'});
    expect(locate('/process/args/0')).toEqual({at: ''});
    expect(locate('/linux/seccomp')).toEqual({at: '/linux/seccomp'});
  });
});

describe('a process from a file', () => {
  it('takes from the container what runc takes, and no more', () => {
    const {capabilities, oomScoreAdj} = container;
    expect(fromFile({cwd: '/', args: ['ls']}).process).toEqual({
      ...{cwd: '/', args: ['ls'], capabilities, oomScoreAdj},
      user: {uid: 0, gid: 0, umask: 0o77},
    });
  });

  it('names the file for what is in it', () => {
    const {file, locate} = fromFile({cwd: '/', args: ['ls']});
    expect(locate('/process/args/0')).toEqual({file, at: '/args/0'});
    expect(locate('/process/capabilities/bounding')).toEqual({at: '/process/capabilities/bounding'});
  });

  it('tells all that is wrong with it', () => {
    expect(() => fromFile({cwd: 'x', args: [''], rlimits: [{type: 'RLIMIT_CORE', soft: 2, hard: 1}]})).toThrow(
      /p\.json#\/cwd: .*p\.json#\/args\/0: .*p\.json#\/rlimits\/0: /s,
    );
  });
});
