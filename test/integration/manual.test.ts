// Manual and completion, as their readers take them: groff and mandoc, bash, zsh and fish.
import {mkdirSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {describe, expect} from 'vitest';
import {completions} from '../../scripts/manual/completions.ts';
import {manualPages} from '../../scripts/manual/pages.ts';
import {commandLine} from '../../scripts/manual/tables.ts';
import {commandNames} from '../../src/cli/commands/index.ts';
import {BINARY, type Box, succeeded, test} from './harness.ts';
import {read} from './inspect.ts';

const PROJECT = join(import.meta.dirname, '../..');
const line = await commandLine();

function write(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(folder, {recursive: true});
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

test('manual: neither groff nor mandoc finds anything to complain of', async ({box}) => {
  const pages = manualPages(line, {version: '1.2.3', date: '2026-01-31'});
  write(box.dir, pages);
  const [first, ...others] = await Promise.all([
    box.host(['mandoc', '-T', 'lint', '-W', 'warning', ...pages.keys()]),
    ...[...pages.keys()].map((name) => box.host(['groff', '-ww', '-man', '-Tutf8', name])),
  ]);
  expect(first).toMatchObject({code: 0, stdout: '', stderr: ''});
  for (const outcome of others) expect(outcome).toMatchObject({code: 0, stderr: ''});
});

test('manual: a page can be read, and what is typed can be copied from it', async ({box}) => {
  write(box.dir, manualPages(line, {version: '1.2.3', date: '2026-01-31'}));
  const {stdout} = succeeded(await box.host(['groff', '-man', '-Tutf8', '-P-cbou', 'runts-exec.8']));
  expect(stdout).toMatch(/^ +runts-exec - run a further process in a container$/m);
  expect(stdout).toMatch(/^ +runts exec \[options\] container-id command \[args\.\.\.\]$/m);
  expect(stdout).toMatch(/^ +-g, --additional-gids value$/m);
  expect(stdout).toMatch(/^ +runts exec -t -u 1000:1000 ubuntu01 sh$/m);
  expect(stdout).toMatch(/^runts 1\.2\.3 +2026-01-31 +RUNTS-EXEC\(8\)$/m);
});

test('make install puts manual and completion where they are looked for, make uninstall removes all', async ({box}) => {
  const make = (target: string) =>
    box.host(['make', '-s', '-C', PROJECT, target, `DESTDIR=${box.dir}`, 'PREFIX=/prefix'], {timeout: 60_000});
  const prefix = join(box.dir, 'prefix');
  const files = (): string[] =>
    readdirSync(prefix, {recursive: true, withFileTypes: true})
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(prefix.length + 1))
      .sort();
  mkdirSync(join(prefix, 'share/man/man8'), {recursive: true});
  writeFileSync(join(prefix, 'share/man/man8/runts-gone.8'), '');
  succeeded(await make('install'));
  expect(files().filter((file) => !file.startsWith('libexec/'))).toEqual(
    [
      'bin/runts',
      'lib/systemd/system/runts-agent.service',
      'lib/systemd/system/runts-agent.socket',
      'share/bash-completion/completions/runts',
      'share/fish/vendor_completions.d/runts.fish',
      'share/man/man8/runts.8',
      ...commandNames.map((name) => `share/man/man8/runts-${name}.8`),
      'share/zsh/site-functions/_runts',
    ].sort(),
  );
  succeeded(await make('uninstall'));
  expect(files()).toEqual([]);
}, 120_000);

// ---- completion. Each gives what a shell offers at the end of a line.

const SHELL_FILES = join(import.meta.dirname, 'completion');
type Complete = (box: Box, typed: string) => Promise<string[]>;

function surroundings(box: Box, script: string): Record<string, string> {
  const folder = join(box.dir, 'completions');
  write(folder, completions(line));
  const programs = join(box.dir, 'bin');
  mkdirSync(programs, {recursive: true});
  symlinkIfNone(BINARY, join(programs, 'runts'));
  return {
    PATH: `${programs}:${process.env['PATH']}`,
    SCRIPT: join(folder, script),
    RESULT: join(box.dir, 'result'),
    INPUTRC: '/dev/null',
    LC_ALL: 'C.UTF-8',
  };
}

function symlinkIfNone(target: string, path: string): void {
  if (!readdirSync(join(path, '..')).includes(basename(path))) symlinkSync(target, path);
}

const bash: Complete = async (box, typed) => {
  const env = surroundings(box, 'runts.bash');
  const input = `${typed}\x0f`;
  succeeded(await box.host(['bash', '--rcfile', join(SHELL_FILES, 'bashrc'), '-i'], {env, input}));
  const result = read(join(box.dir, 'result'));
  // The word that was being typed is replaced by all that are offered.
  const start = typed.slice(0, typed.search(/[^ =]*$/));
  expect(result.startsWith(start)).toBe(true);
  if (result === typed) return [];
  return result.slice(start.length).trim().split(' ');
};

const zsh: Complete = async (box, typed) => {
  const env = surroundings(box, '_runts');
  succeeded(await box.host(['zsh', '-f', join(SHELL_FILES, 'type.zsh'), typed], {env}));
  return read(join(box.dir, 'result')).split('\n');
};

const fish: Complete = async (box, typed) => {
  const env = surroundings(box, 'runts.fish');
  const script = 'source $SCRIPT; complete -C $argv[1]';
  const {stdout} = succeeded(await box.host(['fish', '--no-config', '-c', script, typed], {env}));
  return stdout.split('\n').map((row) => row.split('\t')[0] ?? '');
};

const shells: Readonly<Record<string, Complete>> = {bash, zsh, fish};

describe.each(Object.keys(shells))('completion in %s', (shell) => {
  /** Shells differ in how much of a path or of --option=value they show. */
  const offered = async (box: Box, typed: string): Promise<string[]> => {
    const words = (await shells[shell]?.(box, typed)) ?? [];
    const short = words.map((word) => basename(word.replace(/^--[\w-]+=/, ''))).filter((word) => word !== '');
    return [...new Set(short)].sort();
  };

  test('offers commands, options and their values', async ({box}) => {
    const names = [...commandNames, 'help'].sort();
    expect(await offered(box, 'runts ')).toEqual(names);
    expect(await offered(box, 'runts --debug --log-format json --rootless=auto sta')).toEqual(['start', 'state']);
    expect(await offered(box, 'runts help ')).toEqual(names);
    expect(await offered(box, 'runts --root')).toEqual(['--root', '--rootless']);
    expect(await offered(box, 'runts --log-format ')).toEqual(['json', 'text']);
    expect(await offered(box, 'runts --log-format=j')).toEqual(['json']);
    expect(await offered(box, 'runts list -f ')).toEqual(['json', 'table']);
    expect(await offered(box, 'runts kill --')).toEqual(['--all', '--help', '--regex']);
  });

  test('knows where an option or an argument ends', async ({box}) => {
    // A value that is anything, however much it looks like something else.
    expect(await offered(box, 'runts exec --user ')).toEqual([]);
    expect(await offered(box, 'runts --log list exec --ig')).toEqual(['--ignore-paused']);
    expect(await offered(box, 'runts exec --env kill --ignore')).toEqual(['--ignore-paused']);
    // Behind the id, everything belongs to the program in the container.
    expect(await offered(box, 'runts exec id --')).toEqual([]);
    expect(await offered(box, 'runts exec id ki')).toEqual([]);
    expect(await offered(box, 'runts pause -- --')).toEqual([]);
    expect(await offered(box, 'runts update id --mem')).toEqual([
      '--mem-bw-schema',
      '--memory',
      '--memory-reservation',
      '--memory-swap',
    ]);
  });

  test('offers nothing that is hidden or not there', async ({box}) => {
    expect(await offered(box, 'runts update --kernel')).toEqual([]);
    expect(await offered(box, 'runts exec --no-')).toEqual(['--no-new-privs']);
    expect(await offered(box, 'runts nonsense --')).toEqual([]);
    expect(await offered(box, 'runts nonsense ')).toEqual([]);
  });

  test('offers files, or directories only', async ({box}) => {
    const folder = join(box.dir, 'paths');
    mkdirSync(join(folder, 'bundle-one'), {recursive: true});
    writeFileSync(join(folder, 'bundle-file'), '');
    const both = ['bundle-file', 'bundle-one'];
    expect(await offered(box, `runts create --bundle ${folder}/bun`)).toEqual(['bundle-one']);
    expect(await offered(box, `runts --root=${folder}/bun`)).toEqual(['bundle-one']);
    expect(await offered(box, `runts create --pid-file ${folder}/bun`)).toEqual(both);
    expect(await offered(box, `runts --log=${folder}/bun`)).toEqual(both);
  });

  test('offers the containers of the root on the line, and signals', async ({box}) => {
    const [one, other] = [box.container(['/bin/true']), box.container(['/bin/true'])];
    for (const it of [one, other]) await it.create();
    const ids = [one.id, other.id].sort();
    const elsewhere = join(box.dir, 'a root');
    symlinkSync(box.root, elsewhere);
    expect(await offered(box, `runts --root ${box.root} start `)).toEqual(ids);
    expect(await offered(box, `runts --root=${box.root} delete --force ${one.id}`)).toEqual([one.id]);
    expect(await offered(box, `runts --root '${elsewhere}' exec -t `)).toEqual(ids);
    expect(await offered(box, `runts --root ${box.dir}/none start `)).toEqual([]);
    expect(await offered(box, `runts --root ${box.root} create `)).toEqual([]);
    expect(await offered(box, `runts --root ${box.root} start ${one.id} `)).toEqual([]);
    expect(await offered(box, `runts --root ${box.root} kill ${one.id} T`)).toEqual([
      'TERM',
      'TRAP',
      'TSTP',
      'TTIN',
      'TTOU',
    ]);
  });
});
