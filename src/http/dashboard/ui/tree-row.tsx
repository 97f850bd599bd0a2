/** A line of the supervision tree. */
import type { SupervisorNode } from '../../contract/tree.js'
import type { Beat, Worker } from '../../contract/worker.js'
import { statesBelow } from '../data/tree.js'
import { states, toneOfWorker, troubleOf } from '../data/workers.js'
import { duration, number, plural, told } from '../format.js'
import { href, pathOf } from '../routing/router.js'
import { Badge, type Tone, Trouble, toneOf } from './badge.js'
import { Bar } from './bar.js'

export function SupervisorRow({ node, open, onToggle }: { node: SupervisorNode; open: boolean; onToggle: () => void }) {
  const { supervisor, strategy, state, reason, restarts } = node
  const counts = statesBelow(node)
  return (
    <>
      <button type="button" class="twist" tabIndex={-1} aria-label={`${open ? 'Close' : 'Open'} ${supervisor}`} onClick={onToggle}>
        <span aria-hidden="true">{open ? '▾' : '▸'}</span>
      </button>
      <b class="tree-name">{supervisor}</b>
      <Badge text={state} title={reason} />
      <span class="muted">{strategy}</span>
      <Intensity of={restarts} supervisor={supervisor} />
      <span class="tree-below">
        {states
          .filter((each) => counts[each])
          .map((each) => (
            <span key={each} class={`chip ${toneOf(each)}`}>
              {each} <b class="num">{number(counts[each])}</b>
            </span>
          ))}
      </span>
    </>
  )
}

/** Counted restarts, of those allowed. */
function Intensity({ of: { count, limit, withinMs }, supervisor }: { of: SupervisorNode['restarts']; supervisor: string }) {
  if (limit === null) return <span class="muted num">{plural(count, 'restart')}, never gives up</span>
  const tone: Tone = count === 0 ? 'ok' : count >= limit ? 'bad' : 'warn'
  return (
    <span
      class="intensity"
      title={`${plural(count, 'restart')} in the last ${duration(withinMs)}; it gives up at more than ${number(limit)}`}
    >
      <Bar value={count} max={Math.max(1, limit)} label={`Restarts counted by ${supervisor}`} tone={tone} bare />
      <span class="num muted">
        {number(count)} of {plural(limit, 'restart')} in {duration(withinMs)}
      </span>
    </span>
  )
}

interface WorkerRowProps {
  id: string
  state: Worker['state']
  worker: Worker | undefined
  beat: Beat | undefined
}

export function WorkerRow({ id, state, worker, beat }: WorkerRowProps) {
  return (
    <>
      <span class="twist" />
      <a class="tree-name" tabIndex={-1} href={href(pathOf('workers', id))}>
        {id}
      </a>
      <Badge text={state} tone={worker && toneOfWorker(worker, beat)} />
      <Trouble of={worker ? troubleOf(worker, beat) : null} />
      <span class="muted clip">{worker && told(worker.reason)}</span>
      {worker && worker.restarts > 0 && <span class="muted num">{plural(worker.restarts, 'restart')}</span>}
    </>
  )
}
