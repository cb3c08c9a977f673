// Numbers of linux.resources in the forms that the kernel's files take.
import {ConfigError} from '../errors.ts';

/** 0 is "not set", as engines that send whole structures mean it (and as runc reads it). */
export function nonZero(value: bigint | undefined): bigint | undefined {
  return value === 0n ? undefined : value;
}

/** A knob where 0 is a value: "not set" is -1 as engines written in Go have it in an unsigned type. */
export function isSet(value: bigint | undefined): value is bigint {
  return value !== undefined && value !== 2n ** 64n - 1n;
}

/** A limit in bytes or tasks: -1 is unlimited, 0 is not set, anything below -1 an error. */
export function limitOf(value: bigint | undefined, pointer: string): bigint | undefined {
  if (value !== undefined && value < -1n)
    throw new ConfigError([{pointer, message: `${value} is no limit; -1 is unlimited`}]);
  return nonZero(value);
}

/** cgroup v2 spells unlimited "max". */
export function orMax(value: bigint): string {
  return value < 0n ? 'max' : String(value);
}

/** "8:0" */
export function deviceNumber(device: {readonly major: bigint; readonly minor: bigint}): string {
  return `${device.major}:${device.minor}`;
}
