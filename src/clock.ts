/** Milliseconds of a clock that is never set. Not performance.now(): its module is loaded with its first use, for 2 ms. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
