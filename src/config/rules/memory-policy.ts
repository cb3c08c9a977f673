// linux.memoryPolicy: which modes want nodes, and which flags go together (set_mempolicy(2)).
import type {MemoryPolicy} from '../../generated/config.ts';
import type {Report, Rule} from './rule.ts';

const AT = '/linux/memoryPolicy';
/** MAX_NUMNODES of the largest configuration, on every architecture. */
const MAX_NODES = 1024;

export const memoryPolicy: Rule = {
  reads: [AT],
  check({linux}, report) {
    const policy = linux?.memoryPolicy;
    if (policy === undefined) return;
    checkNodes(policy, report);
    checkFlags(policy, report);
  },
};

function checkNodes({mode, nodes = ''}: MemoryPolicy, report: Report): void {
  const numbers = parseNodes(nodes);
  if (numbers === undefined) {
    const form = `must be a list such as "0-3,7" of nodes below ${MAX_NODES}`;
    report.problem(`${AT}/nodes`, `${form}, got ${JSON.stringify(nodes)}`);
  } else if (mode === 'MPOL_DEFAULT' || mode === 'MPOL_LOCAL') {
    if (numbers.length > 0) report.problem(`${AT}/nodes`, `must be empty with ${mode}`);
  } else if (numbers.length === 0 && mode !== 'MPOL_PREFERRED') {
    report.problem(`${AT}/nodes`, `${mode} needs at least one node`);
  }
}

function checkFlags({mode, nodes = '', flags = []}: MemoryPolicy, report: Report): void {
  const fixed = flags.includes('MPOL_F_STATIC_NODES');
  const relative = flags.includes('MPOL_F_RELATIVE_NODES');
  if (fixed && relative) {
    report.problem(`${AT}/flags`, 'MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other');
  } else if ((fixed || relative) && nodes.trim() === '') {
    report.problem(`${AT}/flags`, `${fixed ? 'MPOL_F_STATIC_NODES' : 'MPOL_F_RELATIVE_NODES'} needs nodes`);
  }
  if (flags.includes('MPOL_F_NUMA_BALANCING') && mode !== 'MPOL_BIND' && mode !== 'MPOL_PREFERRED_MANY') {
    report.problem(`${AT}/flags`, `MPOL_F_NUMA_BALANCING goes only with MPOL_BIND and MPOL_PREFERRED_MANY`);
  }
}

/** "0-2,7" -> [0, 1, 2, 7]; undefined when it is not a list of nodes. */
export function parseNodes(list: string): readonly number[] | undefined {
  const numbers: number[] = [];
  if (list.trim() === '') return numbers;
  for (const part of list.split(',')) {
    const [, first, last = first] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    if (Number(first) > Number(last) || !(Number(last) < MAX_NODES)) return undefined;
    for (let node = Number(first); node <= Number(last); node++) numbers.push(node);
  }
  return numbers;
}
