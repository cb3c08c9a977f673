import {describe, expect, it} from 'vitest';
import {namespaces, problemsOf} from './sample.ts';

const AT = '/linux/netDevices';
const problems = (devices: unknown): string[] =>
  problemsOf({'/linux/namespaces': namespaces('network'), [AT]: devices});

describe('network devices', () => {
  it.each([
    {eth0: {}},
    {eth0: {name: ''}, eth1: {name: 'abcdefghijklmno'}},
    {eth0: {name: 'net%d'}, eth1: {name: 'net%d'}},
    {eth0: {name: 'eth1'}, eth1: {name: 'eth0'}},
    {ünï: {name: 'a-b_c.d+"'}},
  ])('%j are fine', (devices) => {
    expect(problems(devices)).toEqual([]);
  });

  it('need a network namespace', () => {
    expect(problemsOf({[AT]: {eth0: {}}})).toEqual([`${AT}: needs a "network" namespace in /linux/namespaces`]);
  });

  it.each([
    ['', 'is no name of a network device'],
    ['.', 'is no name of a network device'],
    ['..', 'is no name of a network device'],
    ['abcdefghijklmnop', 'is too long for a network device: at most 15 bytes'],
    ['üüüüüüüü', 'is too long for a network device: at most 15 bytes'],
    ['a/b', 'is no name of a network device: it has a slash, a colon or a space'],
    ['eth0:1', 'is no name of a network device: it has a slash, a colon or a space'],
    ['a b', 'is no name of a network device: it has a slash, a colon or a space'],
    ['a\nb', 'is no name of a network device: it has a slash, a colon or a space'],
    ['eth%d', 'is no name of a network device: of % it may have one %d, in the name it gets'],
  ])('cannot be called %j on the host', (name, says) => {
    expect(problems({[name]: {}})).toEqual(
      [`${AT}/${name.replace('/', '~1')}: "${name}" ${says}`].join('').split('\n'),
    );
  });

  it.each(['.', '..', 'abcdefghijklmnop', '/', 'a b', '%', '%s', '%d%d', '%%d', 'a%'])(
    'cannot become %j in the container',
    (name) => {
      expect(problems({eth0: {name}})).toEqual([expect.stringMatching(/^\/linux\/netDevices\/eth0\/name: ".*" is /)]);
    },
  );

  it('cannot become one', () => {
    expect(problems({eth0: {name: 'a'}, 'x%d': {name: 'y%d'}, eth1: {name: 'a'}})).toContain(
      `${AT}/eth1: "a" is also what ${AT}/eth0 becomes`,
    );
    expect(problems({eth0: {}, eth1: {name: 'eth0'}})).toEqual([`${AT}/eth1: "eth0" is also what ${AT}/eth0 becomes`]);
  });
});
