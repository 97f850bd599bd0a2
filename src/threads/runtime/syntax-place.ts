/**
 * Finds the file and line at which a module cannot be parsed or linked. The error of a dynamic import lacks the place, but V8
 * reports it to the debugger. So the module is imported once more, in its own thread with the debugger on. None of its code runs:
 * a module graph that cannot be linked is not evaluated.
 */
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { patientTimeout } from '../../time/patient-timer.js'

/** After this time the error is reported without the place. */
const withinMs = 5_000

const source = `
const { parentPort, workerData } = require('node:worker_threads')
const { Session } = require('node:inspector')
const session = new Session()
session.connect()
const urls = new Map()
for (const event of ['Debugger.scriptParsed', 'Debugger.scriptFailedToParse']) {
  session.on(event, ({ params }) => urls.set(params.scriptId, params.url))
}
session.post('Debugger.enable')
import(workerData).then(
  () => parentPort.postMessage(null),
  (error) => {
    globalThis.__error = error
    session.post('Runtime.evaluate', { expression: 'globalThis.__error' }, (_, { result } = {}) => {
      session.post('Runtime.getExceptionDetails', { errorObjectId: result?.objectId }, (_, { exceptionDetails: details } = {}) => {
        const url = details && urls.get(details.scriptId)
        parentPort.postMessage(url && details.lineNumber >= 0 ? [url, details.lineNumber + 1, details.columnNumber + 1] : null)
      })
    })
  },
)
`

/**
 * @param href a `file:` URL of a module whose import failed before anything of it ran
 * @returns `file:line:column`; null if not known. Never rejects
 */
export function syntaxPlace(href: string): Promise<string | null> {
  return new Promise((resolve) => {
    const worker = new Worker(source, { eval: true, workerData: href, stdout: true, stderr: true })
    const end = (place: string | null): void => {
      callOff()
      resolve(place)
      void worker.terminate()
    }
    const callOff = patientTimeout(() => end(null), withinMs)
    worker.on('message', (found: [url: string, line: number, column: number] | null) => {
      end(found?.[0].startsWith('file:') ? `${fileURLToPath(found[0])}:${found[1]}:${found[2]}` : null)
    })
    worker.on('error', () => end(null))
    worker.on('exit', () => end(null))
  })
}
