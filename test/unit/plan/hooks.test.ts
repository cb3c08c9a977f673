import {describe, expect, it} from 'vitest';
import {minimalConfig, minimalInput, orderOf, stepsNamed, withConfig} from './input.ts';

const hook = {path: '/bin/hook'};

describe('hooks of the runtime', () => {
  it.each(['prestart', 'createRuntime'] as const)('%s makes init wait', (kind) => {
    expect(stepsNamed(withConfig({hooks: {[kind]: [hook]}}), 'runtimeHooks')).toEqual([
      {op: 'runtimeHooks', at: '/hooks'},
    ]);
  });

  it('others do not', () => {
    expect(orderOf(withConfig({hooks: {prestart: [], poststart: [hook], poststop: [hook]}}))).not.toContain(
      'runtimeHooks',
    );
  });
});

describe('hooks of the container', () => {
  const annotations = {'org.example': 'a "b"\n'};

  it('createContainer: before the switch of roots, with an empty environment', () => {
    const input = withConfig({annotations, hooks: {createContainer: [hook, {...hook, timeout: 3}]}});
    const state = {
      stateHead: '{"ociVersion":"1.2.0","id":"web","status":"creating","pid":',
      stateTail: ',"bundle":"/bundle","annotations":{"org.example":"a \\"b\\"\\n"}}',
    };
    const step = {op: 'hook', kind: 'createContainer', path: '/bin/hook', args: ['/bin/hook'], env: [], ...state};
    expect(stepsNamed(input, 'hook')).toEqual([
      {...step, at: '/hooks/createContainer/0', index: 0, timeoutMs: 0},
      {...step, at: '/hooks/createContainer/1', index: 1, timeoutMs: 3000},
    ]);
    const order = orderOf(input);
    expect(order.lastIndexOf('symlink')).toBeLessThan(order.indexOf('hook'));
    expect(order.lastIndexOf('hook')).toBeLessThan(order.indexOf('pivotRoot'));
  });

  it('startContainer: after the gate, as created, with the environment of the container', () => {
    const input = withConfig({hooks: {startContainer: [{...hook, args: ['hook', '-v']}]}});
    expect(stepsNamed(input, 'hook')).toEqual([
      {
        op: 'hook',
        at: '/hooks/startContainer/0',
        kind: 'startContainer',
        index: 0,
        path: '/bin/hook',
        args: ['hook', '-v'],
        env: minimalConfig.process.env,
        timeoutMs: 0,
        stateHead: '{"ociVersion":"1.2.0","id":"web","status":"created","pid":',
        stateTail: ',"bundle":"/bundle"}',
      },
    ]);
    expect(orderOf(input).slice(-4)).toEqual(['ready', 'gate', 'hook', 'exec']);
  });

  it('have the environment that they are given, also when it is empty', () => {
    const input = withConfig({
      hooks: {startContainer: [{...hook, env: []}], createContainer: [{...hook, env: ['A=1']}]},
    });
    expect(stepsNamed(input, 'hook')).toMatchObject([{env: ['A=1']}, {env: []}]);
  });

  it('a state is one line of JSON', () => {
    const [step] = stepsNamed(withConfig({annotations, hooks: {createContainer: [hook]}}), 'hook');
    const text = step?.op === 'hook' ? `${step.stateHead}7${step.stateTail}` : '';
    expect(text).not.toContain('\n');
    expect(JSON.parse(text)).toEqual({
      ociVersion: '1.2.0',
      id: 'web',
      status: 'creating',
      pid: 7,
      bundle: minimalInput.bundle,
      annotations,
    });
  });

  it('the longest timeout fits', () => {
    const [step] = stepsNamed(withConfig({hooks: {createContainer: [{...hook, timeout: 2147483647}]}}), 'hook');
    expect(step).toMatchObject({timeoutMs: 0xffffffff});
  });
});
