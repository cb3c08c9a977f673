import {describe, expect, it} from 'vitest';
import {scopeName, slicePath, slicesOf} from '../../../../src/cgroups/systemd/names.ts';

const nameOf = (path: string | undefined): string => {
  const {slice, unit} = scopeName(path, 'web', false);
  return `${slice} ${unit}`;
};

describe('cgroupsPath "slice:prefix:name"', () => {
  it.each([
    ['machine.slice:libpod:abc', 'machine.slice libpod-abc.scope'],
    ['a-b.slice:cri-containerd:1', 'a-b.slice cri-containerd-1.scope'],
    [':docker:1', 'system.slice docker-1.scope'],
    ['::1', 'system.slice -1.scope'],
    ['-.slice:x:1', '-.slice x-1.scope'],
    ['', 'system.slice runts-web.scope'],
    [undefined, 'system.slice runts-web.scope'],
  ])('%j is %j', (path, expected) => {
    expect(nameOf(path)).toBe(expected);
  });

  it('an ordinary user has his scopes in user.slice', () => {
    expect(scopeName(':a:b', 'web', true).slice).toBe('user.slice');
  });

  it.each(['/a/b', 'a:b', 'a:b:c:d'])('%j is refused in the words of runc', (path) => {
    expect(() => nameOf(path)).toThrow(
      `config.json#/linux/cgroupsPath: expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got "${path}" instead`,
    );
  });

  it.each(['a:b:c', '.slice:b:c', 'a--b.slice:b:c', '-a.slice:b:c', 'a/b.slice:b:c', '--.slice:a:b'])(
    '%j has an invalid slice',
    (path) => {
      expect(() => nameOf(path)).toThrow(`invalid slice name: ${path.split(':')[0]}`);
    },
  );

  it.each([':a:../../x', ':a:x y', `:a:${'x'.repeat(250)}`, ':a:b+c'])('%j is no name of a unit', (path) => {
    expect(() => nameOf(path)).toThrow('is no name of a unit');
  });

  it('a container is not a slice', () => {
    expect(() => nameOf('a.slice:x:b.slice')).toThrow('"b.slice" names a slice');
  });
});

describe('slices', () => {
  it('are one in another, by their names', () => {
    expect(slicesOf('a-b-c.slice')).toEqual(['a.slice', 'a-b.slice', 'a-b-c.slice']);
    expect(slicePath('a-b-c.slice')).toBe('/a.slice/a-b.slice/a-b-c.slice');
    expect(slicePath('-.slice')).toBe('');
  });
});
