// Hooks in the runtime's namespaces: prestart, createRuntime, poststart, poststop. (createContainer and startContainer
// run in the container's, by runts-init.) Runtime specification 1.3, config.md#posix-platform-hooks.
import type {Context} from '../context.ts';
import {ConfigError, hasCode, isSyscallError, messageOf} from '../errors.ts';
import type {Hook, Hooks, State, Status} from '../generated/config.ts';
import type {ProgramRequest, ProgramResult} from '../native.ts';
import {type ContainerRecord, OCI_VERSION} from '../state/record.ts';
import {hookOutcome} from './failure.ts';
import {errnoWords} from './hints.ts';

export type RuntimeHookKind = 'prestart' | 'createRuntime' | 'poststart' | 'poststop';

type HookContext = Pick<Context, 'env' | 'native'>;

/** What hooks read of a container. */
export type HookSubject = Pick<ContainerRecord, 'id' | 'bundle' | 'annotations'>;

/** The state that a hook reads on its stdin: one line of JSON; pid 0, for a container without a process, is left out. */
export function stateForHooks(subject: HookSubject, status: Status, pid: number): string {
  return JSON.stringify(specState(subject, status, pid));
}

/** The state as the runtime specification has it (runtime.md#state). */
export function specState({id, bundle, annotations}: HookSubject, status: Status, pid: number): State {
  return {
    ociVersion: OCI_VERSION,
    id,
    status,
    ...(pid === 0 ? {} : {pid}),
    bundle,
    ...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : {annotations}),
  };
}

/** Runs hooks in order until one fails, which throws. */
export function runHooks(
  ctx: HookContext,
  kind: RuntimeHookKind,
  hooks: readonly Hook[],
  bundle: string,
  state: string,
): void {
  for (const [index, hook] of hooks.entries()) runHook(ctx, kind, index, hook, bundle, state);
}

/** With what state. prestart was part of start once, and whoever still uses it may want the state of that time, as crun has it. */
const RUNTIME_HOOKS = [
  ['prestart', 'created'],
  ['createRuntime', 'creating'],
] as const;

/** Those that come when the namespaces are there, of a container that is made or restored. Throws when one fails. */
export function runRuntimeHooks(ctx: HookContext, hooks: Hooks | undefined, of: HookSubject, pid: number): void {
  for (const [kind, status] of RUNTIME_HOOKS) {
    runHooks(ctx, kind, hooks?.[kind] ?? [], of.bundle, stateForHooks(of, status, pid));
  }
}

/** poststop: by then the container is gone, so a failing hook is a warning and the others still run. */
export function runPoststopHooks(
  ctx: HookContext & Pick<Context, 'log'>,
  hooks: readonly Hook[],
  of: HookSubject,
): void {
  const state = stateForHooks(of, 'stopped', 0);
  for (const [index, hook] of hooks.entries()) {
    try {
      runHook(ctx, 'poststop', index, hook, of.bundle, state);
    } catch (error) {
      ctx.log.warn(`${messageOf(error)}, ignoring`);
    }
  }
}

/** In the bundle, or, when that has been removed since, as it may be before `delete`, in /. */
function runIn(native: HookContext['native'], request: ProgramRequest): ProgramResult {
  try {
    return native.runProgram(request);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || error.syscall !== 'chdir') throw error;
    return native.runProgram({...request, cwd: '/'});
  }
}

function runHook(
  {native, env}: HookContext,
  kind: RuntimeHookKind,
  index: number,
  hook: Hook,
  bundle: string,
  state: string,
): void {
  const timeoutMs = (hook.timeout ?? 0) * 1000;
  const fail = (reason: string): ConfigError => {
    const message = `error running ${kind} hook #${index}: ${reason}`;
    return new ConfigError([{pointer: `/hooks/${kind}/${index}`, message}]);
  };
  const request = {
    path: hook.path,
    args: hook.args === undefined || hook.args.length === 0 ? [hook.path] : hook.args,
    env: hook.env ?? Object.entries(env).map(([name, value]) => `${name}=${value}`),
    cwd: bundle,
    stdin: state,
    timeoutMs,
  };
  let result: ProgramResult;
  try {
    result = runIn(native, request);
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    throw fail(`exec ${hook.path}: ${errnoWords(error.errno)}`);
  }
  if (result.timedOut || result.code !== 0) throw fail(hookOutcome(result, timeoutMs));
}
