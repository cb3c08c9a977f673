import {describe, expect, it} from 'vitest';
import {problemsOf, warningsOf} from './sample.ts';

const AT = '/linux/intelRdt';

describe('intelRdt', () => {
  it.each([
    {},
    {
      closID: 'gold',
      l3CacheSchema: 'L3:0=f;1=f0',
      memBwSchema: 'MB:0=20',
      schemata: ['L2:0=f'],
      enableMonitoring: true,
    },
    {closID: '/'},
    {closID: '...', l3CacheSchema: 'L3CODE:0=f\nL3DATA:0=f\n'},
  ])('%j is fine', (rdt) => {
    expect(problemsOf({[AT]: rdt})).toEqual([]);
    expect(warningsOf({[AT]: rdt})).toEqual([]);
  });

  it.each(['.', '..', 'a/b', '/a', 'info', 'mon_groups', 'mon_data', 'a\nb'])('no class is called %j', (closID) => {
    expect(problemsOf({[AT]: {closID}})).toEqual([
      `${AT}/closID: ${JSON.stringify(closID)} cannot be the name of a class of service`,
    ]);
  });

  it.each([
    [{closID: 'a'.repeat(256)}, '/closID: is longer than 255 bytes'],
    [{memBwSchema: 'MB:0=20\nL3:0=1'}, '/memBwSchema: must be a single line'],
    [{l3CacheSchema: 'L3:0=f\nnope'}, '/l3CacheSchema: "nope" is not like "L3:0=f"'],
    [{schemata: ['L3:0=f', 'L3:0=f\nMB:0=1']}, '/schemata/1: "L3:0=f\\nMB:0=1" is not like "L3:0=f"'],
    [{schemata: ['']}, '/schemata/0: "" is not like "L3:0=f"'],
  ])('%j is an error', (rdt, problem) => {
    expect(problemsOf({[AT]: rdt})).toEqual([AT + problem]);
  });

  it('memBwSchema starts with MB:', () => {
    expect(problemsOf({[AT]: {memBwSchema: 'L3:0=f'}})).toEqual([expect.stringContaining(`${AT}/memBwSchema: `)]);
  });

  it('what is passed over is told', () => {
    expect(warningsOf({[AT]: {l3CacheSchema: 'L3:0=f\nMB:0=1', memBwSchema: 'MB:0=2', enableCMT: true}})).toEqual([
      `${AT}/l3CacheSchema: its "MB:0=1" is ignored, as memBwSchema is set`,
      `${AT}/enableCMT: is ignored, as it is gone from the specification; enableMonitoring took its place`,
    ]);
  });
});
