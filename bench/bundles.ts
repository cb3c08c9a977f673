// The bundles that all runtimes are measured with, and where everything of a benchmark lies.
import {copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {makeRootfs} from '../test/integration/rootfs.ts';
import type {Spec} from '../test/integration/spec.ts';

const fixtures = `${import.meta.dirname}/../test/unit/plan/fixtures`;

export interface Workplace {
  readonly directory: string;
  /** For the state roots of the runtimes: on a tmpfs, as /run is. */
  readonly states: string;
  /** What `runc spec` writes, without a terminal: a program that ends at once, and one that stays. */
  readonly plain: {readonly short: string; readonly long: string};
  /** What Podman makes of `podman run`, with its default seccomp profile. */
  readonly engine: string;
  remove(): void;
}

export function makeWorkplace(): Workplace {
  const directory = mkdtempSync(join(tmpdir(), 'runts-bench-'));
  const states = mkdtempSync('/dev/shm/runts-bench-');
  copyFileSync('/bin/busybox', join(directory, 'busybox'));
  makeRootfs(join(directory, 'rootfs'), join(directory, 'busybox'));
  for (const name of ['hosts', 'hostname', '.containerenv']) writeFileSync(join(directory, name), 'bench\n');
  mkdirSync(join(directory, 'shm'));

  const bundle = (name: string, fixture: string, args: string[]): string => {
    const path = join(directory, name);
    mkdirSync(path);
    writeFileSync(join(path, 'config.json'), JSON.stringify(adapt(fixture, directory, args)));
    return path;
  };
  const short = ['/bin/true'];
  return {
    directory,
    states,
    plain: {
      short: bundle('plain-short', 'runc-spec', short),
      long: bundle('plain-long', 'runc-spec', ['/bin/sleep', '100000']),
    },
    engine: bundle('engine', 'podman', short),
    remove() {
      for (const made of [directory, states]) rmSync(made, {recursive: true, force: true});
    },
  };
}

/** A config as an engine wrote it, on our rootfs and files; without its cgroup, so that each container gets one of its own. */
function adapt(fixture: string, directory: string, args: string[]): Spec {
  const spec: Spec = JSON.parse(readFileSync(`${fixtures}/${fixture}.json`, 'utf8'));
  spec.root.path = join(directory, 'rootfs');
  spec.process.args = args;
  delete spec.process.terminal;
  delete spec.linux.cgroupsPath;
  // Podman gives on its own hard limit, which may be above fs.nr_open of this machine.
  for (const limit of spec.process.rlimits ?? []) Object.assign(limit, {soft: 1024, hard: 1024});
  for (const mount of spec.mounts) {
    const file = /\/userdata\/(.+)$/.exec(mount.source ?? '')?.[1];
    if (file !== undefined) mount.source = join(directory, file);
  }
  return spec;
}
