/** The states that a worker went through, the latest first, each with how long it was in it. */
import { useState } from 'preact/hooks'
import type { Transition } from '../data/lifecycle.js'
import { duration, number, told } from '../format.js'
import { Badge, toneOf } from './badge.js'
import { Button } from './button.js'
import { Empty } from './page.js'
import { Time, useNow } from './time.js'

const few = 10

/** @param of newest first */
export function Timeline({ of: history }: { of: readonly Transition[] }) {
  const [all, setAll] = useState(false)
  const now = useNow()
  if (history.length === 0) return <Empty>No change of state yet</Empty>
  const spans = history.map((transition, at) => ({ ...transition, ms: (history[at - 1]?.at ?? now) - transition.at }))
  const total = spans.reduce((sum, { ms }) => sum + ms, 0)
  return (
    <>
      <div class="stack" aria-hidden="true">
        {[...spans].reverse().map(({ to, at, ms }) => (
          <span
            key={`${at} ${to}`}
            class={`fill ${toneOf(to)}`}
            title={`${to}: ${duration(ms)}`}
            style={{ flexGrow: ms / Math.max(1, total) }}
          />
        ))}
      </div>
      <ol class="lines state-times">
        {(all ? spans : spans.slice(0, few)).map(({ to, reason, at, ms }) => (
          <li key={`${at} ${to}`}>
            <Badge text={to} />
            <span class="what">{told(reason)}</span>
            <span class="muted num">{duration(ms)}</span>
            <Time at={at} />
          </li>
        ))}
      </ol>
      {history.length > few && (
        <div>
          <Button onClick={() => setAll(!all)}>{all ? 'Only the latest' : `All ${number(history.length)}`}</Button>
        </div>
      )}
    </>
  )
}
