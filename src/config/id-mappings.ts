// uidMappings and gidMappings: which ids of the host stand behind those of a user namespace (user_namespaces(7)).
import type {IdMapping} from '../generated/config.ts';

/** The host's id for one of the container's; undefined when it is not mapped. */
export function toHostId(mappings: readonly IdMapping[], id: number): number | undefined {
  const mapping = mappings.find(({containerID, size}) => id >= containerID && id - containerID < size);
  return mapping === undefined ? undefined : mapping.hostID + (id - mapping.containerID);
}

/** The text of /proc/PID/uid_map and gid_map. */
export function mappingText(mappings: readonly IdMapping[]): string {
  return mappings.map(({containerID, hostID, size}) => `${containerID} ${hostID} ${size}\n`).join('');
}
