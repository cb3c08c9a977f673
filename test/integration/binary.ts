import {join, resolve} from 'node:path';

/** The runtime under test. */
export const BINARY = resolve(process.env['RUNTS_UNDER_TEST'] ?? join(import.meta.dirname, '../../dist/runts'));
