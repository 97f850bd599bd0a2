/** Moves of tasks by hand: their texts, and the calls that first count and then do them, without the buttons, so that they can be tested. */
import type { TaskCount } from '../../contract/task.js'
import { plural } from '../format.js'
import type { TaskAction, TaskFilter } from './tasks.js'

/** One action, on the tasks of every call. */
export interface Move {
  action: TaskAction
  calls: readonly TaskFilter[]
}

/** Calls the API. */
export type Request = <T>(method: string, path: string, body?: unknown) => Promise<T>

interface Wording {
  label: string
  does: string
  did: string
  /** Some of the counted tasks may be as they should be. */
  most?: boolean
  danger?: boolean
}

export const wordings: Record<TaskAction, Wording> = {
  redrive: {
    label: 'Redrive',
    does: 'Dead tasks wait for their turn again; their failures are forgotten.',
    did: 'redriven',
  },
  retry: {
    label: 'Retry',
    does: 'Tasks that wait for their next attempt become due at once; those that are due stay as they are.',
    did: 'due at once',
    most: true,
  },
  redo: {
    label: 'Redo',
    does: 'Done tasks wait for their turn again, for another result. The old results leave counts, labels and exports; each is kept on the page of its task.',
    did: 'to be done again',
    danger: true,
  },
  drop: {
    label: 'Drop',
    does: 'Waiting, retrying and dead tasks are given up until they are redriven. Leased and done tasks stay as they are.',
    did: 'dropped',
    danger: true,
  },
  priority: {
    label: 'Priority',
    does: 'Tasks that have not begun get this priority; higher goes first.',
    did: 'moved',
    most: true,
  },
}

/** The question before a move, with the number of tasks that it is about. @param name which tasks: `All dead tasks of dataset reviews` */
export function titleAndText(action: TaskAction, name: string, count: number): { title: string; text: string } {
  const { label, does, most } = wordings[action]
  return { title: `${label} ${most ? 'up to ' : ''}${plural(count, 'task')}?`, text: `${name}. ${does}` }
}

/** How many tasks it would move now. */
export async function countMoved(request: Request, { action, calls }: Move): Promise<number> {
  const counts = await Promise.all(
    calls.map((call) => request<TaskCount>('POST', '/tasks/count', { action, ...selectionOf(action, call) })),
  )
  return counts.reduce((sum, { count }) => sum + count, 0)
}

/** @returns how many tasks were moved, over all calls */
export async function move(
  request: Request,
  { action, calls }: Move,
  { why, confirmation, priority }: Record<string, string>,
): Promise<number> {
  const more = {
    ...(wordings[action].danger && { confirmation }),
    ...(action === 'drop' && why && { why }),
    ...(action === 'priority' && { priority: Number(priority) }),
  }
  let moved = 0
  for (const call of calls) {
    moved += (await request<{ count: number }>('POST', `/tasks/${action}`, { ...selectionOf(action, call), ...more })).count
  }
  return moved
}

/** Only dropping is for tasks of several states. */
function selectionOf(action: TaskAction, { states, ...call }: TaskFilter): TaskFilter {
  return { ...call, ...(action === 'drop' && states && { states }) }
}
