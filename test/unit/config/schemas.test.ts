import {readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {readSchemas} from '../../../scripts/schemas/read.ts';
import {shapesModule} from '../../../scripts/schemas/shapes.ts';
import {typesModule} from '../../../scripts/schemas/types.ts';
import {validatorsModule} from '../../../scripts/schemas/validators.ts';
import {validateFeatures, validateState} from '../../../src/generated/validate-output.js';

const directory = join(import.meta.dirname, '../../../spec-schemas');
const schemas = readSchemas(directory);

describe('spec-schemas', () => {
  it('say their own name', () => {
    for (const name of readdirSync(directory)) {
      expect(JSON.parse(readFileSync(join(directory, name), 'utf8'))).toMatchObject({$id: name});
    }
  });

  it('give the types of the spec, 64-bit fields as bigint', () => {
    const types = typesModule(schemas);
    expect(types).toContain('export interface Rlimit {\n  readonly type: RlimitType;\n  readonly soft: bigint;');
    expect(types).toContain("export type DeviceType =\n  | 'c'\n  | 'b'\n  | 'u'\n  | 'p';");
    expect(types).toContain('readonly netDevices?: Readonly<Record<string, NetDevice>>;');
  });

  it('give shapes that mark what the loader must look at', () => {
    const shapes = shapesModule(schemas, {shapeOfConfig: 'config.json'});
    expect(shapes).toContain("const RlimitShape: Shape = {fields: {\n  type: 'any',\n  soft: 'integer64',");
    expect(shapes).toContain('rdma: {values: RdmaShape}');
    expect(shapes).toContain("annotations: 'any'");
    expect(shapes).toContain("cwd: 'any'");
    expect(shapes).toContain("hostname: 'optionalString'");
  });

  it('give validators that need no library', () => {
    const code = validatorsModule(schemas, {validateConfig: 'config.json'});
    expect(code).toContain('export const validateConfig');
    expect(code).not.toMatch(/require\(|import |schemaPath|parentData/);
  });
});

describe('validators of what runts prints', () => {
  it('state', () => {
    expect(validateState({ociVersion: '1.3.0', id: 'a', status: 'created', pid: 5, bundle: '/b'})).toBe(true);
    expect(validateState({ociVersion: '1.3.0', id: '', status: 'gone', bundle: 'b'})).toBe(false);
    expect(validateState.errors?.map(({instancePath}) => instancePath)).toEqual(['/id', '/status', '/bundle']);
  });

  it('features', () => {
    const linux = {namespaces: ['time'], seccomp: {enabled: true, archs: ['SCMP_ARCH_X86_64']}, cgroup: {v2: true}};
    expect(validateFeatures({ociVersionMin: '1.0.0', ociVersionMax: '1.3.0', hooks: ['poststop'], linux})).toBe(true);
    expect(validateFeatures({ociVersionMin: '1.0.0', linux: {namespaces: ['net']}})).toBe(false);
  });
});
