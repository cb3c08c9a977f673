// warm-up.ts [COMMAND]: makes dist/main-HASH.COMMAND.cache, for all commands of warm-commands.ts unless one is named: has the
// command run in this process, in a young V8, and then V8 write down the functions that it compiled. What the trial does
// not reach is compiled when it is called, as ever. What has to be there for the command, dist/runts makes.
// All of it happens in a temporary directory with a state root of its own, and is cleaned up. Where it fails, as `create` does
// for want of privileges, it fails: the cache then helps less, and all works as well.
import {spawnSync} from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Script} from 'node:vm';
import {warmCommands} from './warm-commands.ts';

const dist = join(import.meta.dirname, '../dist');
const main = readdirSync(dist).find((file) => /^main-.*\.js$/.test(file));
if (main === undefined) throw new Error('dist/ holds no bundle; run scripts/bundle.ts first');
const filename = join(dist, main);

class Exited extends Error {}

/** One run of the program in this process. Its exit, by Node or by the addon, only ends the run. */
function runHere(script: Script, args: readonly string[]): Promise<void> {
  const require = createRequire(filename);
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

const runts = (args: readonly string[]): void => {
  spawnSync(join(dist, 'runts'), args, {stdio: ['ignore', 'inherit', 'inherit']});
};

/** What engines ask for, in small. */
function engineConfig(text: string): string {
  const config = JSON.parse(text);
  const {process, linux, mounts} = config;
  process.terminal = false;
  process.args = ['sh', '-c', ':'];
  mounts.push({
    destination: '/etc/hostname',
    type: 'bind',
    source: '/etc/hostname',
    options: ['rbind', 'ro', 'rprivate'],
  });
  linux.resources = {...linux.resources, memory: {limit: 1 << 28}, cpu: {shares: 512}, pids: {limit: 100}};
  linux.sysctl = {'net.ipv4.ping_group_range': '0 0'};
  const args = [{index: 0, value: 1, op: 'SCMP_CMP_EQ'}];
  linux.seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{names: ['personality', 'acct'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, args}],
  };
  return JSON.stringify(config);
}

async function waitForEnd(pidFile: string): Promise<void> {
  const pid = existsSync(pidFile) ? readFileSync(pidFile, 'utf8') : '';
  const state = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) (.).*/s, '$1');
  for (let tries = 0; tries < 200 && pid !== '' && existsSync(`/proc/${pid}`) && state() !== 'Z'; tries++)
    await new Promise((wake) => setTimeout(wake, 5));
}

async function warm(command: string, work: string): Promise<void> {
  const script = new Script(readFileSync(filename, 'latin1'), {filename});
  const root = ['--root', join(work, 'state'), '--log', join(work, 'log'), '--log-format', 'json'];
  const [bundle, pidFile, processFile] = [join(work, 'bundle'), join(work, 'pid'), join(work, 'process.json')];
  mkdirSync(join(bundle, 'rootfs/bin'), {recursive: true});
  cpSync('/bin/busybox', join(bundle, 'rootfs/bin/sh'));
  runts([...root, 'spec', '--bundle', bundle]);
  const config = engineConfig(readFileSync(join(bundle, 'config.json'), 'utf8'));
  writeFileSync(join(bundle, 'config.json'), config);
  writeFileSync(processFile, JSON.stringify(JSON.parse(config).process));

  const id = 'warm-up';
  const create = [...root, 'create', '--bundle', bundle, '--pid-file', pidFile, id];
  const here = (...args: readonly string[]): Promise<void> => runHere(script, [...root, ...args]);
  const trials: Readonly<Record<string, () => Promise<void>>> = {
    run: () => here('run', '--bundle', bundle, '--pid-file', pidFile, id),
    create: () => runHere(script, create),
    exec: async () => {
      await here('exec', '--detach', '--pid-file', pidFile, '--process', processFile, id);
      await here('exec', id, 'sh', '-c', ':');
    },
    kill: () => here('kill', id, 'KILL'),
    list: () => here('list'),
    delete: async () => {
      runts([...root, 'kill', id, 'KILL']);
      await waitForEnd(pidFile);
      await here('delete', id);
    },
  };
  try {
    // Compiles the seccomp profile, which engines use again and again.
    runts(create);
    if (command === 'run' || command === 'create') runts([...root, 'delete', '--force', id]);
    await (trials[command] ?? (() => here(command, id)))();
  } finally {
    runts([...root, 'delete', '--force', id]);
  }
  const cache = filename.replace(/js$/, `${command}.cache`);
  writeFileSync(`${cache}.new`, script.createCachedData());
  renameSync(`${cache}.new`, cache);
}

/** Each command in a process of its own: what V8 has compiled in one is there for the next. */
function warmAll(): void {
  for (const command of warmCommands) {
    const {status} = spawnSync(process.execPath, [import.meta.filename, command], {stdio: 'inherit'});
    if (status !== 0) process.exitCode = 1;
  }
}

const [command] = process.argv.slice(2);
if (command === undefined) warmAll();
else {
  process.on('unhandledRejection', (reason) => {
    if (!(reason instanceof Exited)) throw reason;
  });
  process.env['RUNTS_LAUNCH'] = '1;nofile=1024:4096;ignored=0;blocked=0;fds=';
  const work = mkdtempSync(join(tmpdir(), 'runts-warm-up.'));
  try {
    await warm(command, work);
  } finally {
    rmSync(work, {recursive: true, force: true});
  }
}
