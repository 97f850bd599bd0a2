/** Series over time, drawn by uPlot in the colours of the theme, with the same data as a sentence and a table. */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { type ChartData, columnsOf, summaryOf, thinned } from '../data/chart.js'
import { clock, number } from '../format.js'
import { useDark } from '../shell/theme.js'

interface ChartProps {
  /** What it shows: its accessible name, and the table's caption. */
  label: string
  data: ChartData
  /** In px. @defaultValue 180 */
  height?: number
  /** Of the axis and the legend. @defaultValue grouped, at most one decimal */
  format?: (value: number) => string
  /** The axis goes to here at least. */
  top?: number
  /** Values hold until the next one. @defaultValue false */
  stepped?: boolean
}

const colours = 5
const rowsOfTable = 30

export function Chart({ label, data, height = 180, format = number, top = 0, stepped = false }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const dark = useDark()
  const names = data.series.map(({ name }) => name).join()

  useEffect(() => {
    const element = box.current
    if (!element || data.series.length === 0) return
    const made = new uPlot(
      { ...look(data, { format, top, stepped }), width: Math.max(200, element.clientWidth), height },
      columnsOf(data),
      element,
    )
    plot.current = made
    const resized = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) made.setSize({ width: element.clientWidth, height })
    })
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [names, height, stepped, top])

  useEffect(() => plot.current?.setData(columnsOf(data)), [data])
  // Colours are read when it is drawn.
  useEffect(() => plot.current?.redraw(false, true), [dark])

  const rows = thinned(data, rowsOfTable)
  return (
    <figure class="chart">
      <figcaption aria-hidden="true">{label}</figcaption>
      <div ref={box} role="img" aria-label={`${label}. ${summaryOf(data, format)}`} />
      <details>
        <summary>As a table</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section class="chart-table" aria-label={`${label}, as a table`} tabIndex={0}>
          <table>
            <caption class="sr-only">{label}</caption>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {rows.series.map(({ name }) => (
                  <th key={name} scope="col" class="num">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.at.map((at, index) => (
                <tr key={at}>
                  <th scope="row">{clock(at)}</th>
                  {rows.series.map(({ name, values }) => (
                    <td key={name} class="num">
                      {typeof values[index] === 'number' ? format(values[index]) : 'not known'}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  )
}

type Look = Required<Pick<ChartProps, 'format' | 'top' | 'stepped'>>

function look({ series }: ChartData, { format, top, stepped }: Look): Omit<uPlot.Options, 'width' | 'height'> {
  const paths = stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined
  const axis = {
    stroke: () => colour('--muted'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  }
  return {
    legend: { live: true },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_plot, _least, most) => [0, Math.max(top, most === null ? 1 : most * 1.1, 1)] } },
    axes: [
      { ...axis, size: 28, space: 64, values: (_plot, ticks) => timesOf(ticks) },
      { ...axis, size: 48, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [
      { label: 'Time', value: (_plot, at) => (at === null ? '' : clock(at * 1_000)) },
      ...series.map(
        ({ name }, index): uPlot.Series => ({
          label: name,
          stroke: () => colour(`--chart-${(index % colours) + 1}`),
          // Told apart by their dashes too.
          ...(index > 0 && {
            dash: [
              [6, 3],
              [2, 3],
              [8, 3, 2, 3],
            ][(index - 1) % 3] as number[],
          }),
          width: 1.5,
          spanGaps: true,
          points: { show: false },
          value: (_plot, value) => (value === null ? '' : format(value)),
          ...(paths && { paths }),
        }),
      ),
    ],
  }
}

/** To the second only where ticks are that close. */
function timesOf(ticks: number[]): string[] {
  const close = ticks.length > 1 && (ticks[1] as number) - (ticks[0] as number) < 60
  return ticks.map((tick) => clock(tick * 1_000).slice(0, close ? 8 : 5))
}

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim() || 'gray'
