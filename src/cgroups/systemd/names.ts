// cgroupsPath "slice:prefix:name" -> the names of the units that a container's processes are in.
import {ConfigError} from '../../errors.ts';

export interface ScopeName {
  /** The slice that the scope goes into: "machine.slice". */
  readonly slice: string;
  /** "prefix-name.scope" */
  readonly unit: string;
}

const POINTER = '/linux/cgroupsPath';
const SLICE = '.slice';
/** What systemd takes for a unit, and no file name is longer. */
const UNIT = /^[A-Za-z0-9:_.\\@-]{1,255}$/;

/** The scope of a container. Empty parts are those of runc: the default slice, and a name that begins with "-". */
export function scopeName(cgroupsPath: string | undefined, id: string, rootless: boolean): ScopeName {
  const defaultSlice = rootless ? 'user.slice' : 'system.slice';
  if (cgroupsPath === undefined || cgroupsPath === '') return checked({slice: defaultSlice, unit: `runts-${id}.scope`});
  const [slice, prefix, name, ...rest] = cgroupsPath.split(':');
  if (slice === undefined || prefix === undefined || name === undefined || rest.length > 0) {
    throw wrong(
      `expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups, got ${JSON.stringify(cgroupsPath)} instead`,
    );
  }
  if (name.endsWith(SLICE)) {
    throw wrong(`"${name}" names a slice: systemd has processes in scopes, which a name without ".slice" makes`);
  }
  return checked({slice: slice === '' ? defaultSlice : slice, unit: `${prefix}-${name}.scope`});
}

function checked(name: ScopeName): ScopeName {
  slicePath(name.slice);
  if (!UNIT.test(name.unit)) {
    throw wrong(`"${name.unit}" is no name of a unit: letters, digits and :_.\\@- are allowed, 255 of them`);
  }
  return name;
}

/** Each slice on the way to one, the outermost first: "a-b.slice" is in "a.slice". None for "-.slice", which is the root. */
export function slicesOf(slice: string): string[] {
  const name = slice.slice(0, -SLICE.length);
  if (!slice.endsWith(SLICE) || name === '' || !UNIT.test(slice)) throw wrong(`invalid slice name: ${slice}`);
  if (name === '-') return [];
  const parts = name.split('-');
  if (parts.includes('')) throw wrong(`invalid slice name: ${slice}`);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}${SLICE}`);
}

/** Where a slice is below the cgroup of its manager: "/a.slice/a-b.slice"; empty for "-.slice". */
export function slicePath(slice: string): string {
  return slicesOf(slice)
    .map((name) => `/${name}`)
    .join('');
}

function wrong(message: string): ConfigError {
  return new ConfigError([{pointer: POINTER, message}]);
}
