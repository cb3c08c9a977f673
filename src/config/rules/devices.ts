// Device nodes.
import type {Device} from '../../generated/config.ts';
import {eachDuplicate, type Report, type Rule} from './rule.ts';

/** Linux keeps 12 bits of the major and 20 of the minor number. */
const LIMITS = {major: 4095n, minor: 1048575n};

const numbers: Rule = {
  reads: ['/linux/devices'],
  check({linux}, report) {
    for (const [index, device] of (linux?.devices ?? []).entries())
      checkNumbers(device, `/linux/devices/${index}`, report);
  },
};

function checkNumbers(device: Device, pointer: string, report: Report): void {
  if (device.type === 'p') return;
  for (const key of ['major', 'minor'] as const) {
    const value = device[key];
    if (value === undefined) report.problem(pointer, `missing "${key}": a device of type ${device.type} has one`);
    else if (value < 0n || value > LIMITS[key]) {
      report.problem(`${pointer}/${key}`, `must be from 0 to ${LIMITS[key]}, got ${value}`);
    }
  }
}

const contradictions: Rule = {
  reads: ['/linux/devices'],
  check({linux}, report) {
    const devices = linux?.devices ?? [];
    eachDuplicate(
      devices,
      ({path}) => path,
      (device, index, first) => {
        const other = devices[first];
        if (other === undefined || identityOf(other) === identityOf(device)) return;
        const message = `${device.path} is ${identityOf(device)} here but ${identityOf(other)} in /linux/devices/${first}`;
        report.problem(`/linux/devices/${index}`, message);
      },
    );
  },
};

const identityOf = ({type, major, minor}: Device): string =>
  type === 'p' ? 'a FIFO' : `${type === 'b' ? 'b' : 'c'} ${major}:${minor}`;

export const deviceRules: readonly Rule[] = [numbers, contradictions];
