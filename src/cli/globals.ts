// The flags before the command, and what follows from them: state root, rootless mode.
import {join, resolve} from 'node:path';
import {RuntsError} from '../errors.ts';
import {defineOptions, helpOption, type Values} from './options.ts';

export const globalOptions = defineOptions([
  {name: 'debug', type: 'boolean', description: 'enable debug logging'},
  {
    name: 'log',
    type: 'string',
    path: 'file',
    description: 'append log records to this file; the last error is also printed on stderr (default: stderr)',
  },
  {
    name: 'log-format',
    type: 'string',
    default: 'text',
    choices: ['text', 'json'],
    choiceError: (value: string) => `invalid log-format: ${value}`,
    description: 'format of log records',
  },
  {
    name: 'root',
    type: 'string',
    path: 'directory',
    description:
      'directory for the state of containers, which should be on a tmpfs (default: /run/runts, or $XDG_RUNTIME_DIR/runts for a user other than root)',
  },
  {
    name: 'systemd-cgroup',
    type: 'boolean',
    description: 'let systemd manage cgroups; cgroupsPath is then "slice:prefix:name"',
  },
  {
    name: 'rootless',
    type: 'string',
    default: 'auto',
    choices: ['true', 'false', 'auto'],
    description: 'ignore cgroup permission errors',
  },
  {name: 'criu', type: 'string', hidden: true, description: 'accepted and ignored, as runc does since 1.2'},
  helpOption,
  {name: 'version', alias: 'v', type: 'boolean', description: 'print the version'},
]);

export type GlobalValues = Values<typeof globalOptions>;

/** What the defaults depend on. */
export interface Surroundings {
  readonly uid: number;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly inUserNamespace: boolean;
  /** Root of a container may be without CAP_SYS_ADMIN. */
  readonly isAdministrator: boolean;
}

/** The state root, absolute. Throws when there is no default for this user, and on `/`, which is never meant. */
export function resolveRoot(given: string | undefined, surroundings: Surroundings): string {
  if (given === undefined) return defaultRoot(surroundings);
  if (given === '') throw new RuntsError('Option --root argument should not be empty');
  const root = absolute(given, surroundings);
  if (root === '/') throw new RuntsError('Option --root argument should not be set to /');
  return root;
}

function defaultRoot(surroundings: Surroundings): string {
  const {uid, env} = surroundings;
  const runtimeDirectory = env['XDG_RUNTIME_DIR'] ?? '';
  // Root of a user namespace that an ordinary user made (podman unshare) keeps that user's environment, and may not
  // write to /run.
  const isUser = uid !== 0 || (runtimeDirectory !== '' && env['USER'] !== 'root' && surroundings.inUserNamespace);
  if (!isUser) return '/run/runts';
  if (runtimeDirectory === '') {
    throw new RuntsError(
      'XDG_RUNTIME_DIR is not set, so there is no default directory for the state of containers: set it, or use --root',
    );
  }
  return join(absolute(runtimeDirectory, surroundings), 'runts');
}

/** Asks for the current directory only when it matters: it may be gone. */
function absolute(path: string, surroundings: Surroundings): string {
  return path.startsWith('/') ? resolve(path) : resolve(surroundings.cwd, path);
}

export function resolveRootless(
  choice: GlobalValues['rootless'],
  surroundings: Pick<Surroundings, 'uid' | 'inUserNamespace' | 'isAdministrator'>,
): boolean {
  if (choice !== 'auto') return choice === 'true';
  return surroundings.uid !== 0 || surroundings.inUserNamespace || !surroundings.isAdministrator;
}
