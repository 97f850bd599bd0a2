/** Filters of a list: each is a part of the address, so that a view can be shared as a link. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type Query, setQuery } from '../routing/router.js'
import { SelectField, TextField } from './field.js'

/** `annotator-10` comes after `annotator-9`. */
const byName = new Intl.Collator('en', { numeric: true })
/** Wait after the last key before a list is loaded. */
const pauseMs = 250

export function Filters({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <search class="filters" aria-label={label}>
      {children}
    </search>
  )
}

interface FilterProps {
  name: string
  label: string
  query: Query
}

/** Takes over what is typed once there is a pause. */
export function SearchFilter({ name, label, query }: FilterProps) {
  const known = query[name] ?? ''
  const [typed, type] = useState(known)
  useEffect(() => type(known), [known])
  useEffect(() => {
    if (typed === known) return undefined
    const timer = setTimeout(() => setQuery({ [name]: typed.trim(), after: '' }), pauseMs)
    return () => clearTimeout(timer)
  }, [typed, known, name])
  return <TextField type="search" label={label} value={typed} onChange={type} />
}

/** @param texts of values, where they are not said by themselves */
export function SelectFilter({
  name,
  label,
  query,
  values,
  texts,
  all = 'All',
}: FilterProps & { values: readonly string[]; texts?: ReadonlyMap<string, string>; all?: string }) {
  const known = query[name] ?? ''
  const textOf = (value: string): string => texts?.get(value) ?? value
  // A shared address may name a value that no longer exists.
  const sorted = [...new Set([...values, ...(known ? [known] : [])])].sort((a, b) => byName.compare(textOf(a), textOf(b)))
  return (
    <SelectField
      label={label}
      value={known}
      options={[['', all], ...sorted.map((value): [string, string] => [value, textOf(value)])]}
      onChange={(value) => setQuery({ [name]: value, after: '' })}
    />
  )
}
