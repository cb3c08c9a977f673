import {describe, expect, it} from 'vitest';
import {minimalInput, orderOf, stepsNamed, withProcess} from './input.ts';

const facts = minimalInput.facts;
const profile = {apparmorProfile: 'docker-default'};
const label = {selinuxLabel: 'system_u:system_r:container_t:s0:c1,c2'};

describe('AppArmor', () => {
  it('gets the profile by name', () => {
    expect(stepsNamed(withProcess(profile), 'apparmorProfile')).toEqual([
      {op: 'apparmorProfile', at: '/process/apparmorProfile', name: 'docker-default'},
    ]);
  });

  it('that is missing or off is an error', () => {
    expect(() => orderOf(withProcess(profile, {facts: {...facts, hasApparmor: false}}))).toThrow(
      'config.json#/process/apparmorProfile: apparmor: config provided but apparmor not supported',
    );
    expect(orderOf(withProcess({}, {facts: {...facts, hasApparmor: false}}))).not.toContain('apparmorProfile');
  });
});

describe('SELinux', () => {
  it('gets the label for the program and for its session keyring', () => {
    expect(stepsNamed(withProcess(label), 'selinuxLabel', 'sessionKeyring')).toEqual([
      {op: 'sessionKeyring', at: '/process/selinuxLabel', name: '_ses.web', label: label.selinuxLabel},
      {op: 'selinuxLabel', at: '/process/selinuxLabel', label: label.selinuxLabel},
    ]);
  });

  it('gets it for the program alone without a keyring', () => {
    const options = {...minimalInput.options, noNewKeyring: true};
    expect(stepsNamed(withProcess(label, {options}), 'selinuxLabel', 'sessionKeyring')).toHaveLength(1);
  });

  it('comes before a filter that might forbid it', () => {
    const order = orderOf(withProcess(label, {seccomp: {program: new Uint8Array(8), flags: 0}}));
    expect(order.indexOf('selinuxLabel')).toBeLessThan(order.indexOf('seccomp'));
    expect(order.indexOf('selinuxLabel')).toBeGreaterThan(0);
  });

  it.each([false, true])('that is missing or off is an error, without a keyring: %s', (noNewKeyring) => {
    const rest = {options: {...minimalInput.options, noNewKeyring}, facts: {...facts, hasSelinux: false}};
    expect(() => orderOf(withProcess(label, rest))).toThrow(
      'config.json#/process/selinuxLabel: selinux label is specified in config, but selinux is disabled or not supported',
    );
    expect(orderOf(withProcess({}, rest))).not.toContain('selinuxLabel');
  });
});
