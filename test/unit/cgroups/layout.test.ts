import {describe, expect, it} from 'vitest';
import {parseLayout} from '../../../src/cgroups/layout.ts';

const v1Mounts = `22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
`;
const v1Self = `5:name=systemd:/user.slice
4:devices:/
3:memory:/a/b
2:cpu,cpuacct:/
1:name=other:/
`;

describe('layout', () => {
  it('v1: finds each hierarchy, co-mounted controllers together, of named ones only systemd', () => {
    expect(parseLayout(v1Mounts, v1Self)).toEqual({
      mode: 'v1',
      hierarchies: [
        {controllers: ['name=systemd'], mountPoint: '/sys/fs/cgroup/systemd', ownPath: '/user.slice'},
        {controllers: ['devices'], mountPoint: '/sys/fs/cgroup/devices', ownPath: '/'},
        {controllers: ['memory'], mountPoint: '/sys/fs/cgroup/memory', ownPath: '/a/b'},
        {controllers: ['cpu', 'cpuacct'], mountPoint: '/sys/fs/cgroup/cpu,cpuacct', ownPath: '/'},
      ],
    });
  });

  it('hybrid: v1 controllers with a v2 hierarchy beside them', () => {
    const layout = parseLayout(
      `${v1Mounts}41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n`,
      `${v1Self}0::/x\n`,
    );
    expect(layout.mode).toBe('hybrid');
    expect(layout.unified).toEqual({mountPoint: '/sys/fs/cgroup/unified', ownPath: '/x'});
    expect(layout.hierarchies).toHaveLength(4);
  });

  it('v2: one hierarchy', () => {
    expect(
      parseLayout('29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n', '0::/system.slice/a.service\n'),
    ).toEqual({
      mode: 'v2',
      hierarchies: [],
      unified: {mountPoint: '/sys/fs/cgroup', ownPath: '/system.slice/a.service'},
    });
  });

  it('v2 with a lone name=systemd of v1 is v2', () => {
    const mounts = `29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
30 29 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,none,name=systemd
`;
    expect(parseLayout(mounts, '1:name=systemd:/\n0::/\n').mode).toBe('v2');
  });

  it('in a container without a cgroup namespace, own paths are taken relative to the root of the mount', () => {
    const mounts = `35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
36 31 0:33 /docker/abc /sys/fs/cgroup/devices ro - cgroup cgroup rw,devices
37 31 0:34 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids
`;
    const {hierarchies} = parseLayout(mounts, '3:memory:/docker/abc/own\n2:devices:/docker/abc\n1:pids:/elsewhere\n');
    expect(hierarchies.map(({ownPath}) => ownPath)).toEqual(['/own', '/', '/']);
  });

  it('a mount above our cgroup namespace, or an own cgroup outside of it, counts from the mount', () => {
    const mounts = '29 23 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';
    expect(parseLayout(mounts, '0::/a\n').unified?.ownPath).toBe('/');
    const plain = '29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';
    expect(parseLayout(plain, '0::/../sibling\n').unified?.ownPath).toBe('/');
  });

  it('prefers the mount below /sys/fs/cgroup to other mounts of the same hierarchy, and undoes escapes', () => {
    const mounts = `35 31 0:32 / /mnt/odd\\040place rw - cgroup cgroup rw,memory
36 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
37 31 0:33 / /mnt/odd\\040place/d rw - cgroup cgroup rw,devices
`;
    const {hierarchies} = parseLayout(mounts, '2:memory:/\n1:devices:/\n');
    expect(hierarchies.map(({mountPoint}) => mountPoint)).toEqual(['/sys/fs/cgroup/memory', '/mnt/odd place/d']);
  });

  it('a controller that is mounted nowhere is left out', () => {
    expect(parseLayout(v1Mounts, '9:hugetlb:/\n').hierarchies).toEqual([]);
  });
});
