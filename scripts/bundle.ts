// Bundles src/main.ts and everything it imports into one minified CommonJS file. CommonJS because Node starts it without
// its loader of ES modules, which costs a few ms.
//
// One file need not mean that all of it runs. esbuild turns `await import('./x.ts')` into a function around x's code that
// is called at that moment: a command that is not asked for, and the validators, cost their bytes, not their evaluation, and
// V8 compiles only the functions that are called. So there is no splitting into several files; each would cost a stat, an
// open and a read of its own. It takes two things of the sources: commands are imported dynamically, and modules do nothing
// at the top level that is not cheap. Only yargs, a quarter of it all, which makes the texts of help, is a file of its own.
//
// What V8 did compile in a trial run of a command (scripts/warm-up.ts) is kept as its code cache, for each command its own:
// reading a cache takes time by its size, and one for all commands would be three times as large as that of `state`.
// NODE_COMPILE_CACHE would do the same at twice the cost (2 ms), for one user and one path only.
//
//   dist/runts.cjs                 starts the two next, of exactly these names; a handful of lines
//   dist/main-HASH.js              the bundle
//   dist/main-HASH.COMMAND.cache   V8's cache for it; without it, or with another Node, all still works
//   dist/yargs-HASH.cjs            help
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {build, type BuildOptions, type Plugin} from 'esbuild';
import {warmCommands} from './warm-commands.ts';

const root = `${import.meta.dirname}/..`;
const dist = `${root}/dist`;

const target = `node${process.versions.node}`;

/** What `runts --version` shows; empty when this is no git checkout. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
      cwd: root,
      stdio: 'pipe',
      encoding: 'utf8',
    }).trim();
  } catch {
    return '';
  }
}

// import.meta does not exist in CommonJS. Its url is needed by yargs and yargs-parser; made by hand, since node:url costs
// a tenth of a millisecond and encodeURI does all that a POSIX path asks for.
const importMeta = {
  'import.meta.url': 'importMetaUrl',
  'import.meta.dirname': '__dirname',
  'import.meta.filename': '__filename',
  'import.meta.resolve': 'require.resolve',
};
const banner = "const importMetaUrl='file://'+encodeURI(__filename).replace(/[?#]/g,encodeURIComponent);";

async function bundle(options: BuildOptions): Promise<string> {
  try {
    const {outputFiles} = await build({
      absWorkingDir: root,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      // The pinned Node is the only one that runs it: nothing needs lowering.
      target,
      minify: true,
      keepNames: false,
      legalComments: 'none',
      // One byte a character, so that the file is read without decoding.
      charset: 'ascii',
      define: {...importMeta, RUNTS_COMMIT: JSON.stringify(commit())},
      banner: {js: banner},
      logLevel: 'warning',
      logOverride: {'empty-import-meta': 'error'},
      // For the file of yargs, which vm.Script could not import.
      supported: {'dynamic-import': false},
      ...options,
      write: false,
    });
    return outputFiles[0]?.text ?? '';
  } catch {
    process.exit(1); // esbuild has printed what is wrong
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** Leaves yargs out: it is in the file of this name. */
const yargsIn = (file: string): Plugin => ({
  name: 'yargs',
  setup: ({onResolve}) => onResolve({filter: /^yargs$/}, () => ({path: `./${file}`, external: true})),
});

/** The text of runts.cjs. Node's own wrapper of CommonJS modules is repeated, as only vm.Script takes a cache. The word that
 * chooses the cache may be the value of an option by chance: then the cache helps less. */
function starter(main: string): string {
  return `const {readFileSync} = require('node:fs');
const {Script} = require('node:vm');
const filename = __dirname + '/${main}.js';
const commands = ${JSON.stringify(warmCommands)};
const command = process.argv.find((word, index) => index > 1 && commands.includes(word)) ?? 'state';
let cachedData;
try {
  cachedData = readFileSync(__dirname + '/${main}.' + command + '.cache');
} catch {}
new Script(readFileSync(filename, 'latin1'), {filename, cachedData})
  .runInThisContext()(exports, require, module, filename, __dirname);
`;
}

async function writeBundle(): Promise<void> {
  const help = await bundle({stdin: {contents: "module.exports = require('yargs').default", resolveDir: root}});
  const yargs = `yargs-${hash(help)}.cjs`;
  writeFileSync(`${dist}/${yargs}`, help);
  const bundled = await bundle({entryPoints: ['src/main.ts'], plugins: [yargsIn(yargs)]});
  const code = `(function(exports,require,module,__filename,__dirname){${bundled}\n})`;
  const main = `main-${hash(code)}`;
  writeFileSync(`${dist}/${main}.js`, code);
  // Renamed into place: a runts that starts at this moment finds either the old files or the new ones. V8 tells by the
  // length alone whether a cache fits, hence the names.
  writeFileSync(`${dist}/runts.cjs.new`, starter(main));
  renameSync(`${dist}/runts.cjs.new`, `${dist}/runts.cjs`);
  for (const file of readdirSync(dist)) {
    const isOld = file.startsWith('main-') ? !file.startsWith(main) : file.startsWith('yargs-') && file !== yargs;
    if (isOld) rmSync(`${dist}/${file}`);
  }
}

/** For scripts/bun.sh: one file, on stdout. What the launcher means for Node, its flags, is dropped. */
async function printBundleForBun(): Promise<void> {
  const js = `${banner}process.argv.splice(1,process.argv.findIndex((word)=>word.endsWith('/runts.cjs'))-1);`;
  process.stdout.write(await bundle({entryPoints: ['src/main.ts'], target: 'esnext', banner: {js}, supported: {}}));
}

await (process.argv[2] === 'bun' ? printBundleForBun() : writeBundle());
