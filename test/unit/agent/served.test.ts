import {expect, it} from 'vitest';
import {reasonToDecline} from '../../../src/agent/served.ts';

it.each([
  [['state', 'web']],
  [['--root', '/r', '--log=/l', '--log-format', 'json', '--systemd-cgroup', 'create', '--bundle', '/b', 'web']],
  [['--debug', 'exec', 'web', 'sh', '-c', 'true']],
  [['update', '--memory', '1g', 'web']],
])('%j is answered', (argv) => {
  expect(reasonToDecline(argv)).toBeUndefined();
});

it.each([
  [[]],
  [['--version']],
  [['help']],
  [['--help', 'state']],
  [['state', '--help']],
  [['agent']],
  [['events', 'web']],
  [['nosuch']],
  [['--root', 'state']],
  [['update', '--resources', '-', 'web']],
  [['update', '-r', '-', 'web']],
  [['update', '--resources=-', 'web']],
])('%j is not', (argv) => {
  expect(reasonToDecline(argv)).toBeDefined();
});
