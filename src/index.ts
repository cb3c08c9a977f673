/**
 * runts as a library: the life cycle of OCI containers, without a command line.
 *
 *     import {create, start, state, type Context} from 'runts';
 *
 *     create(context, 'web', {bundle: '/bundles/web'});
 *     start(context, 'web');
 *     state(context, 'web').status; // 'running'
 *
 * Every function is synchronous, takes all that it may know of the world from its Context, and throws a RuntsError whose
 * message is for the user to read. Linux only; most of it needs root.
 */
export {type CheckpointOptions, checkpoint} from './container/checkpoint.ts';
export {
  type CreateOptions,
  create,
} from './container/create.ts';
export {type ExecOptions, exec} from './container/exec.ts';
export {type RemoveOptions, remove} from './container/delete.ts';
export {type KillOptions, kill} from './container/kill.ts';
export {list} from './container/list.ts';
export {type RestoreOptions, restore} from './container/restore.ts';
export {type RunOptions, run} from './container/run.ts';
export {start} from './container/start.ts';
export {type ContainerState, state} from './container/state.ts';

/** What a bundle says: loaded, checked by the schema and the rules beyond it. */
export {type LoadedConfig, loadConfig, parseConfig} from './config/load.ts';
export type {Config, Status} from './generated/config.ts';

/** What a Context is made of. */
export type {Context, LaunchFacts} from './context.ts';
export {createLogger, type Logger, type LogLevel, type LogOptions} from './log.ts';
export {loadNative, type Native} from './native.ts';

/** What is thrown. */
export {
  ConfigError,
  errnoText,
  hasCode,
  isSyscallError,
  messageOf,
  type Problem,
  RuntsError,
  type SyscallFacts,
} from './errors.ts';
