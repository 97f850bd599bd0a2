/** How far something is, as a bar with the number beside it. */
import { number, percent } from '../format.js'
import type { Tone } from './badge.js'

export interface Part {
  label: string
  value: number
  tone: Tone
  href?: string
}

export function Bar({
  value,
  max,
  label,
  dead = 0,
  tone = 'ok',
  bare = false,
}: {
  value: number
  max: number
  label: string
  /** Of tasks: those that were given up, which stand behind those that are done. */
  dead?: number
  tone?: Tone
  bare?: boolean
}) {
  const share = max > 0 ? Math.min(1, value / max) : 0
  const lost = max > 0 ? Math.min(1 - share, dead / max) : 0
  const text = lost > 0 ? `${percent(share)} done, ${percent(lost)} given up` : undefined
  return (
    <span class="bar-row" title={text}>
      <span
        class="bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
        aria-valuetext={text}
      >
        <span class={`fill ${tone}`} style={{ width: `${share * 100}%` }} />
        {lost > 0 && <span class="fill bad" style={{ width: `${lost * 100}%` }} />}
      </span>
      {!bare && <span class="num bar-text">{percent(share)}</span>}
    </span>
  )
}

/** Parts of a whole side by side. Each part is named in the legend below, which links. */
export function StackedBar({ parts, label }: { parts: Part[]; label: string }) {
  const total = parts.reduce((sum, { value }) => sum + value, 0)
  const shown = parts.filter(({ value }) => value > 0)
  return (
    <div class="stacked">
      <div class="stack" aria-hidden="true">
        {shown.map(({ label: name, value, tone }) => (
          <span key={name} class={`fill ${tone}`} title={`${name}: ${number(value)}`} style={{ flexGrow: value / Math.max(1, total) }} />
        ))}
      </div>
      <ul class="legend" aria-label={label}>
        {shown.map(({ label: name, value, tone, href }) => (
          <li key={name}>
            <a class={`chip ${tone}`} {...(href && { href })}>
              {name} <b class="num">{number(value)}</b>
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
}
