import {describe, expect, it} from 'vitest';
import {findNul, parseJson} from '../../../src/config/json.ts';

const messageOf = (text: string): string => {
  try {
    parseJson(text, 'c.json');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('was accepted');
};

describe('parseJson: numbers', () => {
  it.each([
    ['9223372036854771712', 9223372036854771712n],
    ['18446744073709551615', 18446744073709551615n],
    ['-9223372036854775808', -9223372036854775808n],
    ['9007199254740993', 9007199254740993n],
    ['9007199254740991', 9007199254740991],
    ['-1', -1],
    ['1e3', 1000],
    ['1.5', 1.5],
  ])('%s comes out exactly', (text, value) => {
    expect(parseJson(`{"a": ${text}}`, 'f')).toEqual({a: value});
    expect(parseJson(`{"a":${text}}`, 'f')).toEqual({a: value});
    expect(parseJson(`[${text},${text}]`, 'f')).toEqual([value, value]);
  });

  it('leaves digits inside strings alone', () => {
    expect(parseJson('{"id": "x 9223372036854771712", "n": 18446744073709551615}', 'f')).toEqual({
      id: 'x 9223372036854771712',
      n: 18446744073709551615n,
    });
  });

  it('does not spend time on a number of a million digits', () => {
    expect(parseJson(`[${'9'.repeat(1_000_000)}]`, 'f')).toEqual([Number.POSITIVE_INFINITY]);
  });

  it('ignores a byte order mark', () => {
    expect(parseJson('\ufeff{}', 'f')).toEqual({});
  });

  it('keeps a key named __proto__ an ordinary one', () => {
    expect(Object.keys(parseJson('{"__proto__": {"x": 1}}', 'f') as object)).toEqual(['__proto__']);
  });
});

describe('parseJson: what is wrong, and where', () => {
  it.each([
    ['', 'c.json:1:1: the file is empty'],
    [' \n', 'c.json:2:1: the file is empty'],
    ['{"a": {"b": [1,\n 2', 'c.json:2:3: unexpected end of file: the file is truncated?'],
    ['{"a": "tru', 'c.json:1:11: unexpected end of file inside a string: the file is truncated?'],
    ['{"a": "x\\', 'c.json:1:10: unexpected end of file inside a string: the file is truncated?'],
    ['{"a": "x\\u00', 'c.json:1:13: unexpected end of file inside a string: the file is truncated?'],
    ['{\n  "a" 1}', 'c.json:2:7: expected ":" after the property name but found "1"'],
    ['{"a": 1 "b": 2}', 'c.json:1:9: expected "," or "}" but found a string'],
    ['[1 2]', 'c.json:1:4: expected "," or "]" but found "2"'],
    [
      '{"a": 1,}',
      'c.json:1:9: expected a property name in double quotes but found "}": JSON allows no comma before it',
    ],
    ['[1,]', 'c.json:1:4: expected a value but found "]": JSON allows no comma before it'],
    ['{a: 1}', 'c.json:1:2: expected a property name in double quotes or "}" but found "a"'],
    [
      "{'a': 1}",
      'c.json:1:2: expected a property name in double quotes or "}" but found "\'": JSON strings are in double quotes',
    ],
    ['{"a": tru}', 'c.json:1:7: expected a value but found "tru"'],
    ['{"a": NaN}', 'c.json:1:7: expected a value but found "NaN"'],
    ['{"a": 01}', 'c.json:1:8: expected "," or "}" but found "1"'],
    ['{"a": .5}', 'c.json:1:7: expected a value but found ".5"'],
    ['{} // end', 'c.json:1:4: expected the end of the file but found "/": JSON has no comments'],
    ['{"a": 1} x', 'c.json:1:10: expected the end of the file but found "x"'],
    ['{"a": "b\nc"}', 'c.json:1:9: a line ends inside a string: a quote is missing?'],
    ['{"a": "b\tc"}', 'c.json:1:9: "\\t" inside a string must be written as an escape'],
    ['{"a": "b\0"}', 'c.json:1:9: "\\u0000" inside a string must be written as an escape'],
    ['{"a": "\\x41 and more"}', 'c.json:1:8: unknown escape \\x inside a string'],
    ['{"a": "\\u00zz and more"}', 'c.json:1:8: unknown escape \\u00zz inside a string'],
    ['\0\0\0', 'c.json:1:1: expected a value but found "\\u0000": is this a text file?'],
    ['[', 'c.json:1:2: unexpected end of file: the file is truncated?'],
    ['}', 'c.json:1:1: expected a value but found "}"'],
    ['[}', 'c.json:1:2: expected a value or "]" but found "}"'],
  ])('%j', (text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  it('calls every prefix of a document truncated', () => {
    const text = '{"a": [1, -2.5e+3, true, {"b": null}], "c\\u0041\\n": "x", "d": {}}';
    for (let end = 0; end < text.length; end++) {
      expect(messageOf(text.slice(0, end)), text.slice(0, end)).toMatch(
        /c\.json:1:\d+: (unexpected end|the file is empty)/,
      );
    }
  });

  it('survives ten thousand levels of nesting, with and without long numbers', () => {
    const nested = (inner: string): string => `${'['.repeat(10_000)}${inner}${']'.repeat(10_000)}`;
    expect(() => parseJson(nested('1'), 'c.json')).not.toThrow();
    expect(messageOf(nested('18446744073709551615'))).toBe('c.json: objects and arrays are nested too deeply');
    expect(messageOf('{"a":'.repeat(10_000))).toBe('c.json:1:50001: unexpected end of file: the file is truncated?');
  });
});

describe('findNul', () => {
  const find = (text: string): string[] => findNul(JSON.parse(text), text);

  it('points at strings and at objects with such a key', () => {
    expect(find('{"a": ["x", "y\\u0000"], "b/c": "\\u0000", "d": {"\\u0000": 1}}')).toEqual(['/a/1', '/b~1c', '/d']);
  });

  it('is not fooled by an escaped backslash', () => {
    expect(find('{"a": "\\\\u0000"}')).toEqual([]);
  });
});
