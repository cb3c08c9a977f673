import {constants} from 'node:os';
import {describe, expect, it} from 'vitest';
import {parseSignal} from '../../../src/cli/signals.ts';

describe('parseSignal', () => {
  it('knows every name of this system, in all spellings', () => {
    for (const [name, number] of Object.entries(constants.signals)) {
      const short = name.replace(/^SIG/, '');
      for (const text of [name, short, name.toLowerCase(), short.toLowerCase()]) expect(parseSignal(text)).toBe(number);
    }
  });

  it.each([
    ['0', 0],
    ['9', 9],
    ['64', 64],
    ['RTMIN', 34],
    ['rtmin+3', 37],
    ['SIGRTMIN+30', 64],
    ['RTMAX', 64],
    ['SIGRTMAX-1', 63],
    ['CLD', 17],
  ])('%s is %i', (text, number) => expect(parseSignal(text)).toBe(number));

  it.each([
    '',
    'SIG',
    'BAD',
    'SIGSIGKILL',
    '65',
    '-9',
    '-KILL',
    '9x',
    '1.5',
    'RTMIN-1',
    'RTMAX+1',
    'RTMIN+31',
    'RTMAX-31',
    'toString',
  ])('%j is unknown', (text) => expect(() => parseSignal(text)).toThrow(`unknown signal ${JSON.stringify(text)}`));
});
