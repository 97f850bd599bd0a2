/** The limits of length that `npm run lint` holds `src/` to. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { complaints, longOnPurpose, tooLong } from '../../scripts/sizes.js'

const lines = (count: number): string => 'count()\n'.repeat(count)
const architecture = `One idea a file.

| file, function | why |
|---|---|
| \`a/long.ts\` | one chart |
| \`open\` in \`a/open.ts\` | steps in order |

More.
`

test('a file above 300 lines and a function above 80 fail the check, with their names and lengths', () => {
  assert.equal([...tooLong('a/short.ts', lines(300))], [])
  assert.equal([...tooLong('a/long.ts', lines(301))], [['a/long.ts', 301]])
  const inner = lines(79)
  assert.equal([...tooLong('a/open.ts', `export function open() {\n${lines(78)}}\n`)], [])
  assert.equal([...tooLong('a/open.ts', `export function open() {\n${inner}}\n`)], [['open in a/open.ts', 81]])
  assert.equal([...tooLong('a/open.ts', `const open = () => {\n${inner}}\n`)], [['open in a/open.ts', 81]])
  assert.equal([...tooLong('a/open.ts', `class Shop {\n  constructor() {\n${inner}}\n}\n`)], [['constructor in a/open.ts', 81]])
  const found = new Map([
    ['a/long.ts', 301],
    ['open in a/open.ts', 81],
  ])
  assert.equal(complaints(found, []), ['a/long.ts: 301 lines, more than 300', 'open in a/open.ts: 81 lines, more than 80'])
})

test('what ARCHITECTURE.md says the reason of may be longer, for as long as it is', () => {
  const allowed = longOnPurpose(architecture)
  assert.equal(allowed, ['a/long.ts', 'open in a/open.ts'])
  assert.equal(complaints(new Map([['a/long.ts', 301]]), allowed), [
    'open in a/open.ts: ARCHITECTURE.md says why it is long, but it is not',
  ])
})

test.run()
