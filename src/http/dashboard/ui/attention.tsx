/** Problems that need attention, the worst first, with links. */
import { isOfGround } from '../data/health.js'
import type { Attention } from '../data/silence.js'
import { number, told } from '../format.js'
import { href, pathOf } from '../routing/router.js'
import { Badge } from './badge.js'

const linked = 3

/** @param bare without links */
export function AttentionList({ of: items, bare = false }: { of: readonly Attention[]; bare?: boolean }) {
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
              <span class="what">{item.reasons.length > 1 ? told(headOf(item)) : told(item.message)}</span>
              {!bare && (
                <span class="row">
                  <Ways item={item} />
                </span>
              )}
              {item.reasons.length > 1 && <Reasons item={item} />}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** Its message without the reasons, which stand below it. */
const headOf = ({ message }: Attention): string => message.slice(0, message.indexOf(': '))

function Reasons({ item: { reasons, count } }: { item: Attention }) {
  const rest = count - reasons.reduce((sum, each) => sum + each.count, 0)
  return (
    <ul class="reasons">
      {reasons.map(({ reason, count: n, workers: [first] }) => (
        <li key={reason}>
          <b class="num">{number(n)}</b> <span class="what">{told(reason)}</span>
          {first && <a href={href(pathOf('workers', first))}>{n === 1 ? first : `${first} …`}</a>}
        </li>
      ))}
      {rest > 0 && (
        <li>
          <b class="num">{number(rest)}</b> <span class="what">for other reasons</span>
        </li>
      )}
    </ul>
  )
}

function Ways({ item: { kind, quota, workers, count, reasons } }: { item: Attention }) {
  const states: Partial<Record<Attention['kind'], string>> = { blacklisted: 'blacklisted', stuck: 'stuck', crashing: 'crashed,backoff' }
  const state = states[kind]
  return (
    <>
      {quota !== null && <a href={href(pathOf('quotas', quota))}>{quota}</a>}
      {kind === 'dead-tasks' && <a href={href('/tasks', { state: 'dead' })}>Dead tasks</a>}
      {kind === 'supervisor-down' && <a href="#/tree">Tree</a>}
      {isOfGround(kind) && <a href="#/health">Health</a>}
      {kind !== 'dead-tasks' &&
        reasons.length < 2 &&
        workers.slice(0, linked).map((id) => (
          <a key={id} href={href(pathOf('workers', id))}>
            {id}
          </a>
        ))}
      {state && (count > linked || reasons.length > 1) && <a href={href('/workers', { state })}>all {number(count)}</a>}
    </>
  )
}
