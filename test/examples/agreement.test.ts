import { alpha } from 'krippendorff'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fleissKappa, unanimity } from '../../examples/demo/agreement.js'

/** Ratings of items from how many raters chose each category. */
function ratingsFrom(counts: number[][]): string[][] {
  return counts.map((item) => item.flatMap((count, category) => Array.from({ length: count }, () => `category ${category}`)))
}

function close(actual: number, expected: number, within: number): void {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not ${expected} +- ${within}`)
}

test('the example of Wikipedia has the published kappa', () => {
  // 10 items, 14 raters, 5 categories; kappa 0.210.
  const counts = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
  ]
  close(fleissKappa(ratingsFrom(counts)), 0.21, 0.0005)
})

test('full agreement is 1, agreement by chance is 0, full disagreement of two is -1', () => {
  assert.is(
    fleissKappa([
      ['a', 'a', 'a'],
      ['b', 'b', 'b'],
    ]),
    1,
  )
  assert.is(
    fleissKappa([
      ['a', 'a'],
      ['b', 'b'],
      ['a', 'b'],
      ['b', 'a'],
    ]),
    0,
  )
  assert.is(
    fleissKappa([
      ['a', 'b'],
      ['b', 'a'],
    ]),
    -1,
  )
})

test('it comes out as Krippendorff has it, but for his correction for small samples', () => {
  let state = 7
  const random = () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
  for (const [items, raters, categories] of [
    [5, 2, 2],
    [40, 3, 3],
    [200, 4, 5],
  ] as const) {
    const ratings = Array.from({ length: items }, () => {
      const truth = Math.floor(random() * categories)
      return Array.from({ length: raters }, () => `${random() < 0.7 ? truth : Math.floor(random() * categories)}`)
    })
    const byRater = Array.from({ length: raters }, (_, rater) => ratings.map((item) => item[rater]))
    const pairs = items * raters
    // alpha = 1 - (1 - kappa) (Nn - 1) / Nn, for complete nominal data.
    close(1 - ((1 - fleissKappa(ratings)) * (pairs - 1)) / pairs, alpha(byRater), 1e-9)
  }
})

test('without common items there is no kappa', () => {
  assert.ok(Number.isNaN(fleissKappa([])))
  assert.ok(Number.isNaN(fleissKappa([['a'], ['b']])))
  assert.ok(
    Number.isNaN(
      fleissKappa([
        ['a', 'a'],
        ['a', 'a'],
      ]),
    ),
  )
})

test('items with unequal numbers of ratings are refused', () => {
  assert.throws(() => fleissKappa([['a', 'a'], ['a']]), /same number/)
})

test('unanimity tells how many agree, and how many of those are right', () => {
  const items = [
    { ratings: ['a', 'a', 'a'], gold: 'a' },
    { ratings: ['b', 'b', 'b'], gold: 'a' },
    { ratings: ['a', 'b', 'a'], gold: 'a' },
    { ratings: ['a', 'a', 'a'], gold: 'a' },
  ]
  assert.equal(unanimity(items), { share: 0.75, right: 2 / 3 })
  assert.equal(unanimity(items, 'b'), { share: 0.5, right: 1 })
})

test.run()
