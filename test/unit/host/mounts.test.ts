import {describe, expect, it, vi} from 'vitest';
import {detachMounts, mountsAt} from '../../../src/host/mounts.ts';

const MOUNTINFO = `22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 8:1 /a\\040b /a\\040b rw - ext4 /dev/sda1 rw
24 23 0:5 / /a\\040b rw shared:1 - tmpfs t rw
25 24 0:6 / /a\\040b/c rw - tmpfs t rw
`;

describe('mounts at a directory', () => {
  it('are counted, those below it not', () => {
    expect(mountsAt('/a b', MOUNTINFO)).toBe(2);
    expect(mountsAt('/a b/c', MOUNTINFO)).toBe(1);
    expect(mountsAt('/a', MOUNTINFO)).toBe(0);
  });

  it('are detached down to what was there before', () => {
    const detachMount = vi.fn();
    detachMounts({detachMount}, '/', mountsAt('/'));
    expect(detachMount).not.toHaveBeenCalled();
    detachMounts({detachMount}, '/', mountsAt('/') - 1);
    expect(detachMount.mock.calls).toEqual([['/']]);
  });
});
