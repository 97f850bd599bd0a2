/** The distribution of labels and the agreement of annotators. Pure: an engine brings the labels. */
import type { Agreement, LabelReport, PairAgreement } from './contract/reads.js'

/** Items with the same labels: the label of each annotator, and the number of items. */
export interface LabelPattern {
  labels: [annotator: string, label: string][]
  items: number
}

/** What is counted of the labels of one dataset and domain. */
export type LabelCounts = Pick<LabelReport, 'items' | 'labels' | 'agreement'>

const mostLabels = 50
const otherLabels = '(other)'

/** An annotator says nothing of an item. */
export const unlabelled = -1

/** Pairs of labels below this number are counted in one table, which is many times faster. */
const few = 16
/** The table has an entry for two annotators and their labels. */
const mostInTable = 64

/** Numbers by label. Labels are numbered in the order in which they come, so that few of them make short lists. */
type ByLabel = number[]

interface PairCount {
  items: number
  same: number
  ofA: ByLabel
  ofB: ByLabel
}

/** Counts items by what annotators say of them; labels are numbers from 0. */
export class LabelTally {
  readonly #annotators: readonly string[]
  /** By annotator. */
  readonly #counts: ByLabel[]
  /** By the two annotators (a * annotators + b, a before b) and then by their labels, both below {@link few}. */
  readonly #table: Int32Array | null
  /** Other pairs of labels, by the two annotators. */
  readonly #pairs: (PairCount | undefined)[] = []
  /** Of items with two labels or more. */
  readonly #values: ByLabel = []
  #items = 0
  #pairable = 0
  #n = 0
  #ordered = 0
  #same = 0
  #disagreement = 0
  readonly #present: number[] = []

  constructor(annotators: readonly string[]) {
    this.#annotators = annotators
    this.#counts = annotators.map(() => [])
    this.#table = annotators.length > mostInTable ? null : new Int32Array(annotators.length ** 2 * few ** 2)
  }

  /** @param codes what each annotator says; {@link unlabelled}: nothing */
  add(codes: ArrayLike<number>, times = 1): void {
    const present = this.#present
    present.length = 0
    for (let a = 0; a < this.#annotators.length; a++) {
      const code = codes[a] as number
      if (code === unlabelled) continue
      present.push(a)
      add(this.#counts[a] as ByLabel, code, times)
    }
    const m = present.length
    if (m === 0) return
    this.#items += times
    if (m === 1) return
    const table = this.#table
    const annotators = this.#annotators.length
    let alike = 0
    for (let i = 0; i < m; i++) {
      const a = present[i] as number
      const ofA = codes[a] as number
      add(this.#values, ofA, times)
      for (let j = i + 1; j < m; j++) {
        const b = present[j] as number
        const ofB = codes[b] as number
        if (ofA === ofB) alike += 2
        const pair = a * annotators + b
        if (table && ofA < few && ofB < few) {
          const place = (pair * few + ofA) * few + ofB
          table[place] = (table[place] as number) + times
        } else this.#count(pair, ofA, ofB, times)
      }
    }
    this.#pairable += times
    this.#n += m * times
    this.#ordered += m * (m - 1) * times
    this.#same += alike * times
    this.#disagreement += (times * (m * (m - 1) - alike)) / (m - 1)
  }

  /** @param texts of the labels */
  counts(texts: readonly string[]): LabelCounts {
    return { items: this.#items, labels: this.#distribution(texts), agreement: this.#agreement() }
  }

  #count(index: number, ofA: number, ofB: number, times: number): void {
    const pair = this.#pairs[index] ?? { items: 0, same: 0, ofA: [], ofB: [] }
    this.#pairs[index] = pair
    pair.items += times
    if (ofA === ofB) pair.same += times
    add(pair.ofA, ofA, times)
    add(pair.ofB, ofB, times)
  }

  /** Adds what is in the table to the other pairs. */
  #empty(table: Int32Array): void {
    table.forEach((times, place) => {
      if (times > 0) this.#count(Math.floor(place / few ** 2), Math.floor(place / few) % few, place % few, times)
    })
    table.fill(0)
  }

  #distribution(texts: readonly string[]): LabelReport['labels'] {
    const totals: ByLabel = []
    for (const own of this.#counts) {
      own.forEach((count, code) => {
        add(totals, code, count)
      })
    }
    const shown = new Set(
      [...totals.keys()]
        .filter((code) => totals[code] !== undefined)
        .sort((a, b) => (totals[b] as number) - (totals[a] as number) || compare(texts[a] as string, texts[b] as string))
        .slice(0, mostLabels),
    )
    const rows = this.#counts.flatMap((own, index) => {
      const annotator = this.#annotators[index] as string
      let other = 0
      const some: LabelReport['labels'] = []
      own.forEach((count, code) => {
        if (shown.has(code)) some.push({ annotator, label: texts[code] as string, count })
        else other += count
      })
      return other === 0 ? some : [...some, { annotator, label: otherLabels, count: other }]
    })
    return rows.sort((a, b) => compare(a.annotator, b.annotator) || b.count - a.count || compare(a.label, b.label))
  }

  /** @see Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), nominal data, any number of observers, missing data */
  #agreement(): Agreement {
    const n = this.#n
    let expected = n * n
    this.#values.forEach((count) => {
      expected -= count * count
    })
    return {
      annotators: this.#counts.filter((own) => own.length > 0).length,
      items: this.#pairable,
      percent: this.#ordered === 0 ? null : (100 * this.#same) / this.#ordered,
      alpha: expected === 0 ? null : 1 - ((n - 1) * this.#disagreement) / expected,
      pairs: this.#pairAgreements(),
    }
  }

  #pairAgreements(): PairAgreement[] {
    if (this.#table) this.#empty(this.#table)
    const found: PairAgreement[] = []
    this.#pairs.forEach((pair, index) => {
      if (!pair) return
      const a = this.#annotators[Math.floor(index / this.#annotators.length)] as string
      const b = this.#annotators[index % this.#annotators.length] as string
      found.push({ a, b, items: pair.items, percent: (100 * pair.same) / pair.items, kappa: kappaOf(pair) })
    })
    return found.sort((x, y) => compare(x.a, y.a) || compare(x.b, y.b))
  }
}

/** Counts patterns, whose labels are texts. */
export function countPatterns(patterns: readonly LabelPattern[]): LabelCounts {
  const annotators = [...new Set(patterns.flatMap(({ labels }) => labels.map(([annotator]) => annotator)))].sort(compare)
  const places = new Map(annotators.map((annotator, index) => [annotator, index]))
  const codes = new Map<string, number>()
  const tally = new LabelTally(annotators)
  const said = annotators.map(() => unlabelled)
  for (const { labels, items } of patterns) {
    said.fill(unlabelled)
    for (const [annotator, label] of labels) said[places.get(annotator) as number] = codeOf(codes, label)
    tally.add(said, items)
  }
  return tally.counts([...codes.keys()])
}

/** The number of a label; a new one gets the next. */
export function codeOf<Label>(codes: Map<Label, number>, label: Label): number {
  const known = codes.get(label)
  if (known !== undefined) return known
  codes.set(label, codes.size)
  return codes.size - 1
}

/** @see Cohen, "A coefficient of agreement for nominal scales" (1960) */
function kappaOf({ items, same, ofA, ofB }: PairCount): number | null {
  let chance = 0
  ofA.forEach((count, code) => {
    chance += count * (ofB[code] ?? 0)
  })
  const most = items * items
  return chance === most ? null : (items * same - chance) / (most - chance)
}

function add(sums: ByLabel, code: number, amount: number): void {
  sums[code] = (sums[code] ?? 0) + amount
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
