// linux.resources.unified -> files of cgroup v2, as they are named.
import {ConfigError} from '../../errors.ts';
import type {CgroupWrite} from '../write.ts';

/** Written last: it is the caller's own word on a file, over what the other properties say. */
export function unifiedWrites(unified: Readonly<Record<string, string>>): CgroupWrite[] {
  return Object.entries(unified).flatMap(([file, text]) => {
    const pointer = `/linux/resources/unified/${file.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const controller = file.slice(0, Math.max(file.indexOf('.'), 0));
    if (controller === '' || file.includes('/')) {
      throw new ConfigError([{pointer, message: 'is not the name of a cgroup file such as "memory.high"'}]);
    }
    // Files with a line for each device take one line in a write.
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((value) => ({controller, file, value, pointer}));
  });
}
