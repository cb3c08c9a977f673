// What no test can bring about on a real kernel: a name that is taken between the look for it and the move.
import {openSync} from 'node:fs';
import {describe, expect, it, vi} from 'vitest';
import {createDescriptors} from '../../../src/container/descriptors.ts';
import {moveNetDevices} from '../../../src/container/net-devices.ts';
import {createUndoStack} from '../../../src/container/rollback.ts';
import * as links from '../../../src/host/links.ts';
import {NetlinkError} from '../../../src/host/netlink.ts';
import {fakeNative} from './fakes.ts';

vi.mock('../../../src/host/links.ts', {spy: true});

const eth0 = {index: 3, name: 'eth0', up: true};

describe('a network device', () => {
  it('that the kernel has moved but could not rename is moved back, and set up again', () => {
    const descriptors = createDescriptors();
    const nullFd = descriptors.add(openSync('/dev/null', 'r'));
    const native = {...fakeNative().native, netlinkSocket: () => openSync('/dev/null', 'r')};
    // In the order in which it asks: on the host, for the free name, then for where the device is.
    vi.mocked(links.findLink)
      .mockReturnValueOnce(eth0)
      .mockReturnValueOnce(undefined)
      .mockReturnValueOnce({...eth0, index: 7})
      .mockReturnValueOnce({...eth0, index: 4});
    vi.mocked(links.findLinkByIndex).mockReturnValue(undefined);
    vi.mocked(links.addressesOf).mockReturnValue([]);
    const moves = vi.mocked(links.moveLink);
    moves.mockImplementationOnce(() => {
      throw new NetlinkError('RTM_SETLINK', 17, '');
    });
    moves.mockReturnValueOnce(undefined);
    const up = vi.mocked(links.setUp).mockReturnValue(undefined);
    const undo = createUndoStack();
    expect(() => moveNetDevices({native}, {eth0: {name: 'web0'}}, nullFd, undo, descriptors)).toThrow(
      'config.json#/linux/netDevices/eth0: cannot move eth0 into the container as web0: RTM_SETLINK: EEXIST',
    );
    expect(moves.mock.calls.map(([, index, name]) => [index, name])).toEqual([
      [3, 'web0'],
      [7, 'eth0'],
    ]);
    expect(up.mock.calls.map(([, index]) => index)).toEqual([4]);
    const warnings: string[] = [];
    undo.rollBack({warn: (text) => void warnings.push(text)});
    expect(warnings).toEqual([]);
    descriptors.closeAll();
  });
});
