/** Results of one task that were set aside, to be done again: the latest first, a page at a time. */
import { useState } from 'preact/hooks'
import type { PastResult, TaskRecord } from '../../contract/task.js'
import { plural } from '../format.js'
import { useApi } from '../live/live.js'
import { pathOf } from '../routing/router.js'
import { Badge } from './badge.js'
import { Json } from './json.js'
import { Pending } from './page.js'
import { CursorPager } from './pager.js'
import { Time } from './time.js'
import { WorkerLink } from './worker-link.js'

interface PastResultsProps {
  task: Pick<TaskRecord, 'dataset' | 'key' | 'annotator' | 'domain'>
  /** How many there are, above 0. */
  count: number
}

export function PastResults({ task: { dataset, key, annotator, domain }, count }: PastResultsProps) {
  const [after, goTo] = useState<string | null>(null)
  const page = new URLSearchParams({ annotator, domain, limit: '10', ...(after !== null && { after }) })
  const { data, error } = useApi<{ items: PastResult[]; next: string | null }>(`${pathOf('tasks', dataset, key)}/past-results?${page}`)
  return (
    <details open>
      <summary>Earlier results: {plural(count, 'result')} set aside</summary>
      {!data && <Pending what="earlier results" error={error} />}
      <ol class="timeline past-results">
        {data?.items.map(({ value, attempt, worker, committedAt, setAsideAt }) => (
          <li key={`${attempt} ${setAsideAt}`}>
            <div class="row">
              <Badge text="set aside" tone="off" /> <Time at={setAsideAt} />
              <span class="muted">
                attempt {attempt}, committed <Time at={committedAt} />
                {worker && (
                  <>
                    {' '}
                    by <WorkerLink id={worker} />
                  </>
                )}
              </span>
            </div>
            <Json value={value} />
          </li>
        ))}
      </ol>
      <CursorPager what="earlier result" first={after === null} next={data?.next ?? null} onPage={goTo} />
    </details>
  )
}
