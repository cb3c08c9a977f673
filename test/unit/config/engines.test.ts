// Configs as engines wrote them (test/unit/plan/engines.test.ts says which): none may be refused or warned about.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {parseConfig} from '../../../src/config/load.ts';
import {engines, fixtures} from '../plan/engines.ts';

const read = (name: string): string => readFileSync(join(fixtures, `${name}.json`), 'utf8');

describe('configs of engines', () => {
  it.each(engines.filter((name) => !['buildah', 'runc-spec'].includes(name)))('%s', (name) => {
    expect(parseConfig(read(name)).warnings).toEqual([]);
  });

  it.each([
    ['runc-spec', 'CAP_AUDIT_WRITE, CAP_KILL, CAP_NET_BIND_SERVICE'],
    [
      'buildah',
      'CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_NET_BIND_SERVICE, CAP_SETFCAP, CAP_SETGID, ' +
        'CAP_SETPCAP, CAP_SETUID, CAP_SYS_CHROOT',
    ],
  ])('%s asks for ambient capabilities that are not inheritable', (name, capabilities) => {
    expect(parseConfig(read(name)).warnings).toEqual([
      'config.json#/process/capabilities/ambient: ignored, as only what is in both permitted and inheritable can be ' +
        `ambient: ${capabilities}`,
    ]);
  });

  it('keep their numbers', () => {
    expect(parseConfig(read('containerd-limits')).config.linux?.resources?.memory?.limit).toBe(9223372036854771712n);
  });
});
