// Bundles src/main.ts and everything it imports into dist/runts.cjs: one minified CommonJS file. CommonJS because Node
// starts it without its loader of ES modules, which costs a few ms.
//
// One file need not mean that all of it runs. esbuild turns `await import('./x.ts')` into a function around x's code that
// is called at that moment: a command that is not asked for, yargs (needed for help only) and the validators cost their
// bytes, not their evaluation, and V8 compiles only the functions that are called. So there is no splitting into several
// files; each would cost a stat, an open and a read of its own. It takes two things of the sources: commands are imported
// dynamically, and modules do nothing at the top level that is not cheap.
import {renameSync} from 'node:fs';
import {build} from 'esbuild';

const root = `${import.meta.dirname}/..`;
const output = 'dist/runts.cjs';

// import.meta does not exist in CommonJS. Its url is needed by yargs and yargs-parser; made by hand, since node:url costs
// a tenth of a millisecond and encodeURI does all that a POSIX path asks for.
const importMeta = {
  'import.meta.url': 'importMetaUrl',
  'import.meta.dirname': '__dirname',
  'import.meta.filename': '__filename',
};
const banner = "const importMetaUrl='file://'+encodeURI(__filename).replace(/[?#]/g,encodeURIComponent);";

try {
  await build({
    absWorkingDir: root,
    entryPoints: ['src/main.ts'],
    outfile: `${output}.new`,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    // The pinned Node is the only one that runs it: nothing needs lowering.
    target: `node${process.versions.node}`,
    minify: true,
    keepNames: false,
    legalComments: 'none',
    charset: 'utf8',
    define: importMeta,
    banner: {js: banner},
    logLevel: 'warning',
    logOverride: {'empty-import-meta': 'error'},
  });
} catch {
  process.exit(1); // esbuild has printed what is wrong
}
// Renamed into place: a runts that starts at this moment reads the old file or the new one, whole.
renameSync(`${root}/${output}.new`, `${root}/${output}`);
