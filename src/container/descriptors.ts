// File descriptors that a command opens for a while.
import {closeSync} from 'node:fs';

export interface Descriptors {
  /** Remembers `fd`, and returns it. */
  add(fd: number): number;
  /** Closes all; they may be closed again in vain. */
  closeAll(): void;
}

export function createDescriptors(): Descriptors {
  const open: number[] = [];
  return {
    add(fd) {
      open.push(fd);
      return fd;
    },
    closeAll() {
      for (const fd of open.splice(0)) closeQuietly(fd);
    },
  };
}

/** close(2): it frees the number whatever it answers, so there is nothing to do about an error. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // See above.
  }
}
