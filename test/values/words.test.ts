/** Numbers and lengths of time, as texts for people have them. */
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plural } from '../../src/values/count.js'
import { duration } from '../../src/values/duration.js'

test('a length of time has its two largest units, and no more digits than it needs', () => {
  for (const [ms, text] of [
    [-5, '0 ms'],
    [5, '5 ms'],
    [999, '999 ms'],
    [999.7, '1 s'],
    [1_500, '1.5 s'],
    [5_000, '5 s'],
    [9_999, '10 s'],
    [59_600, '1 min'],
    [61_000, '1 min 1 s'],
    [120_037, '2 min'],
    [600_000, '10 min'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ] as const)
    assert.is(duration(ms), text)
})

test('what is counted has its number, and large numbers are grouped', () => {
  assert.is(plural(1, 'restart'), '1 restart')
  assert.is(plural(0, 'restart'), '0 restarts')
  assert.is(plural(2_379, 'task'), '2,379 tasks')
})

/** Texts that name an option's or an argument's value, which is in ms; names of windows; and the words themselves. */
const inMs =
  /^(options|testing)\/|^http\/client\/until\.ts|^store\/sqlite\/quotas\/quotas\.ts|^store\/quotas\/windows\/meter\.ts|^values\/duration\.ts|^http\/dashboard\/format\.ts/

test('no reason, error or log line tells people a length of time as a number of ms', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file) && !inMs.test(file))
  const told = (file: string, text: string): string[] =>
    text.split('\n').flatMap((line, at) => (/\} ms\b/.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : []))
  assert.equal(
    files.flatMap((file) => told(file, readFileSync(`src/${file}`, 'utf8'))),
    [],
  )
  // What finds nothing might look at nothing.
  assert.ok(files.includes('errors.ts') && files.some((file) => file.endsWith('.tsx')))
  assert.equal(told('a.ts', 'error(\n  late} ms)'), ['a.ts:2: late} ms)'])
})

test.run()
