/** Links that choose one value of the address, each with how many there are. */
import { short } from '../format.js'
import { href, type Query } from '../routing/router.js'

interface TabsProps {
  label: string
  path: string
  query: Query
  /** The part of the query that they choose. */
  name: string
  tabs: [value: string, count: number | null][]
  /** Parts of the query that go with a tab, and are left behind with it. */
  without?: string[]
}

export function Tabs({ label, path, query, name, tabs, without = [] }: TabsProps) {
  const left = Object.fromEntries(['after', ...without].map((part) => [part, '']))
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(([value, count]) => (
        <a
          key={value}
          href={href(path, { ...query, ...left, [name]: value })}
          aria-current={value === (query[name] ?? '') ? 'page' : undefined}
        >
          {value || 'all'}
          {count !== null && <span class="num tab-count">{short(count)}</span>}
        </a>
      ))}
    </nav>
  )
}

/** Links to views that belong together. */
export function Siblings({ label, here, views }: { label: string; here: string; views: [path: string, name: string][] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {views.map(([path, name]) => (
        <a key={path} href={`#${path}`} aria-current={path === here ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  )
}
