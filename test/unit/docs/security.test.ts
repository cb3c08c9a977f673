// docs/security.md names tests that exist, by the titles as they stand in the sources.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const proofs = read('docs/security.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| CVE'))
  .flatMap((line) => line.slice(2, -2).split(' | ').at(-1)?.split('<br>') ?? []);

describe('docs/security.md', () => {
  it('has proofs', () => expect(proofs.length).toBeGreaterThan(20));

  it.each(proofs)('%s', (proof) => {
    const [, file = '', title = ''] = /^`([\w/-]+)` (.+)$/.exec(proof) ?? [];
    expect(title).not.toBe('');
    const text = read(`test/${file}.test.${file.startsWith('lab/') ? 'sh' : 'ts'}`);
    expect(text).toContain(title);
  });
});
