// Values of D-Bus in the text format of GVariant, as annotations have them: 5, uint64 5, 'text', true, [1, 2], @as [],
// (1, 'two'), {'key': 1}, <5>, b'bytes'. A whole number without a type is an int32, one with a point a double.
import {RuntsError} from '../../errors.ts';
import type {BusValue, Variant} from '../../host/systemd-addon.ts';

const KEYWORDS: Readonly<Record<string, string>> = {
  boolean: 'b',
  byte: 'y',
  int16: 'n',
  uint16: 'q',
  int32: 'i',
  uint32: 'u',
  int64: 'x',
  uint64: 't',
  double: 'd',
  string: 's',
  objectpath: 'o',
  signature: 'g',
};

/** Numbers of each type, from and to. */
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  y: [0n, 255n],
  n: [-(2n ** 15n), 2n ** 15n - 1n],
  q: [0n, 2n ** 16n - 1n],
  i: [-(2n ** 31n), 2n ** 31n - 1n],
  u: [0n, 2n ** 32n - 1n],
  x: [-(2n ** 63n), 2n ** 63n - 1n],
  t: [0n, 2n ** 64n - 1n],
};

const TOKEN =
  /\s*(?:(?<number>[+-]?(?:0x[0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|inf(?![a-z])|nan(?![a-z])))|(?<string>b?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))|(?<type>@[a-z(){}]+)|(?<word>[a-z0-9]+)|(?<sign>[[\](){}<>:,]))/suy;

type Kind = 'number' | 'string' | 'type' | 'word' | 'sign' | 'end';

interface Token {
  readonly kind: Kind;
  readonly text: string;
}

/** Reads one value. Throws RuntsError, with the reason, on what is none. */
export function parseVariant(text: string): Variant {
  const tokens = tokenize(text);
  const reader = new Reader(tokens);
  const variant = reader.value(undefined);
  const {kind, text: rest} = reader.next();
  if (kind !== 'end') throw new RuntsError(`unexpected ${JSON.stringify(rest)} after the value`);
  return variant;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const {groups} = TOKEN.exec(text) ?? {};
    const [kind, found] = Object.entries(groups ?? {}).find(([, part]) => part !== undefined) ?? [];
    if (kind === undefined || found === undefined)
      throw new RuntsError(`cannot read ${JSON.stringify(text.slice(at))}`);
    tokens.push({kind: kind as Kind, text: found});
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  next(): Token {
    return this.#tokens[this.#at++] ?? {kind: 'end', text: 'the end'};
  }

  #take(sign: string): boolean {
    const {kind, text} = this.#tokens[this.#at] ?? {};
    if (kind !== 'sign' || text !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw new RuntsError(`expected "${sign}", not ${JSON.stringify(this.next().text)}`);
  }

  /** `wanted`: the type that it must have. */
  value(wanted: string | undefined): Variant {
    const {kind, text} = this.next();
    switch (kind) {
      case 'type':
        return this.#typed(text.slice(1), wanted);
      case 'word': {
        const keyword = Object.hasOwn(KEYWORDS, text) ? KEYWORDS[text] : undefined;
        if (keyword !== undefined) return this.#typed(keyword, wanted);
        if (text !== 'true' && text !== 'false') break;
        return checkedType('b', text === 'true', wanted);
      }
      case 'number':
        return numberOf(text, wanted);
      case 'string':
        return stringOf(text, wanted);
      case 'sign':
        return this.#container(text, wanted);
      default:
    }
    throw new RuntsError(`unexpected ${JSON.stringify(text)}`);
  }

  #typed(type: string, wanted: string | undefined): Variant {
    if (wanted !== undefined && wanted !== type) throw mismatch(type, wanted);
    return this.value(type);
  }

  #container(sign: string, wanted: string | undefined): Variant {
    if (sign === '[') return this.#array(wanted);
    if (sign === '(') return this.#tuple(wanted);
    if (sign === '{') return this.#dictionary(wanted);
    if (sign !== '<') throw new RuntsError(`unexpected "${sign}"`);
    const inner = this.value(undefined);
    this.#expect('>');
    return checkedType('v', inner, wanted);
  }

  #array(wanted: string | undefined): Variant {
    let element = wanted === undefined ? undefined : after('a', wanted);
    const values: BusValue[] = [];
    while (!this.#take(']')) {
      if (values.length > 0) this.#expect(',');
      const {signature, value} = this.value(element);
      element ??= signature;
      values.push(value);
    }
    if (element === undefined) throw new RuntsError('an empty array needs its type: @as []');
    return {signature: `a${element}`, value: values};
  }

  #tuple(wanted: string | undefined): Variant {
    const types = wanted === undefined ? undefined : typesIn(wanted, '(', ')');
    const values: Variant[] = [];
    while (!this.#take(')')) {
      if (values.length > 0) this.#expect(',');
      if (types !== undefined && types.length <= values.length) throw mismatch('a longer tuple', wanted);
      // A lone value is followed by a comma.
      if (values.length > 0 && this.#take(')')) break;
      values.push(this.value(types?.[values.length]));
    }
    if (types !== undefined && types.length > values.length) throw mismatch('a shorter tuple', wanted);
    return {
      signature: `(${values.map(({signature}) => signature).join('')})`,
      value: values.map(({value}) => value),
    };
  }

  #dictionary(wanted: string | undefined): Variant {
    let types = wanted === undefined ? undefined : typesIn(after('a', wanted), '{', '}');
    const entries: BusValue[] = [];
    while (!this.#take('}')) {
      if (entries.length > 0) this.#expect(',');
      const key = this.value(types?.[0]);
      this.#expect(':');
      const value = this.value(types?.[1]);
      types ??= [key.signature, value.signature];
      entries.push([key.value, value.value]);
    }
    if (types === undefined) throw new RuntsError('an empty dictionary needs its type: @a{ss} {}');
    return {signature: `a{${types.join('')}}`, value: entries};
  }
}

function numberOf(text: string, wanted: string | undefined): Variant {
  const isWhole = /^[+-]?(0x[0-9a-fA-F]+|\d+)$/.test(text);
  const signature = wanted ?? (isWhole ? 'i' : 'd');
  if (signature === 'd') return {signature, value: Number(text.replace('inf', 'Infinity').replace('nan', 'NaN'))};
  const range = RANGES[signature];
  if (range === undefined || !isWhole) throw mismatch('a number', signature);
  const digits = text.replace(/^[+-]/, '');
  const value = text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
  if (value < range[0] || value > range[1]) throw new RuntsError(`${text} is not from ${range[0]} to ${range[1]}`);
  return {signature, value: signature === 'x' || signature === 't' ? value : Number(value)};
}

const ESCAPES: Readonly<Record<string, string>> = {a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v'};

function stringOf(text: string, wanted: string | undefined): Variant {
  const isBytes = text.startsWith('b');
  const value = text
    .slice(isBytes ? 2 : 1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gsu, (_, short?: string, long?: string, other = '') => {
      const code = short ?? long;
      return code === undefined ? (ESCAPES[other] ?? other) : String.fromCodePoint(Number.parseInt(code, 16));
    });
  // Bytes of D-Bus strings end in a NUL, and so does what stands for them.
  if (isBytes) return checkedType('ay', new Uint8Array([...Buffer.from(value), 0]), wanted);
  const signature = wanted ?? 's';
  if (!['s', 'o', 'g'].includes(signature)) throw mismatch('a string', signature);
  return {signature, value};
}

function checkedType(signature: string, value: BusValue, wanted: string | undefined): Variant {
  if (wanted !== undefined && wanted !== signature) throw mismatch(signature, wanted);
  return {signature, value};
}

function after(prefix: string, wanted: string): string {
  if (!wanted.startsWith(prefix) || wanted.length === prefix.length) throw mismatch('an array', wanted);
  return wanted.slice(prefix.length);
}

/** "(sau)" -> s, au */
function typesIn(wanted: string, open: string, close: string): string[] {
  if (!wanted.startsWith(open) || !wanted.endsWith(close)) throw mismatch(`a value in ${open}${close}`, wanted);
  const types: string[] = [];
  for (let rest = wanted.slice(1, -1); rest !== ''; ) {
    const type = rest.slice(0, typeLength(rest));
    types.push(type);
    rest = rest.slice(type.length);
  }
  return types;
}

/** Of the first complete type. */
function typeLength(signature: string): number {
  if (signature.startsWith('a')) return 1 + typeLength(signature.slice(1));
  if (!/^[({]/.test(signature)) return 1;
  let at = 1;
  while (at < signature.length && !/[)}]/.test(signature[at] ?? '')) at += typeLength(signature.slice(at));
  return at + 1;
}

function mismatch(found: string, wanted: string | undefined): RuntsError {
  return new RuntsError(`${found} is not of type "${wanted}"`);
}
