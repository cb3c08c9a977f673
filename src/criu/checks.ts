// What criu must be able to do.
import {RuntsError} from '../errors.ts';
import type {CriuFeatures, RequestType} from './messages.ts';
import {ask, type CriuContext, closeSession, endSession, killSession, startCriu} from './session.ts';

/** 3.15: that criu knows the kernels that runts needs, pid namespaces from outside, and the readiness of lazy pages. */
const MINIMUM = 31500;

/** criu's version as a number: 3.17.1 is 31701. Throws when criu is missing or too old. */
export function checkVersion(ctx: CriuContext): number {
  const answer = askAlone(ctx, 'version').version;
  const {major = 0, minor = 0, sublevel = 0} = answer ?? {};
  const version = major * 10_000 + minor * 100 + sublevel;
  if (version >= MINIMUM) return version;
  throw new RuntsError(`CRIU version ${version} must be ${MINIMUM} or higher: install a newer package "criu"`);
}

/** Throws unless criu can do on this kernel what the given features are about. */
export function checkFeatures(ctx: CriuContext, wanted: CriuFeatures): void {
  const has = askAlone(ctx, 'featureCheck', wanted).features;
  const missing = Object.keys(wanted).filter((name) => has?.[name as keyof CriuFeatures] !== true);
  if (missing.length === 0) return;
  const names = missing.map((name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`);
  throw new RuntsError(`criu is missing features: [${names.join(' ')}]: this kernel does not offer what they need`);
}

function askAlone(ctx: CriuContext, type: RequestType, features?: CriuFeatures) {
  const session = startCriu(ctx);
  try {
    const answer = ask(ctx, session, type, features === undefined ? {} : {features});
    endSession(ctx, session);
    return answer;
  } finally {
    killSession(ctx, session);
    closeSession(session);
  }
}
