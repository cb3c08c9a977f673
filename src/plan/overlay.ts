// Options that are too long for fsconfig(2), which takes values of up to 255 bytes. An overlay's layers can be given one by
// one since Linux 6.8, and by fd since 6.13; all else has to go through the one page of text that mount(2) takes.
import {posix} from 'node:path';
import {isKernelAtLeast, type KernelVersion} from '../host/facts.ts';

/** Bytes of the value of a string parameter of fsconfig(2). */
const VALUE_MAX = 255;
/** Bytes of mount(2)'s data, without its NUL. */
const PAGE_MAX = 4095;

export interface FittedOptions {
  readonly options: readonly string[];
  /** Where relative paths in the options begin; '' when there are none. */
  readonly directory: string;
}

/** Options, as a kernel of this version can take them. A string says why it cannot. */
export function fitOptions(
  type: string,
  options: readonly string[],
  kernel: () => KernelVersion,
): FittedOptions | string {
  if (!options.some(isLong)) return {options, directory: ''};
  const layers = type === 'overlay' ? layersOf(options) : undefined;
  if (layers !== undefined) {
    const separate = separateLayers(options, layers);
    const [major, minor] = separate.some(isLong) ? ([6, 13] as const) : ([6, 8] as const);
    if (isKernelAtLeast(kernel(), major, minor)) return {options: separate, directory: ''};
  }
  const quoted = options.map(quoteContext);
  if (pageOf(quoted) <= PAGE_MAX) return {options: quoted, directory: ''};
  const shorter = layers === undefined ? undefined : shorten(quoted, layers);
  if (shorter !== undefined && pageOf(shorter.options) <= PAGE_MAX) return shorter;
  const {major, minor} = kernel();
  const remedy = layers === undefined ? '' : `; Linux 6.13 takes any number of layers, and this is ${major}.${minor}`;
  return `are ${pageOf(quoted)} bytes, more than the page of ${PAGE_MAX} that mount(2) takes${remedy}`;
}

const isLong = (option: string): boolean => Buffer.byteLength(valueIn(option)) > VALUE_MAX;
const pageOf = (options: readonly string[]): number => Buffer.byteLength(options.join(','));
const valueIn = (option: string): string => (option.includes('=') ? option.slice(option.indexOf('=') + 1) : '');

interface Layer {
  readonly data: boolean;
  /** With its backslashes. */
  readonly text: string;
}

/** The layers of `lowerdir`, topmost first; undefined when it is missing or of a form that is the kernel's to judge. */
function layersOf(options: readonly string[]): readonly Layer[] | undefined {
  const option = options.find((candidate) => candidate.startsWith('lowerdir='));
  if (option === undefined) return undefined;
  const layers: Layer[] = [];
  let data = false;
  for (const text of valueIn(option).match(/(?:\\.|[^:\\])+|::?/gs) ?? []) {
    if (text === '::') data = true;
    else if (text !== ':') layers.push({data, text});
  }
  const again = layers.map((layer, index) => `${index === 0 ? '' : layer.data ? '::' : ':'}${layer.text}`).join('');
  return again === valueIn(option) ? layers : undefined;
}

/** Each layer as a parameter of its own, which is taken as it is: nothing in it needs a backslash. */
function separateLayers(options: readonly string[], layers: readonly Layer[]): string[] {
  return options.flatMap((option) => {
    if (option.startsWith('lowerdir='))
      return layers.map(({data, text}) => `${data ? 'datadir+' : 'lowerdir+'}=${unescapePath(text)}`);
    // A long one becomes an fd.
    return isLong(option) && /^(upper|work)dir=/.test(option) ? [unescapePath(option)] : [option];
  });
}

const unescapePath = (text: string): string => text.replace(/\\(.)/gs, '$1');

/** The same with paths from the directory that all layers have in common. */
function shorten(options: readonly string[], layers: readonly Layer[]): FittedOptions | undefined {
  const others = options.filter((option) => /^(upper|work)dir=/.test(option)).map(valueIn);
  const paths = [...layers.map(({text}) => text), ...others];
  if (!paths.every((path) => /^\/+[^/]/.test(path))) return undefined;
  const directory = paths.map((path) => posix.dirname(path)).reduce(commonParent);
  const relative = (path: string): string => path.slice(directory === '/' ? 1 : directory.length + 1);
  return {
    directory: unescapePath(directory),
    options: options.map((option) => {
      if (option.startsWith('lowerdir=')) {
        const joined = layers.map(({data, text}, at) => `${at === 0 ? '' : data ? '::' : ':'}${relative(text)}`);
        return `lowerdir=${joined.join('')}`;
      }
      const [, key] = /^((?:upper|work)dir=)/.exec(option) ?? [];
      return key === undefined ? option : `${key}${relative(valueIn(option))}`;
    }),
  };
}

function commonParent(one: string, other: string): string {
  let parent = one;
  while (parent !== '/' && other !== parent && !other.startsWith(`${parent}/`)) parent = posix.dirname(parent);
  return parent;
}

/** The commas of a SELinux label would end it in the text that mount(2) parses. */
function quoteContext(option: string): string {
  return option.replace(/^((?:fs|def|root)?context=)([^"].*,.*)$/s, '$1"$2"');
}
