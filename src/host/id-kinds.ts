// The two kinds of ids that a user namespace maps, and what goes with each (user_namespaces(7), subuid(5), newuidmap(1)).

export interface IdKind {
  readonly noun: 'uid' | 'gid';
  readonly key: 'uidMappings' | 'gidMappings';
  /** In /proc/PID. */
  readonly file: 'uid_map' | 'gid_map';
  /** Set-uid programs of shadow-utils, which map what /etc/subuid and /etc/subgid grant to the caller. */
  readonly helper: 'newuidmap' | 'newgidmap';
  readonly grants: '/etc/subuid' | '/etc/subgid';
  /** What the kernel asks of whoever maps more than his own id. */
  readonly capability: 'CAP_SETUID' | 'CAP_SETGID';
}

export const uidKind: IdKind = {
  noun: 'uid',
  key: 'uidMappings',
  file: 'uid_map',
  helper: 'newuidmap',
  grants: '/etc/subuid',
  capability: 'CAP_SETUID',
};

export const gidKind: IdKind = {
  noun: 'gid',
  key: 'gidMappings',
  file: 'gid_map',
  helper: 'newgidmap',
  grants: '/etc/subgid',
  capability: 'CAP_SETGID',
};
