import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { otpCases } from './otp-cases.js'
import { otpTable, withTable } from './otp-table.js'

for (const { name, run } of otpCases) test(`OTP's ${name}`, run)

test('docs/supervision.md has the table of these cases (else: npm run docs:otp)', () => {
  const page = readFileSync(new URL('../../../docs/supervision.md', import.meta.url), 'utf8')
  assert.is(withTable(page, otpTable(otpCases)), page)
})

test.run()
