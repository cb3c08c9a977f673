import {describe, expect, it} from 'vitest';
import {parseConfig} from '../../../src/config/load.ts';
import {nearest} from '../../../src/config/suggest.ts';
import {load, raw, warningsOf, withValues} from './sample.ts';

describe('an unknown property', () => {
  it('is a warning with the name that was probably meant', () => {
    expect(load({'/linux/rootPropagation': 'rslave'}).warnings).toEqual([
      'config.json#/linux: unknown property "rootPropagation" is ignored; did you mean "rootfsPropagation"?',
    ]);
  });

  it.each([
    [{'/hostName': 'x'}, ': unknown property "hostName" is ignored; did you mean "hostname"?'],
    [{'/x-vendor': {a: null}}, ': unknown property "x-vendor" is ignored'],
    [{'/process/enviroment': []}, '/process: unknown property "enviroment" is ignored'],
    [
      {'/linux/resources/memory/limt': 1},
      '/linux/resources/memory: unknown property "limt" is ignored; did you mean "limit"?',
    ],
    [
      {'/mounts': [{destination: '/a', type: 'tmpfs', souce: 'x'}]},
      '/mounts/0: unknown property "souce" is ignored; did you mean "source"?',
    ],
    [{'/hooks/preStart': []}, '/hooks: unknown property "preStart" is ignored; did you mean "prestart"?'],
    [{'/process/execCPUAffinity': {last: {}}}, '/process/execCPUAffinity: unknown property "last" is ignored'],
    [{'/a"b\n': 1}, ': unknown property "a\\"b\\n" is ignored'],
    [{'/toString': 1}, ': unknown property "toString" is ignored'],
  ])('%j', (changes, line) => {
    expect(warningsOf(changes as Record<string, unknown>)).toEqual([line]);
  });

  it('is none where keys are free', () => {
    expect(
      warningsOf({
        '/annotations': {anything: 'x'},
        '/linux/sysctl': {'net.ipv4.ip_forward': '1'},
        '/linux/namespaces': [{type: 'mount'}, {type: 'network'}],
      }),
    ).toEqual([]);
  });

  it('is found inside the values of a map too', () => {
    expect(warningsOf({'/linux/resources/rdma': {mlx5: {hcaHandels: 1}}})).toEqual([
      '/linux/resources/rdma/mlx5: unknown property "hcaHandels" is ignored; did you mean "hcaHandles"?',
    ]);
  });

  it('may hold ten thousand levels', () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const text = withValues({'/deep': raw('DEEP')}).replace('DEEP', deep);
    expect(parseConfig(text).warnings).toEqual(['config.json#: unknown property "deep" is ignored']);
  });
});

describe('nearest', () => {
  const keys = ['limit', 'reservation', 'swap', 'swappiness', 'kernel', 'kernelTCP'];
  it.each([
    ['LIMIT', 'limit'],
    ['lmiit', 'limit'],
    ['reservations', 'reservation'],
    ['swapiness', 'swappiness'],
    ['res', 'reservation'],
    ['kernelTcp', 'kernelTCP'],
    ['zzz', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ])('%.20s -> %s', (written, expected) => {
    expect(nearest(written, keys)).toBe(expected);
  });
});
