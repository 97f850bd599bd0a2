/** A quota's state in a word, and its windows as bars. */
import type { Quota } from '../../contract/quota.js'
import { percentUsed, usageOf, windowLabel, windowName } from '../data/quota-chart.js'
import { duration } from '../format.js'
import { Badge, type Tone } from './badge.js'
import { Bar } from './bar.js'
import { Time } from './time.js'

export function QuotaState({ quota }: { quota: Quota }) {
  return (
    <span class="row">
      <QuotaBadge quota={quota} />
      <Wait quota={quota} />
    </span>
  )
}

/** The word alone. */
export function QuotaBadge({ quota }: { quota: Quota }) {
  const [text, tone] = stateOf(quota)
  return <Badge text={text} tone={tone} />
}

/** Shorter waits are the pace of a bucket, not a quota that is spent. */
const paceMs = 5_000

function stateOf({ retired, blockedUntil, canMakeRequest, waitMs, pace }: Quota): [text: string, tone: Tone] {
  if (retired) return ['retired', 'bad']
  if (blockedUntil !== null) return ['blocked', 'warn']
  if (!canMakeRequest) return waitMs !== null && waitMs <= paceMs ? ['pacing', 'busy'] : ['spent', 'wait']
  return pace < 1 ? [`slowed to ${Math.round(pace * 100)} %`, 'warn'] : ['granting', 'ok']
}

/** A window as people name it; what else is waited for, as it is. */
function nameOf(windows: Quota['windows'], name: string): string {
  const window = windows.find((each) => windowName(each) === name)
  return window ? windowLabel(window) : name
}

function Wait({ quota }: { quota: Quota }) {
  const { blockedUntil, retired, canMakeRequest, waitMs, waitsFor } = quota
  if (retired) return null
  if (blockedUntil !== null)
    return (
      <span class="muted">
        ends <Time at={blockedUntil} ahead />
      </span>
    )
  if (canMakeRequest || !waitsFor) return null
  const next = waitMs === null ? 'until it is raised' : waitMs > paceMs ? `next in ${duration(waitMs)}` : ''
  return (
    <span class="muted num">
      {nameOf(quota.windows, waitsFor)} {next}
    </span>
  )
}

export function WindowBars({ quota }: { quota: Quota }) {
  return (
    <>
      {quota.windows.map((window) => (
        <WindowBar key={windowName(window)} quota={quota} window={window} />
      ))}
    </>
  )
}

function WindowBar({ quota, window }: { quota: Quota; window: Quota['windows'][number] }) {
  const { used, limit, burst, resetsAt } = window
  const { amount, note } = usageOf(quota, window)
  const most = burst ?? limit
  const percent = percentUsed(window)
  return (
    <div class="window">
      <div class="window-head">
        <b>{windowLabel(window)}</b>
        <span class="num">{amount}</span>
      </div>
      <Bar value={used} max={most} label={windowLabel(window)} tone={percent >= 100 ? 'bad' : percent >= 80 ? 'warn' : 'ok'} />
      {(note !== null || resetsAt !== null) && (
        <span class="hint num">
          {note} {note !== null && resetsAt !== null && '· '}
          {resetsAt !== null && (
            <>
              free again <Time at={resetsAt} ahead />
            </>
          )}
        </span>
      )}
    </div>
  )
}
