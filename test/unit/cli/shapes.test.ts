import {describe, expect, it} from 'vitest';
import {listIds, listJson, listTable, stateJson} from '../../../src/cli/shapes.ts';

const long = {
  owner: 'root',
  id: 'webserver-with-a-long-name',
  ociVersion: '1.3.0',
  annotations: {b: '<a>', a: 'é'},
  pid: 11883,
  status: 'created',
  bundle: '/tmp/cli/b',
  created: '2026-11-20T13:41:30.780382223Z',
  rootfs: '/tmp/cli/b/rootfs',
} as const;
const {annotations: _, ...plain} = {...long, id: 'a', pid: 0, status: 'stopped'} as const;

describe('state', () => {
  it('is indented by two, in the order of runc, without a newline at the end', () => {
    expect(stateJson({...long, owner: ''})).toBe(`{
  "ociVersion": "1.3.0",
  "id": "webserver-with-a-long-name",
  "pid": 11883,
  "status": "created",
  "bundle": "/tmp/cli/b",
  "rootfs": "/tmp/cli/b/rootfs",
  "created": "2026-11-20T13:41:30.780382223Z",
  "annotations": {
    "a": "é",
    "b": "<a>"
  },
  "owner": ""
}`);
  });

  it('leaves out annotations when there are none', () => {
    expect(stateJson(plain)).not.toContain('annotations');
    expect(stateJson({...plain, annotations: {}})).not.toContain('annotations');
  });
});

describe('list', () => {
  it('is a table with columns of at least twelve', () => {
    expect(listTable([plain, long])).toBe(
      [
        'ID                           PID         STATUS      BUNDLE       CREATED                          OWNER',
        'a                            0           stopped     /tmp/cli/b   2026-11-20T13:41:30.780382223Z   root',
        'webserver-with-a-long-name   11883       created     /tmp/cli/b   2026-11-20T13:41:30.780382223Z   root',
        '',
      ].join('\n'),
    );
    expect(listTable([])).toBe('ID          PID         STATUS      BUNDLE      CREATED     OWNER\n');
  });

  it('is one line of JSON, or null', () => {
    expect(listJson([])).toBe('null\n');
    expect(listJson([plain])).toBe(`[${JSON.stringify(JSON.parse(stateJson(plain)))}]\n`);
  });

  it('is one id a line with -q', () => {
    expect(listIds([plain, long])).toBe('a\nwebserver-with-a-long-name\n');
  });
});
