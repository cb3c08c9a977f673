// Where the criu program is. It is looked up in PATH and, as engines pass a short one or none, where packages put it.
import {accessSync, constants} from 'node:fs';
import {isAbsolute, join} from 'node:path';

import {RuntsError} from '../errors.ts';

const PACKAGED = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The path of criu. Throws with the name of its package. */
export function findCriu(env: Readonly<Record<string, string>>): string {
  const folders = (env['PATH'] ?? '').split(':').filter(isAbsolute);
  for (const folder of [...folders, ...PACKAGED]) {
    const path = join(folder, 'criu');
    if (isExecutable(path)) return path;
  }
  throw new RuntsError(
    'CRIU version check failed: exec: "criu": executable file not found in $PATH: checkpoints are made by criu, install ' +
      'the package "criu"',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
