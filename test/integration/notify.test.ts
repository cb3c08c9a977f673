// sd_notify(3): NOTIFY_SOCKET of the caller, and what gets through to it from a container. test/integration/notify.c is both the
// service manager and the program.
import {copyFileSync, existsSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, inject} from 'vitest';
import {type Box, type Edit, isRunc, runtsOnly, succeeded, test} from './harness.ts';
import {isAlive, read, until} from './inspect.ts';

/** A service manager that listens at `address`. */
async function manager(box: Box, address = join(box.dir, 'manager.sock'), ...mode: string[]) {
  const out = join(box.dir, 'notifications');
  const {pid} = box.spawn([join(inject('shared'), 'notify'), 'receive', address, out, ...mode], {timeout: 60_000});
  await until('the manager', () => read(out).startsWith('listening\n'));
  const heard = (): string[] => read(out).split('\n').slice(1, -1);
  return {
    pid,
    env: {NOTIFY_SOCKET: address},
    heard,
    /** Texts and numbers of fds. */
    said: (): string[] => heard().map((line) => line.replace(/\|? fds=(\d+) pid=\d+$/, (_, fds) => `+${fds}`)),
    senders: (): number[] => heard().map((line) => Number(/pid=(\d+)$/.exec(line)?.[1])),
    async end(): Promise<void> {
      process.kill(pid, 'SIGTERM');
      await until('the end of the manager', () => !isAlive(pid));
    },
  };
}

/** A container with the program /notify. `script` runs in its shell. */
function service(box: Box, script: string, edit?: Edit) {
  const it = box.container(script, edit);
  copyFileSync(join(inject('shared'), 'notify'), join(it.rootfs, 'notify'));
  return it;
}

const READY = '/notify send READY=1';
// runc 1.1 knows no barrier.
const readiness = (pid: number): string[] => ['READY=1+0', `MAINPID=${pid}+0`, ...(isRunc ? [] : ['BARRIER=1+1'])];

describe('sd_notify', () => {
  test('sd_notify: start waits for READY=1 and tells the main process', async ({box}) => {
    const {env, said, end} = await manager(box);
    const it = service(box, `read line < /go; ${READY}; exec sleep 1000`);
    succeeded(await box.host(['mkfifo', join(it.rootfs, 'go')]));
    await it.create([], {env});
    const starting = box.start(['start', it.id], {env});
    await until('the start', async () => (await it.status()) === 'running');
    expect(isAlive(starting.pid)).toBe(true);
    expect(said()).toEqual([]);
    succeeded(await box.host(['sh', '-c', `echo > ${join(it.rootfs, 'go')}`]));
    expect(await starting.done).toMatchObject({code: 0, stdout: '', stderr: ''});
    expect(said()).toEqual(readiness((await it.state()).pid));
    await end();
  });

  test('sd_notify: run --detach does as well', async ({box}) => {
    const {env, said, end} = await manager(box);
    const it = service(box, `${READY}; exec sleep 1000`);
    await box.ok(['run', '--detach', '--bundle', it.dir, it.id], {env});
    expect(said()).toEqual(readiness((await it.state()).pid));
    await end();
  });

  test('sd_notify: run in the foreground is the main process itself', async ({box}) => {
    const {env, said, end} = await manager(box);
    const it = service(box, `${READY}; sleep 1000`);
    const running = box.start(['run', '--bundle', it.dir, it.id], {env});
    await until('the message', () => said().length >= 2);
    expect(said().slice(0, 2)).toEqual(['READY=1+0', `MAINPID=${running.pid}+0`]);
    await it.kill('KILL');
    expect((await running.done).code).toBe(137);
    await end();
  });

  test('sd_notify: the program finds the socket in its environment, and may be any user', async ({box}) => {
    const {env, said, end} = await manager(box);
    const it = service(box, `echo $NOTIFY_SOCKET; ${READY}; sleep 1000`, ({process, root}) => {
      process.env = [...(process.env ?? []), 'NOTIFY_SOCKET=/elsewhere'];
      process.user = {uid: 1000, gid: 1000};
      root.readonly = true;
    });
    await it.create([], {env});
    await box.ok(['start', it.id], {env});
    expect(it.output()).toBe('/run/notify/notify.sock\n');
    expect(said()).toEqual(readiness((await it.state()).pid));
    await end();
  });

  test('sd_notify: an abstract socket', async ({box}) => {
    const {env, said, end} = await manager(box, `@${box.token}`);
    const it = service(box, `${READY}; exec sleep 1000`);
    await box.ok(['run', '--detach', '--bundle', it.dir, it.id], {env});
    expect(said()).toEqual(readiness((await it.state()).pid));
    await end();
  });

  runtsOnly('runc 1.1 looks at the first line only', 'sd_notify: nothing but READY=1 is passed on', async (box) => {
    const {env, said, end} = await manager(box);
    const it = service(
      box,
      `/notify send STATUS=x READY=0 MAINPID=1 READY=11 STOPPING=1 "$(printf 'STATUS=a\\nREADY=1\\nMAINPID=1')"; exec sleep 1000`,
    );
    await box.ok(['run', '--detach', '--bundle', it.dir, it.id], {env});
    expect(said()).toEqual(readiness((await it.state()).pid));
    await end();
  });

  test('sd_notify: a program that ends without a word ends the wait', async ({box}) => {
    const {env, said, end} = await manager(box);
    const it = service(box, '/notify send STATUS=x');
    await it.create([], {env});
    await box.ok(['start', it.id], {env});
    expect(said()).toEqual([]);
    await end();
  });

  runtsOnly('runc 1.1 waits for ever', 'sd_notify: also in the foreground', async (box) => {
    const {env, said, end} = await manager(box);
    const it = service(box, 'exit 7');
    expect((await box.runtime(['run', '--bundle', it.dir, it.id], {env})).code).toBe(7);
    expect(said()).toEqual([]);
    await end();
  });

  test('sd_notify: nobody has to wait for a start that waits', async ({box}) => {
    const {env, end} = await manager(box);
    const it = service(box, 'exec sleep 1000');
    await it.create([], {env});
    const starting = box.start(['start', it.id], {env});
    await until('the start', async () => (await it.status()) === 'running');
    await box.ok(['delete', '--force', it.id]);
    expect((await starting.done).code).toBe(0);
    await end();
  });

  runtsOnly('runc fails in silence', 'sd_notify: a manager that is gone is a warning', async (box) => {
    const it = service(box, `${READY}; exec sleep 1000`);
    const env = {NOTIFY_SOCKET: join(box.dir, 'nobody')};
    const outcome = await box.ok(['run', '--detach', '--bundle', it.dir, it.id], {env});
    expect(outcome.stderr).toMatch(
      /level=warning msg="cannot tell NOTIFY_SOCKET=.*nobody that the container is ready: .*ENOENT/,
    );
    expect(await it.status()).toBe('running');
  });

  runtsOnly('runc fails', 'sd_notify: an address of another kind is a warning', async (box) => {
    const it = service(box, 'echo ${NOTIFY_SOCKET-none}');
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id], {env: {NOTIFY_SOCKET: 'vsock:2:1'}});
    expect(outcome).toMatchObject({
      code: 0,
      stdout: 'none\n',
      stderr: expect.stringMatching(/vsock:2:1: must be a path/),
    });
  });

  runtsOnly('runc 1.1 fails', 'sd_notify: only start has a manager', async (box) => {
    const {env, said, end} = await manager(box);
    const it = service(box, 'exec sleep 1000');
    await it.create();
    expect((await box.ok(['start', it.id], {env})).stderr).toContain('was not when the container was created');
    expect(said()).toEqual([]);
    await end();
  });

  test('sd_notify: only create has a manager', async ({box}) => {
    const {env, said, end} = await manager(box);
    const it = service(box, `${READY}; echo $?; exec sleep 1000`);
    await it.create([], {env});
    await it.start();
    await until('the refusal', () => it.output() === '2\n');
    expect(said()).toEqual([]);
    await end();
  });

  runtsOnly('runc has no mapping for it', 'sd_notify: in a user namespace', async (box) => {
    const {env, said, end} = await manager(box);
    const it = service(box, `${READY}; exec sleep 1000`, (spec) => {
      const linux = spec.linux ?? {};
      linux.namespaces = [...(linux.namespaces ?? []), {type: 'user'}];
      linux.uidMappings = [{containerID: 0, hostID: 100_000, size: 65_536}];
      linux.gidMappings = [{containerID: 0, hostID: 100_000, size: 65_536}];
    });
    succeeded(await box.host(['mkdir', '-p', join(it.rootfs, 'run/notify')]));
    succeeded(await box.host(['chown', '-R', '100000:100000', it.rootfs]));
    await box.ok(['run', '--detach', '--bundle', it.dir, it.id], {env});
    expect(said()).toEqual(readiness((await it.state()).pid));
    await end();
  });

  test('sd_notify: nothing of it without NOTIFY_SOCKET', async ({box}) => {
    const it = box.container('echo ${NOTIFY_SOCKET-none}; ls /run/notify');
    const outcome = await box.runtime(['run', '--bundle', it.dir, it.id]);
    expect(outcome.stdout).toBe('none\n');
    expect(existsSync(join(it.rootfs, 'run/notify'))).toBe(false);
  });
});
