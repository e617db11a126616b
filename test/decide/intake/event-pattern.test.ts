import { describe, expect, test } from 'vitest';
import { matchesPattern, patternProblem } from '../../../lib/decide/intake/event-pattern.ts';

const event = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  resources: ['arn:aws:s3:::scenes', 'arn:aws:s3:::other'],
  detail: {
    bucket: { name: 'scenes-incoming' },
    object: { key: 'a/b.zip', size: 500, flag: true, none: null },
    list: [{ state: 'on' }, { state: 'off' }],
    empty: [],
  },
};
const inObject = (object: object) => ({ detail: { object } });

const rows: ReadonlyArray<readonly [string, { readonly [key: string]: unknown }, boolean]> = [
  ['a text equals', { source: ['aws.s3'] }, true],
  ['one of several', { source: ['aws.ec2', 'aws.s3'] }, true],
  ['another text', { source: ['aws.ec2'] }, false],
  ['every key must match', { source: ['aws.s3'], 'detail-type': ['Object Deleted'] }, false],
  ['nested keys', { detail: { bucket: { name: ['scenes-incoming'] } } }, true],
  ['a key that is not there', { detail: { bucket: { owner: ['x'] } } }, false],
  ['a number is not its text', inObject({ size: ['500'] }), false],
  ['a number equals', inObject({ size: [500] }), true],
  ['a boolean equals', inObject({ flag: [true] }), true],
  ['null equals null only', inObject({ none: [null] }), true],
  ['absent is not null', inObject({ nothing: [null] }), false],
  ['one value of a list is enough', { resources: ['arn:aws:s3:::other'] }, true],
  ['one object of a list is enough', { detail: { list: { state: ['off'] } } }, true],
  ['no object of the list', { detail: { list: { state: ['broken'] } } }, false],
  ['an empty list has no value', { detail: { empty: ['x'] } }, false],
  ['prefix', inObject({ key: [{ prefix: 'a/' }] }), true],
  ['prefix of a number', inObject({ size: [{ prefix: '5' }] }), false],
  ['suffix', inObject({ key: [{ suffix: '.zip' }] }), true],
  ['another suffix', inObject({ key: [{ suffix: '.tar' }] }), false],
  ['exists', inObject({ key: [{ exists: true }] }), true],
  ['exists, with null', inObject({ none: [{ exists: true }] }), true],
  ['exists looks at leaves', { detail: { object: [{ exists: true }] } }, false],
  ['exists not', inObject({ nothing: [{ exists: false }] }), true],
  ['exists not, with the parent absent', { detail: { nothing: { inner: [{ exists: false }] } } }, true],
  ['exists not, though there', inObject({ key: [{ exists: false }] }), false],
  ['anything but another', inObject({ key: [{ 'anything-but': 'x' }] }), true],
  ['anything but itself', inObject({ key: [{ 'anything-but': ['x', 'a/b.zip'] }] }), false],
  ['anything but needs a value', inObject({ nothing: [{ 'anything-but': 'x' }] }), false],
  ['anything but a prefix', inObject({ key: [{ 'anything-but': { prefix: 'a/' } }] }), false],
  ['anything but a suffix', inObject({ key: [{ 'anything-but': { suffix: '.tar' } }] }), true],
  ['numeric', inObject({ size: [{ numeric: ['>', 0, '<=', 500] }] }), true],
  ['numeric out of bounds', inObject({ size: [{ numeric: ['>', 500] }] }), false],
  ['numeric equals', inObject({ size: [{ numeric: ['=', 500] }] }), true],
  ['numeric of a text', inObject({ key: [{ numeric: ['>', 0] }] }), false],
  ['an operator nobody knows', inObject({ key: [{ cidr: '10.0.0.0/8' }] }), false],
  ['inherited keys do not count', { constructor: [{ exists: true }] }, false],
  ['a plain value where a list must be', { source: 'aws.s3' }, false],
];

describe('an event pattern', () => {
  test.each(rows)('%s', (_, pattern, expected) => {
    expect(matchesPattern(pattern, event)).toBe(expected);
  });

  test.each([null, 3, 'x', [], undefined])('%j matches nothing', (other) => {
    expect(matchesPattern({ source: ['aws.s3'] }, other)).toBe(false);
  });
});

describe('a problem of a pattern', () => {
  test.each(rows.filter(([, , expected]) => expected))('none when it can be used: %s', (_, pattern) => {
    expect(patternProblem(pattern)).toBeUndefined();
  });

  test.each([
    [{}, 'when is empty: it would match every event'],
    [[], 'when is a list: it must be an object, or a list of alternatives'],
    [{ source: 'aws.s3' }, 'when.source is "aws.s3": it must be an object, or a list of alternatives'],
    [{ source: [] }, 'when.source is an empty list: nothing would match'],
    [{ a: { b: [['x']] } }, 'when.a.b contains a list inside a list'],
    [
      { a: [{ cidr: 'x' }] },
      'when.a uses "cidr" in an unknown way: use a value, prefix, suffix, exists, anything-but or numeric',
    ],
    [
      { a: [{ prefix: 3 }] },
      'when.a uses "prefix" in an unknown way: use a value, prefix, suffix, exists, anything-but or numeric',
    ],
    [
      { a: [{ exists: 'yes' }] },
      'when.a uses "exists" in an unknown way: use a value, prefix, suffix, exists, anything-but or numeric',
    ],
    [
      { a: [{ numeric: ['>'] }] },
      'when.a uses "numeric" in an unknown way: use a value, prefix, suffix, exists, anything-but or numeric',
    ],
    [
      { a: [{ 'anything-but': { cidr: 'x' } }] },
      'when.a uses "anything-but" in an unknown way: use a value, prefix, suffix, exists, anything-but or numeric',
    ],
    [
      { a: [{}] },
      'when.a uses "nothing" in an unknown way: use a value, prefix, suffix, exists, anything-but or numeric',
    ],
  ])('%j', (pattern, problem) => {
    expect(patternProblem(pattern)).toBe(problem);
  });
});
