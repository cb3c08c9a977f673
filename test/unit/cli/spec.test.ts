import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {specText} from '../../../src/cli/spec.ts';
import {cli} from './run-cli.ts';

const golden = (name: string): string => readFileSync(`${import.meta.dirname}/golden/${name}.golden`, 'utf8');

describe('the starter config', () => {
  it('is what runc writes, but for hostname, version and ambient capabilities', () => {
    expect(specText({rootless: undefined, cgroup2: false, coveredProc: false})).toBe(golden('spec'));
    expect(specText({rootless: {uid: 1000, gid: 1001}, cgroup2: false, coveredProc: false})).toBe(
      golden('spec-rootless'),
    );
  });

  it('has a cgroup namespace where there is only cgroup v2', () => {
    const types = (rootless: {uid: number; gid: number} | undefined): string[] =>
      JSON.parse(specText({rootless, cgroup2: true, coveredProc: false})).linux.namespaces.map(
        ({type}: {type: string}) => type,
      );
    expect(types(undefined)).toEqual(['pid', 'network', 'ipc', 'uts', 'mount', 'cgroup']);
    expect(types({uid: 1, gid: 1})).toEqual(['pid', 'ipc', 'uts', 'mount', 'cgroup', 'user']);
  });

  it('binds a /proc of which parts are covered into rootless containers, which get no new one', () => {
    const proc = (rootless: {uid: number; gid: number} | undefined): unknown =>
      JSON.parse(specText({rootless, cgroup2: true, coveredProc: true})).mounts[0];
    expect(proc(undefined)).toEqual({destination: '/proc', type: 'proc', source: 'proc'});
    expect(proc({uid: 1, gid: 1})).toEqual({destination: '/proc', type: 'bind', source: '/proc', options: ['rbind']});
  });
});

describe('runts spec', () => {
  it('writes config.json with the umask of the caller, once', async () => {
    const directory = mkdtempSync('/tmp/runts-spec-');
    const umask = process.umask(0o027);
    try {
      const first = await cli(['--log', '@/log', 'spec'], {cwd: () => directory});
      expect(first).toMatchObject({code: 0, stdout: '', stderr: ''});
      expect(statSync(`${directory}/config.json`).mode & 0o777).toBe(0o640);
      const second = await cli(['--log', '@/log', 'spec', '--bundle', directory]);
      expect(second).toMatchObject({code: 1, stderr: 'File config.json exists. Remove it first\n'});
      expect(readdirSync(directory)).toEqual(['config.json']);
    } finally {
      process.umask(umask);
      rmSync(directory, {recursive: true});
    }
  });

  it('names the ids of the caller for a rootless container', async () => {
    const directory = mkdtempSync('/tmp/runts-spec-');
    try {
      await cli(['--root', '@', 'spec', '--rootless', '-b', directory], {uid: 1000, gid: 1001});
      expect(JSON.parse(readFileSync(`${directory}/config.json`, 'utf8')).linux).toMatchObject({
        uidMappings: [{containerID: 0, hostID: 1000, size: 1}],
        gidMappings: [{containerID: 0, hostID: 1001, size: 1}],
      });
    } finally {
      rmSync(directory, {recursive: true});
    }
  });

  it('names a bundle that does not exist', async () => {
    const {code, stderr} = await cli(['--log', '@/log', 'spec', '-b', '/nonexistent']);
    expect({code, stderr}).toEqual({
      code: 1,
      stderr: 'cannot write --bundle /nonexistent: ENOENT (no such file or directory)\n',
    });
  });
});
