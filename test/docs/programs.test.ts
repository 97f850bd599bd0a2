/** Every program of README and docs runs as pasted, ends by itself, and prints what its page says. */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hangMs } from '../support/hang.js'
import { guidePages } from './markdown.js'
import { type Call, codeOf, fits, type Program } from './programs.js'
import { makeProject, writeFiles } from './project.js'

const { folder, remove } = makeProject()
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  remove()
})

interface Ended {
  printed: string
  /** With what it said on stderr. */
  all: string
  exitCode: number
}

function call({ args, stderr }: Call, cwd: string): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' }
  const child = spawn(process.execPath, ['--no-warnings', ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  return new Promise((resolve, reject) => {
    let printed = ''
    let all = ''
    const hangs = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`node ${args.join(' ')} did not end within ${hangMs} ms; it said:\n${all}`))
    }, hangMs)
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        all += text
        if (stderr || stream === 'stdout') printed += text
      })
    }
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(hangs)
      children.delete(child)
      resolve({ printed, all, exitCode: signal === null ? (code ?? 0) : 128 + constants.signals[signal] })
    })
  })
}

/** What of a program is not as its page says; null: all is. */
async function play(program: Program, place: string): Promise<string | null> {
  const cwd = writeFiles(folder, place, program.files)
  for (const step of program.session) {
    const { printed, all, exitCode } = await call(step, cwd)
    const title = `node ${step.args.join(' ')}`
    if (exitCode !== step.exitCode) return `${title} ended with ${exitCode}, not with ${step.exitCode}; it said:\n${all}`
    if (step.prints !== null && !fits(printed, step.prints))
      return `${title} printed\n${printed}\nand the page says\n${step.prints}\nall it said:\n${all}`
  }
  return null
}

const programs = guidePages().flatMap((page) => codeOf(page).programs)

/** Two at a time, begun here: the tests below wait for them in order. */
const turns = [Promise.resolve(), Promise.resolve()]
const outcomes = programs.map((program, index) => {
  const turn = index % turns.length
  const outcome = (turns[turn] as Promise<void>).then(() => play(program, `program-${index}`))
  turns[turn] = outcome.then(
    () => {},
    () => {},
  )
  return outcome
})

for (const [index, { page, line, name }] of programs.entries()) {
  test(`${page}:${line}: ${name} runs as pasted`, async () => {
    const wrong = await outcomes[index]
    assert.ok(wrong === null, `${page}:${line}: ${wrong}`)
  })
}

test.run()
