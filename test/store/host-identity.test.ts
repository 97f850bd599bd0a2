import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hostIdentity, isGone } from '../../src/store/host-identity.js'
import { hangMs } from '../support/hang.js'

const self = hostIdentity()
const linux = process.platform === 'linux'

test('each identity has an id of its own and the same process', () => {
  const other = hostIdentity()
  assert.is.not(other.id, self.id)
  assert.equal({ ...other, id: '' }, { ...self, id: '' })
  assert.is(self.pid, process.pid)
})

test('of its own process it cannot be told whether a system in it is over', () => assert.is(isGone(self), 'unknown'))

test('another process that lives is there', () => {
  if (!linux) return
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
  const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  assert.is(isGone({ ...self, pid: process.ppid, startedAt }), false)
})

test('a process that ended is gone', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  const { pid = 0 } = child
  await once(child, 'exit')
  assert.is(isGone({ ...self, pid }), true)
})

test('a pid that another process got since is not the process', () => {
  if (linux) assert.is(isGone({ ...self, startedAt: String(Number(self.startedAt) - 1) }), true)
})

test('a process that is over counts as gone, also before its parent has noticed', async () => {
  if (!linux) return
  // exec turns the shell into a program that does not wait for the shell's child; the child ends only then, at a line of its input.
  const script = 'exec 3<&0; read line <&3 & echo $!; exec sleep 120'
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(String(line))
  const stat = (of: number): string[] => readFileSync(`/proc/${of}/stat`, 'utf8').split(/[()]/)
  const stateOf = (of: number): string[] => stat(of)[2]?.trim().split(' ') ?? []
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const deadline = performance.now() + hangMs
    while (!isSo()) {
      assert.ok(performance.now() < deadline, what)
      await new Promise(setImmediate)
    }
  }
  await until('the shell did not become sleep', () => stat(parent.pid ?? 0)[1] === 'sleep')
  parent.stdin.end('\n')
  await until('the child did not end', () => stateOf(pid)[0] === 'Z')
  assert.is(isGone({ ...self, pid, startedAt: stateOf(pid)[19] ?? '' }), true)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
})

test('the process of another machine or container cannot be checked', () => {
  assert.is(isGone({ ...self, hostname: 'elsewhere', bootId: 'other' }), 'unknown')
  assert.is(isGone({ ...self, namespace: 'pid:[1]' }), 'unknown')
  assert.is(isGone({ ...self, namespace: 'pid:[1]', bootId: 'other' }), 'unknown')
})

test('a process from before a reboot is gone, unless it may have been in a container with the same name', () => {
  if (linux) assert.is(isGone({ ...self, bootId: 'before' }), self.namespace === 'pid:[4026531836]' ? true : 'unknown')
})

test.run()
