// linux.resources.blockIO -> blkio controller of cgroup v1.
import type {BlockIO, ThrottleDevice} from '../../generated/config.ts';
import {deviceNumber} from '../bounds.ts';
import type {CgroupWrite} from '../write.ts';

const AT = '/linux/resources/blockIO';
const controller = 'blkio';

const THROTTLE_FILES = {
  throttleReadBpsDevice: 'blkio.throttle.read_bps_device',
  throttleWriteBpsDevice: 'blkio.throttle.write_bps_device',
  throttleReadIOPSDevice: 'blkio.throttle.read_iops_device',
  throttleWriteIOPSDevice: 'blkio.throttle.write_iops_device',
} as const;

/** blkio.weight belonged to the CFQ scheduler, gone since Linux 5.0; BFQ has files of its own, with the same range. */
export function blkioWrites(blockIO: BlockIO): CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  const add = (pointer: string, file: string, value: string, fallback?: string): void => {
    const write = {controller, file, value, pointer: `${AT}/${pointer}`};
    writes.push(fallback === undefined ? write : {...write, fallback: {file: fallback, value}});
  };
  if (blockIO.weight) add('weight', 'blkio.weight', String(blockIO.weight), 'blkio.bfq.weight');
  if (blockIO.leafWeight) add('leafWeight', 'blkio.leaf_weight', String(blockIO.leafWeight));
  blockIO.weightDevice?.forEach((device, index) => {
    const at = `weightDevice/${index}`;
    const line = (weight: number): string => `${deviceNumber(device)} ${weight}`;
    if (device.weight) add(`${at}/weight`, 'blkio.weight_device', line(device.weight), 'blkio.bfq.weight_device');
    if (device.leafWeight) add(`${at}/leafWeight`, 'blkio.leaf_weight_device', line(device.leafWeight));
  });
  for (const key of Object.keys(THROTTLE_FILES) as (keyof typeof THROTTLE_FILES)[]) {
    blockIO[key]?.forEach((device: ThrottleDevice, index) => {
      add(`${key}/${index}`, THROTTLE_FILES[key], `${deviceNumber(device)} ${device.rate}`);
    });
  }
  return writes;
}
