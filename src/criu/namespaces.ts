// Namespaces that a container has been given by path. Network and pid namespaces are external to criu: a dump names them by
// their inode, a restore hands over an fd. Others criu joins by path. Names are as runc has them.
import {statSync} from 'node:fs';

import {namespaceOf} from '../config/rules/rule.ts';
import {ConfigError} from '../errors.ts';
import type {Config, NamespaceType} from '../generated/config.ts';

const EXTERNAL = {network: 'net', pid: 'pid'} as const;
const JOINED = {ipc: 'ipc', uts: 'uts', user: 'user', time: 'time'} as const;

type External = keyof typeof EXTERNAL;

const keyOf = (type: External): string => `extRoot${EXTERNAL[type] === 'net' ? 'Net' : 'Pid'}NS`;
const isExternal = (type: NamespaceType): type is External => type in EXTERNAL;

interface Given {
  readonly type: NamespaceType;
  readonly path: string;
  readonly index: number;
}

function givenNamespaces(config: Config): Given[] {
  return (config.linux?.namespaces ?? []).flatMap(({type, path}, index) =>
    path === undefined || path === '' ? [] : [{type, path, index}],
  );
}

/** criu takes a mount namespace for given. */
export function requireMountNamespace(config: Config): void {
  if (namespaceOf(config, 'mount') !== 'none') return;
  const message = 'criu saves and restores only containers with a mount namespace of their own';
  throw new ConfigError([{pointer: '/linux/namespaces', message}]);
}

/** For a dump: `net[4026532000]:extRootNetNS`. The path in the config may be gone; `pid` is in the very namespace. */
export function dumpedNamespaces(config: Config, pid: number): string[] {
  return givenNamespaces(config).flatMap(({type}) => {
    if (!isExternal(type)) return [];
    const name = EXTERNAL[type];
    return [`${name}[${statSync(`/proc/${pid}/ns/${name}`).ino}]:${keyOf(type)}`];
  });
}

export interface RestoredNamespaces {
  readonly inheritFd: readonly {readonly key: string; readonly fd: number}[];
  readonly joinNs: readonly {readonly ns: string; readonly nsFile: string}[];
}

/** For a restore; `opened` are the namespaces' fds by type. Throws ConfigError for those that criu cannot join. */
export function restoredNamespaces(config: Config, opened: ReadonlyMap<string, number>): RestoredNamespaces {
  const given = givenNamespaces(config);
  for (const {type, index} of given) {
    if (isExternal(type) || type in JOINED) continue;
    const message = `criu cannot restore a container into a given ${type} namespace`;
    throw new ConfigError([{pointer: `/linux/namespaces/${index}`, message}]);
  }
  return {
    inheritFd: given.flatMap(({type}) => (isExternal(type) ? [{key: keyOf(type), fd: opened.get(type) ?? -1}] : [])),
    joinNs: given.flatMap(({type, path}) =>
      isExternal(type) ? [] : [{ns: JOINED[type as keyof typeof JOINED], nsFile: path}],
    ),
  };
}
