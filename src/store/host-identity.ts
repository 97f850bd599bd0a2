/**
 * Identifies an operating-system process, and checks whether it has ended. A pid alone is not enough: it is reused, it means
 * nothing after a reboot, and in another container it names another process.
 */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { HostIdentity } from './contract/hosts.js'

/** The pid namespace that every Linux machine boots with (PROC_PID_INIT_INO); any other is a container's. */
const firstNamespace = 'pid:[4026531836]'

const defunct = 'defunct'

let here: Omit<HostIdentity, 'id'> | undefined

/** The identity of this process, with an id that is new at each call: each system in a process is a host of its own. */
export function hostIdentity(): HostIdentity {
  return { id: randomUUID(), ...thisProcess() }
}

/**
 * Whether the process has ended. `'unknown'`: it cannot be checked from here (another machine or container, or hidden by the
 * system), so only missing renewals show it. This also holds for this process itself: a system in a terminated thread has ended,
 * but its process has not.
 */
export function isGone(identity: HostIdentity): boolean | 'unknown' {
  const self = thisProcess()
  if (identity.hostname !== self.hostname && identity.bootId !== self.bootId) return 'unknown'
  if (identity.bootId !== self.bootId) {
    // Same name and both outside of any container: the machine was rebooted since.
    return identity.namespace === firstNamespace && self.namespace === firstNamespace ? true : 'unknown'
  }
  if (identity.namespace !== self.namespace) return 'unknown'
  if (identity.bootId === '' && identity.hostname !== self.hostname) return 'unknown'
  if (identity.pid === self.pid && identity.startedAt === self.startedAt) return 'unknown'
  if (!exists(identity.pid)) return true
  const startedAt = startOf(identity.pid)
  if (startedAt === '' || identity.startedAt === '') return 'unknown'
  return startedAt === defunct || startedAt !== identity.startedAt
}

/** The same for all processes until the next boot; '' if not known. */
export function thisBoot(): string {
  return thisProcess().bootId
}

function thisProcess(): Omit<HostIdentity, 'id'> {
  here ??= {
    pid: process.pid,
    startedAt: startOf(process.pid),
    bootId: bootId(),
    namespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
    hostname: hostname(),
  }
  return here
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

/** The start time of a process; {@link defunct} if it has ended but was not reaped; '' if it cannot be read. */
function startOf(pid: number): string {
  if (process.platform === 'win32') return ''
  if (process.platform !== 'linux') return attempt(() => run('ps', ['-o', 'lstart=', '-p', String(pid)]))
  return attempt(() => {
    // The second field is the program's name in parentheses and may hold anything, also spaces and parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? defunct : (fields[19] ?? '')
  })
}

function bootId(): string {
  if (process.platform === 'linux') return attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  if (process.platform === 'darwin') return attempt(() => run('sysctl', ['-n', 'kern.bootsessionuuid']))
  return ''
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
