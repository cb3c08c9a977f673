// Annotations org.systemd.property.NAME=VALUE: properties of the unit as the user wants them, in the words of runc's rules.
import {escapeKey} from '../../config/tidy.ts';
import {ConfigError, messageOf} from '../../errors.ts';
import type {Variant} from '../../host/systemd-addon.ts';
import {parseVariant} from './gvariant.ts';
import type {Property} from './property.ts';

const PREFIX = 'org.systemd.property.';
const MICROSECONDS = 1_000_000n;

/** The properties that annotations ask for; VALUE is GVariant text. Seconds ("TimeoutStopSec") become microseconds, as D-Bus knows only
 * these. Throws ConfigError. */
export function annotatedProperties(annotations: Readonly<Record<string, string>> = {}): Property[] {
  return Object.entries(annotations)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, text]) => propertyOf(key, text));
}

function propertyOf(key: string, text: string): Property {
  const refuse = (message: string): ConfigError =>
    new ConfigError([{pointer: `/annotations/${escapeKey(key)}`, message}]);
  const name = key.slice(PREFIX.length);
  if (name.length < 3) throw refuse(`annotation ${key} name incorrect: too short`);
  if (!/^[A-Za-z]+$/.test(name)) throw refuse(`annotation ${key} name incorrect: it is letters only`);
  try {
    const value = parseVariant(text);
    return /[a-z]Sec$/.test(name) ? [name.replace(/Sec$/, 'USec'), inMicroseconds(value)] : [name, value];
  } catch (error) {
    throw refuse(`annotation ${key}=${text} value parse error: ${messageOf(error)}`);
  }
}

function inMicroseconds({value}: Variant): Variant {
  if (typeof value === 'bigint') return unsigned(value * MICROSECONDS);
  if (typeof value !== 'number') throw new RangeError('not a number');
  return unsigned(
    Number.isInteger(value) ? BigInt(value) * MICROSECONDS : BigInt(Math.trunc(value * Number(MICROSECONDS))),
  );
}

function unsigned(value: bigint): Variant {
  if (value < 0n || value >= 2n ** 64n) throw new RangeError(`${value} microseconds are no time`);
  return {signature: 't', value};
}
