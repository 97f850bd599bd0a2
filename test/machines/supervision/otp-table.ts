/** The table of OTP's cases as Markdown, and its place in a page. */
import type { OtpCase } from './otp-cases.js'

const begin = '<!-- otp table: made by npm run docs:otp -->'
const end = '<!-- end of otp table -->'

export function otpTable(cases: readonly OtpCase[]): string {
  const groups = [...new Set(cases.map(({ group }) => group))]
  return groups
    .map((group) => {
      const rows = cases
        .filter((each) => each.group === group)
        .map(({ name, otp, differs }) => `| ${name} | ${otp} | ${differs ?? 'the same'} |`)
      return [`### ${group}`, '', '| case | OTP | drover |', '| --- | --- | --- |', ...rows].join('\n')
    })
    .join('\n\n')
}

/** @throws if the page has no place for it */
export function withTable(page: string, table: string): string {
  const [before, rest] = page.split(`${begin}\n`)
  const [, after] = rest?.split(end) ?? []
  if (before === undefined || after === undefined) throw new Error(`the page has no ${begin} with ${end} after it`)
  return `${before}${begin}\n\n${table}\n\n${end}${after}`
}
