// Durations as Go's time.ParseDuration reads them: scripts written for runc pass these.

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** "5s", "1m30s", "1.5h", "300ms", "0" -> milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let total = 0;
  for (const [, number, unit = ''] of rest.matchAll(/([\d.]+)(\D+)/g)) total += Number(number) * (UNITS[unit] ?? 0);
  return sign === '-' ? -total : total;
}
