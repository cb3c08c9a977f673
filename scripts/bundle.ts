// Bundles src/main.ts and everything it imports into one minified CommonJS file. CommonJS because Node starts it without
// its loader of ES modules, which costs a few ms.
//
// One file need not mean that all of it runs. esbuild turns `await import('./x.ts')` into a function around x's code that
// is called at that moment: a command that is not asked for, yargs (needed for help only) and the validators cost their
// bytes, not their evaluation, and V8 compiles only the functions that are called. So there is no splitting into several
// files; each would cost a stat, an open and a read of its own. It takes two things of the sources: commands are imported
// dynamically, and modules do nothing at the top level that is not cheap.
//
// What V8 did compile in a few trial runs (scripts/warm-up.ts) is kept beside it as its code cache: 5 of 10 ms less above
// an empty script. NODE_COMPILE_CACHE would do the same at twice the cost (2 ms), for one user and one path only.
//
//   dist/runts.cjs         starts the two others, of exactly these names; a handful of lines
//   dist/main-HASH.js      the bundle
//   dist/main-HASH.cache   V8's cache for it; without it, or with another Node, all still works
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {build} from 'esbuild';

const root = `${import.meta.dirname}/..`;
const dist = `${root}/dist`;

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

async function bundle(): Promise<string> {
  try {
    const {outputFiles} = await build({
      absWorkingDir: root,
      entryPoints: ['src/main.ts'],
      write: false,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      // The pinned Node is the only one that runs it: nothing needs lowering.
      target: `node${process.versions.node}`,
      minify: true,
      keepNames: false,
      legalComments: 'none',
      // One byte a character, so that the file is read without decoding.
      charset: 'ascii',
      define: {...importMeta, RUNTS_COMMIT: JSON.stringify(commit())},
      banner: {js: banner},
      logLevel: 'warning',
      logOverride: {'empty-import-meta': 'error'},
    });
    return outputFiles[0]?.text ?? '';
  } catch {
    process.exit(1); // esbuild has printed what is wrong
  }
}

/** The text of runts.cjs. Node's own wrapper of CommonJS modules is repeated, as only vm.Script takes a cache. */
function starter(main: string): string {
  return `const {readFileSync} = require('node:fs');
const {Script} = require('node:vm');
const filename = __dirname + '/${main}.js';
let cachedData;
try {
  cachedData = readFileSync(__dirname + '/${main}.cache');
} catch {}
new Script(readFileSync(filename, 'latin1'), {filename, cachedData})
  .runInThisContext()(exports, require, module, filename, __dirname);
`;
}

const code = `(function(exports,require,module,__filename,__dirname){${await bundle()}\n})`;
const main = `main-${createHash('sha256').update(code).digest('hex').slice(0, 12)}`;
writeFileSync(`${dist}/${main}.js`, code);
// Renamed into place: a runts that starts at this moment finds either the old files or the new ones. V8 tells by the
// length alone whether a cache fits, hence the names.
writeFileSync(`${dist}/runts.cjs.new`, starter(main));
renameSync(`${dist}/runts.cjs.new`, `${dist}/runts.cjs`);
for (const file of readdirSync(dist)) {
  if (file.startsWith('main-') && !file.startsWith(main)) rmSync(`${dist}/${file}`);
}
