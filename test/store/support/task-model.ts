/** Tasks as they should be: a list of items, and for each lane where each of them is. Slow and plain. */
import type { TaskState } from '../../../src/store/contract/single-tasks.js'
import type { NewItem } from '../../../src/store/contract/tasks.js'

interface ModelTask {
  /** Of the item in its dataset, in order of loading. */
  index: number
  state: TaskState
  /** Its own in this lane; null: the item's. */
  priority: number | null
  /** Waiting, and given a priority by hand. */
  placed: boolean
  due: number
  /** Given back by itself: it comes behind the waiting. */
  behind: boolean
  releases: number
  attempts: number
  /** What is told: since the last redrive. */
  failures: number
  /** Dropped before. */
  dropped: boolean
  /** Set aside to be done again. */
  pastResults: number
}

export class TaskModel {
  readonly items: { key: string; priority: number }[] = []
  readonly lanes = new Map<string, ModelTask[]>()
  /** Lanes whose next single place is one of those behind. */
  readonly #owed = new Set<string>()

  load(items: readonly NewItem[]): void {
    for (const { key, priority } of items) {
      const index = this.items.push({ key, priority }) - 1
      for (const lane of this.lanes.values()) lane.push(fresh(index))
    }
  }

  declare(name: string): void {
    if (!this.lanes.has(name)) this.reset(name)
  }

  reset(name: string): void {
    this.lanes.set(
      name,
      this.items.map((_, index) => fresh(index)),
    )
  }

  claim(name: string, want: number, now: number): string[] {
    const due = this.#in(name, 'retrying')
      .filter((task) => task.due <= now)
      .sort((a, b) => a.due - b.due || this.#priority(b) - this.#priority(a) || a.index - b.index)
    const anyRetrying = this.#in(name, 'retrying').length
    const first = due.filter((task) => !task.behind).slice(0, want)
    const behind = due.filter((task) => task.behind)
    const left = want - first.length
    let kept = 0
    if (anyRetrying > first.length && left > 0) {
      // Every second place, over claims too.
      const places = left + (this.#owed.has(name) ? 1 : 0)
      kept = Math.min(behind.length, Math.floor(places / 2))
      if (kept === Math.floor(places / 2) && places % 2 === 1) this.#owed.add(name)
      else this.#owed.delete(name)
    }
    const waiting = this.#waiting(name).slice(0, left - kept)
    const claimed = [...first, ...waiting, ...behind.slice(0, left - waiting.length)]
    for (const task of claimed) {
      task.attempts++
      become(task, 'leased')
    }
    return claimed.map((task) => this.#key(task))
  }

  /** How often in a row a task was given back by itself. */
  releases(name: string, key: string): number {
    return this.#task(name, key).releases
  }

  settle(name: string, key: string, how: 'complete' | 'fail' | 'release' | 'later', inMs: number | null, now: number): void {
    const task = this.#task(name, key)
    if (how === 'release' || how === 'later') task.attempts--
    if (how === 'later') task.releases++
    else if (how !== 'release') task.releases = 0
    if (how === 'fail') task.failures++
    if (how === 'complete') become(task, 'done')
    else if (how === 'fail' && inMs === null) become(task, 'dead')
    else become(task, 'retrying')
    if (task.state === 'retrying') task.due = inMs ? now + inMs : 0
    task.behind = how === 'later'
  }

  abandon(name: string): void {
    for (const task of this.#in(name, 'leased')) {
      task.attempts--
      become(task, 'retrying')
    }
  }

  drop(name: string | null, state: 'waiting' | 'retrying' | 'dead', keys: string[] | null, limit: number): number {
    let left = limit
    let count = 0
    for (const lane of this.#named(name)) {
      if (left <= 0) break
      const all = state === 'waiting' ? this.#waiting(lane) : this.#in(lane, state)
      const chosen = all.filter((task) => !task.dropped && (keys === null || keys.includes(this.#key(task))))
      const victims = keys !== null && state === 'waiting' ? chosen : chosen.slice(0, left)
      for (const task of victims) {
        become(task, 'dead')
        task.dropped = true
      }
      left -= victims.length
      count += victims.length
    }
    return count
  }

  prioritise(name: string | null, keys: string[], priority: number): number {
    let count = 0
    for (const lane of this.#named(name)) {
      for (const task of this.lanes.get(lane) as ModelTask[]) {
        if (!keys.includes(this.#key(task))) continue
        if (task.state !== 'waiting' && task.state !== 'retrying') continue
        task.priority = priority
        task.placed = task.state === 'waiting'
        count++
      }
    }
    if (name === null) for (const item of this.items) if (keys.includes(item.key)) item.priority = priority
    return count
  }

  promote(name: string | null, keys: string[] | null, now: number): number {
    let count = 0
    for (const lane of this.#named(name)) {
      for (const task of this.#in(lane, 'retrying')) {
        if (task.due <= now || (keys !== null && !keys.includes(this.#key(task)))) continue
        task.due = 0
        task.behind = false
        count++
      }
    }
    return count
  }

  redrive(name: string | null, keys: string[] | null): number {
    let count = 0
    for (const lane of this.#named(name)) {
      for (const task of this.#in(lane, 'dead')) {
        if (keys !== null && !keys.includes(this.#key(task))) continue
        become(task, 'retrying')
        task.failures = 0
        task.releases = 0
        count++
      }
    }
    return count
  }

  redo(name: string | null, keys: string[]): number {
    let count = 0
    for (const lane of this.#named(name)) {
      for (const task of this.#in(lane, 'done')) {
        if (!keys.includes(this.#key(task))) continue
        become(task, 'retrying')
        task.failures = 0
        task.releases = 0
        task.pastResults++
        count++
      }
    }
    return count
  }

  /** How many results of a task were set aside. */
  pastResults(name: string, key: string): number {
    return this.#task(name, key).pastResults
  }

  keysIn(name: string, state: TaskState): string[] {
    return this.#in(name, state).map((task) => this.#key(task))
  }

  listed(name: string, state: TaskState | undefined): object[] {
    const tasks =
      state === undefined
        ? [...(this.lanes.get(name) as ModelTask[])].sort((a, b) => (this.#key(a) < this.#key(b) ? -1 : 1))
        : state === 'waiting'
          ? this.#waiting(name)
          : this.#in(name, state)
    return tasks.map((task) => ({
      key: this.#key(task),
      state: task.state,
      priority: this.#priority(task),
      attempts: task.attempts,
      failures: task.failures,
    }))
  }

  #named(name: string | null): string[] {
    return name === null ? [...this.lanes.keys()] : [name]
  }

  #in(name: string, state: TaskState): ModelTask[] {
    return (this.lanes.get(name) as ModelTask[]).filter((task) => task.state === state)
  }

  /** In their order. */
  #waiting(name: string): ModelTask[] {
    return this.#in(name, 'waiting').sort(
      (a, b) => this.#priority(b) - this.#priority(a) || Number(b.placed) - Number(a.placed) || a.index - b.index,
    )
  }

  #task(name: string, key: string): ModelTask {
    return (this.lanes.get(name) as ModelTask[]).find((task) => this.#key(task) === key) as ModelTask
  }

  #key(task: ModelTask): string {
    return (this.items[task.index] as { key: string }).key
  }

  #priority(task: ModelTask): number {
    return task.priority ?? (this.items[task.index] as { priority: number }).priority
  }
}

function fresh(index: number): ModelTask {
  return {
    index,
    state: 'waiting',
    priority: null,
    placed: false,
    due: 0,
    behind: false,
    releases: 0,
    attempts: 0,
    failures: 0,
    dropped: false,
    pastResults: 0,
  }
}

function become(task: ModelTask, state: TaskState): void {
  Object.assign(task, { state, priority: null, placed: false, due: 0, behind: false, dropped: false })
}
