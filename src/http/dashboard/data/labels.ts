/** Label distributions and agreement, as tables show them. */
import type { LabelReport } from '../../contract/task.js'

interface LabelTable {
  annotators: string[]
  /** The most frequent first. `counts` and `shares` (0 to 100, of the annotator's own labels) go by `annotators`. */
  rows: { label: string; counts: number[]; shares: number[]; total: number }[]
  /** Of each annotator. */
  totals: number[]
}

export function labelTable({ labels }: Pick<LabelReport, 'labels'>): LabelTable {
  const annotators = [...new Set(labels.map(({ annotator }) => annotator))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const totals = annotators.map((one) => sum(labels.filter(({ annotator }) => annotator === one).map(({ count }) => count)))
  const rows = [...new Set(labels.map(({ label }) => label))].map((label) => {
    const counts = annotators.map((one) =>
      sum(labels.filter((row) => row.annotator === one && row.label === label).map(({ count }) => count)),
    )
    return { label, counts, shares: counts.map((count, index) => share(count, totals[index] ?? 0)), total: sum(counts) }
  })
  return { annotators, rows: rows.sort((a, b) => b.total - a.total), totals }
}

/** How reliable labels are by Krippendorff's alpha, with his own bounds. */
export function readingOf(alpha: number | null): string {
  if (alpha === null) return 'not known: nothing was labelled twice, or all labels are the same'
  if (alpha >= 0.8) return 'reliable'
  if (alpha >= 0.667) return 'for tentative conclusions'
  return alpha > 0 ? 'low' : 'no better than chance'
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const share = (count: number, of: number): number => (of === 0 ? 0 : (100 * count) / of)
