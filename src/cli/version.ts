// What `runts --version` says. Engines look for the word "version" in the first line and for a line with "commit:".
import metadata from '../../package.json' with {type: 'json'};
import {OCI_VERSION} from '../state/record.ts';

/** Set by the bundler to the commit that was built; there is none when the sources are run directly. */
declare const RUNTS_COMMIT: string | undefined;

export const version: string = metadata.version;
export const commit: string = typeof RUNTS_COMMIT === 'string' && RUNTS_COMMIT !== '' ? RUNTS_COMMIT : 'unknown';

export function versionText(): string {
  return [
    `runts version ${version}`,
    `commit: ${commit}`,
    `spec: ${OCI_VERSION}`,
    `node: ${process.versions.node}`,
    '',
  ].join('\n');
}
