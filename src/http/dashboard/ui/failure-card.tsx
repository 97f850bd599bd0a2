/** One failure of a worker: its kind and message at once, and behind that where it hung, what was in hand, and what it last logged. */
import type { WorkerDetail } from '../../contract/worker.js'
import { bytes, duration, percent } from '../format.js'
import { href, pathOf } from '../router.js'
import { Badge } from './badge.js'
import { ErrorDetails } from './error-details.js'
import { Facts } from './page.js'
import { Time } from './time.js'

export type Failure = WorkerDetail['failures'][number]

export function FailureCard({ worker, failure }: { worker: string; failure: Failure }) {
  const { kind, message, error, exitCode, hungAt, evidence, tasks, uptimeMs, at } = failure
  return (
    <details class="card failure">
      <summary>
        <span class="row">
          <Badge text={kind} tone="bad" />
          <b>{worker}</b>
          <span class="grow">{message}</span>
          <Time at={at} />
        </span>
      </summary>
      <Facts
        of={[
          ['Worker', <a href={href(pathOf('workers', worker))}>{worker}</a>],
          ['Up for', uptimeMs === null ? null : duration(uptimeMs)],
          ['Exit code', exitCode],
          ['Tasks in hand', tasks.length > 0 ? tasks.join(', ') : null],
          ['Event loop busy', evidence?.eventLoopUtilization == null ? null : percent(evidence.eventLoopUtilization)],
          ['Heap', evidence?.heapUsed == null ? null : bytes(evidence.heapUsed)],
          ['Evidence files', evidence && evidence.files.length > 0 ? evidence.files.join(', ') : null],
        ]}
      />
      {hungAt && hungAt.length > 0 && (
        <section>
          <h3>Where it hung</h3>
          <pre class="stack-trace">{hungAt.join('\n')}</pre>
        </section>
      )}
      {error && <ErrorDetails error={error} open />}
      {evidence && evidence.log.length > 0 && (
        <section>
          <h3>What it last logged</h3>
          <pre>{evidence.log.join('\n')}</pre>
        </section>
      )}
    </details>
  )
}
