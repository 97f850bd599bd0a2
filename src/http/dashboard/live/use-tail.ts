/** The end of a log for a view: loaded rows, then live ones. Rows that arrive together are shown together. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ClientMessages } from '../../client/options.js'
import type { Topic } from '../../contract/socket.js'
import { joined } from '../data/tail.js'
import { useTold } from './live.js'

/** Rows within this time (ms) are shown together. */
const togetherMs = 250

interface Tail<Row> {
  /** What the API answered, oldest first. */
  asked: readonly Row[]
  /** The most rows kept, the latest. */
  most: number
  /** Rises from row to row. */
  place: (row: Row) => number
  /** Whether a row is to be seen. */
  meant: (row: Row) => boolean
  /** The input of `meant`: a change starts again. */
  filter: string
}

/** @returns oldest first */
export function useTail<Name extends 'event' | 'log'>(
  topic: Topic,
  name: Name,
  { asked, most, place, meant, filter }: Tail<ClientMessages[Name]>,
): ClientMessages[Name][] {
  const [told, tell] = useState<ClientMessages[Name][]>([])
  const fresh = useRef<ClientMessages[Name][]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  useEffect(() => {
    tell([])
    return () => {
      if (timer.current !== null) clearTimeout(timer.current)
      timer.current = null
      fresh.current = []
    }
  }, [filter])
  useTold(topic, name, (row) => {
    if (!meant(row)) return
    fresh.current.push(row)
    // The timer of a busy page comes late.
    if (fresh.current.length > most) fresh.current.shift()
    timer.current ??= setTimeout(() => {
      timer.current = null
      const come = fresh.current.splice(0)
      tell((before) => [...before, ...come].slice(-most))
    }, togetherMs)
  })
  return useMemo(() => joined(asked, told, most, place), [asked, told, most, place])
}
