import {expect, it} from 'vitest';
import {firstError} from '../../../src/criu/log.ts';

it.each([
  [
    '(00.000575) Error (criu/vdso.c:381): vdso: bounds\n(00.1) Error (criu/x.c:1): later',
    'Error (criu/vdso.c:381): vdso: bounds',
  ],
  ['(00.1) fine\n(00.063462)      1: Error (criu/files.c:12): no file /x\n', 'Error (criu/files.c:12): no file /x'],
  ['Error (criu/crtools.c:260): Could not initialize\n', 'Error (criu/crtools.c:260): Could not initialize'],
  ['(00.1) Warn  (criu/x.c:1): an Error (of sorts)\n', undefined],
  ['', undefined],
])('%j: %j', (log, error) => {
  expect(firstError(log)).toBe(error);
});
