// linux.resources.blockIO -> io controller of cgroup v2.
import {ConfigError} from '../../errors.ts';
import type {BlockIO, ThrottleDevice} from '../../generated/config.ts';
import {deviceNumber} from '../bounds.ts';
import type {CgroupWrite} from '../write.ts';

const AT = '/linux/resources/blockIO';
const controller = 'io';

const THROTTLE_KEYS = {
  throttleReadBpsDevice: 'rbps',
  throttleWriteBpsDevice: 'wbps',
  throttleReadIOPSDevice: 'riops',
  throttleWriteIOPSDevice: 'wiops',
} as const;

export function ioWrites(blockIO: BlockIO): CgroupWrite[] {
  refuseLeafWeights(blockIO);
  const writes: CgroupWrite[] = [];
  const weigh = (pointer: string, weight: number, device = ''): void => {
    // BFQ keeps the range of cgroup v1; io.weight belongs to the iocost controller.
    const fallback = {file: 'io.weight', value: `${device}${weightOfBlkio(weight)}`};
    writes.push({
      controller,
      file: 'io.bfq.weight',
      value: `${device}${weight}`,
      pointer: `${AT}/${pointer}`,
      fallback,
    });
  };
  if (blockIO.weight) weigh('weight', blockIO.weight);
  blockIO.weightDevice?.forEach((device, index) => {
    if (device.weight) weigh(`weightDevice/${index}/weight`, device.weight, `${deviceNumber(device)} `);
  });
  for (const key of Object.keys(THROTTLE_KEYS) as (keyof typeof THROTTLE_KEYS)[]) {
    blockIO[key]?.forEach((device: ThrottleDevice, index) => {
      // cgroup v1 lifts a limit by writing 0.
      const value = `${deviceNumber(device)} ${THROTTLE_KEYS[key]}=${device.rate === 0n ? 'max' : device.rate}`;
      writes.push({controller, file: 'io.max', value, pointer: `${AT}/${key}/${index}`});
    });
  }
  return writes;
}

function refuseLeafWeights({leafWeight, weightDevice = []}: BlockIO): void {
  const pointers = leafWeight ? [`${AT}/leafWeight`] : [];
  for (const [index, device] of weightDevice.entries()) {
    if (device.leafWeight) pointers.push(`${AT}/weightDevice/${index}/leafWeight`);
  }
  if (pointers.length === 0) return;
  const message = 'cgroup v2 has no weight of processes against child cgroups, which it does not have side by side';
  throw new ConfigError(pointers.map((pointer) => ({pointer, message})));
}

/** blkio.weight (10 to 1000) as io.weight (1 to 10000): a straight line, rounded down. */
export function weightOfBlkio(weight: number): number {
  return 1 + Math.trunc(((weight - 10) * 9999) / 990);
}
