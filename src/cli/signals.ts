// Names of signals, in the kernel's numbering for x86_64 and arm64, as `kill` takes them.
import {RuntsError} from '../errors.ts';

/** Number n stands at index n. */
const NAMES = [
  '',
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'TRAP',
  'ABRT',
  'BUS',
  'FPE',
  'KILL',
  'USR1',
  'SEGV',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'STKFLT',
  'CHLD',
  'CONT',
  'STOP',
  'TSTP',
  'TTIN',
  'TTOU',
  'URG',
  'XCPU',
  'XFSZ',
  'VTALRM',
  'PROF',
  'WINCH',
  'IO',
  'PWR',
  'SYS',
] as const;

const SYNONYMS: Readonly<Record<string, number>> = {IOT: 6, CLD: 17, POLL: 29};

/** glibc's and musl's range: 32 and 33 are the C library's own. */
const RTMIN = 34;
const RTMAX = 64;

/** Without SIG, in the order of their numbers; no synonyms and no real-time signals. */
export const signalNames: readonly string[] = NAMES.slice(1);

/** `9`, `KILL`, `SIGKILL`, `sigkill`, `RTMIN+3`, `RTMAX-1` → number. 0 probes. Throws `unknown signal "X"`. */
export function parseSignal(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : namedSignal(text.toUpperCase().replace(/^SIG/, ''));
  if (number === undefined || number > RTMAX) throw new RuntsError(`unknown signal ${JSON.stringify(text)}`);
  return number;
}

function namedSignal(name: string): number | undefined {
  const index = name === '' ? -1 : (NAMES as readonly string[]).indexOf(name);
  return index > 0 ? index : (SYNONYMS[name] ?? realtimeSignal(name));
}

function realtimeSignal(name: string): number | undefined {
  const [, base, sign, digits] = /^(RTMIN|RTMAX)(?:([+-])(\d{1,2}))?$/.exec(name) ?? [];
  if (base === undefined || sign === (base === 'RTMIN' ? '-' : '+')) return undefined;
  const offset = Number(digits ?? 0);
  const number = base === 'RTMIN' ? RTMIN + offset : RTMAX - offset;
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}
