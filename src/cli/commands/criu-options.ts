// The options that `checkpoint` and `restore` share.
import {join} from 'node:path';
import type {CriuChoices} from '../../container/criu-choices.ts';
import type {Context} from '../../context.ts';
import {RuntsError} from '../../errors.ts';
import {defineOptions, type Values} from '../options.ts';

const MODES = ['soft', 'full', 'strict', 'ignore'] as const;

export const criuOptions = defineOptions([
  {
    name: 'image-path',
    type: 'string',
    path: 'directory',
    description: "directory of criu's image files (default: checkpoint in the current directory)",
  },
  {
    name: 'work-path',
    type: 'string',
    path: 'directory',
    description: "directory of criu's work files and its log (default: that of the image files)",
  },
  {name: 'tcp-established', type: 'boolean', description: 'allow open TCP connections'},
  {name: 'ext-unix-sk', type: 'boolean', description: 'allow unix sockets that are connected to the outside'},
  {name: 'shell-job', type: 'boolean', description: 'allow processes that belong to a session of the outside'},
  {name: 'file-locks', type: 'boolean', description: 'allow file locks, which are taken again by a restore'},
  {
    name: 'manage-cgroups-mode',
    type: 'string',
    choices: MODES,
    choiceError: () => 'invalid manage-cgroups-mode value',
    description:
      "what to do with the container's cgroups: leave properties of existing ones alone (soft, the default), restore all " +
      '(full), fail when one exists (strict), or leave cgroups to runts (ignore)',
  },
  {
    name: 'empty-ns',
    type: 'strings',
    description: 'restore a namespace of this type without its properties; only network is, and always so',
  },
  {name: 'auto-dedup', type: 'boolean', description: 'keep memory that two images share in one of them only'},
  {name: 'lazy-pages', type: 'boolean', description: 'fetch memory when it is first used, by userfaultfd(2)'},
]);

/** The given options as those of the library. */
export function toCriuChoices(context: Context, options: Values<typeof criuOptions>): CriuChoices {
  for (const name of options['empty-ns']) {
    if (name !== 'network') throw new RuntsError(`namespace ${JSON.stringify(name)} is not supported`);
  }
  const workPath = given(options['work-path']);
  const cgroupMode = options['manage-cgroups-mode'];
  return {
    imagePath: given(options['image-path']) ?? join(context.cwd, 'checkpoint'),
    ...(workPath === undefined ? {} : {workPath}),
    ...(cgroupMode === undefined ? {} : {cgroupMode}),
    tcpEstablished: options['tcp-established'],
    extUnixSk: options['ext-unix-sk'],
    shellJob: options['shell-job'],
    fileLocks: options['file-locks'],
    autoDedup: options['auto-dedup'],
    lazyPages: options['lazy-pages'],
  };
}

/** Engines also pass empty paths. */
export function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
