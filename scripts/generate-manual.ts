// Makes build/man/*.8 and build/completions/{runts.bash,_runts,runts.fish} from the tables of the command line; `make install`
// installs them.
import {execFileSync} from 'node:child_process';
import {mkdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import metadata from '../package.json' with {type: 'json'};
import {completions} from './manual/completions.ts';
import {manualPages} from './manual/pages.ts';
import {commandLine} from './manual/tables.ts';

const root = join(import.meta.dirname, '..');

/** The day of the last commit, so that the same sources give the same pages; today, when this is no git checkout. */
function date(): string {
  try {
    return execFileSync('git', ['log', '-1', '--format=%cs'], {cwd: root, stdio: 'pipe', encoding: 'utf8'}).trim();
  } catch {
    return new Date().toISOString().slice(0, 10);
  }
}

/** The folder then holds these files and no others: a command that is gone leaves no page behind. */
function fill(folder: string, files: ReadonlyMap<string, string>): void {
  rmSync(folder, {recursive: true, force: true});
  mkdirSync(folder, {recursive: true});
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
}

const line = await commandLine();
fill(join(root, 'build/man'), manualPages(line, {version: metadata.version, date: date()}));
fill(join(root, 'build/completions'), completions(line));
