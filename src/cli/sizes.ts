// Sizes as docker's go-units reads them (RAMInBytes): `512`, `64m`, `1.5g`, `2GiB`; powers of 1024.

const UNITS = 'bkmgtp';

/** Bytes; undefined for what is no size. */
export function parseSize(text: string): bigint | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp])?(?:i?b)?$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  const factor = 1024n ** BigInt(Math.max(0, UNITS.indexOf(unit.toLowerCase() || 'b')));
  const [whole = '0', fraction = ''] = number.split('.');
  const bytes = BigInt(whole) * factor + (BigInt(`0${fraction}`) * factor) / 10n ** BigInt(fraction.length);
  return bytes < 2n ** 63n ? bytes : undefined;
}
