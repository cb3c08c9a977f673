// Mount points of a container's mounts in its root filesystem. `create` makes them as it mounts; criu expects them. So they
// are made as create does, by the same steps, in namespaces that end with the process that was made for it.
import {join} from 'node:path';

import type {Context} from '../context.ts';
import {RuntsError} from '../errors.ts';
import type {Spawned} from '../native.ts';
import {encodePlan} from '../plan/encode.ts';
import type {CompiledPlan} from '../plan/input.ts';
import type {Bundle} from './bundle.ts';
import {stepsOf} from './failure.ts';
import {checkBuild} from './first-process.ts';
import {awaitReady} from './handshake.ts';
import {writeIdMaps} from './id-maps.ts';
import {type InitProcess, initProcessOf, killAndReap, letGo, reapFormer, replaceProcess} from './init-process.ts';
import {SILENCE_MS} from './patience.ts';
import {descriptorsOf} from './prepare.ts';

/** Goes through a plan that ends with the mounts. */
export function makeMountPoints(ctx: Context, bundle: Bundle, plan: CompiledPlan, nullDevice: number): void {
  checkBuild('runts.node', ctx.native.buildId);
  const init = initProcessOf(spawn(ctx, plan, nullDevice));
  try {
    const talk = {channel: init.sync, lookup: stepsOf(plan.steps, bundle.file), patience: SILENCE_MS};
    awaitReady(ctx, talk, handlers(ctx, bundle, init));
  } finally {
    const ended = killAndReap(ctx.native, init);
    letGo(init);
    if (!ended) ctx.log.warn('the process that makes mount points is still running, ignoring');
  }
}

function spawn({native, libexec}: Context, plan: CompiledPlan, nullDevice: number): Spawned {
  return native.spawn({
    init: join(libexec, 'runts-init'),
    plan: encodePlan(plan),
    cloneFlags: plan.cloneFlags,
    cgroupFd: -1,
    stdio: [nullDevice, nullDevice, nullDevice],
    keepFds: descriptorsOf(plan),
  });
}

function handlers(ctx: Context, {config}: Bundle, init: InitProcess): Parameters<typeof awaitReady>[2] {
  const never = (): never => {
    throw new RuntsError('runts-init asks for what is not in its plan');
  };
  return {
    hello: (build) => checkBuild('runts-init', build),
    pid: (pid) => replaceProcess(ctx.native, init, pid),
    atWork: () => reapFormer(ctx.native, init),
    userNamespace: () => writeIdMaps(ctx, init.pid, config.linux ?? {}),
    netDevices: never,
    runtimeHooks: never,
    console: never,
    seccomp: never,
    ended: () => new RuntsError('the process that makes mount points ended without saying why'),
  };
}
