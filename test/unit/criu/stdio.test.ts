import {lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {writeDescriptors} from '../../../src/criu/stdio.ts';

let images: string;
beforeEach(() => {
  images = mkdtempSync(join(tmpdir(), 'runts-images-'));
});
afterEach(() => rmSync(images, {recursive: true}));

it('what the streams were replaces what an earlier checkpoint has left', () => {
  writeDescriptors(images, ['/dev/null', 'pipe:[1]', 'pipe:[2]']);
  writeDescriptors(images, ['/dev/null']);
  expect(readFileSync(join(images, 'descriptors.json'), 'utf8')).toBe('["/dev/null"]');
  expect(lstatSync(join(images, 'descriptors.json')).mode & 0o777).toBe(0o600);
});

it('a symlink among the images leads to no other file', () => {
  const other = join(images, 'other');
  writeFileSync(other, 'untouched');
  symlinkSync(other, join(images, 'descriptors.json'));
  expect(() => writeDescriptors(images, [])).toThrow('ELOOP');
  expect(readFileSync(other, 'utf8')).toBe('untouched');
});
