// Properties of units, as methods of systemd take them.
import type {Variant} from '../../host/systemd-addon.ts';

export type Property = readonly [name: string, value: Variant];

/** "No limit" of systemd. */
export const INFINITY = 2n ** 64n - 1n;

/** -1 is INFINITY. */
export const u64 = (value: bigint): Variant => ({signature: 't', value: BigInt.asUintN(64, value)});
export const text = (value: string): Variant => ({signature: 's', value});
export const truth = (value: boolean): Variant => ({signature: 'b', value});
