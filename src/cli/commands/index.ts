// Which commands there are. Each is loaded when it is asked for.
import type {Command} from '../options.ts';

type Loader = () => Promise<{readonly command: Command}>;

const loaders: Readonly<Record<string, Loader>> = {
  create: () => import('./create.ts'),
  delete: () => import('./delete.ts'),
  events: () => import('./events.ts'),
  exec: () => import('./exec.ts'),
  features: () => import('./features.ts'),
  kill: () => import('./kill.ts'),
  list: () => import('./list.ts'),
  pause: () => import('./pause.ts'),
  ps: () => import('./ps.ts'),
  resume: () => import('./resume.ts'),
  run: () => import('./run.ts'),
  spec: () => import('./spec.ts'),
  start: () => import('./start.ts'),
  state: () => import('./state.ts'),
  update: () => import('./update.ts'),
};

/** Commands of runc that do not exist here, with the exit code of that. */
export const unsupportedCommands: Readonly<Record<string, number>> = {
  checkpoint: 1,
  restore: 1,
};

export const commandNames: readonly string[] = Object.keys(loaders);

/** The command of this name, or undefined. */
export async function loadCommand(name: string): Promise<Command | undefined> {
  return Object.hasOwn(loaders, name) ? (await loaders[name]?.())?.command : undefined;
}

export async function loadAllCommands(): Promise<Command[]> {
  return Promise.all(Object.values(loaders).map(async (load) => (await load()).command));
}
