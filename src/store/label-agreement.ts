/** The distribution of labels and the agreement of annotators. Pure: an engine brings the counts. */
import type { Agreement, LabelReport, PairAgreement } from './contract/reads.js'

/** Items with the same labels: the label of each annotator, in the order of annotators, and the number of items. */
export interface LabelPattern {
  labels: [annotator: string, label: string][]
  items: number
}

const mostLabels = 50
const otherLabels = '(other)'

export function distribution(patterns: readonly LabelPattern[]): LabelReport['labels'] {
  const totals = new Map<string, number>()
  for (const { labels, items } of patterns) for (const [, label] of labels) add(totals, label, items)
  const frequent = [...totals].sort((a, b) => b[1] - a[1] || compare(a[0], b[0])).slice(0, mostLabels)
  const shown = new Set(frequent.map(([label]) => label))
  const counts = new Map<string, Map<string, number>>()
  for (const { labels, items } of patterns) {
    for (const [annotator, label] of labels) add(within(counts, annotator), shown.has(label) ? label : otherLabels, items)
  }
  return [...counts]
    .flatMap(([annotator, own]) => [...own].map(([label, count]) => ({ annotator, label, count })))
    .sort((a, b) => compare(a.annotator, b.annotator) || b.count - a.count || compare(a.label, b.label))
}

/** @see Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), nominal data, any number of observers, missing data */
export function agreementOf(patterns: readonly LabelPattern[]): Agreement {
  const annotators = new Set(patterns.flatMap(({ labels }) => labels.map(([annotator]) => annotator)))
  const pairable = patterns.filter(({ labels }) => labels.length > 1)
  const values = new Map<string, number>()
  let items = 0
  let n = 0
  let pairs = 0
  let same = 0
  let disagreement = 0
  for (const { labels, items: times } of pairable) {
    const own = new Map<string, number>()
    for (const [, label] of labels) add(own, label, 1)
    const m = labels.length
    let alike = 0
    for (const [label, count] of own) {
      alike += count * (count - 1)
      add(values, label, count * times)
    }
    items += times
    n += m * times
    pairs += m * (m - 1) * times
    same += alike * times
    disagreement += (times * (m * (m - 1) - alike)) / (m - 1)
  }
  let expected = n * n
  for (const count of values.values()) expected -= count * count
  return {
    annotators: annotators.size,
    items,
    percent: pairs === 0 ? null : (100 * same) / pairs,
    alpha: expected === 0 ? null : 1 - ((n - 1) * disagreement) / expected,
    pairs: pairsOf(pairable),
  }
}

interface PairCount {
  a: string
  b: string
  items: number
  same: number
  ofA: Map<string, number>
  ofB: Map<string, number>
}

function pairsOf(patterns: readonly LabelPattern[]): PairAgreement[] {
  const counts = new Map<string, Map<string, PairCount>>()
  for (const { labels, items } of patterns) {
    for (const [index, [a, labelOfA]] of labels.entries()) {
      for (const [b, labelOfB] of labels.slice(index + 1)) {
        const others = within(counts, a)
        const pair = others.get(b) ?? { a, b, items: 0, same: 0, ofA: new Map(), ofB: new Map() }
        others.set(b, pair)
        pair.items += items
        if (labelOfA === labelOfB) pair.same += items
        add(pair.ofA, labelOfA, items)
        add(pair.ofB, labelOfB, items)
      }
    }
  }
  return [...counts.values()]
    .flatMap((others) => [...others.values()])
    .sort((x, y) => compare(x.a, y.a) || compare(x.b, y.b))
    .map(({ a, b, items, same, ofA, ofB }) => ({ a, b, items, percent: (100 * same) / items, kappa: kappaOf(items, same, ofA, ofB) }))
}

/** @see Cohen, "A coefficient of agreement for nominal scales" (1960) */
function kappaOf(items: number, same: number, ofA: Map<string, number>, ofB: Map<string, number>): number | null {
  let chance = 0
  for (const [label, count] of ofA) chance += count * (ofB.get(label) ?? 0)
  const most = items * items
  return chance === most ? null : (items * same - chance) / (most - chance)
}

function add(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount)
}

function within<T>(maps: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const known = maps.get(key)
  if (known) return known
  const made = new Map<string, T>()
  maps.set(key, made)
  return made
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
