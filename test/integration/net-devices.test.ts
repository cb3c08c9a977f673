// linux.netDevices, with veth pairs: the one end goes into a container, the other stays.
import {spawnSync} from 'node:child_process';
import {chownSync, closeSync, mkdirSync, openSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, onTestFinished} from 'vitest';
import {BINARY, type Box, type Edit, runtsOnly, succeeded} from './harness.ts';
import {until} from './inspect.ts';
import {withoutNamespace} from './spec.ts';

const RUNC = 'runc 1.1 has no linux.netDevices';

interface Device {
  readonly ifname: string;
  readonly mtu: number;
  readonly address: string;
  readonly flags: readonly string[];
  readonly addr_info: readonly {
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
    readonly broadcast?: string;
    readonly label?: string;
    readonly nodad?: boolean;
  }[];
}

/** A veth pair that is gone after the test: `name` is for the container. */
async function veth(box: Box, letter = 'a') {
  const [name, peer] = [`${letter}${box.token}`, `p${letter}${box.token}`];
  const ip = async (...args: string[]): Promise<string> => succeeded(await box.host(['ip', ...args])).stdout;
  await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', peer);
  onTestFinished(async () => {
    const gone = () => spawnSync('ip', ['link', 'show', peer]).status !== 0;
    spawnSync('ip', ['link', 'del', peer]); // the other end goes with it, wherever it is
    await until('the end of the pair', gone);
  });
  return {name, ip};
}

async function devices(box: Box, namespace = '/proc/self/ns/net'): Promise<Device[]> {
  return JSON.parse(succeeded(await box.host(['nsenter', `--net=${namespace}`, 'ip', '-j', 'addr'])).stdout);
}

const find = (list: readonly Device[], name: string): Device | undefined => list.find(({ifname}) => ifname === name);

/** `address/prefix` of those that are not link-local. */
const addressesOf = (device: Device | undefined): string[] =>
  (device?.addr_info ?? [])
    .filter(({scope}) => scope !== 'link')
    .map(({local, prefixlen}) => `${local}/${prefixlen}`)
    .sort();

const moving =
  (netDevices: Record<string, {name?: string}>): Edit =>
  (spec) => {
    spec.linux['netDevices'] = netDevices;
  };

/** A network namespace bound to a file. */
async function namespaceFile(box: Box): Promise<{path: string; done(): Promise<void>}> {
  const path = `${box.dir}/netns`;
  closeSync(openSync(path, 'w'));
  succeeded(await box.host(['unshare', `--net=${path}`, 'true']));
  return {
    path,
    done: async () => void succeeded(await box.host(['umount', path])),
  };
}

describe('netDevices', () => {
  runtsOnly(RUNC, 'netDevices: a device moves, is renamed, keeps its permanent addresses and is up', async (box) => {
    const {name, ip} = await veth(box);
    await ip('link', 'set', name, 'mtu', '1400', 'address', '02:00:00:00:00:07');
    await ip('link', 'set', name, 'up');
    await ip('addr', 'add', '198.51.100.7/25', 'brd', '+', 'label', `${name}:x`, 'dev', name);
    await ip('addr', 'add', '2001:db8::7/64', 'nodad', 'dev', name);
    await ip('addr', 'add', '198.51.100.8/32', 'scope', 'link', 'dev', name);
    await ip('addr', 'add', '198.51.100.9/32', 'valid_lft', '900', 'preferred_lft', '900', 'dev', name);
    const container = box.container(['sleep', '100'], moving({[name]: {name: 'web0'}}));
    await container.create();
    const inside = await devices(box, `/proc/${(await container.state()).pid}/ns/net`);
    const device = find(inside, 'web0');
    expect(device).toMatchObject({mtu: 1400, address: '02:00:00:00:00:07'});
    expect(device?.flags).toContain('UP');
    expect(addressesOf(device)).toEqual(['198.51.100.7/25', '2001:db8::7/64']);
    expect(device?.addr_info).toContainEqual(expect.objectContaining({local: '2001:db8::7', nodad: true}));
    expect(device?.addr_info).toContainEqual(expect.objectContaining({broadcast: '198.51.100.127', label: 'web0'}));
    expect(find(await devices(box), name)).toBeUndefined();
    await container.delete('--force');
  });

  runtsOnly(RUNC, 'netDevices: it is there for hooks and sysctls; `%d` takes the lowest free number', async (box) => {
    const {name} = await veth(box);
    const [other, third] = [await veth(box, 'b'), await veth(box, 'c')];
    const seen = `${box.dir}/seen`;
    const container = box.container(['sleep', '100'], (spec) => {
      moving({[name]: {name: 'net1'}, [other.name]: {name: 'net%d'}, [third.name]: {name: 'net%d'}})(spec);
      spec.linux.sysctl = {'net.ipv4.conf.net0.forwarding': '1'};
      const script = `read state; pid=\${state#*\\"pid\\":}; nsenter --net=/proc/\${pid%%,*}/ns/net ip -o link >${seen}`;
      spec.hooks = {createRuntime: [{path: '/bin/sh', args: ['sh', '-c', script], env: ['PATH=/usr/bin:/bin:/sbin']}]};
    });
    await container.create();
    const names = succeeded(await box.host(['cat', seen])).stdout.match(/net\d(?=@|:)/g);
    expect(names?.sort()).toEqual(['net0', 'net1', 'net2']);
    await container.delete('--force');
  });

  runtsOnly(RUNC, 'netDevices: into a namespace that is joined', async (box) => {
    const {name, ip} = await veth(box);
    const namespace = await namespaceFile(box);
    await ip('addr', 'add', '198.51.100.7/24', 'dev', name);
    const container = box.container(['true'], (spec) => {
      moving({[name]: {}})(spec);
      spec.linux.namespaces = spec.linux.namespaces.map((entry) =>
        entry.type === 'network' ? {...entry, path: namespace.path} : entry,
      );
    });
    await container.create();
    await container.start();
    await container.stopped();
    await container.delete();
    // Never moved back: whose the namespace is, theirs is the device.
    expect(addressesOf(find(await devices(box, namespace.path), name))).toEqual(['198.51.100.7/24']);
    await namespace.done();
  });

  const userNamespace: Edit = (spec) => {
    spec.linux.namespaces.push({type: 'user'});
    for (const key of ['uidMappings', 'gidMappings']) {
      spec.linux[key] = [{containerID: 0, hostID: 100_000, size: 65_536}];
    }
  };

  runtsOnly(RUNC, 'netDevices: into a user namespace, and back from there', async (box) => {
    const {name, ip} = await veth(box);
    await ip('addr', 'add', '198.51.100.7/24', 'dev', name);
    const mapped = async (args: string[], edit: Edit) => {
      const container = box.container(args, (spec) => {
        moving({[name]: {name: 'web0'}})(spec);
        userNamespace(spec);
        edit(spec);
      });
      succeeded(await box.host(['chown', '-R', '100000:100000', container.rootfs]));
      succeeded(await box.host(['chmod', '711', box.dir, join(box.dir, '..'), container.dir]));
      return container;
    };
    const failing = await mapped(['true'], (spec) => {
      spec.hooks = {createRuntime: [{path: '/bin/false'}]};
    });
    expect((await box.runtime(['run', '--bundle', failing.dir, failing.id])).stderr).not.toContain('after the failure');
    expect(addressesOf(find(await devices(box), name))).toEqual(['198.51.100.7/24']);

    const container = await mapped(['sleep', '100'], () => {});
    await container.create();
    const inside = await devices(box, `/proc/${(await container.state()).pid}/ns/net`);
    expect(addressesOf(find(inside, 'web0'))).toEqual(['198.51.100.7/24']);
    await container.delete('--force');
  });

  runtsOnly(RUNC, 'netDevices: not for an ordinary user', async (box) => {
    const {name} = await veth(box);
    const container = box.container(['true'], (spec) => {
      moving({[name]: {}})(spec);
      spec.linux.namespaces.push({type: 'user'});
      for (const key of ['uidMappings', 'gidMappings']) spec.linux[key] = [{containerID: 0, hostID: 4242, size: 1}];
      spec.linux.resources = {};
      spec.mounts = [];
    });
    const root = `${box.dir}/user`;
    mkdirSync(root);
    chownSync(root, 4242, 4242);
    succeeded(await box.host(['chown', '-R', '4242:4242', container.dir]));
    succeeded(await box.host(['chmod', '711', box.dir, join(box.dir, '..')]));
    const as = ['setpriv', '--reuid=4242', '--regid=4242', '--clear-groups'];
    const outcome = await box.host([...as, BINARY, '--root', root, 'run', '--bundle', container.dir, container.id]);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/#\/linux\/netDevices: .*: EPERM \(operation not permitted\): it takes root/);
  });

  for (const [what, spoil] of [
    [
      'a hook',
      (spec) => {
        spec.hooks = {createRuntime: [{path: '/bin/false'}]};
      },
    ],
    [
      'the program',
      (spec) => {
        spec.process.args = ['/no/such/program'];
      },
    ],
    [
      'another device',
      (spec) => {
        spec.linux['netDevices'] = {...(spec.linux['netDevices'] as object), nope0: {}};
      },
    ],
  ] as [string, Edit][]) {
    runtsOnly(RUNC, `netDevices: when ${what} fails, the device comes back as it was`, async (box) => {
      const {name, ip} = await veth(box);
      await ip('link', 'set', name, 'up');
      await ip('addr', 'add', '198.51.100.7/24', 'label', `${name}:x`, 'dev', name);
      await ip('addr', 'add', '198.51.100.9/32', 'valid_lft', '900', 'preferred_lft', '800', 'dev', name);
      await ip('addr', 'add', '2001:db8::7/64', 'dev', name);
      const before = find(await devices(box), name);
      const outcome = await box.run(['true'], (spec) => {
        moving({[name]: {name: 'web0'}})(spec);
        spoil(spec);
      });
      expect(outcome.code).not.toBe(0);
      expect(outcome.stderr).not.toContain('after the failure');
      const after = find(await devices(box), name);
      expect(addressesOf(after)).toEqual(['198.51.100.7/24', '198.51.100.9/32', '2001:db8::7/64']);
      expect(addressesOf(after)).toEqual(addressesOf(before));
      expect(after?.flags).toContain('UP');
      expect(after?.addr_info).toContainEqual(expect.objectContaining({local: '198.51.100.7', label: `${name}:x`}));
    });
  }

  runtsOnly(RUNC, 'netDevices: what cannot be moved is an error that names it', async (box) => {
    const {name} = await veth(box);
    const error = async (edit: Edit): Promise<string> => {
      const outcome = await box.run(['true'], edit);
      expect(outcome.code).toBe(1);
      return outcome.stderr.replaceAll('\\"', '"');
    };
    expect(await error(moving({'no/pe': {}}))).toContain('config.json#/linux/netDevices/no~1pe: "no/pe" is no name');
    expect(await error(moving({nope0: {}}))).toContain(
      'config.json#/linux/netDevices/nope0: the host has no network device "nope0"',
    );
    expect(await error(moving({[name]: {name: 'lo'}}))).toContain(
      `config.json#/linux/netDevices/${name}: the container's network namespace has a device "lo" already`,
    );
    expect(await error(moving({lo: {name: 'lo1'}}))).toMatch(
      /#\/linux\/netDevices\/lo: cannot move lo into the container as lo1: RTM_SETLINK: EINVAL \(.*\): .*(netns|namespace)/,
    );
    expect(
      await error((spec) => {
        moving({[name]: {}})(spec);
        withoutNamespace(spec, 'network');
        spec.mounts = spec.mounts.filter(({type}) => type !== 'sysfs');
      }),
    ).toContain('config.json#/linux/netDevices: needs a "network" namespace');
    expect(
      await error((spec) => {
        moving({[name]: {}})(spec);
        const network = spec.linux.namespaces.find(({type}) => type === 'network');
        if (network !== undefined) network.path = '/proc/self/ns/net';
        spec.mounts = spec.mounts.filter(({type}) => type !== 'sysfs');
      }),
    ).toContain('config.json#/linux/netDevices: needs a network namespace that is not the one of the host');
    expect(find(await devices(box), name)).toBeDefined();
  });
});
