// Version, host names, cgroup path.
import {containerPath} from '../../plan/paths.ts';
import type {Rule} from './rule.ts';
import {namespaceOf} from './rule.ts';

const SEMVER_1 = /^1\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
/** __NEW_UTS_LEN: sethostname(2) and setdomainname(2) refuse more. */
const MAX_HOST_NAME = 64;

const version: Rule = {
  reads: ['/ociVersion'],
  check({ociVersion}, report) {
    if (SEMVER_1.test(ociVersion)) return;
    report.problem('/ociVersion', `must be a version 1.x.y of the OCI runtime-spec, got ${JSON.stringify(ociVersion)}`);
  },
};

const hostName = (key: 'hostname' | 'domainname'): Rule => ({
  reads: [`/${key}`, '/linux/namespaces'],
  check(config, report) {
    const name = config[key];
    if (name === undefined) return;
    if (namespaceOf(config, 'uts') === 'none') {
      report.problem(`/${key}`, `unable to set ${key} without a private UTS namespace`);
    }
    const length = Buffer.byteLength(name);
    if (length > MAX_HOST_NAME) {
      report.problem(`/${key}`, `is ${length} bytes long; the kernel takes at most ${MAX_HOST_NAME}`);
    }
  },
});

const cgroupsPath: Rule = {
  reads: ['/linux/cgroupsPath'],
  check({linux}, report) {
    const path = linux?.cgroupsPath;
    if (path?.split('/').includes('..')) {
      report.problem('/linux/cgroupsPath', `must not contain "..", got ${JSON.stringify(path)}`);
    }
  },
};

const annotations: Rule = {
  reads: ['/annotations'],
  check(config, report) {
    if (Object.hasOwn(config.annotations ?? {}, '')) report.problem('/annotations', 'has an empty key');
  },
};

const maskedRoot: Rule = {
  reads: ['/linux/maskedPaths'],
  check({linux}, report) {
    for (const [index, path] of (linux?.maskedPaths ?? []).entries()) {
      if (containerPath(path) !== '/') continue;
      report.problem(
        `/linux/maskedPaths/${index}`,
        'must not be the root of the container: nothing would be left of it',
      );
    }
  },
};

export const generalRules: readonly Rule[] = [
  version,
  hostName('hostname'),
  hostName('domainname'),
  cgroupsPath,
  annotations,
  maskedRoot,
];
