import {writeFileSync} from 'node:fs';
import {expect, it} from 'vitest';
import {messageOf} from '../../../src/errors.ts';
import {namingFile} from '../../../src/write.ts';

it('a full disk is told with the file', () => {
  const told = (): string => {
    try {
      namingFile('/dev/full', () => writeFileSync('/dev/full', 'x'));
    } catch (error) {
      return messageOf(error);
    }
    return 'nothing';
  };
  expect(told()).toBe('write /dev/full: ENOSPC (no space left on device)');
});
