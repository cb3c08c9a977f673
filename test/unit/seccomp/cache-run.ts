// A program of its own for cache.test.ts, so that several can write to one cache at the same time:
// node cache-run.ts ROOT LIBEXEC FIRST COUNT prints the sizes of COUNT programs, for profiles that allow FIRST, FIRST + 1 .. calls.
import {seccompProgram} from '../../../src/host/seccomp-cache.ts';
import {quietLog, sizedProfile} from './profiles.ts';

const [root = '', libexec = '', first = '0', count = '0'] = process.argv.slice(2);
const ctx = {root, libexec, log: quietLog, native: {buildId: 'test'}};
const sizes = Array.from(
  {length: Number(count)},
  (_, i) => seccompProgram(ctx, sizedProfile(Number(first) + i)).program.length,
);
process.stdout.write(sizes.join(' '));
