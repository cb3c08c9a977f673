import {RuntsError} from '../../errors.ts';
import {defineCommand} from '../options.ts';
import {criuOptions, given, toCriuChoices} from './criu-options.ts';

export const command = defineCommand({
  name: 'checkpoint',
  usage: '<container-id>',
  summary: 'save the state of a running container',
  description:
    'Saves the processes of a running or paused container to files, from which "runts restore" brings them back, and ' +
    'deletes the container unless it is to be left running. This is done by criu, of the package of that name. Of the ' +
    'files of the container nothing is saved, but for its tmpfs mounts, and nothing of its network. When criu fails its log, dump.log, says why.',
  examples: [
    ['runts checkpoint --image-path /tmp/saved ubuntu01', 'save the container ubuntu01, which ends'],
    ['runts checkpoint --leave-running ubuntu01', 'save it to ./checkpoint, and let it go on'],
    ['runts checkpoint --pre-dump --image-path /tmp/first ubuntu01', 'save its memory ahead, for a shorter stop later'],
    ['runts checkpoint --parent-path ../first --image-path /tmp/last ubuntu01', 'save what has changed since'],
  ],
  arity: {min: 1, max: 1},
  options: [
    ...criuOptions,
    {
      name: 'parent-path',
      type: 'string',
      path: 'directory',
      description: 'image files of an earlier --pre-dump, relative to --image-path: only what has changed is saved',
    },
    {name: 'leave-running', type: 'boolean', description: 'let the container go on afterwards'},
    {name: 'pre-dump', type: 'boolean', description: 'save the memory only, and let the container go on'},
    {
      name: 'page-server',
      type: 'string',
      description: 'send the memory to a criu page server at ADDRESS:PORT instead of saving it',
    },
    {
      name: 'status-fd',
      type: 'number',
      default: -1,
      description: 'file descriptor that gets a NUL byte once memory can be fetched, with --lazy-pages',
    },
    {name: 'tcp-skip-in-flight', type: 'boolean', description: 'leave out TCP connections that are just being made'},
    {name: 'link-remap', type: 'boolean', description: 'allow open files that have been deleted but have other names'},
  ],
  async run(context, input) {
    const {options} = input;
    const parentPath = given(options['parent-path']);
    const address = given(options['page-server']);
    const choices = {
      ...toCriuChoices(context, options),
      ...(parentPath === undefined ? {} : {parentPath}),
      ...(address === undefined ? {} : {pageServer: parsePageServer(address)}),
      ...(options['status-fd'] < 0 ? {} : {statusFd: options['status-fd']}),
      leaveRunning: options['leave-running'],
      preDump: options['pre-dump'],
      linkRemap: options['link-remap'],
      tcpSkipInFlight: options['tcp-skip-in-flight'],
    };
    const {checkpoint} = await import('../../container/checkpoint.ts');
    checkpoint(context, input.args[0] as string, choices);
    return {};
  },
});

/** `192.0.2.1:9999`, `[2001:db8::1]:9999` */
export function parsePageServer(text: string): {readonly address: string; readonly port: number} {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(.+)$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined || port === undefined)
    throw new RuntsError('Use --page-server ADDRESS:PORT to specify page server');
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) throw new RuntsError('Invalid port number');
  return {address, port: number};
}
