/** Problems that need attention, the worst first, with links. */
import type { Attention } from '../data/silence.js'
import { number, told } from '../format.js'
import { href, pathOf } from '../routing/router.js'
import { Badge } from './badge.js'

const linked = 3

export function AttentionList({ of: items }: { of: readonly Attention[] }) {
  return (
    <section class="card attention" aria-label="Needs attention">
      {items.length === 0 && (
        <p>
          <Badge text="All well" tone="ok" /> <span class="muted">Nothing needs attention.</span>
        </p>
      )}
      {items.length > 0 && (
        <ul>
          {items.map((item) => (
            <li key={`${item.kind} ${item.quota} ${item.message}`}>
              <Badge text={item.severity} />
              <span class="what">{told(item.message)}</span>
              <span class="row">
                <Ways item={item} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Ways({ item: { kind, quota, workers, count } }: { item: Attention }) {
  const states: Partial<Record<Attention['kind'], string>> = { blacklisted: 'blacklisted', stuck: 'stuck', crashing: 'crashed,backoff' }
  const state = states[kind]
  return (
    <>
      {quota !== null && <a href={href(pathOf('quotas', quota))}>{quota}</a>}
      {kind === 'dead-tasks' && <a href={href('/tasks', { state: 'dead' })}>Dead tasks</a>}
      {kind === 'supervisor-down' && <a href="#/tree">Tree</a>}
      {kind !== 'dead-tasks' &&
        workers.slice(0, linked).map((id) => (
          <a key={id} href={href(pathOf('workers', id))}>
            {id}
          </a>
        ))}
      {state && count > linked && <a href={href('/workers', { state })}>all {number(count)}</a>}
    </>
  )
}
