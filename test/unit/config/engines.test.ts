// Configs as engines wrote them (runc spec 1.1.5, Podman 4.3, containerd 1.6): none may be refused or warned about.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {parseConfig} from '../../../src/config/load.ts';

const read = (name: string): string => readFileSync(join(import.meta.dirname, 'fixtures', `${name}.json`), 'utf8');

describe('configs of engines', () => {
  it.each(['podman', 'podman-privileged', 'containerd', 'containerd-limits', 'containerd-privileged'])('%s', (name) => {
    expect(parseConfig(read(name)).warnings).toEqual([]);
  });

  it('runc spec', () => {
    expect(parseConfig(read('runc-spec')).warnings).toEqual([
      'config.json#/process/capabilities/ambient: ignored, as only what is in both permitted and inheritable can be ' +
        'ambient: CAP_AUDIT_WRITE, CAP_KILL, CAP_NET_BIND_SERVICE',
    ]);
  });

  it('keep their numbers', () => {
    expect(parseConfig(read('containerd-limits')).config.linux?.resources?.memory?.limit).toBe(9223372036854771712n);
  });
});
