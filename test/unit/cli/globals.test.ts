import {describe, expect, it} from 'vitest';
import {resolveRoot, resolveRootless} from '../../../src/cli/globals.ts';

const root = {uid: 0, cwd: '/here', env: {}, inUserNamespace: false, isAdministrator: true};
const user = {...root, uid: 1000, env: {XDG_RUNTIME_DIR: '/run/user/1000'}};

describe('the state root', () => {
  it('has defaults', () => {
    expect(resolveRoot(undefined, root)).toBe('/run/runts');
    expect(resolveRoot(undefined, {...root, env: {XDG_RUNTIME_DIR: '/run/user/0'}})).toBe('/run/runts');
    expect(resolveRoot(undefined, user)).toBe('/run/user/1000/runts');
    expect(resolveRoot(undefined, {...user, env: {XDG_RUNTIME_DIR: 'run'}})).toBe('/here/run/runts');
  });

  it('is that of the user for root of a user namespace', () => {
    const inside = {...user, uid: 0, inUserNamespace: true};
    expect(resolveRoot(undefined, inside)).toBe('/run/user/1000/runts');
    expect(resolveRoot(undefined, {...inside, env: {...inside.env, USER: 'root'}})).toBe('/run/runts');
    expect(resolveRoot(undefined, {...inside, env: {}})).toBe('/run/runts');
  });

  it('becomes absolute', () => {
    expect(resolveRoot('state', root)).toBe('/here/state');
    expect(resolveRoot('/a/../b/', root)).toBe('/b');
  });

  it.each(['', undefined])('needs XDG_RUNTIME_DIR for a user (%j)', (XDG_RUNTIME_DIR) => {
    const env = XDG_RUNTIME_DIR === undefined ? {} : {XDG_RUNTIME_DIR};
    expect(() => resolveRoot(undefined, {...user, env})).toThrow(/^XDG_RUNTIME_DIR is not set/);
  });
});

describe('--rootless', () => {
  it('auto looks at the user, the user namespace and CAP_SYS_ADMIN', () => {
    expect(resolveRootless('auto', root)).toBe(false);
    expect(resolveRootless('auto', user)).toBe(true);
    expect(resolveRootless('auto', {...root, inUserNamespace: true})).toBe(true);
    expect(resolveRootless('auto', {...root, isAdministrator: false})).toBe(true);
    expect(resolveRootless('true', root)).toBe(true);
    expect(resolveRootless('false', user)).toBe(false);
  });
});
