import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, constants, mkdtempSync, openSync, rmSync} from 'node:fs';
import {expect, it} from 'vitest';
import {writeFully} from '../../../src/write.ts';

it('writes all of a long text to a non-blocking pipe with a slow reader', async () => {
  const directory = mkdtempSync('/tmp/runts-write-');
  const fifo = `${directory}/fifo`;
  execFileSync('mkfifo', [fifo]);
  const reader = spawn('sh', ['-c', `exec < ${fifo}; sleep 0.2; wc -c`], {stdio: ['ignore', 'pipe', 'inherit']});
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const answer = once(reader.stdout, 'data');
  // Twice what a pipe holds.
  writeFully(fd, 'é'.repeat(65536));
  await new Promise((resolve) => setTimeout(resolve, 300));
  closeSync(fd);
  expect(String((await answer)[0]).trim()).toBe('131072');
  rmSync(directory, {recursive: true});
});
