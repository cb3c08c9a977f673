// The log that engines read: --log FILE, --log-format text|json. The last error line is the message they show.
import {closeSync, openSync} from 'node:fs';
import {type Output, ownOutput} from './write.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface LogOptions {
  /** Where records go: an open log file, or the caller's stderr. */
  readonly fd: number;
  /** The fd is the caller's stderr: there is no --log. */
  readonly isStderr: boolean;
  readonly format: 'text' | 'json';
  readonly debug: boolean;
  /** False for commands whose stdout and stderr engines parse together as JSON: their stderr gets no warning. */
  readonly warnings: boolean;
  readonly now: () => Date;
  /** What writes to the fd; this process unless given. */
  readonly output?: Output;
}

/** Opens a log file for appending, so that several commands can share it. Throws SyscallFacts. */
export function openLogFile(path: string): number {
  return openSync(path, 'a', 0o644);
}

export function closeLogFile(fd: number): void {
  closeSync(fd);
}

/** A logger over an open descriptor. A failing write (full disk, reader gone) never fails the command. */
export function createLogger(options: LogOptions): Logger {
  const {output = ownOutput} = options;
  const warnings = options.warnings || !options.isStderr;
  const log = (level: LogLevel, message: string): void => {
    try {
      output.write(options.fd, formatRecord(options, level, message));
    } catch {
      // Nowhere is left to tell it.
    }
  };
  const silent = (): void => {};
  return {
    debug: options.debug ? (message) => log('debug', message) : silent,
    info: options.debug ? (message) => log('info', message) : silent,
    warn: warnings ? (message) => log('warning', message) : silent,
    error: (message) => log('error', message),
  };
}

function formatRecord(options: LogOptions, level: LogLevel, message: string): string {
  if (options.format === 'json') return jsonRecord(level, message, options.now());
  // A person reads it, or a list of problems: quoting would only hide the line breaks.
  if (options.isStderr && (message.includes('\n') || (options.output ?? ownOutput).isTerminal(options.fd)))
    return plainRecord(level, message);
  return textRecord(level, message, options.now());
}

/** logrus' JSON: keys sorted, one object a line. */
export function jsonRecord(level: LogLevel, msg: string, now: Date): string {
  return `${JSON.stringify({level, msg, time: timestamp(now)})}\n`;
}

/** logrus' text: `time="2026-11-20T10:39:41Z" level=error msg="container does not exist"`. */
export function textRecord(level: LogLevel, message: string, now: Date): string {
  return `time="${timestamp(now)}" level=${level} msg=${quoteIfNeeded(message)}\n`;
}

function plainRecord(level: LogLevel, message: string): string {
  const text = printable(message);
  return level === 'error' ? `${text}\n` : `${level}: ${text}\n`;
}

// The classes of Unicode below take V8 3 ms to compile. Nearly all messages do without them.
const PLAIN = /^[ -~\n\t]*$/;

/** For a terminal, which obeys control characters: what an image or a hook says must not get any through to it. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} \n\t]/gu, escapeCharacter);
}

// RFC 3339 in whole seconds, as logrus prints it.
function timestamp(now: Date): string {
  return now.toISOString().replace(/\.\d+Z$/, 'Z');
}

function quoteIfNeeded(text: string): string {
  return /^[A-Za-z0-9\-._/@^+]*$/.test(text) ? text : quote(text);
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

// Go's %q, which is what readers of logrus' text format undo.
function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text.replace(/["\\\n\t]/g, escapeCharacter)}"`;
  return `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');
