/** What may be done to tasks, as fast-check makes it up. */
import fc from 'fast-check'

type Keys = string[] | null

/** `lane` null: all of the dataset. */
export type Step = { pageSize: number } & (
  | { do: 'load'; priorities: number[] }
  | { do: 'declare'; lane: string }
  | { do: 'claim'; lane: string; want: number }
  | { do: 'settle'; lane: string; pick: number; how: 'complete' | 'fail' | 'release' | 'later'; inMs: number | null }
  | { do: 'drop'; lane: string | null; state: 'waiting' | 'retrying' | 'dead'; keys: Keys; limit: number }
  | { do: 'prioritise'; lane: string | null; keys: string[]; priority: number }
  | { do: 'promote'; lane: string | null; keys: Keys }
  | { do: 'redrive'; lane: string | null; keys: Keys }
  /** `again`: the call comes twice. */
  | { do: 'redo'; lane: string | null; keys: string[]; again: boolean }
  | { do: 'reset'; lane: string }
  | { do: 'abandon'; lane: string }
  | { do: 'advance'; ms: number }
)

const lane = fc.constantFrom('a', 'b', 'c')
const lanes = fc.option(lane)
const priority = fc.integer({ min: -2, max: 2 })
const someKeys = fc.uniqueArray(
  fc.integer({ min: 0, max: 30 }).map((n) => `k${n}`),
  { maxLength: 6 },
)
const keys = fc.option(someKeys, { freq: 4 })
const pageSize = fc.integer({ min: 1, max: 7 })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('load' as const), priorities: fc.array(priority, { minLength: 1, maxLength: 6 }), pageSize }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('declare' as const), lane, pageSize }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('claim' as const), lane, want: fc.integer({ min: 1, max: 5 }), pageSize }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      lane,
      pick: fc.nat(50),
      how: fc.constantFrom('complete' as const, 'fail' as const, 'release' as const, 'later' as const),
      inMs: fc.option(fc.constantFrom(0, 20, 50)),
      pageSize,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('drop' as const),
      lane: lanes,
      state: fc.constantFrom('waiting' as const, 'waiting' as const, 'retrying' as const, 'dead' as const),
      keys,
      limit: fc.integer({ min: 1, max: 6 }),
      pageSize,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('prioritise' as const), lane: lanes, keys: someKeys, priority, pageSize }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('promote' as const), lane: lanes, keys, pageSize }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('redrive' as const), lane: lanes, keys, pageSize }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('redo' as const), lane: lanes, keys: someKeys, again: fc.boolean(), pageSize }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), lane, pageSize }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abandon' as const), lane, pageSize }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }), pageSize }) },
)

export const steps = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' })
