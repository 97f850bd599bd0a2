/** The end of the log as it grows, by level and worker; it can be held for reading. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { RecordLevel } from '../../../log-levels.js'
import type { LogRecord } from '../../contract/log.js'
import { brief } from '../data/brief.js'
import { atLeast } from '../data/tail.js'
import { absolute, clock, told } from '../format.js'
import { useApi, useLive, useStatus } from '../live/live.js'
import { useTail } from '../live/use-tail.js'
import { Badge } from './badge.js'
import { Hold } from './hold.js'
import { Pending } from './page.js'

interface LogTailProps {
  level: RecordLevel
  /** Of one worker alone. */
  worker?: string | undefined
}

const mostShown = 1_000

const none: LogRecord[] = []
const seqOf = ({ seq }: LogRecord): number => seq

export function LogTail({ level, worker }: LogTailProps) {
  const [paused, pause] = useState(false)
  const live = useStatus() === 'live'
  const filter = new URLSearchParams({ level, limit: '300', ...(worker && { worker }) }).toString()
  const { data, error } = useApi<{ items: LogRecord[] }>(`/logs?${filter}`, { everyMs: live || paused ? 0 : 2_000 })
  const annotator = useLive(({ workers }) => worker && workers?.[worker]?.annotator)
  const domain = useLive(({ workers }) => worker && workers?.[worker]?.domain)
  const meant = (record: LogRecord): boolean =>
    !paused && atLeast(record.level, level) && (!worker || (record.annotator === annotator && record.domain === domain))
  const rows = useTail('logs', 'log', { asked: data?.items ?? none, most: mostShown, place: seqOf, meant, filter })
  if (!data) return <Pending what="the log" error={error} />
  return (
    <>
      <Hold paused={paused} pause={pause} what="lines" every={live ? null : 'two seconds'} />
      <Lines rows={rows} />
    </>
  )
}

/** Stays at its end, unless it was scrolled up. */
function Lines({ rows }: { rows: readonly LogRecord[] }) {
  const box = useRef<HTMLDivElement>(null)
  const follow = useRef(true)
  const last = rows.at(-1)?.seq
  useLayoutEffect(() => {
    if (follow.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [last])
  const scrolled = (): void => {
    const { current } = box
    if (current) follow.current = current.scrollHeight - current.scrollTop - current.clientHeight < 40
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div ref={box} class="log" role="log" aria-label="Log lines" tabIndex={0} onScroll={scrolled}>
      {rows.length === 0 && <p class="empty">No line of this level is among the latest of this process</p>}
      {rows.map((record) => (
        <Line key={record.seq} record={record} />
      ))}
    </div>
  )
}

/** Rows stay as they are: each is made once, whatever comes after it. */
function Line({ record }: { record: LogRecord }) {
  return useMemo(() => {
    const { at, level, part, annotator, domain, message, fields } = record
    return (
      <div class="log-line">
        <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
          {clock(at)}
        </time>
        <Badge text={level} />
        <span class="log-who">{annotator === null && domain === null ? part : [annotator, domain].filter(Boolean).join('/')}</span>
        <span class="log-text">
          {told(message)} {fields && Object.keys(fields).length > 0 && <span class="muted">{brief(fields, 300)}</span>}
        </span>
      </div>
    )
  }, [record])
}
