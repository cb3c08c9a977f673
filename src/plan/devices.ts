// What a container finds in /dev: the default devices, linux.devices, and links (config-linux.md#default-devices).
import type {Config, Device} from '../generated/config.ts';
import type {HostFacts} from '../host/facts.ts';
import {S_IFBLK, S_IFCHR, S_IFIFO} from './constants.ts';
import {bindsDev} from './mounts.ts';
import type {Step} from './operations.ts';
import {containerPath} from './paths.ts';

/** All are character devices that anybody may read and write. */
const defaultDevices: readonly (readonly [path: string, major: number, minor: number])[] = [
  ['/dev/null', 1, 3],
  ['/dev/zero', 1, 5],
  ['/dev/full', 1, 7],
  ['/dev/random', 1, 8],
  ['/dev/urandom', 1, 9],
  ['/dev/tty', 5, 0],
];

export const defaultDevicePaths: readonly string[] = defaultDevices.map(([path]) => path);

const types = {c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO} as const;

const DEFAULT_MODE = 0o666;

/** Nothing when the config binds a /dev from elsewhere: that one stays as it is. */
export function deviceSteps(config: Config, facts: Pick<HostFacts, 'hasKcore'>): Step[] {
  if (bindsDev(config.mounts)) return [];
  const devices = (config.linux?.devices ?? []).map((device, index) => ({device, index}));
  const listed = new Set(devices.map(({device}) => containerPath(device.path)));
  return [
    ...defaultDevices.filter(([path]) => !listed.has(path)).map(defaultStep),
    // The multiplexer is that of the container's own devpts, always.
    ...devices.filter(({device}) => containerPath(device.path) !== '/dev/ptmx').map(deviceStep),
    {op: 'symlink', at: '', target: 'pts/ptmx', path: '/dev/ptmx', replace: true},
    ...linkSteps(facts),
  ];
}

function defaultStep([path, major, minor]: (typeof defaultDevices)[number]): Step {
  return {op: 'device', at: '', path, type: S_IFCHR, major, minor, mode: DEFAULT_MODE, uid: 0, gid: 0, yield: true};
}

function deviceStep({device, index}: {device: Device; index: number}): Step {
  const {path, type, major = 0n, minor = 0n, fileMode = DEFAULT_MODE, uid = 0, gid = 0} = device;
  const fifo = type === 'p';
  return {
    op: 'device',
    at: `/linux/devices/${index}`,
    path: containerPath(path),
    type: types[type],
    major: fifo ? 0 : Number(major),
    minor: fifo ? 0 : Number(minor),
    // Some engines send the file type along with the permissions.
    mode: fileMode & 0o7777,
    uid,
    gid,
    yield: false,
  };
}

function linkSteps({hasKcore}: Pick<HostFacts, 'hasKcore'>): Step[] {
  const links = [
    ['/proc/self/fd', '/dev/fd'],
    ['/proc/self/fd/0', '/dev/stdin'],
    ['/proc/self/fd/1', '/dev/stdout'],
    ['/proc/self/fd/2', '/dev/stderr'],
    ...(hasKcore ? [['/proc/kcore', '/dev/core'] as const] : []),
  ] as const;
  return links.map(([target, path]) => ({op: 'symlink', at: '', target, path, replace: false}));
}
