import type {Context} from '../context.ts';
import type {Status} from '../generated/config.ts';
import {type ContainerView, viewContainer} from './status.ts';

/** What `state` and `list` tell of a container. */
export interface ContainerState {
  readonly ociVersion: string;
  readonly id: string;
  /** 0 when it is stopped. */
  readonly pid: number;
  readonly status: Status;
  readonly bundle: string;
  readonly rootfs: string;
  /** RFC 3339 with as many fractional digits as there are, UTC. */
  readonly created: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Name of the user who created it in `list`; empty in `state`, as in runc. */
  readonly owner: string;
}

/** The state of one container. Throws `container does not exist`. */
export function state(ctx: Context, id: string): ContainerState {
  return stateOf(viewContainer(ctx, id), '');
}

export function stateOf({record, status}: ContainerView, owner: string): ContainerState {
  const {ociVersion, id, bundle, rootfs, created, annotations, init} = record;
  const pid = status === 'stopped' ? 0 : (init?.pid ?? 0);
  const shown = annotations === undefined ? {} : {annotations};
  return {ociVersion, id, pid, status, bundle, rootfs, created, ...shown, owner};
}
