import {describe, expect, it} from 'vitest';
import {annotatedProperties} from '../../../../src/cgroups/systemd/annotations.ts';
import {parseVariant} from '../../../../src/cgroups/systemd/gvariant.ts';

describe('annotations org.systemd.property.*', () => {
  const read = (name: string, value: string): unknown =>
    annotatedProperties({[`org.systemd.property.${name}`]: value})[0];

  it('others are none', () => {
    expect(annotatedProperties({'org.systemd.propertyX': '5', a: 'b'})).toEqual([]);
  });

  it.each([
    ['MemoryHigh', 'uint64 5', ['MemoryHigh', {signature: 't', value: 5n}]],
    ['CollectMode', "'inactive'", ['CollectMode', {signature: 's', value: 'inactive'}]],
    ['After', '["a.service"]', ['After', {signature: 'as', value: ['a.service']}]],
    ['TimeoutStopSec', '5', ['TimeoutStopUSec', {signature: 't', value: 5_000_000n}]],
    ['TimeoutStopSec', '0.25', ['TimeoutStopUSec', {signature: 't', value: 250_000n}]],
    ['TimeoutStopSec', 'uint64 7', ['TimeoutStopUSec', {signature: 't', value: 7_000_000n}]],
    ['TimeoutStopUSec', 'uint64 7', ['TimeoutStopUSec', {signature: 't', value: 7n}]],
    // Not a unit of time.
    ['MySEC', '5', ['MySEC', {signature: 'i', value: 5}]],
  ])('%s=%s', (name, value, expected) => {
    expect(read(name, value)).toEqual(expected);
  });

  it.each([
    ['ab', '5', 'too short'],
    ['Memory.High', '5', 'letters only'],
    ['MemoryHigh', '5 6', 'unexpected "6" after the value'],
    ['MemoryHigh', '', 'unexpected "the end"'],
    ['TimeoutStopSec', "'5'", 'not a number'],
    ['TimeoutStopSec', '-5', 'no time'],
  ])('%s=%j is refused, by its place', (name, value, reason) => {
    expect(() => read(name, value)).toThrow(reason);
    expect(() => read(name, value)).toThrow(`config.json#/annotations/org.systemd.property.${name}: annotation org.`);
  });
});

describe('GVariant text', () => {
  it.each<[string, string, unknown]>([
    ['true', 'b', true],
    ['-5', 'i', -5],
    ['0x10', 'i', 16],
    ['5.', 'd', 5],
    ['1e3', 'd', 1000],
    ['byte 0xff', 'y', 255],
    ['int64 -9223372036854775808', 'x', -9223372036854775808n],
    ['@t 18446744073709551615', 't', 18446744073709551615n],
    ['"a\\"\\n\\u00e9"', 's', 'a"\né'],
    ["objectpath '/a'", 'o', '/a'],
    ['[1, 2]', 'ai', [1, 2]],
    ['[uint64 1, 2]', 'at', [1n, 2n]],
    ['@as []', 'as', []],
    ['@a(st) [("/dev/sda", 5)]', 'a(st)', [['/dev/sda', 5n]]],
    ["('a', 5)", '(si)', ['a', 5]],
    ["('a',)", '(s)', ['a']],
    ["{'a': 1}", 'a{si}', [['a', 1]]],
    ["@a{sv} {'a': <5>}", 'a{sv}', [['a', {signature: 'i', value: 5}]]],
    ['[[1], []]', 'aai', [[1], []]],
  ])('%s', (text, signature, value) => {
    expect(parseVariant(text)).toEqual({signature, value});
  });

  it('bytes end in a NUL', () => {
    expect(parseVariant("b'hi'")).toEqual({signature: 'ay', value: new Uint8Array([104, 105, 0])});
  });

  it.each([
    'byte 256',
    'uint32 -1',
    '[1, "a"]',
    '[]',
    '{}',
    "'a",
    '(1, 2',
    '@i "x"',
    '@(ii) (1,)',
    '@(i) (1, 2)',
    'maybe',
    '5abc',
    '<5',
    '1.5.2',
    '@ai 5',
  ])('%s is none', (text) => {
    expect(() => parseVariant(text)).toThrow();
  });
});
