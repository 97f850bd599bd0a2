import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { stackText } from '../../src/logs/stack-text.js'

const ours = `at load (${join(fileURLToPath(new URL('../../src', import.meta.url)), 'threads/work.ts')}:5:1)`
const nodes = 'at translate (node:internal/modules/esm/loader:497:12)'
const theirs = 'at process (/home/user/label.worker.js:3:7)'
const record = (name: string, ...frames: string[]) => ({
  name,
  message: 'm',
  stack: [`${name}: m`, ...frames].map((line) => `    ${line}`).join('\n'),
})

test('frames inside Node.js and drover are left out of a stack beside those of the user', () => {
  assert.is(stackText(record('TypeError', nodes, theirs, ours)), `\n  ${theirs}`)
})

test('an error whose message says where has no stack where no frame is the user’s; any other shows what there is', () => {
  assert.is(stackText(record('DroverError', ours, nodes)), '')
  assert.is(stackText({ ...record('DroverError', ours), cause: record('SyntaxError', nodes) }), '\ncaused by SyntaxError: m')
  assert.is(stackText(record('TypeError', ours, nodes)), `\n  ${ours}\n  ${nodes}`)
})

test.run()
