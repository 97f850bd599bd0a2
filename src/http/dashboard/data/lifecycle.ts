/** The worker's states as places in a drawing, and the ways between them that a worker took. Pure. */
import type { WorkerDetail } from '../../contract/worker.js'

export type Transition = WorkerDetail['history'][number]
type State = Transition['to']
type Point = readonly [x: number, y: number]

export const nodeWidth = 92
export const nodeHeight = 28
export const drawing = { width: 800, height: 270 }

/** Centres of the states. */
export const places: Record<State, Point> = {
  idle: [60, 120],
  queued: [195, 120],
  starting: [330, 120],
  running: [465, 120],
  paused: [535, 35],
  parked: [330, 35],
  completed: [680, 35],
  stopping: [600, 120],
  stopped: [740, 120],
  stuck: [465, 205],
  crashed: [330, 205],
  backoff: [195, 205],
  blacklisted: [330, 250],
}

/** The usual ways. Others are drawn when they were taken. */
const ways: readonly `${State} ${State}`[] = [
  'idle queued',
  'queued starting',
  'starting running',
  'starting stuck',
  'starting crashed',
  'running paused',
  'paused running',
  'running parked',
  'parked queued',
  'running completed',
  'running stopping',
  'stopping stopped',
  'running stuck',
  'running crashed',
  'stuck crashed',
  'crashed backoff',
  'backoff queued',
  'crashed blacklisted',
]

export interface Way {
  from: State
  to: State
  /** What is drawn, as SVG's path data. */
  path: string
  /** How long ago it was last taken: 1 is the latest; 0: not lately. */
  taken: number
}

const remembered = 8

/** @param history newest first */
export function waysTaken(history: readonly Pick<Transition, 'from' | 'to'>[]): Way[] {
  const taken = new Map<string, number>()
  for (const [at, { from, to }] of history.slice(0, remembered).entries()) {
    const key = `${from} ${to}`
    if (from !== to && !taken.has(key)) taken.set(key, at + 1)
  }
  return [...new Set([...ways, ...taken.keys()])].map((key) => {
    const [from, to] = key.split(' ') as [State, State]
    return { from, to, path: pathBetween(from, to), taken: taken.get(key) ?? 0 }
  })
}

/** Straight between neighbours; otherwise around the states in between. Ways there and back lie side by side. */
function pathBetween(from: State, to: State): string {
  const [x1, y1] = places[from]
  const [x2, y2] = places[to]
  const [dx, dy] = [x2 - x1, y2 - y1]
  const length = Math.hypot(dx, dy) || 1
  const [ox, oy] = [(-dy / length) * 4, (dx / length) * 4]
  const line = `M${border([x1, y1], [ox, oy], [dx, dy])}`
  const stop = border([x2, y2], [ox, oy], [-dx, -dy])
  const crosses = Object.entries(places).some(([name, place]) => name !== from && name !== to && isNear(place, [x1, y1], [x2, y2]))
  if (!crosses) return `${line}L${stop}`
  const bend = Math.min(70, length / 4)
  return `${line}Q${round((x1 + x2) / 2 + (ox / 4) * bend)} ${round((y1 + y2) / 2 + (oy / 4) * bend)} ${stop}`
}

/** Where a line that passes beside the centre leaves the box of a state. */
function border([x, y]: Point, [ox, oy]: Point, [dx, dy]: Point): string {
  const until = (way: number, beside: number, half: number): number =>
    way === 0 ? Number.POSITIVE_INFINITY : (half * Math.sign(way) - beside) / way
  const scale = Math.min(until(dx, ox, nodeWidth / 2), until(dy, oy, nodeHeight / 2))
  return `${round(x + ox + dx * scale)} ${round(y + oy + dy * scale)}`
}

function isNear([px, py]: Point, [x1, y1]: Point, [x2, y2]: Point): boolean {
  const [dx, dy] = [x2 - x1, y2 - y1]
  const along = ((px - x1) * dx + (py - y1) * dy) / (dx * dx + dy * dy)
  if (along <= 0 || along >= 1) return false
  const [nx, ny] = [x1 + along * dx - px, y1 + along * dy - py]
  return Math.abs(nx) < nodeWidth / 2 && Math.abs(ny) < nodeHeight / 2
}

const round = (value: number): number => Math.round(value * 10) / 10
