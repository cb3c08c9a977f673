// The real addon against sockets where nobody answers as systemd would.
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {systemAddresses, userAddresses} from '../../../../src/cgroups/systemd/addresses.ts';
import {Manager} from '../../../../src/cgroups/systemd/manager.ts';
import {loadSystemdAddon} from '../../../../src/host/systemd-addon.ts';
import {builtLibexec} from '../../seccomp/addon.ts';

let folder: string;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runts-systemd-'));
});
afterEach(() => {
  server?.close();
  rmSync(folder, {recursive: true});
});

describe('a manager', () => {
  it('that does not answer is given up at the deadline', async () => {
    const path = join(folder, 'private');
    // The kernel connects without the server's doing, and this one never reads.
    server = createServer().listen(path);
    await new Promise((resolve) => server?.once('listening', resolve));
    const began = performance.now();
    expect(() => Manager.open(builtLibexec(), [{address: `unix:path=${path}`, isBus: false}], '', 300)).toThrow(
      `systemd (unix:path=${path}) has not answered within 0.3 s, asked for a connection: is it stopped?`,
    );
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('that is not there is told with every place that was tried', () => {
    const addresses = ['a', 'b'].map((name) => ({address: `unix:path=${folder}/${name}`, isBus: true}));
    expect(() => Manager.open(builtLibexec(), addresses)).toThrow(
      `cannot connect to systemd: unix:path=${folder}/a: ENOENT (no such file or directory); unix:path=${folder}/b: ENOENT`,
    );
  });

  it('cannot be reached without libsystemd', () => {
    expect(() => loadSystemdAddon('/nowhere')).toThrow(
      /^cannot load \/nowhere\/runts_systemd\.node, which the systemd cgroup driver needs: .*is libsystemd .*installed\?$/,
    );
  });
});

describe('addresses', () => {
  it('of the system are its own socket, then the bus', () => {
    expect(systemAddresses({})).toEqual([
      {address: 'unix:path=/run/systemd/private', isBus: false},
      {address: 'unix:path=/run/dbus/system_bus_socket', isBus: true},
    ]);
  });

  it('of a user come from the environment', () => {
    expect(userAddresses({})).toEqual([]);
    expect(userAddresses({XDG_RUNTIME_DIR: '/run/user/1 2'})).toEqual([
      {address: 'unix:path=/run/user/1%202/systemd/private', isBus: false},
      {address: 'unix:path=/run/user/1%202/bus', isBus: true},
    ]);
    expect(userAddresses({DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=x'})).toEqual([
      {address: 'unix:abstract=x', isBus: true},
    ]);
  });
});
