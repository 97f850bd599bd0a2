// @ts-check
/** Figures as they are printed: medians with their spread, in tables that can be pasted into the README. */
import { cpus, loadavg } from 'node:os'

/** The value below which a share of the sorted values lies (nearest rank). */
export function percentile(/** @type {readonly number[]} */ values, /** @type {number} */ share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export function median(/** @type {readonly number[]} */ values) {
  return (
    (percentile(values, 0.5) +
      percentile(
        values.map((value) => -value),
        0.5,
      ) *
        -1) /
    2
  )
}

/** `61,200 (58,900 to 63,400)` */
export function spread(/** @type {readonly number[]} */ values, digits = 0) {
  if (values.length === 1) return number(values[0], digits)
  return `${number(median(values), digits)} (${number(Math.min(...values), digits)} to ${number(Math.max(...values), digits)})`
}

/** Rounded to three significant digits where that is enough. */
export function number(/** @type {number | undefined} */ value, digits = 0) {
  if (value === undefined || Number.isNaN(value)) return '-'
  const rounded = digits === 0 && Math.abs(value) >= 1_000 ? Number(value.toPrecision(3)) : value
  return rounded.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** A Markdown table; the first column is text, the others are figures. */
export function table(/** @type {string[]} */ head, /** @type {string[][]} */ rows) {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** What it ran on, and how busy that was. */
export function machine() {
  const processors = cpus()
  const load = loadavg()[0] ?? 0
  return `${processors.length} cores (${processors[0]?.model}), Node.js ${process.version}, load before: ${load.toFixed(1)}, ${new Date().toISOString().slice(0, 10)}`
}
