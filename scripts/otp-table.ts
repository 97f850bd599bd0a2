/**
 * Writes the table of OTP's cases in `docs/supervision.md`, after each case has been run. `npm run docs:otp`; a test fails while the
 * page has another table than the cases make.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { otpCases } from '../test/machines/supervision/otp-cases.js'
import { otpTable, withTable } from '../test/machines/supervision/otp-table.js'

const page = new URL('../docs/supervision.md', import.meta.url)
for (const { run } of otpCases) run()
writeFileSync(page, withTable(readFileSync(page, 'utf8'), otpTable(otpCases)))
console.log(`${otpCases.length} cases, ${otpCases.filter(({ differs }) => differs).length} of them answered otherwise`)
