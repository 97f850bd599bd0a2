/** The log of this host, as it grows. */

import { type RecordLevel, recordLevels } from '../../../log-levels.js'
import { useLanes } from '../data/lanes.js'
import { type Query, setQuery } from '../routing/router.js'
import { SelectField } from '../ui/field.js'
import { Filters, SelectFilter } from '../ui/filters.js'
import { LogTail } from '../ui/log-tail.js'
import { Page } from '../ui/page.js'

export default function Logs({ query }: { query: Query }) {
  const { workers } = useLanes()
  const level = recordLevels.find((one) => one === query.level) ?? 'info'
  return (
    <Page title="Logs">
      <Filters label="Filter the log">
        <SelectField
          label="Level"
          value={level}
          options={recordLevels.map((one): [RecordLevel, string] => [one, one === 'error' ? 'error' : `${one} and more severe`])}
          onChange={(value) => setQuery({ level: value })}
        />
        <SelectFilter name="worker" label="Worker" query={query} values={workers} />
      </Filters>
      <LogTail level={level} worker={query.worker} />
    </Page>
  )
}
