import {describe, expect, it} from 'vitest';
import {namespaces, problemsOf} from './sample.ts';

describe('what engines send and do not use', () => {
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
