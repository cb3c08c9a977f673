// Cgroups nested more deeply than a path can tell, as a container may make them. Plain directories stand in for them.
import {closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {removeCgroup} from '../../../src/cgroups/index.ts';
import {processesBelow} from '../../../src/cgroups/processes.ts';

const NAME = '0'.repeat(200);
const LEVELS = 60; // three times what PATH_MAX has room for

describe('nested cgroups', () => {
  let above: string;
  /** An fd of each directory, the topmost first. */
  let directories: number[];

  beforeEach(() => {
    above = mkdtempSync(join(tmpdir(), 'runts-deep-'));
    mkdirSync(join(above, NAME));
    directories = [openSync(join(above, NAME), 'r')];
    for (let level = 1; level < LEVELS; level++) {
      const child = `/proc/self/fd/${directories.at(-1)}/${NAME}`;
      mkdirSync(child);
      directories.push(openSync(child, 'r'));
    }
  });

  afterEach(() => {
    for (const fd of directories.toReversed()) {
      rmSync(`/proc/self/fd/${fd}/cgroup.procs`, {force: true});
      if (existsSync(`/proc/self/fd/${fd}/${NAME}`)) rmdirSync(`/proc/self/fd/${fd}/${NAME}`);
      closeSync(fd);
    }
    rmSync(above, {recursive: true});
  });

  it('are removed', () => {
    removeCgroup({version: 2, paths: {unified: join(above, NAME)}, ancestors: []});
    expect(existsSync(join(above, NAME))).toBe(false);
  });

  it('are looked through for processes', () => {
    for (const [level, fd] of directories.entries())
      writeFileSync(`/proc/self/fd/${fd}/cgroup.procs`, `${level + 1}\n`);
    const pids = Array.from({length: LEVELS}, (_, level) => level + 1);
    expect(processesBelow(join(above, NAME))).toEqual(pids);
  });
});
