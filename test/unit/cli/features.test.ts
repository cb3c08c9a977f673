import {readdirSync, readFileSync} from 'node:fs';
import {Ajv2020} from 'ajv/dist/2020.js';
import {describe, expect, it} from 'vitest';
import type {Native} from '../../../src/native.ts';
import {mountOptionNames} from '../../../src/plan/mount-options.ts';
import {cli} from './run-cli.ts';

const schemas = `${import.meta.dirname}/../../../spec-schemas`;

const LOG_AND_SPEC_ALLOW = 6;
const loadNative = (): Native => ({seccompFlags: () => LOG_AND_SPEC_ALLOW}) as Native;

describe('features', () => {
  it('prints a document that the schema accepts, and nothing on stderr', async () => {
    const {code, stdout, stderr} = await cli(['features'], {loadNative});
    expect({code, stderr}).toEqual({code: 0, stderr: ''});
    expect(stdout.startsWith('{\n    "ociVersionMin"')).toBe(true);
    expect(stdout.endsWith('}\n')).toBe(true);

    const ajv = new Ajv2020({strict: false, allErrors: true, validateFormats: false});
    for (const file of readdirSync(schemas)) ajv.addSchema(JSON.parse(readFileSync(`${schemas}/${file}`, 'utf8')));
    const validate = ajv.getSchema('features.json');
    expect(validate?.(JSON.parse(stdout)), JSON.stringify(validate?.errors)).toBe(true);
  });

  it('lists what the code accepts, sorted, and denies what it does not support', async () => {
    const document = JSON.parse((await cli(['features'], {loadNative})).stdout);
    expect(document.mountOptions).toEqual([...mountOptionNames].sort());
    expect(document.mountOptions).toContain('rro');
    expect(document.linux.namespaces).toContain('user');
    expect(document.linux.cgroup).toEqual({v1: true, v2: true, systemd: true, systemdUser: true, rdma: true});
    for (const name of ['apparmor', 'selinux']) expect(document.linux[name]).toEqual({enabled: true});
    expect(document.linux.memoryPolicy.modes).toContain('MPOL_WEIGHTED_INTERLEAVE');
    expect(document.linux.memoryPolicy.flags).toContain('MPOL_F_STATIC_NODES');
    expect(document.linux.mountExtensions).toEqual({idmap: {enabled: true}});
    expect(document.linux.seccomp.actions).toHaveLength(9);
    expect(document.linux.seccomp.knownFlags).toHaveLength(4);
    // This is the kernel's.
    expect(document.linux.seccomp.supportedFlags).toEqual([
      'SECCOMP_FILTER_FLAG_LOG',
      'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
    ]);
    expect(document.linux.capabilities).toContain('CAP_SYS_ADMIN');
  });
});
