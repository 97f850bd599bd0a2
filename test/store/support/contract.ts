import type { Desk } from './desk.js'

/** How many events the engine under test keeps. */
export const keepEvents = 500

/** One test of the contract: its name, and what it does with an empty engine. */
export type ContractTest = (name: string, work: (desk: Desk) => Promise<void>) => void
