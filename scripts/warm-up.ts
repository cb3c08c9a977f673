// Makes dist/main-HASH.cache: runs the bundle a few times in this process, as the commands that engines call most, and has
// V8 write down the functions that it compiled. What these runs do not reach is compiled when it is called, as ever.
// They happen in a temporary directory with a state root of its own, and clean up. Where they fail, as `create` does for
// want of privileges, they fail: the cache then helps less, and all works as well.
import {cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Script} from 'node:vm';

const dist = join(import.meta.dirname, '../dist');
const main = readdirSync(dist).find((file) => /^main-.*\.js$/.test(file));
if (main === undefined) throw new Error('dist/ holds no bundle; run scripts/bundle.ts first');
const filename = join(dist, main);
const script = new Script(readFileSync(filename, 'latin1'), {filename});
const require = createRequire(filename);

class Exited extends Error {}
process.on('unhandledRejection', (reason) => {
  if (!(reason instanceof Exited)) throw reason;
});

/** One run of the program. Its exit, by Node or by the addon, only ends the run. */
function run(...args: readonly string[]): Promise<void> {
  process.argv = [process.execPath, join(dist, 'runts.cjs'), ...args];
  return new Promise((resolve) => {
    const exit = (): never => {
      resolve();
      throw new Exited();
    };
    process.exit = exit;
    require(join(dist, 'runts.node')).exit = exit;
    script.runInThisContext()({}, require, {}, filename, dist);
  });
}

const work = mkdtempSync(join(tmpdir(), 'runts-warm-up.'));
const root = ['--root', join(work, 'state'), '--log', join(work, 'log'), '--log-format', 'json'];
const bundle = join(work, 'bundle');
process.env['RUNTS_LAUNCH'] = '1;nofile=1024:4096;fds=;argv0=runts';
try {
  mkdirSync(bundle);
  await run(...root, 'spec', '--bundle', bundle);
  const config = readFileSync(join(bundle, 'config.json'), 'utf8');
  writeFileSync(join(bundle, 'config.json'), config.replace('"terminal": true', '"terminal": false'));
  // Everything is read and checked, then the rootfs is found to be missing.
  await run(...root, 'run', '--bundle', bundle, 'warm-up');
  mkdirSync(join(bundle, 'rootfs/bin'), {recursive: true});
  cpSync('/bin/busybox', join(bundle, 'rootfs/bin/sh'));
  await run(...root, 'create', '--bundle', bundle, '--pid-file', join(work, 'pid'), 'warm-up');
  const file = join(work, 'process.json');
  writeFileSync(file, JSON.stringify({...JSON.parse(config).process, terminal: false, args: ['sh', '-c', ':']}));
  await run(...root, 'exec', '--detach', '--pid-file', join(work, 'pid'), '--process', file, 'warm-up');
  await run(...root, 'exec', '--detach', 'warm-up', 'sh', '-c', ':');
  for (const command of ['state', 'start', 'kill', 'delete']) await run(...root, command, 'warm-up');
  await run(...root, 'list');
} finally {
  await run(...root, 'delete', '--force', 'warm-up');
  rmSync(work, {recursive: true, force: true});
}

const cache = filename.replace(/js$/, 'cache');
writeFileSync(`${cache}.new`, script.createCachedData());
renameSync(`${cache}.new`, cache);
