// The program: binds the command line to this process, and is the only place that ends it.
import {dirname, join} from 'node:path';
import {runCli} from './cli/cli.ts';
import {RuntsError} from './errors.ts';
import {loadNative, type Native} from './native.ts';
import {ownOutput} from './write.ts';

/** The addon and runts-init lie beside the bundle; the sources run with what `make build` left in dist. */
function libexecOf(script: string): string {
  return script.endsWith('.ts') ? join(dirname(script), '..', 'dist') : dirname(script);
}

let native: Native | undefined;

function addon(libexec: string): Native {
  if (native === undefined) {
    const path = join(libexec, 'runts.node');
    try {
      native = loadNative(path);
    } catch (error) {
      const [reason] = String(error).split('\nRequire stack:');
      throw new RuntsError(`cannot load ${path}: ${reason}; build or install runts anew`, {cause: error});
    }
  }
  return native;
}

async function main(): Promise<void> {
  const libexec = libexecOf(process.argv[1] ?? '');
  const code = await runCli({
    argv: process.argv.slice(2),
    environment: process.env,
    stdin: 0,
    stdout: 1,
    stderr: 2,
    pid: process.pid,
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    cwd: () => process.cwd(),
    now: () => new Date(),
    libexec,
    output: ownOutput,
    stay: async (context, foreground) => (await import('./container/foreground.ts')).stay(context, foreground),
    loadNative: () => addon(libexec),
  });
  // _exit(2) is quicker than Node's teardown, and there is nothing to tear down.
  if (native !== undefined) native.exit(code);
  process.exit(code);
}

void main();
