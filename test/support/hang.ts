/** What lasts longer hangs, on however busy a machine: the deadline of whoever waits in a test. */
export const hangMs = 120_000
