/** One failure of a worker: kind and message; in the details the place of a hang, tasks in hand and the last log lines. */
import type { WorkerDetail } from '../../contract/worker.js'
import { firstLine } from '../data/brief.js'
import { bytes, duration, percent } from '../format.js'
import { Badge } from './badge.js'
import { ErrorDetails } from './error-details.js'
import { Facts } from './page.js'
import { Time } from './time.js'
import { Trace } from './trace.js'
import { WorkerLink } from './worker-link.js'

export type Failure = WorkerDetail['failures'][number]

export function FailureCard({ worker, failure }: { worker: string; failure: Failure }) {
  const { kind, message, error, exitCode, hungAt, evidence, tasks, uptimeMs, at } = failure
  const line = firstLine(message)
  return (
    <details class="card failure">
      <summary>
        <span class="row">
          <Badge text={kind} tone="bad" />
          <b>{worker}</b>
          <span class="grow">{line}</span>
          <Time at={at} />
        </span>
      </summary>
      <Facts
        of={[
          ['Worker', <WorkerLink key="worker" id={worker} />],
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
          <b>Where it hung</b>
          <Trace text={hungAt.join('\n')} />
        </section>
      )}
      {line !== message && !error && <Trace text={message} />}
      {error && <ErrorDetails error={error} open />}
      {evidence && evidence.log.length > 0 && (
        <section>
          <b>What it last logged</b>
          <Trace text={evidence.log.join('\n')} />
        </section>
      )}
    </details>
  )
}
