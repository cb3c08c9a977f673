// Samples, by metric and runtime, and what is said about them.
export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** The first and the last decile: nine of ten samples are above, or below. */
  readonly p10: number;
  readonly p90: number;
  readonly count: number;
}

export type Unit = 'ms' | 'CPU ms' | 'faults' | 'MiB' | 'KiB' | 'calls';

export interface Metric {
  readonly name: string;
  readonly unit: Unit;
  readonly samples: Map<string, number[]>;
}

export interface Samples {
  add(name: string, unit: Unit, runtime: string, value: number): void;
  /** In the order in which they first came. */
  metrics(): readonly Metric[];
}

export function createSamples(): Samples {
  const metrics = new Map<string, Metric>();
  return {
    add(name, unit, runtime, value) {
      const key = `${name} ${unit}`;
      const metric = metrics.get(key) ?? {name, unit, samples: new Map<string, number[]>()};
      metrics.set(key, metric);
      const values = metric.samples.get(runtime);
      if (values === undefined) metric.samples.set(runtime, [value]);
      else values.push(value);
    },
    metrics: () => [...metrics.values()],
  };
}

/** Undefined without samples. */
export function summarize(samples: readonly number[] | undefined): Summary | undefined {
  if (samples === undefined || samples.length === 0) return undefined;
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] as number;
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
  return {median, min: at(0), max: at(1), p10: at(0.1), p90: at(0.9), count: sorted.length};
}
