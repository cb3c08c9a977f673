// Cache and memory bandwidth allocation by resctrl.
import type {Report, Rule} from './rule.ts';

const AT = '/linux/intelRdt';
/** `L3:0=f;1=f0`: a resource and its domains. */
const LINE = /^[A-Z][A-Z0-9_]*:.+$/;
/** What resctrl has in its root beside the classes of service. */
const RESERVED = ['info', 'mon_data', 'mon_groups'];
const NAME_MAX = 255;

const closId: Rule = {
  reads: [AT],
  check({linux}, report) {
    const {closID} = linux?.intelRdt ?? {};
    // "/" is the class that everybody is in.
    if (closID === undefined || closID === '/') return;
    const wrong = closID === '.' || closID === '..' || RESERVED.includes(closID) || /[/\n]/.test(closID);
    if (wrong) report.problem(`${AT}/closID`, `${JSON.stringify(closID)} cannot be the name of a class of service`);
    else if (Buffer.byteLength(closID) > NAME_MAX) report.problem(`${AT}/closID`, `is longer than ${NAME_MAX} bytes`);
  },
};

const schemas: Rule = {
  reads: [AT],
  check({linux}, report) {
    const {l3CacheSchema, memBwSchema, schemata = []} = linux?.intelRdt ?? {};
    if (l3CacheSchema !== undefined) checkL3(l3CacheSchema, memBwSchema !== undefined, report);
    if (memBwSchema?.includes('\n')) report.problem(`${AT}/memBwSchema`, 'must be a single line');
    for (const [index, line] of schemata.entries()) {
      if (!LINE.test(line)) report.problem(`${AT}/schemata/${index}`, `${JSON.stringify(line)} is not like "L3:0=f"`);
    }
  },
};

/** It may have lines of other resources, as L3CODE and L3DATA. */
function checkL3(schema: string, hasMemoryBandwidth: boolean, report: Report): void {
  for (const line of schema.split('\n').filter((text) => text !== '')) {
    if (!LINE.test(line)) report.problem(`${AT}/l3CacheSchema`, `${JSON.stringify(line)} is not like "L3:0=f"`);
    else if (hasMemoryBandwidth && line.startsWith('MB:')) {
      report.warning(`${AT}/l3CacheSchema`, `its "${line}" is ignored, as memBwSchema is set`);
    }
  }
}

const removed: Rule = {
  reads: [AT],
  check({linux}, report) {
    for (const key of ['enableCMT', 'enableMBM'] as const) {
      if (linux?.intelRdt?.[key] !== true) continue;
      report.warning(
        `${AT}/${key}`,
        'is ignored, as it is gone from the specification; enableMonitoring took its place',
      );
    }
  },
};

export const intelRdtRules: readonly Rule[] = [closId, schemas, removed];
