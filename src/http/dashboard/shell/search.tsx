/** Search over all of it: what is typed is looked for among pages, workers and the keys of tasks. */
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { TaskRecord } from '../../contract/task.js'
import { useLanes } from '../data/lanes.js'
import { type Finding, findingsOf } from '../data/search.js'
import { useApi } from '../live/live.js'
import { places } from '../routing/routes.js'
import { Dialog } from '../ui/dialog.js'

/** Wait after the last key before tasks are asked for. */
const pauseMs = 250

/** Apart, because the types know it only together with a datalist. */
const combobox = (open: boolean): object => ({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': open })

const words: Record<Finding['kind'], string> = { page: 'Page', worker: 'Worker', task: 'Task', tasks: 'Tasks' }

export function Search({ onClose }: { onClose: () => void }) {
  const id = useId()
  const [typed, type] = useState('')
  const [at, moveTo] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const asked = usePaused(typed.trim())
  const { workers } = useLanes()
  const search = new URLSearchParams({ search: asked, limit: '50' })
  const { data, error, loading } = useApi<{ items: TaskRecord[] }>(asked ? `/tasks?${search}` : null)
  const tasks = (asked && data?.items.filter(({ key }) => key.includes(typed.trim()))) || []
  const found = findingsOf({ typed, places, workers, tasks })
  const now = Math.min(at, found.length - 1)
  useEffect(() => list.current?.children[now]?.scrollIntoView({ block: 'nearest' }), [now])
  const go = (finding: Finding | undefined): void => {
    if (!finding) return
    onClose()
    location.hash = finding.to
  }
  const press = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) moveTo((now + step + found.length) % Math.max(1, found.length))
    else if (event.key === 'Enter') go(found[now])
    else return
    event.preventDefault()
  }
  return (
    <Dialog title="Search" onClose={onClose}>
      <input
        {...combobox(found.length > 0)}
        type="search"
        aria-label="Worker, key of a task, or page"
        aria-controls={`${id}-found`}
        aria-activedescendant={found.length > 0 ? `${id}-${now}` : undefined}
        placeholder="Worker, key of a task, or page"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={(event) => {
          type(event.currentTarget.value)
          moveTo(0)
        }}
        onKeyDown={press}
      />
      <div id={`${id}-found`} ref={list} class="found" role="listbox" aria-label="Found">
        {found.map((finding, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
          // biome-ignore lint/a11y/useFocusableInteractive: as above, the focus stays in the field
          <div key={finding.to} id={`${id}-${index}`} role="option" aria-selected={index === now} onClick={() => go(finding)}>
            <span class="muted">{words[finding.kind]}</span> <span>{finding.text}</span>{' '}
            {finding.more && <span class="muted">{finding.more}</span>}
          </div>
        ))}
      </div>
      <p class="hint" role="status">
        {error ? `Tasks could not be searched: ${error.message}` : typed && loading ? 'Searching tasks …' : `${found.length} found`}
      </p>
    </Dialog>
  )
}

/** The text, once it has stayed the same for a moment. */
function usePaused(text: string): string {
  const [paused, pause] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => pause(text), pauseMs)
    return () => clearTimeout(timer)
  }, [text])
  return paused
}
