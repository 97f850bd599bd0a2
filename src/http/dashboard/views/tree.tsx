/** The supervision tree: supervisors, their counted restarts, and their children. */
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { isSupervisor, move, type Row, rowsOf, supervisorsIn } from '../data/tree.js'
import { useBeats } from '../live/beats.js'
import { useLive, useTopic } from '../live/live.js'
import { navigate, pathOf } from '../routing/router.js'
import { Button } from '../ui/button.js'
import { Empty, Page, Pending } from '../ui/page.js'
import { SupervisorRow, WorkerRow } from '../ui/tree-row.js'

/** Larger trees begin closed. */
const mostOpen = 200

export default function TreeView() {
  useTopic('tree')
  const tree = useLive((state) => state.tree)
  const workers = useLive((state) => state.workers)
  const beats = useBeats()
  const [chosen, setClosed] = useState<ReadonlySet<string> | null>(null)
  const [current, setCurrent] = useState<string | null>(null)
  const box = useRef<HTMLDivElement>(null)
  if (!tree)
    return (
      <Page title="Tree">
        <Pending what="the tree" error={null} />
      </Page>
    )
  const supervisors = supervisorsIn(tree)
  const large = Object.keys(workers ?? {}).length > mostOpen
  const closed = chosen ?? new Set(large ? supervisors.slice(1) : [])
  const rows = rowsOf(tree, closed)
  const focused = rows.find(({ id }) => id === current)?.id ?? rows[0]?.id
  const set = (id: string, close: boolean): void => {
    const next = new Set(closed)
    if (close) next.add(id)
    else next.delete(id)
    setClosed(next)
  }
  const focus = (id: string): void => {
    setCurrent(id)
    box.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus()
  }
  const pressed = (event: KeyboardEvent): void => {
    const row = rows.find(({ id }) => id === focused)
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return
    if (event.key === 'Enter' || event.key === ' ') {
      if (event.target !== event.currentTarget && (event.target as HTMLElement).closest('a, button')) return
      event.preventDefault()
      if (isSupervisor(row.node)) set(row.id, !closed.has(row.id))
      else navigate(pathOf('workers', row.id))
      return
    }
    const step = move(event.key, rows, row.id, closed)
    if (!step) return
    event.preventDefault()
    if ('to' in step) focus(step.to)
    else if ('open' in step) set(step.open, false)
    else set(step.close, true)
  }
  return (
    <Page
      title="Tree"
      aside={
        <>
          <Button onClick={() => setClosed(new Set())}>Open all</Button>
          <Button onClick={() => setClosed(new Set(supervisors))}>Close all</Button>
        </>
      }
    >
      {rows.length === 0 && <Empty>There are no workers</Empty>}
      <div ref={box} class="tree card" role="tree" aria-label="Supervision tree" onKeyDown={pressed}>
        {rows.map((row) => (
          <TreeItem
            key={row.id}
            row={row}
            open={isSupervisor(row.node) ? !closed.has(row.id) : undefined}
            focused={row.id === focused}
            onFocus={setCurrent}
          >
            {isSupervisor(row.node) ? (
              <SupervisorRow node={row.node} open={!closed.has(row.id)} onToggle={() => set(row.id, !closed.has(row.id))} />
            ) : (
              <WorkerRow id={row.id} state={row.node.state} worker={workers?.[row.id]} beat={beats[row.id]} />
            )}
          </TreeItem>
        ))}
      </div>
    </Page>
  )
}

interface ItemProps {
  row: Row
  open: boolean | undefined
  focused: boolean
  onFocus: (id: string) => void
  children: ComponentChildren
}

function TreeItem({ row: { id, level, place, siblings }, open, focused, onFocus, children }: ItemProps) {
  return (
    <div
      role="treeitem"
      class="tree-item"
      data-id={id}
      tabIndex={focused ? 0 : -1}
      aria-level={level}
      aria-posinset={place}
      aria-setsize={siblings}
      aria-expanded={open}
      aria-selected={focused}
      style={{ '--level': level - 1 }}
      onFocus={() => onFocus(id)}
    >
      {children}
    </div>
  )
}
