// What runts-init reports (a step, an errno, the kernel's sentence) as one sentence for the user.
import {constants} from 'node:os';

import type {SyscallFacts} from '../errors.ts';
import {RuntsError} from '../errors.ts';
import type {InitMessage, ProgramResult} from '../native.ts';
import type {Step} from '../plan/operations.ts';
import type {StepSummary} from '../state/record.ts';
import {errnoName, errnoWords, explained, hintFor} from './hints.ts';
import {summarizeStep} from './words.ts';

export type Failed = Extract<InitMessage, {readonly type: 'failed'}>;

/** Between the parts of a detail that has several. */
const SEPARATOR = '\x1f';

/** Finds the words for a step by its index in the plan. */
export type StepLookup = (index: number) => StepSummary | undefined;

/** `file` is that of the config which they were made from. */
export function stepsOf(steps: readonly Step[], file = 'config.json'): StepLookup {
  return (index) => {
    const step = steps[index];
    return step === undefined ? undefined : {...summarizeStep(step), file};
  };
}

/** `config.json#/mounts/3: mount tmpfs on /dev/shm: EINVAL (invalid argument): tmpfs: Bad value for 'size'` */
export function stepFailure(lookup: StepLookup, failed: Failed): RuntsError {
  const step = lookup(failed.step);
  return new RuntsError(step === undefined ? withoutStep(failed) : `${place(step)}${sentence(step, failed)}`);
}

/** `config.json#/mounts/3: `, or nothing for a step that stems from no property. */
function place({at, file = 'config.json'}: StepSummary): string {
  return at === '' ? '' : `${file}#${at}: `;
}

function sentence(step: StepSummary, failed: Failed): string {
  switch (step.op) {
    case 'findExecutable':
      return notFound(step.name ?? failed.object, failed);
    case 'exec':
      return notExecuted(step.name ?? '', failed);
    case 'hook':
      return hookFailed(step, failed);
    default:
      return kernelRefused(step, failed);
  }
}

function kernelRefused(step: StepSummary, failed: Failed): string {
  const object = failed.object === '' || step.what.includes(failed.object) ? undefined : failed.object;
  const call = object === undefined ? undefined : `${failed.syscall} ${object}`.trim();
  const error = failed.errno === 0 ? undefined : errnoText(failed.errno);
  // The kernel's own sentence says more than a hint about what the errno usually means.
  const detail = kernelSentence(failed.detail) ?? hintFor(failed.errno, step.op, failed.syscall);
  return join(step.what, call, error, detail);
}

function errnoText(errno: number): string {
  return `${errnoName(errno)} (${errnoWords(errno)})`;
}

function join(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(': ');
}

/** Lines of a filesystem context's log begin with their severity, "e ", "w " or "i " (fsopen(2)). */
function kernelSentence(detail: string): string | undefined {
  const lines = detail.split('\n').map((line) => line.replace(/^[ewi] /, '').trim());
  const text = lines.filter((line) => line !== '').join('; ');
  return text === '' ? undefined : explained(text);
}

/** In the shapes that Docker, Podman and kubelet know from runc: they make exit codes 126 and 127 of them. */
function notFound(name: string, failed: Failed): string {
  const code = errnoName(failed.errno);
  const shown = `exec: "${name}"`;
  if (!name.includes('/') && code === 'ENOENT') {
    // Not in the words of EACCES, which engines make another exit code of.
    const refused = failed.detail === '' ? undefined : `${failed.detail} may not be executed`;
    return join(shown, 'executable file not found in $PATH', refused);
  }
  const stat = code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' ? `stat ${name}` : undefined;
  // What execve(2) says of a directory; engines make 126 of these words, not all of them of the others.
  const denied = code === 'EISDIR' ? 'permission denied' : undefined;
  return join(shown, stat, errnoWords(failed.errno), denied, kernelSentence(failed.detail));
}

function notExecuted(name: string, failed: Failed): string {
  const detail =
    whyNotExecuted(errnoName(failed.errno), failed.detail) ?? hintFor(failed.errno, 'exec', failed.syscall);
  return join(`exec ${failed.object === '' ? name : failed.object}`, errnoWords(failed.errno), detail);
}

/** `detail` is the interpreter that the file asks for, or, set off by the separator, what kind of file it is. */
function whyNotExecuted(code: string, detail: string): string | undefined {
  if (detail === '') return undefined;
  if (!detail.startsWith(SEPARATOR)) {
    if (code === 'ENOENT') return `its interpreter ${detail} does not exist in the container`;
    if (code === 'EACCES') return `its interpreter ${detail} is not executable, or one of them is on a noexec mount`;
    return undefined;
  }
  const machine = / machine ([0-9]+)$/.exec(detail)?.[1];
  if (code !== 'ENOEXEC') return undefined;
  if (machine === undefined) return 'it is neither an ELF program nor a script that begins with #!';
  return `it is built for another architecture, ${machines[machine] ?? `ELF machine ${machine}`}`;
}

/** e_machine of an ELF header (elf.h). */
const machines: Readonly<Record<string, string>> = {
  3: 'i386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
  258: 'loongarch',
};

function hookFailed(step: StepSummary, failed: Failed): string {
  const title = step.what.replace(/^run /, 'error running ');
  if (failed.syscall !== 'hook') {
    return join(title, `exec ${step.name ?? failed.object}`, errnoWords(failed.errno), kernelSentence(failed.detail));
  }
  const [how = '', stdout = '', stderr = ''] = failed.detail.split(SEPARATOR);
  const [, kind, number] = /^(exit|signal) ([0-9]+)$/.exec(how) ?? [];
  const outcome = {
    code: kind === 'exit' ? Number(number) : undefined,
    signal: kind === 'signal' ? Number(number) : undefined,
    timedOut: how === 'timeout',
    stdout,
    stderr,
  };
  return join(title, hookOutcome(outcome, step.timeoutMs ?? 0));
}

/** How a hook ended, in runc's words: `exit status 1, stdout: , stderr: no such device` */
export function hookOutcome(result: ProgramResult, timeoutMs: number): string {
  const output = `stdout: ${result.stdout.trimEnd()}, stderr: ${result.stderr.trimEnd()}`;
  if (result.timedOut) return `hook ran past specified timeout of ${(timeoutMs / 1000).toFixed(1)}s, ${output}`;
  if (result.signal !== undefined) return `signal: ${signalName(result.signal)}, ${output}`;
  return `exit status ${result.code ?? '?'}, ${output}`;
}

/** 9 → "SIGKILL" */
export function signalName(number: number): string {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number);
  return entry?.[0] ?? `signal ${number}`;
}

/** Before the first step, or in one that this runtime knows nothing of. */
function withoutStep(failed: Failed): string {
  const call = join(`${failed.syscall} ${failed.object}`.trim(), kernelSentence(failed.detail));
  const error = failed.errno === 0 ? undefined : errnoText(failed.errno);
  return join("the container's first process failed", call, error);
}

/** A system call of the runtime itself, while it was about to do `what`; `hint` is better than the usual one. */
export function runtimeFailure(what: string, error: SyscallFacts, hint?: string): RuntsError {
  const object = [error.path, error.dest].filter((part) => part !== undefined && part !== '').join(' -> ');
  const call = `${error.syscall} ${object}`.trim();
  const detail = hint ?? hintFor(error.errno, error.syscall);
  return new RuntsError(join(what, call, errnoText(error.errno), detail), {cause: error});
}
