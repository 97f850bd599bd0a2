/** A quota's state in a word, and its windows as bars. */
import type { Quota } from '../../contract/quota.js'
import { percentUsed, windowName } from '../data/quota-chart.js'
import { duration, number } from '../format.js'
import { Badge, type Tone } from './badge.js'
import { Bar } from './bar.js'
import { Time } from './time.js'

export function QuotaState({ quota }: { quota: Quota }) {
  const [text, tone] = stateOf(quota)
  return (
    <span class="row">
      <Badge text={text} tone={tone} />
      {quota.blockedUntil !== null && !quota.retired && (
        <span class="muted">
          ends <Time at={quota.blockedUntil} />
        </span>
      )}
    </span>
  )
}

function stateOf({ retired, blockedUntil, canMakeRequest, waitsFor, waitMs, pace }: Quota): [text: string, tone: Tone] {
  if (retired) return ['retired', 'bad']
  if (blockedUntil !== null) return ['blocked', 'warn']
  if (!canMakeRequest) {
    const until = waitMs === null ? ' until it is raised' : waitMs > 0 ? ` for ${duration(waitMs)}` : ''
    return [`waits for ${waitsFor ?? 'requests'}${until}`, 'wait']
  }
  return pace < 1 ? [`slowed to ${Math.round(pace * 100)} %`, 'warn'] : ['granting', 'ok']
}

export function WindowBars({ windows }: Pick<Quota, 'windows'>) {
  return (
    <>
      {windows.map((window) => (
        <WindowBar key={windowName(window)} window={window} />
      ))}
    </>
  )
}

function WindowBar({ window }: { window: Quota['windows'][number] }) {
  const { used, limit, burst, per, resetsAt } = window
  const most = burst ?? limit
  const percent = percentUsed(window)
  return (
    <div class="window">
      <div class="window-head">
        <b>{windowName(window)}</b>
        <span class="num">
          {number(used)} of {number(most)}
          {burst !== null && ` (fills ${number(limit)} per ${per})`}
        </span>
      </div>
      <Bar value={used} max={most} label={windowName(window)} tone={percent >= 100 ? 'bad' : percent >= 80 ? 'warn' : 'ok'} />
      {resetsAt !== null && (
        <span class="hint">
          free again <Time at={resetsAt} />
        </span>
      )}
    </div>
  )
}
