/** Annotators down, domains across. A cell is drawn again only when its worker, or its beat, is another object. */
import { Component } from 'preact'
import { useMemo } from 'preact/hooks'
import type { Beat, Worker } from '../../contract/worker.js'
import { gridOf, toneOfWorker, troubleOf } from '../data/workers.js'
import { duration, number, plural, short, told } from '../format.js'
import { useBeats } from '../live/beats.js'
import { href, pathOf } from '../routing/router.js'
import { Badge, Trouble } from './badge.js'
import { Bar } from './bar.js'
import { Empty } from './page.js'

export function WorkerGrid({ workers }: { workers: readonly Worker[] }) {
  const beats = useBeats()
  const { domains, rows } = useMemo(() => gridOf(workers), [workers])
  if (rows.length === 0) return <Empty>No worker matches</Empty>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-box grid-box" aria-label="Workers by annotator and domain" tabIndex={0}>
      <table class="worker-grid">
        <thead>
          <tr>
            <th scope="col">Annotator</th>
            {domains.map((domain) => (
              <th key={domain} scope="col">
                <a class="name" href={href('/workers', { domain, view: 'list' })}>
                  {domain}
                </a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ annotator, cells }) => (
            <tr key={annotator}>
              <th scope="row">
                <a class="name" href={href('/workers', { annotator, view: 'list' })}>
                  {annotator}
                </a>
              </th>
              {cells.map((cell, at) => (
                <td key={domains[at]}>
                  {cell.map((worker) => (
                    <Cell key={worker.id} worker={worker} beat={beats[worker.id]} />
                  ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface CellProps {
  worker: Worker
  beat: Beat | undefined
}

class Cell extends Component<CellProps> {
  override shouldComponentUpdate({ worker, beat }: CellProps): boolean {
    return worker !== this.props.worker || beat?.beatAgeMs !== this.props.beat?.beatAgeMs
  }

  render({ worker, beat }: CellProps) {
    const { id, state, reason, restarts, ratePerMinute, progress } = worker
    const age = beat?.beatAgeMs
    const trouble = troubleOf(worker, beat)
    const tone = toneOfWorker(worker, beat)
    return (
      <a class={`cell ${tone}`} href={href(pathOf('workers', id))} title={`${id}: ${trouble ? `${trouble}; ` : ''}${told(reason)}`}>
        <span class="sr-only">{id} </span>
        <span class="cell-top">
          <Badge text={state} tone={tone} />
          {restarts > 0 && (
            <span class="num" title={plural(restarts, 'restart')}>
              <span aria-hidden="true">↻</span>
              {number(restarts)}
              <span class="sr-only"> {restarts === 1 ? 'restart' : 'restarts'}</span>
            </span>
          )}
        </span>
        {progress && <Bar value={progress.done} dead={progress.dead} max={progress.total} label={`Progress of ${id}`} tone={tone} />}
        <span class="cell-facts num muted">
          {trouble ? (
            <Trouble of={trouble} />
          ) : (
            <>
              <span>{ratePerMinute > 0 ? `${short(ratePerMinute)}/min` : ''}</span>
              <span title="Since its last beat">{age == null ? '' : `beat ${duration(age)}`}</span>
            </>
          )}
        </span>
      </a>
    )
  }
}
