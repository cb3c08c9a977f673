// Addons that load a library of the host, which it may not have: each is loaded only when it is needed.
import {createRequire} from 'node:module';
import {RuntsError} from '../errors.ts';

interface LibraryAddon {
  /** What cannot be without it: "linux.seccomp". */
  readonly needed: string;
  /** "libseccomp (Debian: libseccomp2)" */
  readonly library: string;
}

/** Loads an addon from its path; when that fails, the error says which library it takes. */
export function loadLibraryAddon<T>(path: string, {needed, library}: LibraryAddon): T {
  try {
    return createRequire(path)(path) as T;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new RuntsError(`cannot load ${path}, which ${needed} needs: ${reason}; is ${library} installed?`, {cause});
  }
}
