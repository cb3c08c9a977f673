// Properties that are valid, and that this version does not support yet. A row moves to a test of its own when it does.
import type {Edit} from '../harness.ts';
import {put} from './case.ts';

export const UNSUPPORTED: readonly (readonly [what: string, edit: Edit, says: RegExp])[] = [
  ['intelRdt', put('/linux/intelRdt', {closID: 'x', l3CacheSchema: 'L3:0=f'}), /intelRdt/],
  ['netDevices', put('/linux/netDevices', {eth9: {name: 'eth0'}}), /netDevices/],
];
