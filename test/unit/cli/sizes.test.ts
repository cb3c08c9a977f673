import {expect, it} from 'vitest';
import {parseSize} from '../../../src/cli/sizes.ts';

it.each([
  ['0', 0n],
  ['512', 512n],
  ['1k', 1024n],
  ['64m', 64n << 20n],
  ['64MB', 64n << 20n],
  ['2GiB', 2n << 30n],
  ['1.5g', 3n << 29n],
  ['0.1k', 102n],
  ['7 m', 7n << 20n],
  ['10b', 10n],
  ['1t', 1n << 40n],
  ['9000p', undefined],
  ['', undefined],
  ['-1', undefined],
  ['m', undefined],
  ['1x', undefined],
  ['0x10', undefined],
  ['1e3', undefined],
])('%j', (text, bytes) => expect(parseSize(text)).toBe(bytes));
