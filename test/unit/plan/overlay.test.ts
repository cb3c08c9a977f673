import {describe, expect, it} from 'vitest';
import {fitOptions} from '../../../src/plan/overlay.ts';

const linux = (major: number, minor: number) => () => ({major, minor});
const never = (): never => {
  throw new Error('the kernel was asked');
};
const layers = (count: number, length: number): string[] =>
  Array.from({length: count}, (_, index) => `/var/lib/x/${index}`.padEnd(length, 'l'));
const long = layers(20, 100);
const lowerdir = `lowerdir=${long.join(':')}`;

describe('long options', () => {
  it('short ones stay as they are, whatever the kernel', () => {
    const options = ['lowerdir=/a:/b', 'upperdir=/u', 'volatile'];
    expect(fitOptions('overlay', options, never)).toEqual({options, directory: ''});
  });

  it('layers go in one by one since Linux 6.8', () => {
    expect(fitOptions('overlay', [lowerdir, 'upperdir=/u', 'workdir=/w'], linux(6, 8))).toEqual({
      options: [...long.map((path) => `lowerdir+=${path}`), 'upperdir=/u', 'workdir=/w'],
      directory: '',
    });
  });

  it('without the backslashes that a list needs', () => {
    const fitted = fitOptions('overlay', [`${lowerdir}:/a\\:b:/c\\\\d`], linux(6, 8));
    expect(fitted).toMatchObject({options: expect.arrayContaining(['lowerdir+=/a:b', 'lowerdir+=/c\\d'])});
  });

  it('data-only layers stay what they are', () => {
    const fitted = fitOptions('overlay', [`${lowerdir}::/data1::/data2`], linux(6, 8));
    expect(fitted).toMatchObject({options: expect.arrayContaining(['datadir+=/data1', 'datadir+=/data2'])});
  });

  it('a path that is itself too long needs Linux 6.13, where it goes in as an fd', () => {
    const upper = `upperdir=/${'u\\,'.repeat(150)}`;
    const options = ['lowerdir=/a', upper, 'workdir=/w'];
    expect(fitOptions('overlay', options, linux(6, 12))).toEqual({options, directory: ''});
    expect(fitOptions('overlay', options, linux(6, 13))).toEqual({
      options: ['lowerdir+=/a', `upperdir=/${'u,'.repeat(150)}`, 'workdir=/w'],
      directory: '',
    });
  });

  it('what fits in a page goes to mount(2) before', () => {
    expect(fitOptions('overlay', [lowerdir], linux(6, 7))).toEqual({options: [lowerdir], directory: ''});
  });

  it('what does not is told from the directory that all have in common', () => {
    const many = layers(60, 100);
    const options = [`lowerdir=${many.join(':')}`, 'upperdir=/var/lib/u', 'workdir=/var/lib/w', 'volatile'];
    expect(fitOptions('overlay', options, linux(6, 1))).toMatch(/^are 61\d\d bytes, more than the page of 4095/);
    const shared = layers(60, 40).map((path) => path.replace('/var', `/var${'/deep'.repeat(10)}`));
    expect(
      fitOptions(
        'overlay',
        [`lowerdir=${shared.join(':')}`, 'upperdir=/var/deep/u', 'workdir=/var/deep/w'],
        linux(6, 1),
      ),
    ).toMatch(/bytes, more than/);
    const deep = `/var${'/deep'.repeat(10)}`;
    const fitted = fitOptions(
      'overlay',
      [`lowerdir=${shared.join(':')}`, `upperdir=${deep}/lib/u`, `workdir=${deep}/w`],
      linux(6, 1),
    );
    expect(fitted).toMatchObject({
      directory: deep,
      options: [
        `lowerdir=${shared.map((path) => path.slice(deep.length + 1)).join(':')}`,
        'upperdir=lib/u',
        'workdir=w',
      ],
    });
  });

  it('and else is an error that names the kernel that could', () => {
    expect(fitOptions('overlay', [`lowerdir=${layers(300, 100).join(':')}`], linux(6, 1))).toBe(
      'are 30308 bytes, more than the page of 4095 that mount(2) takes; Linux 6.13 takes any number of layers, and this is 6.1',
    );
  });

  it('of other filesystems have the page of mount(2)', () => {
    expect(fitOptions('nfs', [`x=${'y'.repeat(300)}`], never)).toEqual({
      options: [`x=${'y'.repeat(300)}`],
      directory: '',
    });
    expect(fitOptions('nfs', [`x=${'y'.repeat(5000)}`], linux(6, 13))).toBe(
      'are 5002 bytes, more than the page of 4095 that mount(2) takes',
    );
  });

  it('a label with commas is quoted for mount(2), and only for it', () => {
    const label = 'context=system_u:object_r:container_file_t:s0:c1,c2';
    expect(fitOptions('overlay', [lowerdir, label], linux(6, 7))).toMatchObject({
      options: [lowerdir, 'context="system_u:object_r:container_file_t:s0:c1,c2"'],
    });
    expect(fitOptions('overlay', [lowerdir, label], linux(6, 8))).toMatchObject({
      options: expect.arrayContaining([label]),
    });
  });
});
