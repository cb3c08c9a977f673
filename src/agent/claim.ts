// Whose a call is (addon/launcher/claim.h): an eventfd that came with it holds a token. Who reads it has the call, the agent to
// answer it, or the launcher to go to Node with it.
import {readSync, writeSync} from 'node:fs';
import {hasCode} from '../errors.ts';

const TOKEN = 1n;

/** Takes the call, and tells the launcher who has it; false when the launcher does not want to wait any more. */
export function take(claim: number): boolean {
  const value = Buffer.alloc(8);
  try {
    readSync(claim, value);
  } catch (error) {
    if (hasCode(error, 'EAGAIN')) return false;
    throw error;
  }
  if (value.readBigUInt64LE() !== TOKEN) return false;
  value.writeBigUInt64LE(BigInt(process.pid));
  writeSync(claim, value);
  return true;
}
