/** The end of what goes on, for a view of it: what was asked for, then what was told since. Many that come at once are shown at once. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ClientMessages } from '../../client/client.js'
import type { Topic } from '../../contract/socket.js'
import { joined } from '../data/tail.js'
import { useTold } from './live.js'

/** What comes within so many ms is shown together. */
const togetherMs = 250

interface Tail<Row> {
  /** What the API answered, oldest first. */
  asked: readonly Row[]
  /** At most so many are kept, the latest. */
  most: number
  /** Rises from row to row. */
  place: (row: Row) => number
  /** Whether a row is to be seen. */
  meant: (row: Row) => boolean
  /** What `meant` goes by: another one begins anew. */
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
    timer.current ??= setTimeout(() => {
      timer.current = null
      const come = fresh.current.splice(0)
      tell((before) => [...before, ...come].slice(-most))
    }, togetherMs)
  })
  return useMemo(() => joined(asked, told, most, place), [asked, told, most, place])
}
