/** What tasks died of, by code and error: each leads to its tasks, where something can be done to them. */
import type { ErrorGroup } from '../../contract/worker.js'
import { byCode, type CodeGroup } from '../data/error-groups.js'
import { number, plural } from '../format.js'
import { href, type Query } from '../routing/router.js'
import { Time } from './time.js'

/** @param lanes the lanes that were asked about */
export function ErrorGroups({ groups, lanes }: { groups: readonly ErrorGroup[]; lanes: Query }) {
  return (
    <ul class="lines error-groups">
      {byCode(groups).map((code) => (
        <Code key={code.code} of={code} lanes={lanes} />
      ))}
    </ul>
  )
}

/** One line for the code where it has several errors, then one for each error. */
function Code({ of: { code, count, groups }, lanes }: { of: CodeGroup; lanes: Query }) {
  const linkTo = (part: Query): string => href('/tasks', { ...lanes, state: 'dead', ...part })
  return (
    <>
      {groups.length > 1 && (
        <li>
          <a href={linkTo({ code })}>{plural(count, 'task')}</a>
          <span class="what">
            <b>{code}</b> <span class="muted">{plural(groups.length, 'error')}</span>
          </span>
        </li>
      )}
      {groups.map(({ id, message, where, count, workers, lastAt }) => (
        <li key={id} class={groups.length > 1 ? 'within' : undefined}>
          <a href={linkTo({ error: id })}>{plural(count, 'task')}</a>
          <span class="what">
            {groups.length === 1 && <b>{code}</b>} {message !== code && message} {where && <code>{where}</code>}
          </span>
          <span class="muted">{workers.length === 1 ? workers[0] : `${number(workers.length)} workers`}</span>
          <Time at={lastAt} />
        </li>
      ))}
    </>
  )
}
