/** What JSON would lose of a result or an item is found, and told with its place. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lossIn } from '../../src/values/json-loss.js'

class Label {
  name = 'spam'
  #hidden = 1
  get hidden() {
    return this.#hidden
  }
}

class Sealed {
  #hidden = 1
  get hidden() {
    return this.#hidden
  }
}

class Selfish {
  n = 1
  toJSON() {
    return this
  }
}

const lost: [name: string, value: unknown, told: string][] = [
  ['a map', { labels: [1, new Map([[1, 2]])] }, 'labels[1] is an object (Map)'],
  ['a set', new Set([1]), 'it is an object (Set)'],
  ['NaN', { a: { 'b c': Number.NaN } }, 'a["b c"] is NaN'],
  ['Infinity', [Number.NEGATIVE_INFINITY], '[0] is -Infinity'],
  ['a BigInt', { n: 12n }, 'n is a BigInt (12n)'],
  ['undefined in a list', [[undefined]], '[0][0] is undefined'],
  ['a hole in a list', Object.assign([], { 1: 1 }), '[0] is undefined'],
  ['a function', { process: () => 1 }, 'process is a function'],
  ['a symbol', { kind: Symbol('x') }, 'kind is a symbol'],
  ['a typed array', { vector: new Float32Array(2) }, 'vector is an object (Float32Array)'],
  ['bytes', { bytes: Buffer.from('a') }, 'bytes is an object (Buffer)'],
  ['an array buffer', new ArrayBuffer(1), 'it is an object (ArrayBuffer)'],
  ['an error', { error: Object.assign(new RangeError('no'), { code: 'X' }) }, 'error is an object (RangeError)'],
  ['a pattern', { at: /x/ }, 'at is an object (RegExp)'],
  ['a promise', [Promise.resolve(1)], '[0] is an object (Promise)'],
  ['an invalid date', { at: new Date(Number.NaN) }, 'at is an invalid Date'],
  ['an instance with nothing to see', { one: new Sealed() }, 'one is an object (Sealed)'],
  ['what toJSON returns', { toJSON: () => ({ n: Number.NaN }) }, 'n is NaN'],
]

for (const [name, value, told] of lost) {
  test(`${name} is told with its place`, () => assert.is(lossIn(value), told))
}

const kept: [name: string, value: unknown][] = [
  ['a date, as ISO text', { at: new Date(0) }],
  ['a URL, as text', new URL('https://example.org')],
  ['a property that is undefined, as absent', { a: undefined }],
  ['an instance, by its fields', new Label()],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
  ['an empty object', {}],
  ['an instance whose toJSON returns itself', new Selfish()],
]

for (const [name, value] of kept) {
  test(`${name} is kept`, () => assert.is(lossIn(value), null))
}

test('a value in a circle is left to the error of JSON.stringify', () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle
  assert.is(lossIn(circle), null)
})

test('whatever nothing is lost of comes back from JSON as it went', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: false,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
  })
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain)
    if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key, each]) => each !== undefined && key !== '__proto__')
        .map(([key, each]) => [key, plain(each)]),
    )
  }
  fc.assert(
    fc.property(anything, (value) => {
      if (lossIn(value) === null) assert.equal(plain(JSON.parse(JSON.stringify(value))), plain(value))
    }),
  )
})

test.run()
