/** The state chart of a worker: its current state, and its recent transitions. */
import { useEffect, useId, useRef } from 'preact/hooks'
import { drawing, nodeHeight, nodeWidth, places, type Transition, waysTaken } from '../data/lifecycle.js'
import { toneOf } from './badge.js'

/** @param history newest first */
export function Lifecycle({ state, history }: { state: Transition['to']; history: readonly Transition[] }) {
  const arrow = useId()
  const box = useRef<HTMLDivElement>(null)
  // If the chart does not fit, the current state is scrolled into view.
  useEffect(() => {
    const { current } = box
    if (current) current.scrollLeft = (places[state][0] / drawing.width) * current.scrollWidth - current.clientWidth / 2
  }, [state])
  const before = history.slice(0, 5).map(({ from }) => from)
  const label = `Lifecycle: now ${state}${before.length > 0 ? `; before that ${before.join(', ')}` : ''}`
  const visited = new Set(history.slice(0, 8).flatMap(({ from, to }) => [from, to]))
  // Those that were taken lie on top, the latest last.
  const ways = waysTaken(history).sort((a, b) => (b.taken || 99) - (a.taken || 99))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={box} class="lifecycle" aria-label="Drawing of the lifecycle" tabIndex={0}>
      <svg viewBox={`0 0 ${drawing.width} ${drawing.height}`} role="img" aria-label={label}>
        <defs>
          {['', 'taken'].map((kind) => (
            <marker
              key={kind}
              id={`${arrow}${kind}`}
              class={`arrow ${kind}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path d="M0 0L8 4L0 8z" />
            </marker>
          ))}
        </defs>
        {ways.map(({ from, to, path, taken }) => (
          <path
            key={`${from} ${to}`}
            d={path}
            class={taken === 0 ? 'way' : taken === 1 ? 'way taken latest' : 'way taken'}
            marker-end={`url(#${arrow}${taken > 0 ? 'taken' : ''})`}
          />
        ))}
        {Object.entries(places).map(([name, [x, y]]) => (
          <g key={name} class={`node ${name === state ? `now ${toneOf(name)}` : visited.has(name as Transition['to']) ? 'visited' : ''}`}>
            <rect x={x - nodeWidth / 2} y={y - nodeHeight / 2} width={nodeWidth} height={nodeHeight} rx="6" />
            <text x={x} y={y + 4}>
              {name}
            </text>
          </g>
        ))}
      </svg>
    </section>
  )
}
