// The messages of criu's RPC (criu.org/RPC), as far as runts uses them.
import {type DecodedOf, decode, encode, type MessageOf} from './wire.ts';

/** enum criu_req_type */
export const requestTypes = {
  dump: 1,
  restore: 2,
  preDump: 4,
  notify: 6,
  featureCheck: 9,
  version: 10,
} as const;

export type RequestType = keyof typeof requestTypes;

/** enum criu_cg_mode */
export const cgroupModes = {ignore: 0, soft: 3, full: 4, strict: 5, default: 6} as const;

export type CgroupMode = keyof typeof cgroupModes;

const pageServer = {address: [1, 'string'], port: [2, 'number']} as const;
const extMountMap = {key: [1, 'string'], val: [2, 'string']} as const;
const joinNamespace = {ns: [1, 'string'], nsFile: [2, 'string']} as const;
const inheritFd = {key: [1, 'string'], fd: [2, 'number']} as const;
const cgroupRoot = {ctrl: [1, 'string'], path: [2, 'string']} as const;

const criuOptions = {
  imagesDirFd: [1, 'number'],
  pid: [2, 'number'],
  leaveRunning: [3, 'boolean'],
  extUnixSk: [4, 'boolean'],
  tcpEstablished: [5, 'boolean'],
  evasiveDevices: [6, 'boolean'],
  shellJob: [7, 'boolean'],
  fileLocks: [8, 'boolean'],
  logLevel: [9, 'number'],
  logFile: [10, 'string'],
  ps: [11, pageServer],
  notifyScripts: [12, 'boolean'],
  root: [13, 'string'],
  parentImg: [14, 'string'],
  trackMem: [15, 'boolean'],
  autoDedup: [16, 'boolean'],
  workDirFd: [17, 'number'],
  linkRemap: [18, 'boolean'],
  extMnt: [23, extMountMap],
  manageCgroups: [24, 'boolean'],
  cgRoot: [25, cgroupRoot],
  rstSibling: [26, 'boolean'],
  inheritFd: [27, inheritFd],
  manageCgroupsMode: [34, 'number'],
  external: [37, 'string'],
  emptyNs: [38, 'number'],
  joinNs: [39, joinNamespace],
  freezeCgroup: [44, 'string'],
  tcpSkipInFlight: [46, 'boolean'],
  lazyPages: [48, 'boolean'],
  orphanPtsMaster: [50, 'boolean'],
  configFile: [51, 'string'],
  lsmProfile: [53, 'string'],
  lsmMountContext: [63, 'string'],
} as const;

const features = {memTrack: [1, 'boolean'], lazyPages: [2, 'boolean']} as const;

const request = {
  type: [1, 'number'],
  opts: [2, criuOptions],
  notifySuccess: [3, 'boolean'],
  features: [5, features],
} as const;

const notification = {script: [1, 'string'], pid: [2, 'number']} as const;
const version = {major: [1, 'number'], minor: [2, 'number'], sublevel: [4, 'number']} as const;

const response = {
  type: [1, 'number'],
  success: [2, 'boolean'],
  notify: [5, notification],
  errno: [7, 'number'],
  features: [8, features],
  errorMessage: [9, 'string'],
  version: [10, version],
} as const;

export type CriuOptions = MessageOf<typeof criuOptions>;
export type CriuFeatures = MessageOf<typeof features>;
export type Request = MessageOf<typeof request>;
export type Response = DecodedOf<typeof response>;

export const encodeRequest = (message: Request): Buffer => encode(request, message);
export const decodeResponse = (bytes: Uint8Array): Response => decode(response, bytes);
