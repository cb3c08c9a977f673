// Which commands there are. Each is loaded when it is asked for.
import type {Command} from '../options.ts';

type Loader = () => Promise<{readonly command: Command}>;

const loaders: Readonly<Record<string, Loader>> = {
  agent: () => import('./agent.ts'),
  checkpoint: () => import('./checkpoint.ts'),
  create: () => import('./create.ts'),
  delete: () => import('./delete.ts'),
  events: () => import('./events.ts'),
  exec: () => import('./exec.ts'),
  features: () => import('./features.ts'),
  kill: () => import('./kill.ts'),
  list: () => import('./list.ts'),
  pause: () => import('./pause.ts'),
  ps: () => import('./ps.ts'),
  restore: () => import('./restore.ts'),
  resume: () => import('./resume.ts'),
  run: () => import('./run.ts'),
  spec: () => import('./spec.ts'),
  start: () => import('./start.ts'),
  state: () => import('./state.ts'),
  update: () => import('./update.ts'),
};

/** Not for users. */
const internal: Readonly<Record<string, Loader>> = {
  finish: () => import('./finish.ts'),
};

/** Commands of runc and crun that do not exist here, and why. */
export const unsupportedCommands: Readonly<Record<string, string>> = {
  mounts:
    'is not supported: a container gets its mounts when it is created, before anything of it runs, as later its own ' +
    'processes could change the paths meanwhile; put them into the config, or below an rslave bind mount of the host',
};

export const commandNames: readonly string[] = Object.keys(loaders);

/** The command of this name, or undefined. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  const load = [loaders, internal].find((table) => Object.hasOwn(table, name))?.[name];
  return (await load?.())?.command;
}

export async function loadAllCommands(): Promise<Command[]> {
  return Promise.all(Object.values(loaders).map(async (load) => (await load()).command));
}
