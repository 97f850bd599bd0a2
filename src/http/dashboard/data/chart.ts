/** The data of a chart: series over time, also as a table for screen readers. */

export interface Series {
  name: string
  /** One for each moment; null: not known. */
  values: (number | null)[]
}

export interface ChartData {
  /** Ms since the epoch, rising. */
  at: number[]
  series: Series[]
}

/** As uPlot takes it: seconds first, then one column for each series. */
export function columnsOf({ at, series }: ChartData): [number[], ...(number | null)[][]] {
  return [at.map((ms) => ms / 1_000), ...series.map(({ values }) => values)]
}

/** At most `most` rows, evenly chosen, always with the last one. */
export function thinned({ at, series }: ChartData, most: number): ChartData {
  if (at.length <= most) return { at, series }
  const step = (at.length - 1) / (most - 1)
  const chosen = Array.from({ length: most }, (_, index) => Math.round(index * step))
  return { at: pick(at, chosen), series: series.map(({ name, values }) => ({ name, values: pick(values, chosen) })) }
}

/** What the chart shows, in one sentence. */
export function summaryOf({ at, series }: ChartData, format: (value: number) => string): string {
  if (at.length === 0) return 'Nothing measured yet'
  const parts = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null)
    const last = known.at(-1)
    return last === undefined
      ? `${name}: not known`
      : `${name}: now ${format(last)}, from ${format(Math.min(...known))} to ${format(Math.max(...known))}`
  })
  return parts.join('; ')
}

const pick = <T>(all: readonly T[], chosen: readonly number[]): T[] => chosen.map((index) => all[index] as T)
