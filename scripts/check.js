// @ts-check
/**
 * Everything that has to be clean besides the tests. Two chains of commands run side by side, as most of them use one core; the output of
 * each command is shown when it has ended.
 */
import { spawn } from 'node:child_process'

const chains = [
  ['lint', 'types', 'unused'],
  ['build', 'reference', 'package'],
]

/** @param {string} name */
function run(name) {
  const began = performance.now()
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
    child.on('close', (code) => {
      const seconds = Math.round((performance.now() - began) / 1_000)
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${name}, ${seconds} s\n${code === 0 ? '' : said}`.trimEnd())
      resolve(code === 0)
    })
  })
}

const ended = await Promise.all(
  chains.map(async (names) => {
    for (const name of names) if (!(await run(name))) return false
    return true
  }),
)
if (ended.includes(false)) process.exitCode = 1
