// Finds the first place where a text stops being JSON, and says what was expected there: V8's own messages often give
// neither a position nor what was expected. Used only once parsing has failed.

export interface SyntaxProblem {
  readonly offset: number;
  readonly message: string;
}

/** What may come next; 'more' is after a comma. */
type Expectation = 'value' | 'valueOrEnd' | 'valueMore' | 'key' | 'keyMore' | 'colon' | 'commaOrEnd' | 'nothing';

const SPACE = /[ \t\r\n]*/y;
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const CUT = /^(?:-|\.|[eE][+-]?|tr?u?|fa?l?s?|nu?l?)$/;
const WORD = /[\w.+-]+|./suy;

const MAY_CLOSE: readonly Expectation[] = ['key', 'valueOrEnd', 'commaOrEnd'];

const EXPECTED: Readonly<Record<Expectation, (close: string) => string>> = {
  value: () => 'a value',
  valueOrEnd: () => 'a value or "]"',
  valueMore: () => 'a value',
  key: () => 'a property name in double quotes or "}"',
  keyMore: () => 'a property name in double quotes',
  colon: () => '":" after the property name',
  commaOrEnd: (close) => `"," or "${close}"`,
  nothing: () => 'the end of the file',
};

/** The first problem of a text that JSON.parse refuses. */
export function findSyntaxError(text: string): SyntaxProblem {
  const closers: string[] = [];
  let offset = 0;
  let expected: Expectation = 'value';
  for (;;) {
    offset += matchAt(SPACE, text, offset).length;
    if (offset >= text.length) return {offset, message: endOfFile(text, expected)};
    const {token, length} = tokenAt(text, offset);
    const close = closers.at(-1) ?? '';
    const next = follow(expected, token, closers);
    if (next === undefined && isCut(text, offset, expected)) return {offset, message: endOfFile(text, expected)};
    if (next === undefined) return {offset, message: unexpected(text, offset, EXPECTED[expected](close), expected)};
    if (length === 0) return badString(text, offset);
    expected = next;
    offset += length;
  }
}

/** What begins at `offset`; a string that does not end well has the length 0. */
function tokenAt(text: string, offset: number): {token: string; length: number} {
  const char = text[offset] ?? '';
  if ('{}[],:'.includes(char)) return {token: char, length: 1};
  if (char === '"') return {token: 'string', length: matchAt(STRING, text, offset).length};
  const {length} = matchAt(SCALAR, text, offset);
  return length > 0 ? {token: 'scalar', length} : {token: 'other', length: 1};
}

/** What may come after `token`, or undefined when the token itself may not come. */
function follow(expected: Expectation, token: string, closers: string[]): Expectation | undefined {
  const close = closers.at(-1);
  if (token === close && MAY_CLOSE.includes(expected)) {
    closers.pop();
    return afterValue(closers);
  }
  switch (expected) {
    case 'nothing':
      return undefined;
    case 'colon':
      return token === ':' ? 'value' : undefined;
    case 'commaOrEnd':
      if (token !== ',') return undefined;
      return close === '}' ? 'keyMore' : 'valueMore';
    case 'key':
    case 'keyMore':
      return token === 'string' ? 'colon' : undefined;
    default:
      if (token === 'string' || token === 'scalar') return afterValue(closers);
      if (token !== '{' && token !== '[') return undefined;
      closers.push(token === '{' ? '}' : ']');
      return token === '{' ? 'key' : 'valueOrEnd';
  }
}

const afterValue = (closers: readonly string[]): Expectation => (closers.length === 0 ? 'nothing' : 'commaOrEnd');

function matchAt(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? '';
}

/** Whether the text ends within a number or a word, before it is one. */
function isCut(text: string, offset: number, expected: Expectation): boolean {
  return expected !== 'nothing' && text.length - offset < 5 && CUT.test(text.slice(offset));
}

function endOfFile(text: string, expected: Expectation): string {
  if (expected === 'nothing') return 'is not valid JSON';
  return text.trim() === '' ? 'the file is empty' : 'unexpected end of file: the file is truncated?';
}

function unexpected(text: string, offset: number, expected: string, state: Expectation): string {
  const found = matchAt(WORD, text, offset).slice(0, 32);
  return `expected ${expected} but found ${found === '"' ? 'a string' : JSON.stringify(found)}${hint(found, state)}`;
}

function hint(found: string, state: Expectation): string {
  if ((state === 'keyMore' || state === 'valueMore') && (found === '}' || found === ']')) {
    return ': JSON allows no comma before it';
  }
  if (found === '/' || found === '#') return ': JSON has no comments';
  if (found === "'") return ': JSON strings are in double quotes';
  return found === '\0' ? ': is this a text file?' : '';
}

/** Says where in the string that begins at `start` the fault is. */
function badString(text: string, start: number): SyntaxProblem {
  for (let offset = start + 1; offset < text.length; offset++) {
    const char = text[offset] ?? '';
    if (char === '\n' || char === '\r') return {offset, message: 'a line ends inside a string: a quote is missing?'};
    if (char < ' ') return {offset, message: `${JSON.stringify(char)} inside a string must be written as an escape`};
    if (char !== '\\') continue;
    const escaped = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(offset, offset + 6));
    if (escaped === null && offset + 6 < text.length) {
      const shown = text.slice(offset, offset + (text[offset + 1] === 'u' ? 6 : 2));
      return {offset, message: `unknown escape ${shown} inside a string`};
    }
    offset += (escaped?.[0].length ?? 2) - 1;
  }
  return {offset: text.length, message: 'unexpected end of file inside a string: the file is truncated?'};
}
