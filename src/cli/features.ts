// The features document of the runtime specification: what this build of runts accepts, never what this host can do, but for
// linux.seccomp.supportedFlags, which by definition are those that this kernel has.
// Lists come from the tables that the code itself goes by.
import type {Context} from '../context.ts';
import {CONFIG_ANNOTATION} from '../criu/config-file.ts';
import type {Features, Hooks, NamespaceType} from '../generated/config.ts';
import {capabilityNames} from '../plan/capabilities.ts';
import {CLONE_NEW} from '../plan/constants.ts';
import {memoryPolicyFlags, memoryPolicyModes} from '../plan/memory-policy.ts';
import {mountOptionNames} from '../plan/mount-options.ts';
import {flagNames, seccompActions, seccompArchitectures, seccompFlags, seccompOperators} from '../plan/seccomp.ts';
import {OCI_VERSION} from '../state/record.ts';
import {commit, version} from './version.ts';

/** In the order in which they run; all of them, or it does not compile. */
const hooks: Readonly<Record<keyof Hooks, true>> = {
  prestart: true,
  createRuntime: true,
  createContainer: true,
  startContainer: true,
  poststart: true,
  poststop: true,
};

/** `kernelFlags`: the SECCOMP_FILTER_FLAG_* bits that this kernel knows. */
export function features(kernelFlags: number): Features {
  return {
    ociVersionMin: '1.0.0',
    ociVersionMax: OCI_VERSION,
    hooks: Object.keys(hooks),
    mountOptions: sorted(mountOptionNames),
    linux: {
      namespaces: sorted(Object.keys(CLONE_NEW) as NamespaceType[]),
      capabilities: [...capabilityNames],
      cgroup: {v1: true, v2: true, systemd: true, systemdUser: true, rdma: true},
      seccomp: {
        enabled: true,
        actions: sorted(seccompActions),
        operators: sorted(seccompOperators),
        archs: sorted(seccompArchitectures),
        knownFlags: sorted(seccompFlags),
        supportedFlags: sorted(flagNames(kernelFlags)),
      },
      apparmor: {enabled: true},
      selinux: {enabled: true},
      intelRdt: {enabled: true, schemata: true, monitoring: true},
      memoryPolicy: {modes: sorted(memoryPolicyModes), flags: sorted(memoryPolicyFlags)},
      mountExtensions: {idmap: {enabled: true}},
      netDevices: {enabled: true},
    },
    annotations: {
      'org.runts.checkpoint.enabled': 'true',
      'org.runts.commit': commit,
      'org.runts.version': version,
    },
    potentiallyUnsafeConfigAnnotations: [CONFIG_ANNOTATION],
  };
}

/** Four spaces, newline at the end. */
export function featuresText({native}: Pick<Context, 'native'>): string {
  return `${JSON.stringify(features(native.seccompFlags()), null, 4)}\n`;
}

const sorted = <Name extends string>(names: readonly Name[]): Name[] => [...names].sort();
