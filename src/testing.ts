/**
 * For tests of code that calls a language model: a fake provider on this machine with limits and faults, and a clock of any
 * speed. Imported as `drover/testing`.
 *
 * @module
 */
export type { Account, PeakQuery, UtilisationQuery } from './testing/account.js'
export type * from './testing/answers.js'
export { type Clock, type ManualClock, type SimulatedClockOptions, simulatedClock } from './testing/clock.js'
export type { FaultKind, FaultRule } from './testing/faults.js'
export type * from './testing/options.js'
export { type FakeProvider, fakeProvider } from './testing/provider.js'
export type { RequestRecord, Totals } from './testing/records.js'
export type { Violation } from './testing/violations.js'
