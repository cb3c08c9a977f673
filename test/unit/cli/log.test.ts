import {mkdtempSync, readFileSync, rmSync, statSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {closeLogFile, createLogger, jsonRecord, openLogFile, printable, textRecord} from '../../../src/log.ts';
import {NOW} from './run-cli.ts';

const time = 'time="2026-11-20T10:39:41Z"';

describe('text records', () => {
  it.each([
    ['hello', 'msg=hello'],
    ['', 'msg='],
    ['a-b_c./@^+1', 'msg=a-b_c./@^+1'],
    ['two words', 'msg="two words"'],
    ['say "x" \\', 'msg="say \\"x\\" \\\\"'],
    ['a\nb\tc\r', 'msg="a\\nb\\tc\\r"'],
    ['\x01\x7f', 'msg="\\x01\\x7f"'],
    ['ü€😀', 'msg="ü€😀"'],
    ['\u0085\u200b', 'msg="\\u0085\\u200b"'],
    ['\x07\b\f\v', 'msg="\\a\\b\\f\\v"'],
  ])('%j', (message, expected) => {
    expect(textRecord('error', message, NOW)).toBe(`${time} level=error ${expected}\n`);
  });
});

describe('JSON records', () => {
  it('have sorted keys and keep line breaks escaped', () => {
    expect(jsonRecord('warning', 'a\n"b"', NOW)).toBe(
      '{"level":"warning","msg":"a\\n\\"b\\"","time":"2026-11-20T10:39:41Z"}\n',
    );
  });
});

describe('what is printed without quotes', () => {
  it('has no control characters but line breaks and tabs', () => {
    expect(printable('a\tb\n\x1b]0;c\x07\x9b31m "ü" \u202e\r')).toBe('a\tb\n\\x1b]0;c\\a\\u009b31m "ü" \\u202e\\r');
  });
});

describe('log files', () => {
  it('are appended to and get mode 0644', () => {
    const directory = mkdtempSync('/tmp/runts-log-');
    const umask = process.umask(0);
    try {
      for (const message of ['one', 'two']) {
        const fd = openLogFile(`${directory}/log`);
        createLogger({fd, isStderr: false, format: 'text', debug: false, warnings: false, now: () => NOW}).warn(
          message,
        );
        closeLogFile(fd);
      }
      expect(readFileSync(`${directory}/log`, 'utf8')).toBe(
        `${time} level=warning msg=one\n${time} level=warning msg=two\n`,
      );
      expect(statSync(`${directory}/log`).mode & 0o777).toBe(0o644);
    } finally {
      process.umask(umask);
      rmSync(directory, {recursive: true});
    }
  });

  it('that cannot be written to fail nothing', () => {
    const fd = openLogFile('/dev/full');
    const logger = createLogger({fd, isStderr: false, format: 'json', debug: true, warnings: true, now: () => NOW});
    expect(() => logger.error('x')).not.toThrow();
    closeLogFile(fd);
  });
});
