/**
 * Where a hung thread hangs: its JavaScript stack, taken from outside through the inspector's NodeWorker domain. One at a time;
 * a thread that blocks outside of JavaScript (`Atomics.wait`, a native call) has none to give.
 *
 * The order matters: a thread that is terminated while its debugger has it paused never ends, so the session is taken apart
 * before anyone may terminate it.
 */
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { SourceMap } from 'node:module'

/** A thread in an endless loop answers in about 50 ms. */
const patienceMs = 400

interface WorkerAttached {
  sessionId: string
  workerInfo: { workerId: string; type: string; title: string; url: string }
}

interface CallFrame {
  functionName: string
  location: { scriptId: string; lineNumber: number; columnNumber: number }
}

interface Script {
  scriptId: string
  url: string
  sourceMapURL?: string
}

type FromWorker = { method: 'Debugger.scriptParsed'; params: Script } | { method: 'Debugger.paused'; params: { callFrames: CallFrame[] } }

let queue: Promise<unknown> = Promise.resolve()

/**
 * The stack of a thread, innermost first, as `function (file:line:column)`; null if it gives none in time. Never rejects.
 */
export function stackOf(threadId: number): Promise<string[] | null> {
  const taken = queue.then(() => take(threadId)).catch(() => null)
  queue = taken
  return taken
}

async function take(threadId: number): Promise<string[] | null> {
  const session = new Session()
  session.connect()
  const post = (method: string, params: object = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      session.post(method, params, (error, result) => (error ? reject(error) : resolve(result)))
    })
  let inner = 0
  const toWorker = (sessionId: string, method: string) =>
    post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: ++inner, method, params: {} }) })

  let target: string | null = null
  const scripts = new Map<string, Script>()
  try {
    return await new Promise<string[] | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), patienceMs)
      const done = (stack: string[] | null) => {
        clearTimeout(timer)
        resolve(stack)
      }
      session.on('NodeWorker.attachedToWorker' as never, ({ params }: { params: WorkerAttached }) => {
        const { sessionId, workerInfo } = params
        // The thread's id stands in the title only; `workerId` counts the inspector's own sessions.
        if (!workerInfo.title.startsWith(`[worker ${threadId}]`)) {
          void post('NodeWorker.detach', { sessionId }).catch(() => {})
          return
        }
        target = sessionId
        void toWorker(sessionId, 'Debugger.enable')
          .then(() => toWorker(sessionId, 'Debugger.pause'))
          .catch(() => done(null))
      })
      session.on('NodeWorker.receivedMessageFromWorker' as never, ({ params }: { params: { sessionId: string; message: string } }) => {
        if (params.sessionId !== target) return
        const message = JSON.parse(params.message) as FromWorker
        if (message.method === 'Debugger.scriptParsed') scripts.set(message.params.scriptId, message.params)
        else if (message.method === 'Debugger.paused') done(message.params.callFrames.map((frame) => describe(frame, scripts)))
      })
      post('NodeWorker.enable', { waitForDebuggerOnStart: false }).catch(() => done(null))
    })
  } finally {
    if (target !== null) {
      await toWorker(target, 'Debugger.disable').catch(() => {})
      await post('NodeWorker.detach', { sessionId: target }).catch(() => {})
    }
    await post('NodeWorker.disable').catch(() => {})
    session.disconnect()
  }
}

/** In the author's own source where there is a source map. Lines and columns count from 1, as in a stack trace. */
function describe({ functionName, location }: CallFrame, scripts: Map<string, Script>): string {
  const script = scripts.get(location.scriptId)
  const own = script && inSource(script, location.lineNumber, location.columnNumber)
  const { url, line, column } = own ?? { url: script?.url ?? '', line: location.lineNumber, column: location.columnNumber }
  return `${functionName || '(anonymous)'} (${url || 'unknown'}:${line + 1}:${column + 1})`
}

function inSource({ url, sourceMapURL }: Script, line: number, column: number): { url: string; line: number; column: number } | null {
  if (!sourceMapURL) return null
  try {
    const [, encoded] = /^data:application\/json[^,]*;base64,(.*)$/.exec(sourceMapURL) ?? []
    const text = encoded ? Buffer.from(encoded, 'base64').toString() : readFileSync(new URL(sourceMapURL, url), 'utf8')
    const entry = new SourceMap(JSON.parse(text)).findEntry(line, column)
    if (!('originalSource' in entry)) return null
    return { url: new URL(entry.originalSource, url).href, line: entry.originalLine, column: entry.originalColumn }
  } catch {
    return null
  }
}
