/** The labels of one domain by annotator, and the agreement of annotators. */
import type { LabelReport } from '../../contract/task.js'
import { labelTable, readingOf } from '../data/labels.js'
import { number, percent } from '../format.js'
import { Bar } from './bar.js'
import { Card, Facts } from './page.js'
import { type Column, Table } from './table.js'

type Row = ReturnType<typeof labelTable>['rows'][number]
type Pair = LabelReport['agreement']['pairs'][number]

export function Labels({ report }: { report: LabelReport }) {
  const { dataset, domain, items, agreement } = report
  const { annotators, rows, totals } = labelTable(report)
  const columns: Column<Row>[] = [
    { key: 'label', title: 'Label', cell: ({ label }) => <span class="name">{label}</span> },
    ...annotators.map(
      (annotator, at): Column<Row> => ({
        key: `annotator ${annotator}`,
        title: `${annotator} (${number(totals[at])})`,
        cell: ({ label, counts, shares }) => (
          <span class="share" title={`${number(counts[at])} of ${number(totals[at])}`}>
            <Bar value={shares[at] ?? 0} max={100} label={`${label} by ${annotator}`} tone="busy" />
            <span class="num muted">{number(counts[at])}</span>
          </span>
        ),
      }),
    ),
    { key: 'total', title: 'Total', numeric: true, cell: ({ total }) => number(total) },
  ]
  return (
    <Card title={`${domain} of ${dataset}`} aside={<span class="muted num">{number(items)} items</span>}>
      <Agreement of={`${domain} of ${dataset}`} agreement={agreement} />
      <Table label={`Labels of ${domain} of ${dataset}`} columns={columns} rows={rows} rowKey={({ label }) => label} />
    </Card>
  )
}

function Agreement({ of, agreement }: { of: string; agreement: LabelReport['agreement'] }) {
  const { annotators, items, percent: share, alpha, pairs } = agreement
  if (annotators < 2) return <p class="muted">One annotator so far: agreement takes two</p>
  return (
    <>
      <Facts
        of={[
          ['Krippendorff’s alpha', alpha === null ? '–' : <b>{alpha.toFixed(3)}</b>],
          ['Reliability', readingOf(alpha)],
          ['Agreement', share === null ? '–' : percent(share / 100)],
          ['Items labelled by two or more', number(items)],
        ]}
      />
      {pairs.length > 0 && (
        <details class="pairs">
          <summary>Pairs of annotators ({number(pairs.length)})</summary>
          <Table
            label={`Agreement on ${of}, by pairs of annotators`}
            columns={pairColumns}
            rows={pairs}
            rowKey={({ a, b }) => JSON.stringify([a, b])}
          />
        </details>
      )}
    </>
  )
}

const pairColumns: Column<Pair>[] = [
  { key: 'a', title: 'One', cell: ({ a }) => a },
  { key: 'b', title: 'The other', cell: ({ b }) => b },
  { key: 'items', title: 'Items', numeric: true, cell: ({ items }) => number(items) },
  { key: 'percent', title: 'Agree', numeric: true, cell: (pair) => percent(pair.percent / 100) },
  { key: 'kappa', title: 'Cohen’s kappa', numeric: true, cell: ({ kappa }) => (kappa === null ? '–' : kappa.toFixed(3)) },
]
