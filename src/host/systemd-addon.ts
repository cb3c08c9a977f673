// The typed door to runts_systemd.node (addon/binding/systemd.cc), the one part of runts that loads libsystemd.
import {join} from 'node:path';
import {loadLibraryAddon} from './library-addon.ts';

/** A value of D-Bus: y, n, q, i, u, d are numbers, x and t bigints, arrays, structs and dictionary entries arrays, ay also bytes. */
export type BusValue = boolean | number | bigint | string | Uint8Array | Variant | readonly BusValue[];

/** Given with its type; what is read comes without. */
export interface Variant {
  readonly signature: string;
  readonly value: BusValue;
}

/** A connection that open() has made. */
export type Bus = object & {readonly brand: 'sd_bus'};

export interface BusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature: string;
  readonly args: readonly BusValue[];
}

/** Every function throws SyscallFacts, ETIMEDOUT among them. */
export interface SystemdAddon {
  /** Connects to a D-Bus address; `isBus`: a message bus, and not the service itself, is what listens there. */
  open(address: string, isBus: boolean, timeoutMs: number): Bus;
  /** Calls a method and returns what it answers. Throws BusAnswer when that is an error. */
  call(bus: Bus, call: BusCall, timeoutMs: number): readonly BusValue[];
  /** What the next signal of this name carries. Those that came during a call are kept; others are dropped. */
  receive(bus: Bus, interfaceName: string, member: string, timeoutMs: number): readonly BusValue[];
  close(bus: Bus): void;
}

/** An error that the other side has answered with; `dbusError` is its name. */
export interface BusAnswer extends Error {
  readonly dbusError: string;
}

export function isBusAnswer(error: unknown): error is BusAnswer {
  return error instanceof Error && 'dbusError' in error && typeof error.dbusError === 'string';
}

/** Loads the addon from the folder `libexec`. */
export function loadSystemdAddon(libexec: string): SystemdAddon {
  return loadLibraryAddon(join(libexec, 'runts_systemd.node'), {
    needed: 'the systemd cgroup driver',
    library: 'libsystemd (Debian: libsystemd0)',
  });
}
