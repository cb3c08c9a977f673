import {unsupportedCommands} from '../../../src/cli/commands/index.ts';
import {describe, expect, it} from 'vitest';
import {cli} from './run-cli.ts';

const line = (message: string): string => `time="2026-11-20T10:39:41Z" level=error msg=${JSON.stringify(message)}\n`;

describe('mistakes in the command line', () => {
  it.each([
    [['lst'], 3, "No help topic for 'lst'"],
    [['-'], 3, "No help topic for '-'"],
    [['help', 'lst'], 3, "No help topic for 'lst'"],
    [['constructor'], 3, "No help topic for 'constructor'"],
    [['--log-format', 'xml', 'list'], 1, 'invalid log-format: xml'],
    [['--rootless', 'maybe', 'list'], 1, 'invalid value "maybe" for --rootless: use true, false or auto'],
    [['--root', '/', 'list'], 1, 'Option --root argument should not be set to /'],
    [['--root', '/run/..', 'list'], 1, 'Option --root argument should not be set to /'],
    [['--root=', 'list'], 1, 'Option --root argument should not be empty'],
    [['list', '--format', 'xml'], 1, 'invalid format option'],
    [['--log', '/nonexistent/log', 'list'], 1, '--log: open /nonexistent/log: ENOENT (no such file or directory)'],
    [['mounts', '--help'], 1, `runts: "mounts" ${unsupportedCommands['mounts']}`],
    [['checkpoint', 'web'], 1, 'container does not exist'],
  ])('%j: exit %i, %s', async (argv, code, message) => {
    expect(await cli(argv)).toEqual({code, stdout: '', stderr: line(message), log: undefined});
  });

  it.each([
    [['start'], 'Incorrect Usage.', 'runts: "start" requires exactly 1 argument(s)', 'runts start'],
    [['start', 'a', 'b'], 'Incorrect Usage.', 'runts: "start" requires exactly 1 argument(s)', 'runts start'],
    [['list', '--', '-q'], 'Incorrect Usage.', 'runts: "list" requires exactly 0 argument(s)', 'runts list'],
    [['kill'], 'Incorrect Usage.', 'runts: "kill" requires a minimum of 1 argument(s)', 'runts kill'],
    [['kill', 'a', '9', 'all'], 'Incorrect Usage.', 'runts: "kill" requires a maximum of 2 argument(s)', 'runts kill'],
    [
      ['list', '--foo'],
      'Incorrect Usage: flag provided but not defined: -foo',
      'flag provided but not defined: -foo',
      'runts list',
    ],
    [
      ['list', '-v'],
      'Incorrect Usage: flag provided but not defined: -v',
      'flag provided but not defined: -v',
      'runts list',
    ],
    [
      ['run', '--bundle'],
      'Incorrect Usage: flag needs an argument: -bundle',
      'flag needs an argument: -bundle',
      'runts run',
    ],
    [
      ['--foo', 'list'],
      'Incorrect Usage. flag provided but not defined: -foo',
      'flag provided but not defined: -foo',
      'runts [global options]',
    ],
    [
      ['--version', '--foo'],
      'Incorrect Usage. flag provided but not defined: -foo',
      'flag provided but not defined: -foo',
      'runts [global options]',
    ],
  ])('%j prints help on stdout', async (argv, heading, message, usage) => {
    const {code, stdout, stderr} = await cli(argv);
    expect({code, stderr}).toEqual({code: 1, stderr: line(message)});
    expect(stdout.startsWith(`${heading}\n\n`)).toBe(true);
    expect(stdout).toContain(`Usage: ${usage}`);
  });
});

describe('where the error goes', () => {
  const message = 'runts: "start" requires exactly 1 argument(s)';

  it('to the log file, and bare to stderr', async () => {
    const {stderr, log} = await cli(['--log', '@/log', 'start']);
    expect({stderr, log}).toEqual({stderr: `${message}\n`, log: line(message)});
  });

  it('as JSON with sorted keys, one object a line', async () => {
    const {stderr, log} = await cli(['--log', '@/log', '--log-format', 'json', 'start']);
    expect(stderr).toBe(`${message}\n`);
    expect(log).toBe(`{"level":"error","msg":${JSON.stringify(message)},"time":"2026-11-20T10:39:41Z"}\n`);
  });

  it('as JSON to stderr when there is no log file', async () => {
    const {stderr} = await cli(['--log-format=json', 'lst']);
    expect(stderr).toBe(`{"level":"error","msg":"No help topic for 'lst'","time":"2026-11-20T10:39:41Z"}\n`);
  });

  it('to the log file even when a global flag before --log is unknown', async () => {
    const {stderr, log} = await cli(['--bogus', '--log', '@/log', 'list']);
    expect(stderr).toBe('flag provided but not defined: -bogus\n');
    expect(log).toBe(line('flag provided but not defined: -bogus'));
  });

  it('to the log file when the log format is wrong', async () => {
    const {log} = await cli(['--log', '@/log', '--log-format', 'xml', 'list']);
    expect(log).toBe(line('invalid log-format: xml'));
  });

  it('makes an empty log file when all goes well', async () => {
    const {code, log} = await cli(['--log', '@/log', '--root', '@', 'spec']);
    expect({code, log}).toEqual({code: 0, log: ''});
  });
});

describe('the caller', () => {
  it('needs XDG_RUNTIME_DIR when not root, and is told so', async () => {
    const {code, stderr} = await cli(['list'], {uid: 1000});
    expect(code).toBe(1);
    expect(stderr).toContain('XDG_RUNTIME_DIR is not set');
  });

  it('may stand in a directory that is gone', async () => {
    const cwd = (): string => {
      throw Object.assign(new Error('gone'), {errno: -2, code: 'ENOENT', syscall: 'uv_cwd'});
    };
    expect(await cli(['--root', '@', 'list', '--quiet'], {cwd})).toMatchObject({code: 0, stderr: ''});
    expect(await cli(['--root', 'relative', 'list'], {cwd})).toMatchObject({
      code: 1,
      stderr: line(
        'the current directory cannot be found, it may have been removed: uv_cwd: ENOENT (no such file or directory)',
      ),
    });
  });

  it('hears of a launcher that does not fit', async () => {
    const {code, stderr} = await cli(['list'], {environment: {RUNTS_LAUNCH: '2;x'}});
    expect(code).toBe(1);
    expect(stderr).toContain('its launcher is of another version');
  });

  it('that does not read stdout gets exit code 1 and no message', async () => {
    const {execFileSync} = await import('node:child_process');
    const {openSync, closeSync, mkdtempSync, rmSync, constants} = await import('node:fs');
    const directory = mkdtempSync('/tmp/runts-fifo-');
    execFileSync('mkfifo', [`${directory}/fifo`]);
    const reader = openSync(`${directory}/fifo`, constants.O_RDONLY | constants.O_NONBLOCK);
    const stdout = openSync(`${directory}/fifo`, 'w');
    closeSync(reader);
    expect(await cli(['--version'], {stdout})).toMatchObject({code: 1, stderr: ''});
    closeSync(stdout);
    rmSync(directory, {recursive: true});
  });

  it('hears of a full disk behind stdout', async () => {
    const {openSync, closeSync} = await import('node:fs');
    const stdout = openSync('/dev/full', 'w');
    expect(await cli(['--version'], {stdout})).toMatchObject({
      code: 1,
      stderr: line('cannot write to standard output: write: ENOSPC (no space left on device)'),
    });
    closeSync(stdout);
  });
});

describe('--version', () => {
  it.each([['--version'], ['-v'], ['-version']])('%s prints name and version first', async (flag) => {
    const {code, stdout, stderr} = await cli([flag]);
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^runts version \d+\.\d+\.\d+$/),
      expect.stringMatching(/^commit: \S+$/),
      'spec: 1.3.0',
      expect.stringMatching(/^node: \d+/),
      '',
    ]);
  });
});
