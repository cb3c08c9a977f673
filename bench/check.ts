// What `make test-scale` claims: told when it holds, and the end of it when it does not.
export function check(holds: boolean, claim: string): void {
  if (!holds) throw new Error(`not so: ${claim}`);
  console.log(` ok   ${claim}`);
}
