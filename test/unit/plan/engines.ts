// Configs as engines wrote them, but for ids and paths: runc 1.1.5 (`spec`), Podman 4.3, Buildah 1.28 (RUN), containerd 1.6
// (`ctr run`) and Docker 28.2, on a host with cgroup v1. To add one: run the engine with a runtime that keeps a copy of
// its bundle's config.json and then execs runc.
import {readdirSync} from 'node:fs';

export const fixtures = `${import.meta.dirname}/fixtures`;

/** Their names without `.json`. */
export const engines: readonly string[] = readdirSync(fixtures)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length))
  .sort();
