import {describe, expect, it} from 'vitest';
import {findUnsupported} from '../../../src/config/supported.ts';
import {namespaces, problemsOf} from './sample.ts';

const SUFFIX = 'is valid but not supported by this version of runts';

describe('what is not supported yet', () => {
  it('is named to the value where only some are', () => {
    const document = {
      linux: {
        seccomp: {listenerPath: '/s', syscalls: [{action: 'SCMP_ACT_ALLOW'}, {action: 'SCMP_ACT_NOTIFY'}]},
      },
    };
    expect(findUnsupported(document).map(({pointer, message}) => `${pointer}: ${message}`)).toEqual([
      `/linux/seccomp/syscalls/1/action: "SCMP_ACT_NOTIFY" ${SUFFIX}`,
      `/linux/seccomp/listenerPath: ${SUFFIX}`,
    ]);
  });

  it('may be there when it is empty', () => {
    expect(
      problemsOf({
        '/process/apparmorProfile': '',
        '/process/selinuxLabel': '',
        '/process/execCPUAffinity': {initial: '0', final: '0-1'},
        '/linux/mountLabel': '',
        '/linux/uidMappings': [],
        '/linux/intelRdt': null,
        '/linux/netDevices': {},
        '/mounts': [{destination: '/a', type: 'tmpfs', uidMappings: [], gidMappings: null, options: []}],
      }),
    ).toEqual([]);
  });
});

describe('what is supported', () => {
  it('namespaces joined by path, of all kinds but user', () => {
    const joined = namespaces('pid', 'network', 'ipc', 'uts', 'cgroup', 'time').map((namespace) => ({
      ...namespace,
      path: `/proc/1/ns/${namespace['type']}`,
    }));
    expect(problemsOf({'/linux/namespaces': joined})).toEqual([]);
  });
});
