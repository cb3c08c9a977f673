/** The commands that engines call most: each has a code cache of its own (scripts/warm-up.ts). Others take that of `state`. */
export const warmCommands: readonly string[] = ['create', 'delete', 'exec', 'kill', 'list', 'run', 'start', 'state'];
