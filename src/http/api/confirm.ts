/** Calls that delete, give up or set aside something need a confirmation word, so that none is made by mistake. */
import { refuse } from '../base/errors.js'
import { confirmationWord } from '../contract/common.js'

/** @throws a refusal CONFIRMATION_REQUIRED */
export function assertConfirmed(word: string | undefined): void {
  if (word === confirmationWord) return
  throw refuse(
    'CONFIRMATION_REQUIRED',
    `this deletes, gives up or sets aside something: confirmation must be ${JSON.stringify(confirmationWord)}`,
  )
}
