/** Search for keys: within them, at their beginning, or whole ones. */
import { useState } from 'preact/hooks'
import { keyPart, ofKeys } from '../data/tasks.js'
import { type Query, setQuery } from '../routing/router.js'
import { SelectField } from '../ui/field.js'
import { SearchFilter } from '../ui/filters.js'

type Part = keyof typeof ofKeys

export function KeyFilter({ query }: { query: Query }) {
  const known = keyPart(query)
  const [chosen, choose] = useState<Part>('search')
  const part = known ?? chosen
  const change = (to: string): void => {
    choose(to as Part)
    if (known) setQuery({ [known]: '', [to]: query[known], after: '' })
  }
  return (
    <>
      <SelectField label="Search keys by" value={part} options={Object.entries(ofKeys)} onChange={change} />
      <SearchFilter key={part} name={part} label={`Key ${ofKeys[part]}`} query={query} />
    </>
  )
}
