/** The lanes to choose from: those of the current workers. */
import { useMemo } from 'preact/hooks'
import { useLive } from '../live/live.js'

export interface LaneChoices {
  datasets: string[]
  annotators: string[]
  domains: string[]
  workers: string[]
}

export function useLanes(): LaneChoices {
  // Workers change often, the list of their names does not.
  const names = useLive(({ workers }) =>
    JSON.stringify(Object.values(workers ?? {}).map(({ id, annotator, domain, dataset }) => [id, annotator, domain, dataset])),
  )
  return useMemo(() => {
    const rows = JSON.parse(names) as [string, string, string, string | null][]
    const unique = (values: (string | null)[]): string[] => [...new Set(values.filter((value) => value !== null))]
    return {
      workers: rows.map(([id]) => id),
      annotators: unique(rows.map(([, annotator]) => annotator)),
      domains: unique(rows.map(([, , domain]) => domain)),
      datasets: unique(rows.map(([, , , dataset]) => dataset)),
    }
  }, [names])
}
