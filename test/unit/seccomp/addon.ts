// Where the built addon is: what `make build` left in dist, or node-gyp in build/Release.
import {existsSync} from 'node:fs';
import {join} from 'node:path';

const checkout = join(import.meta.dirname, '../../..');
const folders = [join(checkout, 'dist'), join(checkout, 'build/Release')];

/** For Context.libexec. */
export function builtLibexec(): string {
  const found = folders.find((folder) => existsSync(join(folder, 'runts_seccomp.node')));
  if (found === undefined) throw new Error(`no runts_seccomp.node in ${folders.join(' or ')}: run make build`);
  return found;
}
