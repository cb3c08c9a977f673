// A conversation with systemd. Every call has an end: an answer, or an error when the deadline has passed.
import {monotonicMs} from '../../clock.ts';
import {errnoText, hasCode, isSyscallError, RuntsError} from '../../errors.ts';
import {type Bus, type BusValue, isBusAnswer, loadSystemdAddon, type SystemdAddon} from '../../host/systemd-addon.ts';
import type {Address} from './addresses.ts';

/** How long one thing that is asked for may take, in milliseconds; a busy systemd takes its time. */
export const DEADLINE_MS = 30_000;

const SERVICE = 'org.freedesktop.systemd1';
const MANAGER = {destination: SERVICE, path: '/org/freedesktop/systemd1', interface: `${SERVICE}.Manager`} as const;
const BUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;

/** What systemd has answered instead of doing what it was asked. */
export class Refusal extends RuntsError {
  /** "NoSuchUnit" */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super(message);
    this.reason = reason;
  }
}

/** systemd has not been reached, or has said nothing. */
export class SilenceError extends RuntsError {}

/** Owns a connection: close() it. */
export class Manager {
  readonly address: Address;
  readonly #addon: SystemdAddon;
  readonly #bus: Bus;
  readonly #deadlineMs: number;
  #open = true;
  #subscribed = false;
  /** It has not answered once: nothing else is asked of it. */
  #silent: SilenceError | undefined;

  private constructor(addon: SystemdAddon, bus: Bus, address: Address, deadlineMs: number) {
    this.#addon = addon;
    this.#bus = bus;
    this.address = address;
    this.#deadlineMs = deadlineMs;
  }

  /** Connects to the first of `addresses` where somebody listens. Throws SilenceError, with the hint when nobody does. */
  static open(libexec: string, addresses: readonly Address[], hint = '', deadlineMs = DEADLINE_MS): Manager {
    const addon = loadSystemdAddon(libexec);
    const tries: string[] = [];
    for (const address of addresses) {
      try {
        return new Manager(addon, addon.open(address.address, address.isBus, deadlineMs), address, deadlineMs);
      } catch (error) {
        if (hasCode(error, 'ETIMEDOUT')) throw noAnswer(address, 'a connection', deadlineMs);
        if (!isSyscallError(error)) throw error;
        tries.push(`${address.address}: ${errnoText(error.errno)}`);
      }
    }
    throw new SilenceError(`cannot connect to systemd${tries.length === 0 ? '' : `: ${tries.join('; ')}`}${hint}`);
  }

  /** Fine more than once. */
  close(): void {
    if (this.#open) this.#addon.close(this.#bus);
    this.#open = false;
  }

  /** A property of the manager itself. */
  property(name: string): BusValue | undefined {
    const call = {...MANAGER, interface: 'org.freedesktop.DBus.Properties', member: 'Get', signature: 'ss'};
    const [value] = this.#ask({...call, args: [MANAGER.interface, name]}, this.#deadline());
    return value;
  }

  /** A method of the manager. Throws Refusal. */
  call(member: string, signature: string, args: readonly BusValue[]): readonly BusValue[] {
    return this.#ask({...MANAGER, member, signature, args}, this.#deadline());
  }

  /** A property of a unit, by the path of its object. */
  unitProperty(path: string, interfaceName: string, name: string): BusValue | undefined {
    const properties = {destination: SERVICE, path, interface: 'org.freedesktop.DBus.Properties'};
    const args = [`${SERVICE}.${interfaceName}`, name];
    const [value] = this.#ask({...properties, member: 'Get', signature: 'ss', args}, this.#deadline());
    return value;
  }

  /** A method that answers with a job: returns how that ended, "done" or why not. Throws Refusal. */
  job(member: string, signature: string, args: readonly BusValue[]): string {
    const deadline = this.#deadline();
    this.#subscribe(deadline);
    const [job] = this.#ask({...MANAGER, member, signature, args}, deadline);
    for (;;) {
      const [, path, , result] = this.#receive('JobRemoved', `the end of ${member}`, deadline);
      if (path === job) return String(result);
    }
  }

  /** Over a bus systemd tells of jobs only those who ask for it. */
  #subscribe(deadline: number): void {
    if (this.#subscribed || !this.address.isBus) return;
    const rule = `type='signal',sender='${SERVICE}',interface='${MANAGER.interface}',member='JobRemoved'`;
    this.#ask({...BUS, member: 'AddMatch', signature: 's', args: [rule]}, deadline);
    this.#ask({...MANAGER, member: 'Subscribe', signature: '', args: []}, deadline);
    this.#subscribed = true;
  }

  #deadline(): number {
    return monotonicMs() + this.#deadlineMs;
  }

  #ask(call: Parameters<SystemdAddon['call']>[1], deadline: number): readonly BusValue[] {
    return this.#within(call.member, (ms) => this.#addon.call(this.#bus, call, ms), deadline);
  }

  #receive(member: string, what: string, deadline: number): readonly BusValue[] {
    return this.#within(what, (ms) => this.#addon.receive(this.#bus, MANAGER.interface, member, ms), deadline);
  }

  #within<T>(what: string, action: (timeoutMs: number) => T, deadline: number): T {
    if (this.#silent !== undefined) throw this.#silent;
    try {
      return action(Math.max(0, deadline - monotonicMs()));
    } catch (error) {
      if (isBusAnswer(error)) throw new Refusal(error.message, error.dbusError.split('.').at(-1) ?? '');
      if (hasCode(error, 'ETIMEDOUT')) {
        this.#silent = noAnswer(this.address, what, this.#deadlineMs);
        throw this.#silent;
      }
      if (!isSyscallError(error)) throw error;
      throw new SilenceError(`${what} of systemd (${this.address.address}): ${errnoText(error.errno)}`, {cause: error});
    }
  }
}

function noAnswer({address, isBus}: Address, what: string, deadlineMs: number): SilenceError {
  const who = isBus ? 'systemd, or the message bus,' : 'systemd';
  return new SilenceError(
    `${who} (${address}) has not answered within ${deadlineMs / 1000} s, asked for ${what}: is it stopped?`,
  );
}
