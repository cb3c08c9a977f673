// cycles.ts BUNDLE COUNT: so many containers one after the other, made, started, changed and deleted in one process through the
// library. Fails when that has more open files at the end than at the beginning.
import {readdirSync} from 'node:fs';
import {update} from '../../src/container/update.ts';
import {type Context, create, createLogger, loadNative, remove, start} from '../../src/index.ts';

const [bundle = '', count = '0'] = process.argv.slice(2);
const libexec = '/src/dist';
const ctx: Context = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  cwd: '/',
  env: process.env as Record<string, string>,
  root: '/run/runts',
  rootless: false,
  log: createLogger({fd: 2, isStderr: true, format: 'text', debug: false, warnings: true, now: () => new Date()}),
  now: () => new Date(),
  launch: {nofile: {soft: 1024n, hard: 1024n}, inheritedFds: []},
  native: loadNative(`${libexec}/runts.node`),
  libexec,
};
const openFiles = (): number => readdirSync('/proc/self/fd').length;

function live(): void {
  create(ctx, 'cycle', {bundle, systemdCgroup: true});
  start(ctx, 'cycle');
  update(ctx, 'cycle', {resources: {pids: {limit: 30n}}});
  remove(ctx, 'cycle', {force: true});
}

live();
const before = openFiles();
for (let cycle = 1; cycle < Number(count); cycle++) live();
if (openFiles() > before) throw new Error(`${openFiles() - before} files more are open`);
