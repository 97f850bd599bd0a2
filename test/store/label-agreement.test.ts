import fc from 'fast-check'
import { alpha } from 'krippendorff'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { countPatterns, type LabelPattern } from '../../src/store/label-agreement.js'

/** Each item apart, from what each annotator says of it; undefined: nothing. */
function patternsOf(ratings: (string | undefined)[][]): LabelPattern[] {
  return (ratings[0] ?? []).map((_, item) => ({
    labels: ratings.flatMap((own, annotator): [string, string][] => (own[item] === undefined ? [] : [[`a${annotator}`, own[item]]])),
    items: 1,
  }))
}

function close(actual: number | null | undefined, expected: number, within = 1e-9): void {
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) <= within, `${actual} is not ${expected}`)
}

test("alpha is Krippendorff's, whatever is missing", () => {
  const rating = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined, freq: 3 })
  const table = fc
    .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 12 }))
    .chain(([annotators, items]) =>
      fc.array(fc.array(rating, { minLength: items, maxLength: items }), { minLength: annotators, maxLength: annotators }),
    )
  fc.assert(
    fc.property(table, (ratings) => {
      const { alpha: own } = countPatterns(patternsOf(ratings)).agreement
      const theirs = alpha(ratings as string[][])
      // Only one label, or nobody to compare with: they divide by zero.
      if (own === null) assert.not.ok(Number.isFinite(theirs) && theirs !== 1 && theirs !== 0, `${theirs}`)
      else close(own, theirs)
    }),
    { numRuns: 300 },
  )
})

test("the example of Krippendorff's paper has the published alpha", () => {
  // "Computing Krippendorff's Alpha-Reliability", C: four observers, twelve units, nominal data: 0.743.
  const observers = ['1 2 3 3 2 1 4 1 2 . . .', '1 2 3 3 2 2 4 1 2 5 . 3', '. 3 3 3 2 3 4 2 2 5 1 .', '1 2 3 3 2 4 4 1 2 5 1 .']
  const ratings = observers.map((row) => row.split(' ').map((value) => (value === '.' ? undefined : value)))
  close(countPatterns(patternsOf(ratings)).agreement.alpha, 0.743, 0.0005)
})

test("Cohen's kappa of two is as computed by hand", () => {
  // Wikipedia, "Cohen's kappa": both yes 20, A yes and B no 5, A no and B yes 10, both no 15. Observed 0.7, by chance 0.5: kappa 0.4.
  const of = (a: string, b: string, items: number): LabelPattern => ({
    labels: [
      ['A', a],
      ['B', b],
    ],
    items,
  })
  const { pairs, percent } = countPatterns([of('yes', 'yes', 20), of('yes', 'no', 5), of('no', 'yes', 10), of('no', 'no', 15)]).agreement
  assert.is(pairs.length, 1)
  close(pairs[0]?.kappa, 0.4)
  assert.equal([pairs[0]?.items, pairs[0]?.percent, percent], [50, 70, 70])
})

test('with only one label there is no alpha and no kappa, but full agreement', () => {
  const {
    alpha: none,
    pairs,
    percent,
  } = countPatterns([
    {
      labels: [
        ['A', 'x'],
        ['B', 'x'],
      ],
      items: 9,
    },
  ]).agreement
  assert.equal([none, percent, pairs], [null, 100, [{ a: 'A', b: 'B', items: 9, percent: 100, kappa: null }]])
  const nothing = { annotators: 0, items: 0, percent: null, alpha: null, pairs: [] }
  assert.equal(countPatterns([]), { items: 0, labels: [], agreement: nothing })
})

test.run()
