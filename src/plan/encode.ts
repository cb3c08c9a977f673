// InitPlan -> the bytes that runts-init decodes (addon/core/plan.h), of values as in writer.ts:
//   magic "RUNTSPLN", build id (16 characters), u32 number of steps, u32 size of the whole,
//   then for each step u32 opcode and its operands in the order of the table.
import {buildId} from '../generated/build-id.ts';
import {type InitPlan, operations, type Step} from './operations.ts';
import {Writer, writeFields} from './writer.ts';

export const PLAN_MAGIC = 'RUNTSPLN';

const HEADER_SIZE = 8 + 16 + 4 + 4;
const opcodes = new Map(Object.keys(operations).map((name, index) => [name, index]));

/** Encodes a plan for runts-init. Throws RangeError on a value that does not fit its operand (a defect of the plan). */
export function encodePlan(plan: Pick<InitPlan, 'steps'>): Uint8Array {
  const writer = new Writer();
  writer.raw(Buffer.from(PLAN_MAGIC + buildId, 'latin1'));
  writer.u32(plan.steps.length);
  writer.u32(0);
  for (const step of plan.steps) encodeStep(writer, step);
  writer.patchU32(HEADER_SIZE - 4, writer.length);
  return writer.take();
}

function encodeStep(writer: Writer, step: Step): void {
  // An unknown name becomes an opcode that no decoder accepts.
  writer.u32(opcodes.get(step.op) ?? opcodes.size);
  writeFields(writer, operations[step.op], step);
}
