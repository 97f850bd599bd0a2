/** Controls of a quota. */
import type { Quota } from '../../contract/quota.js'
import { limitsOf } from '../data/limits.js'
import { duration } from '../format.js'
import { request } from '../live/live.js'
import { mayControl, readOnly, useSession } from '../live/session.js'
import { pathOf } from '../routing/router.js'
import { toast } from '../shell/toasts.js'
import { Button } from '../ui/button.js'
import { ask } from '../ui/confirm.js'
import { LimitFields, limitsFrom } from '../ui/limit-fields.js'

export function QuotaControls({ quota }: { quota: Quota }) {
  const session = useSession()
  const hindrance = mayControl(session) ? null : readOnly
  return (
    <fieldset class="row controls">
      <legend class="sr-only">Controls of {quota.name}</legend>
      <Button hindrance={hindrance} onClick={() => changeLimits(quota)}>
        Change limits
      </Button>
      <Button hindrance={hindrance} onClick={() => penalize(quota)}>
        Penalize
      </Button>
      {quota.blockedUntil !== null && (
        <Button hindrance={hindrance} onClick={() => unblock(quota)}>
          Unblock
        </Button>
      )}
      {quota.retired ? (
        <Button hindrance={hindrance} onClick={() => revive(quota)}>
          Revive
        </Button>
      ) : (
        <Button hindrance={hindrance} kind="danger" onClick={() => retire(quota)}>
          Retire
        </Button>
      )}
    </fieldset>
  )
}

const path = ({ name }: Quota): string => `/quotas${pathOf(name)}`

function changeLimits(quota: Quota): void {
  const question = {
    title: `Limits of ${quota.name}`,
    text: 'The new limits replace all earlier ones. Used amounts stay used; waiting workers are woken.',
    children: <LimitFields limits={limitsOf(quota.limits)} />,
    action: 'Change',
  }
  ask(question, async (answers) => {
    await request('PUT', path(quota), limitsFrom(answers, quota))
    toast(`The limits of ${quota.name} were changed`)
  })
}

function penalize(quota: Quota): void {
  const question = {
    title: `Penalize ${quota.name}?`,
    text: 'Stops grants for this time, as after a refusal of the provider. Never shortens an earlier penalty.',
    action: 'Penalize',
    danger: true,
    fields: [
      { name: 'seconds', label: 'Seconds', type: 'number', min: 0, max: 31_536_000, step: 'any', required: true, value: 60 } as const,
    ],
  }
  ask(question, async ({ seconds }) => {
    const retryAfterMs = Math.round(Number(seconds) * 1_000)
    await request('POST', `${path(quota)}/penalize`, { retryAfterMs })
    toast(`${quota.name} grants nothing for ${duration(retryAfterMs)}`)
  })
}

function unblock(quota: Quota): void {
  const text =
    'Lifts the penalty or the block that the provider asked for. After that, only its windows limit its grants. Waiting workers are woken.'
  ask({ title: `Unblock ${quota.name}?`, text, action: 'Unblock' }, async () => {
    await request('POST', `${path(quota)}/unblock`, {})
    toast(`${quota.name} was unblocked`)
  })
}

function retire(quota: Quota): void {
  const question = {
    title: `Retire ${quota.name}?`,
    text: 'Its key must not be used: it grants nothing until it is revived.',
    action: 'Retire',
    danger: true,
    fields: [{ name: 'reason', label: 'Reason' }],
  }
  ask(question, async ({ reason }) => {
    await request('POST', `${path(quota)}/retire`, reason ? { reason } : {})
    toast(`${quota.name} was retired`)
  })
}

function revive(quota: Quota): void {
  ask({ title: `Revive ${quota.name}?`, text: 'Its key works again: requests are granted at once.', action: 'Revive' }, async () => {
    await request('POST', `${path(quota)}/revive`, {})
    toast(`${quota.name} was revived`)
  })
}
