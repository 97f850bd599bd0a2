/**
 * Takes a thread's stack, CPU profile and heap snapshot through its debugger. A thread that blocks outside JavaScript (in a
 * native call) gives no stack.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TimeLimit } from '../../time/time-limit.js'
import type { Inspect } from './inspect-thread.js'
import { inSource } from './source-maps.js'

/** A thread in an endless loop answers in about 50 ms; on a busy machine in half a second. */
const stackWithinMs = 2_000
/** The longest time that a kill, and the kills queued behind it, wait for a stack. */
const stackGivenUpMs = 3_000
/** Extra time for a profile to start and to be transferred. */
const profileSlackMs = 10_000

interface CallFrame {
  functionName: string
  location: { scriptId: string; lineNumber: number; columnNumber: number }
}

interface Script {
  scriptId: string
  url: string
  sourceMapURL?: string
}

let queue: Promise<unknown> = Promise.resolve()

/**
 * The stack of a thread, innermost frame first, as `function (file:line:column)`; null if there is none in time. Taken one at a
 * time. Never rejects.
 */
export function stackOf(inspect: Inspect): Promise<string[] | null> {
  const taken = queue.then(() => inTime(takeStack(inspect)))
  queue = taken
  return taken
}

/** A stack that is being taken; null if it fails or does not come in time. Never rejects. */
export async function inTime(taken: Promise<string[] | null>): Promise<string[] | null> {
  const limit = new TimeLimit(stackGivenUpMs, 'no stack in time')
  try {
    return await Promise.race([taken, limit.over])
  } catch {
    return null
  } finally {
    limit.clear()
  }
}

function takeStack(inspect: Inspect): Promise<string[]> {
  return inspect(stackWithinMs, async (inspector) => {
    const scripts = new Map<string, Script>()
    const paused = new Promise<CallFrame[]>((resolve) => {
      inspector.on('Debugger.scriptParsed', (script: Script) => void scripts.set(script.scriptId, script))
      inspector.on('Debugger.paused', ({ callFrames }: { callFrames: CallFrame[] }) => resolve(callFrames))
    })
    await inspector.send('Debugger.enable')
    await inspector.send('Debugger.pause')
    return (await paused).map((frame) => describe(frame, scripts))
  })
}

/** A CPU profile for DevTools and speedscope; see `Profiler.Profile` of the Chrome DevTools protocol. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number }; hitCount?: number }[]
  /** Microseconds. */
  startTime: number
  endTime: number
  samples?: number[]
  timeDeltas?: number[]
}

/**
 * Takes a CPU profile of a thread for `ms`. An optimised endless loop has no name in a profile, so all code of a `stuck` thread
 * is deoptimised first. This ends any other coverage measurement in the thread.
 *
 * @throws DroverError TIMEOUT if it does not answer, THREAD_GONE if it ends meanwhile
 */
export function profileOf(inspect: Inspect, ms: number, { stuck = false } = {}): Promise<CpuProfile> {
  return inspect(ms + profileSlackMs, async (inspector) => {
    await inspector.call('Profiler.enable')
    await inspector.call('Profiler.start')
    if (stuck) {
      // Counting calls makes V8 drop its optimised code. The profiler knows all code compiled after this.
      await inspector.call('Profiler.startPreciseCoverage', { callCount: true })
      await inspector.call('Profiler.stopPreciseCoverage')
    }
    await sleep(ms)
    const { profile } = (await inspector.call('Profiler.stop')) as { profile: CpuProfile }
    return profile
  })
}

/**
 * Makes a thread write a snapshot of its heap. Meanwhile the thread does nothing else and cannot be ended. Only the owner can
 * read the file (0600).
 *
 * @throws DroverError TIMEOUT if it does not answer, THREAD_GONE if it ends meanwhile; an Error if the file cannot be written
 */
export function snapshotOf(inspect: Inspect, file: string, withinMs: number): Promise<void> {
  return inspect(withinMs, async (inspector) => {
    const expression = `process.getBuiltinModule('node:v8').writeHeapSnapshot(${JSON.stringify(file)})`
    const { exceptionDetails } = (await inspector.call('Runtime.evaluate', { expression })) as Evaluated
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
  })
}

interface Evaluated {
  exceptionDetails?: { text: string; exception?: { description?: string } }
}

/** A frame as text, mapped to the author's source if there is a source map. Lines and columns count from 1, as in a stack trace. */
function describe({ functionName, location }: CallFrame, scripts: Map<string, Script>): string {
  const script = scripts.get(location.scriptId)
  const compiled = { url: script?.url ?? '', line: location.lineNumber, column: location.columnNumber }
  const { url, line, column } = inSource(compiled, script?.sourceMapURL) ?? compiled
  return `${functionName || '(anonymous)'} (${url || 'unknown'}:${line + 1}:${column + 1})`
}
