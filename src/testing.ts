/**
 * For tests of what calls a language model: a provider on this machine with limits and faults, and a clock that runs as fast as a test likes.
 * Imported as `drover/testing`.
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
