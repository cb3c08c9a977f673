// linux.personality, personality(2). The specification has flags, and defines none (config/rules/process.ts).
import type {Config, PersonalityDomain} from '../generated/config.ts';
import type {Step} from './operations.ts';

/** linux/personality.h */
export const personas: Readonly<Record<PersonalityDomain, number>> = {LINUX: 0, LINUX32: 8};

export function personalitySteps({linux}: Pick<Config, 'linux'>): Step[] {
  const domain = linux?.personality?.domain;
  return domain === undefined ? [] : [{op: 'personality', at: '/linux/personality', persona: personas[domain]}];
}
