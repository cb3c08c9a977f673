// The hooks that run inside init's plan: a pause for those of the runtime, steps for those of the container.
import type {Hook} from '../generated/config.ts';
import type {PlanInput} from './input.ts';
import type {Step} from './operations.ts';

/** Largest deadline that a plan can hold, 49 days. */
const MAX_TIMEOUT_MS = 0xffffffff;

/** prestart and createRuntime are run by the runtime, in its own namespaces, while init waits. */
export function runtimeHookSteps({config: {hooks}}: PlanInput): Step[] {
  const all = [...(hooks?.prestart ?? []), ...(hooks?.createRuntime ?? [])];
  return all.length === 0 ? [] : [{op: 'runtimeHooks', at: '/hooks'}];
}

/** In the container's namespaces, before the switch of roots: paths are still those of the host. */
export function createContainerSteps(input: PlanInput): Step[] {
  return hookSteps(input, 'createContainer', 'creating', []);
}

/** Inside the container, after `start`; a hook without `env` gets that of the container. */
export function startContainerSteps(input: PlanInput, env: readonly string[]): Step[] {
  return hookSteps(input, 'startContainer', 'created', env);
}

type Kind = 'createContainer' | 'startContainer';

function hookSteps(input: PlanInput, kind: Kind, status: string, env: readonly string[]): Step[] {
  const hooks: readonly Hook[] = input.config.hooks?.[kind] ?? [];
  const state = splitState(input, status);
  return hooks.map((hook, index) => ({
    op: 'hook',
    at: `/hooks/${kind}/${index}`,
    kind,
    index,
    path: hook.path,
    args: hook.args === undefined || hook.args.length === 0 ? [hook.path] : hook.args,
    env: hook.env ?? env,
    timeoutMs: Math.min((hook.timeout ?? 0) * 1000, MAX_TIMEOUT_MS),
    stateHead: state.head,
    stateTail: state.tail,
  }));
}

/** The state (runtime.md#state) around the number that only init knows: its pid in the container's pid namespace. */
function splitState({ociVersion, id, bundle, config}: PlanInput, status: string): {head: string; tail: string} {
  const {annotations = {}} = config;
  const some = Object.keys(annotations).length > 0;
  const before = JSON.stringify({ociVersion, id, status});
  const after = JSON.stringify(some ? {bundle, annotations} : {bundle});
  return {head: `${before.slice(0, -1)},"pid":`, tail: `,${after.slice(1)}`};
}
