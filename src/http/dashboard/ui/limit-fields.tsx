/** The limits of a quota, one a line, inside a dialog's form. */
import { useState } from 'preact/hooks'
import type { Quota } from '../../contract/quota.js'
import { type LimitRow, type Limits, limitsOf, optionsOf, type Period, periods } from '../data/limits.js'
import { Button } from './button.js'
import type { Answers } from './confirm.js'
import { FormFields } from './form-field.js'

/** What an added line begins with. */
const blank: LimitRow = { unit: 'requests', limit: 60, per: 'minute', timeZone: null, burst: null }

export function LimitFields({ limits: { rows, concurrency, adapt } }: { limits: Limits }) {
  const [lines, setLines] = useState(() => rows.map((row, id) => ({ id, row })))
  const add = (): void => setLines([...lines, { id: Math.max(-1, ...lines.map(({ id }) => id)) + 1, row: blank }])
  return (
    <>
      <input type="hidden" name="lines" value={lines.map(({ id }) => id).join()} />
      {lines.map(({ id, row }, index) => (
        <fieldset key={id} class="limit-line">
          <legend>Limit {index + 1}</legend>
          <FormFields
            fields={[
              { name: `unit-${id}`, label: 'Unit', value: row.unit, required: true },
              { name: `limit-${id}`, label: 'Limit', type: 'number', min: 0, step: 'any', value: row.limit, required: true },
              { name: `per-${id}`, label: 'Per', choices: choicesOf(row.per), value: String(row.per) },
              { name: `burst-${id}`, label: 'Burst', type: 'number', min: 1, step: 'any', value: row.burst ?? '' },
              { name: `zone-${id}`, label: 'Time zone', value: row.timeZone ?? '' },
            ]}
          />
          <Button kind="plain" label={`Remove limit ${index + 1}`} onClick={() => setLines(lines.filter((line) => line.id !== id))}>
            Remove
          </Button>
        </fieldset>
      ))}
      <span>
        <Button onClick={add}>Add a limit</Button>
      </span>
      <FormFields
        fields={[
          {
            name: 'concurrency',
            label: 'Calls in flight at once',
            type: 'number',
            min: 1,
            value: concurrency ?? '',
            hint: 'Empty: no limit',
          },
          {
            name: 'adapt',
            label: 'Slow down when the provider refuses',
            type: 'checkbox',
            value: adapt !== false,
          },
        ]}
      />
    </>
  )
}

const choicesOf = (per: Period): readonly string[] => (typeof per === 'number' ? [...periods, String(per)] : periods)

/** What the form says, as the API takes it. */
export function limitsFrom(answers: Answers, quota: Quota): Record<string, unknown> {
  const ids = (answers.lines ?? '').split(',').filter((id) => id !== '')
  const rows = ids.map((id): LimitRow => {
    const per = answers[`per-${id}`] ?? 'minute'
    const burst = answers[`burst-${id}`]
    return {
      unit: (answers[`unit-${id}`] ?? '').trim(),
      limit: Number(answers[`limit-${id}`]),
      per: /^\d+$/.test(per) ? Number(per) : (per as Period),
      timeZone: answers[`zone-${id}`]?.trim() || null,
      burst: burst ? Number(burst) : null,
    }
  })
  const { within, adapt } = limitsOf(quota.limits)
  const { concurrency } = answers
  return optionsOf({
    rows,
    within,
    concurrency: concurrency ? Number(concurrency) : null,
    adapt: answers.adapt === 'on' && (adapt || true),
  })
}
