// @ts-check
/** The tables: a row for each contender, a column for each fault. */
import { median, number, table } from '../support/figures.js'
import { faults } from './faults.js'

/** @typedef {{ contender: import('./contenders.js').Contender, fault: import('./faults.js').Fault, outcomes: import('./round.js').Outcome[], waitedMs: number }} Cell */

const titles = {
  ends: 'The worker goes down',
  hangs: 'The worker hangs',
}

export function printTables(/** @type {Cell[]} */ cells) {
  for (const group of /** @type {const} */ (['ends', 'hangs'])) {
    const own = cells.filter(({ fault }) => faults[fault].group === group)
    if (own.length === 0) continue
    console.log(
      `${titles[group]}: from the fault to the verdict, ms, median (worst)\n\n${matrix(own, (cell) => times(cell, 'verdictMs'))}\n`,
    )
    console.log(
      `${titles[group]}: from the fault until a task begins, ms, median (worst)\n\n${matrix(own, (cell) => times(cell, 'againMs'))}\n`,
    )
    console.log(
      `${titles[group]}: what the verdict names (t: task, s: stack, c: cause), and what becomes of the task\n\n${matrix(own, fate)}\n`,
    )
  }
}

function matrix(/** @type {Cell[]} */ cells, /** @type {(cell: Cell) => string} */ print) {
  const columns = [...new Set(cells.map(({ fault }) => fault))]
  const rows = [...new Set(cells.map(({ contender }) => contender.name))].map((name) => [
    name,
    ...columns.map((fault) => {
      const cell = cells.find((candidate) => candidate.contender.name === name && candidate.fault === fault)
      return cell && cell.outcomes.length > 0 ? print(cell) : '-'
    }),
  ])
  return table(['', ...columns.map((fault) => faults[fault].name)], rows)
}

function times(/** @type {Cell} */ { outcomes, waitedMs, contender }, /** @type {'verdictMs' | 'againMs'} */ which) {
  const known = outcomes.flatMap((outcome) => outcome[which] ?? [])
  const died = outcomes.some(({ hostDied }) => hostDied)
  if (known.length === 0) return died && !contender.durable ? 'host dies' : `not in ${number(waitedMs / 1_000)} s`
  const missing = known.length < outcomes.length ? `, ${outcomes.length - known.length} never` : ''
  const figures = outcomes.length === 1 ? number(known[0]) : `${number(median(known))} (${number(Math.max(...known))})`
  return `${figures}${missing}${died ? ' †' : ''}`
}

function fate(/** @type {Cell} */ { outcomes }) {
  const [first] = outcomes
  if (!first) return '-'
  const each = (/** @type {'task' | 'stack' | 'cause'} */ what) => (outcomes.every((outcome) => outcome[what]) ? what.charAt(0) : '')
  const fates = [...new Set(outcomes.map(({ job }) => job))].join('/')
  return `${`${each('task')}${each('stack')}${each('cause')}` || '-'} ${fates}`
}
