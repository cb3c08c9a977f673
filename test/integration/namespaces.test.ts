// linux.namespaces: new ones, ones joined by path, and none. Plus what lives in them: sysctl, time offsets.
import {readlinkSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect} from 'vitest';
import {type Box, type Edit, runtsOnly, test} from './harness.ts';
import {cgroupOf, read} from './inspect.ts';
import {withoutNamespace} from './spec.ts';

const FILE: Readonly<Record<string, string>> = {
  pid: 'pid',
  network: 'net',
  mount: 'mnt',
  ipc: 'ipc',
  uts: 'uts',
  cgroup: 'cgroup',
  time: 'time',
};
const own = (type: string): string => readlinkSync(`/proc/self/ns/${FILE[type]}`);
const show = (type: string): string => `readlink /proc/self/ns/${FILE[type]}`;

describe('new namespaces', () => {
  for (const type of ['pid', 'network', 'mount', 'ipc', 'uts']) {
    test(`namespaces: a new ${type} namespace is not the host's`, async ({box}) => {
      const inside = await box.sh(show(type));
      expect(inside).toMatch(new RegExp(`^${FILE[type]}:\\[\\d+\\]$`));
      expect(inside).not.toBe(own(type));
    });
  }

  test('namespaces: a new cgroup namespace shows the cgroup of the container as the root', async ({box}) => {
    const out = await box.sh(`${show('cgroup')}; cat /proc/self/cgroup`, (spec) => {
      spec.linux.namespaces.push({type: 'cgroup'});
    });
    const [namespace, ...lines] = out.split('\n');
    expect(namespace).not.toBe(own('cgroup'));
    expect(lines.find((line) => line.includes(':memory:'))).toMatch(/:memory:\/$/);
    expect(lines.find((line) => line.includes(':pids:'))).toMatch(/:pids:\/$/);
  });

  runtsOnly(
    'runc 1.1 has no time namespaces',
    'namespaces: a new time namespace has the offsets of the config',
    async (box) => {
      const it =
        (secs: number): Edit =>
        (spec) => {
          spec.linux.namespaces.push({type: 'time'});
          spec.linux.timeOffsets = {boottime: {secs, nanosecs: 0}, monotonic: {secs: 5, nanosecs: 100}};
        };
      const out = await box.sh(
        `${show('time')}; cut -d' ' -f1 /proc/uptime; cat /proc/self/timens_offsets`,
        it(1_000_000),
      );
      const [namespace, uptime, ...offsets] = out.split('\n');
      expect(namespace).not.toBe(own('time'));
      expect(Number(uptime) - Number(read('/proc/uptime').split(' ')[0])).toBeGreaterThan(999_000);
      expect(offsets.map((line) => line.split(/\s+/))).toEqual([
        ['monotonic', '5', '100'],
        ['boottime', '1000000', '0'],
      ]);
    },
  );

  test("namespaces: one that is not in the list is the runtime's", async ({box}) => {
    for (const type of ['network', 'ipc', 'pid']) {
      const inside = await box.sh(show(type), (spec) => {
        withoutNamespace(spec, type);
        if (type !== 'pid')
          spec.mounts = spec.mounts.filter((mount) => mount.type !== 'sysfs' && mount.type !== 'mqueue');
      });
      expect(inside, type).toBe(own(type));
    }
    expect(
      await box.sh(show('uts'), (spec) => {
        withoutNamespace(spec, 'uts');
        delete spec.hostname;
      }),
    ).toBe(own('uts'));
  });

  test('namespaces: the program is process 1 of its pid namespace', async ({box}) => {
    expect(await box.sh('echo $$; cd /proc; echo [0-9]*')).toBe('1\n1');
  });

  test('namespaces: a new network namespace has a loopback that is up, and nothing else', async ({box}) => {
    const out = await box.sh(
      'ls /sys/class/net; ip -o addr show lo; ping -c 1 -W 1 127.0.0.1 > /dev/null && echo pong',
      (spec) => {
        spec.process.capabilities = {bounding: ['CAP_NET_RAW'], effective: ['CAP_NET_RAW'], permitted: ['CAP_NET_RAW']};
      },
    );
    expect(out.split('\n')[0]).toBe('lo');
    expect(out).toContain('127.0.0.1/8');
    expect(out).toMatch(/pong$/);
  });

  test('namespaces: the container has its own message queues and semaphores', async ({box}) => {
    expect(await box.sh('wc -l < /proc/sysvipc/shm; ls -A /dev/mqueue | wc -l')).toBe('1\n0');
  });
});

describe('joined namespaces', () => {
  /** A running container whose namespaces others join. */
  async function donor(box: Box, edit?: Edit): Promise<{pid: number; path: (type: string) => string}> {
    const it = box.container(['/bin/sleep', '100'], edit);
    await it.create();
    await it.start();
    const {pid} = await it.state();
    return {pid, path: (type) => `/proc/${pid}/ns/${FILE[type]}`};
  }

  for (const type of ['network', 'ipc', 'uts', 'pid']) {
    test(`namespaces: a ${type} namespace is joined by its path`, async ({box}) => {
      const other = await donor(box);
      const inside = await box.sh(show(type), (spec) => {
        withoutNamespace(spec, type);
        spec.linux.namespaces.push({type, path: other.path(type)});
        delete spec.hostname;
      });
      expect(inside).toBe(readlinkSync(other.path(type)));
    });
  }

  test('namespaces: all of a pod are joined at once, in any order', async ({box}) => {
    const other = await donor(box);
    const kinds = ['pid', 'uts', 'ipc', 'network'];
    for (const order of [kinds, kinds.toReversed()]) {
      const out = await box.sh(kinds.map(show).join('; '), (spec) => {
        spec.linux.namespaces = [{type: 'mount'}, ...order.map((type) => ({type, path: other.path(type)}))];
        delete spec.hostname;
      });
      expect(out.split('\n')).toEqual(kinds.map((type) => readlinkSync(other.path(type))));
    }
  });

  test('namespaces: in a joined pid namespace the others are seen', async ({box}) => {
    const other = await donor(box);
    const out = await box.sh('tr "\\0" " " < /proc/1/cmdline; echo; [ $$ -gt 1 ] && echo not the first', (spec) => {
      withoutNamespace(spec, 'pid');
      spec.linux.namespaces.push({type: 'pid', path: other.path('pid')});
    });
    expect(out).toBe('/bin/sleep 100 \nnot the first');
  });

  test('namespaces: hostname can be set in a joined uts namespace', async ({box}) => {
    const other = await donor(box);
    const out = await box.sh('hostname', (spec) => {
      withoutNamespace(spec, 'uts');
      spec.linux.namespaces.push({type: 'uts', path: other.path('uts')});
      spec.hostname = 'joined';
    });
    expect(out).toBe('joined');
  });

  test('namespaces: a network namespace is joined by a bind mount of it, as CNI makes them', async ({box}) => {
    const other = await donor(box);
    const path = join(box.dir, 'netns');
    await box.host(['sh', '-c', `touch ${path}; mount --bind ${other.path('network')} ${path}`]);
    try {
      const inside = await box.sh(show('network'), (spec) => {
        withoutNamespace(spec, 'network');
        spec.linux.namespaces.push({type: 'network', path});
      });
      expect(inside).toBe(readlinkSync(other.path('network')));
    } finally {
      await box.host(['umount', path]);
    }
  });

  test('namespaces: delete of the joining container leaves the other one alone', async ({box}) => {
    const other = await donor(box);
    const it = box.container(['/bin/sleep', '100'], (spec) => {
      withoutNamespace(spec, 'pid');
      spec.linux.namespaces.push({type: 'pid', path: other.path('pid')});
    });
    await it.create();
    await it.start();
    await it.delete('--force');
    expect(read(`/proc/${other.pid}/comm`)).toBe('sleep\n');
  });

  runtsOnly('runc 1.1 refuses to', 'namespaces: a cgroup namespace is joined by its path', async (box) => {
    const other = await donor(box, (spec) => void spec.linux.namespaces.push({type: 'cgroup'}));
    const inside = await box.sh(show('cgroup'), (spec) => {
      spec.linux.namespaces.push({type: 'cgroup', path: other.path('cgroup')});
    });
    expect(inside).toBe(readlinkSync(other.path('cgroup')));
  });

  runtsOnly('runc 1.1 has no time namespaces', 'namespaces: a time namespace is joined by its path', async (box) => {
    const other = await donor(box, (spec) => {
      spec.linux.namespaces.push({type: 'time'});
      spec.linux.timeOffsets = {boottime: {secs: 1_000_000}};
    });
    const out = await box.sh(`${show('time')}; cut -d. -f1 /proc/uptime`, (spec) => {
      spec.linux.namespaces.push({type: 'time', path: other.path('time')});
    });
    const [inside, uptime] = out.split('\n');
    expect(inside).toBe(readlinkSync(other.path('time')));
    expect(Number(uptime)).toBeGreaterThan(1_000_000);
  });
});

describe('sysctl', () => {
  test('sysctl: is set in the namespaces of the container, not on the host', async ({box}) => {
    const files = [
      'net/ipv4/ip_unprivileged_port_start',
      'kernel/shm_rmid_forced',
      'fs/mqueue/queues_max',
      'kernel/sem',
    ];
    const before = files.map((file) => read(`/proc/sys/${file}`));
    const out = await box.sh(`cd /proc/sys; cat ${files.join(' ')}`, (spec) => {
      spec.linux.sysctl = {
        'net.ipv4.ip_unprivileged_port_start': '333',
        'kernel.shm_rmid_forced': '1',
        'fs.mqueue.queues_max': '77',
        'kernel.sem': '200 32000 100 128',
      };
    });
    expect(out).toBe('333\n1\n77\n200\t32000\t100\t128');
    expect(files.map((file) => read(`/proc/sys/${file}`))).toEqual(before);
  });

  test('sysctl: a name with slashes is the same', async ({box}) => {
    const out = await box.sh('cat /proc/sys/net/ipv4/ip_forward', (spec) => {
      spec.linux.sysctl = {'net/ipv4/ip_forward': '1'};
    });
    expect(out).toBe('1');
  });
});

test('cgroup: the container is in a cgroup of its own in every hierarchy', async ({box}) => {
  const it = box.container(['/bin/sleep', '100']);
  await it.create();
  const {pid} = await it.state();
  for (const controller of ['memory', 'cpu', 'cpuacct', 'cpuset', 'pids', 'blkio', 'devices', 'freezer', 'systemd']) {
    expect(cgroupOf(pid, controller), controller).toContain(it.id);
  }
});
