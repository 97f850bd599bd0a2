import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { childArguments } from '../../../src/threads/isolation/child-arguments.js'

for (const [what, execArgv, inherited] of [
  ['loaders and flags of V8', ['--import', './register.mjs', '--expose-gc'], ['--import', './register.mjs', '--expose-gc']],
  ['no program on the command line', ['--input-type=module', '--no-warnings', '-e', 'main()'], ['--no-warnings']],
  ['no program that is printed', ['-p', '1', '--eval=2', '--print', '3'], []],
  ["no debugger, whose port is the host's", ['--inspect', '--inspect-brk=127.0.0.1:0', '--enable-source-maps'], ['--enable-source-maps']],
  ['no test runner, no watch mode', ['--test', '--watch', '--watch-path=src'], []],
] as const) {
  test(`a process inherits ${what}`, () => {
    assert.equal(childArguments(execArgv, {}), inherited)
  })
}

test('the limits of a worker go over those of its host', () => {
  const limits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8, stackSizeMb: 2 }
  assert.equal(childArguments(['--max-old-space-size=4096'], limits), [
    '--max-old-space-size=4096',
    '--max-old-space-size=64',
    '--max-semi-space-size=3',
    '--stack-size=2048',
  ])
})

test.run()
