/** The end of the log as it grows: by level and worker, to be held while one reads. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { LogRecord } from '../../contract/log.js'
import { brief } from '../data/brief.js'
import { atLeast, joined, type Level } from '../data/tail.js'
import { absolute, clock } from '../format.js'
import { useApi, useLive, useStatus, useTold } from '../live.js'
import { Badge } from './badge.js'
import { Button } from './button.js'
import { Pending } from './page.js'

interface LogTailProps {
  level: Level
  /** Of one worker alone. */
  worker?: string | undefined
}

const mostShown = 1_000

export function LogTail({ level, worker }: LogTailProps) {
  const [paused, pause] = useState(false)
  const [told, tell] = useState<LogRecord[]>([])
  const live = useStatus() === 'live'
  const search = new URLSearchParams({ level, limit: '300', ...(worker && { worker }) }).toString()
  const { data, error } = useApi<{ items: LogRecord[] }>(`/logs?${search}`, { everyMs: live || paused ? 0 : 2_000 })
  const annotator = useLive(({ workers }) => worker && workers?.[worker]?.annotator)
  const domain = useLive(({ workers }) => worker && workers?.[worker]?.domain)
  useEffect(() => tell([]), [search])
  useTold('logs', 'log', (record) => {
    const meant = atLeast(record.level, level) && (!worker || (record.annotator === annotator && record.domain === domain))
    if (meant && !paused) tell((before) => [...before, record].slice(-mostShown))
  })
  if (!data) return <Pending what="the log" error={error} />
  const rows = joined(data.items, told, mostShown, ({ seq }) => seq)
  return (
    <>
      <div class="row">
        <Button pressed={paused} onClick={() => pause(!paused)}>
          {paused ? 'Go on' : 'Hold'}
        </Button>
        <span class="muted">
          {paused ? 'Held: what is logged now is not shown' : live ? 'New lines appear as they are logged' : 'Asked every two seconds'}
        </span>
      </div>
      <Lines rows={rows} />
    </>
  )
}

/** Stays at its end, unless somebody scrolled up. */
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
      {rows.length === 0 && <p class="empty">Nothing was logged yet at this level</p>}
      {rows.map((record) => (
        <Line key={record.seq} record={record} />
      ))}
    </div>
  )
}

function Line({ record: { at, level, part, annotator, domain, message, fields } }: { record: LogRecord }) {
  const who = annotator === null && domain === null ? part : [annotator, domain].filter(Boolean).join('/')
  return (
    <div class="log-line">
      <time dateTime={new Date(at).toISOString()} title={absolute(at)}>
        {clock(at)}
      </time>
      <Badge text={level} />
      <span class="log-who">{who}</span>
      <span class="log-text">
        {message} {fields && Object.keys(fields).length > 0 && <span class="muted">{brief(fields, 300)}</span>}
      </span>
    </div>
  )
}
