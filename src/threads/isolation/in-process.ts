/** A worker in a process of its own (`node:child_process`): its crash does not end this process. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { MessagePort } from 'node:worker_threads'
import { type Remote, wrap } from 'comlink'
import { DroverError, toErrorRecord } from '../../errors.js'
import type { ResourceLimits } from '../../options/isolation.js'
import { nodeEndpoint } from '../../ports/comlink-endpoint.js'
import { FrameChannel } from '../../ports/frame-channel.js'
import type { Port } from '../../ports/port.js'
import { isWorkersRequest } from '../../store/thread/messages.js'
import { patientTimeout } from '../../time/patient-timer.js'
import { cut } from '../../values/plain.js'
import { type CpuProfile, inTime } from '../evidence/stack-and-profile.js'
import type { BeatCell } from '../heartbeat/beats.js'
import type { PeerNews } from '../messages/wire.js'
import { checkBeats, checkReport } from '../protocol/check-report.js'
import { type ObserverControl, type ObserverReport, processWiring, type ThreadControl, type ThreadReport } from '../protocol/messages.js'
import { maxHeld } from '../protocol/tasks-in-hand.js'
import { childArguments } from './child-arguments.js'
import type { Isolation, IsolationExit, IsolationOptions } from './contract.js'
import { CrashFile } from './crash-file.js'
import { LinkRelays } from './link-relays.js'

/** How long to wait for its last output after its exit, in case another process holds a pipe open. */
const outputMs = 1_000
/** SIGABRT, as a shell reports it. */
const abortCode = 134
/** Characters of the end of its stderr that are examined. */
const stderrChars = 8_192
/** Characters shown of incomplete last words. */
const longestShown = 500

export class ProcessIsolation implements Isolation {
  readonly threadId = null
  readonly control: Remote<ThreadControl>
  readonly #child: ChildProcess
  readonly #beats: BeatCell
  readonly #channel: FrameChannel
  readonly #observer: Remote<ObserverControl>
  readonly #startedAt = performance.now()
  readonly #relays: LinkRelays
  #connections = 0
  #disconnect: () => void = () => {}
  #terminated = false
  #stderr = ''

  /** @throws if the boot data cannot be serialised, or the crash file cannot be made */
  constructor({ boot, store, beats, resourceLimits, crashFolders, onReport, onFault, onExit }: IsolationOptions) {
    const crashFile = CrashFile.create(boot.concurrency + maxHeld, crashFolders)
    const child = start(crashFile, resourceLimits)
    this.#child = child
    this.#beats = beats
    // The reason why it could not be spawned. It is reported later, and no exit follows.
    let spawnError: Error | null = null
    child.on('error', (error) => {
      if (child.pid !== undefined) return
      spawnError = error
      end()
    })
    for (const stream of [child.stdout, child.stderr]) stream?.on('error', () => {})
    child.stdout?.on('data', (chunk) => process.stdout.write(chunk))
    child.stderr?.on('data', (chunk) => {
      process.stderr.write(chunk)
      this.#stderr = (this.#stderr + chunk).slice(-stderrChars)
    })

    // An error of a listener means that the message was invalid.
    const [channel, watching] = [processWiring.channelFd, processWiring.observerFd].map(
      (fd) => new FrameChannel((child.stdio as unknown[])[fd] as Duplex, (why) => onFault(why)),
    ) as [FrameChannel, FrameChannel]
    this.#channel = channel
    const observer = watching.port(processWiring.observer)
    channel.port(processWiring.reports).on('message', (report: unknown) => onReport(checkReport(report)))
    observer.on('message', (message: Partial<ObserverReport>) => message.beats && beats.fill(checkBeats(message.beats)))
    this.control = wrap<ThreadControl>(nodeEndpoint(channel.port(processWiring.control)))
    this.#relays = new LinkRelays(channel)
    this.#observer = wrap<ObserverControl>(nodeEndpoint(observer))
    this.#connect(store)

    let over = false
    const end = (): void => {
      if (over) return
      over = true
      this.#relays.close()
      for (const each of [channel, watching]) each.close()
      this.#disconnect()
      const { abandoned, lastWords } = crashFile.take()
      const exit = this.#exit(spawnError)
      const words = readWords(lastWords)
      if (words) onReport(words)
      else if (lastWords !== '') exit.failure.message += `; its last words are incomplete: ${cut(lastWords, longestShown)}`
      onExit({ ...exit, abandoned })
    }
    // Its end follows at once, unless it closed the channel and is still alive.
    child.stdio[processWiring.channelFd]?.on('close', () => {
      if (!over) patientTimeout(() => !over && onFault('its channel is closed'), outputMs, { ref: false })
    })
    // All its pipes are closed, so all its messages have been read.
    child.on('close', end)
    child.on('exit', () => patientTimeout(end, outputMs, { ref: false }))
    try {
      channel.port(processWiring.boot).postMessage(boot)
    } catch (error) {
      over = true
      crashFile.close()
      this.#disconnect()
      this.terminate()
      throw error
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async reconnect(port: MessagePort): Promise<void> {
    await this.control.reconnect(this.#connect(port))
  }

  peer(news: PeerNews, link: MessagePort | null): void {
    // What came over earlier links was sent before this news.
    this.#relays.drain()
    const own = news.is === 'up' ? { ...news, begun: null } : news
    if (link === null) this.control.peer(own, null).catch(() => {})
    else this.#relays.toAsker(link, (name) => this.control.peer(own, name).catch(() => {}))
  }

  accept(from: string | null, link: MessagePort): void {
    this.#relays.toAnswerer(link, (name) => this.control.accept(from, name, null).catch(() => {}))
  }

  eventLoopUtilization(): number {
    return Math.max(0, 1 - this.#beats.read().idleMs / (performance.now() - this.#startedAt))
  }

  stack(): Promise<string[] | null> {
    return inTime(this.#observer.stack())
  }

  profile(ms: number, options?: { stuck?: boolean }): Promise<CpuProfile> {
    return this.#observer.profile(ms, options)
  }

  snapshot(file: string, withinMs: number): Promise<void> {
    return this.#observer.snapshot(file, withinMs)
  }

  terminate(): void {
    this.#terminated = true
    // Without a pid (the spawn failed), Node.js 20 would signal the process group of the host.
    if (this.#child.pid !== undefined) this.#child.kill('SIGKILL')
  }

  unref(): void {
    this.#disconnect()
    this.#child.unref()
    for (const stream of this.#child.stdio) (stream as { unref?: () => void } | null)?.unref?.()
  }

  /**
   * Carries messages between the process and the store thread. Messages over an earlier connection are lost from now on; the
   * process sends them again over this one.
   *
   * @returns the name of the process's end
   */
  #connect(store: MessagePort): string {
    this.#disconnect()
    const name = processWiring.store(++this.#connections)
    const port: Port = this.#channel.port(name)
    port.on('message', (request: unknown) => {
      if (!isWorkersRequest(request)) throw new Error('an invalid request to the store')
      store.postMessage(request)
    })
    store.on('message', (reply: unknown) => port.postMessage(reply))
    this.#disconnect = () => {
      port.close()
      store.close()
    }
    return name
  }

  #exit(spawnError: Error | null): Omit<IsolationExit, 'abandoned'> {
    const { exitCode, signalCode } = this.#child
    if (spawnError) {
      // The code shows whether the cause can pass by itself.
      const error = { ...toErrorRecord(spawnError), message: `no process can be started: ${spawnError.message}` }
      return { failure: { kind: 'start-error', message: error.message, error, exitCode: null }, fault: true }
    }
    const fatal = /^.*fatal (?:error|process).*out of memory.*$/im.exec(this.#stderr)
    if (fatal && !this.#terminated && (signalCode !== null || exitCode === abortCode)) {
      // As Node.js names it for threads.
      const error = { name: 'Error', message: fatal[0].trim(), code: 'ERR_WORKER_OUT_OF_MEMORY' }
      return { failure: { kind: 'out-of-memory', message: error.message, error, exitCode }, fault: true }
    }
    if (signalCode !== null) {
      const message = `the process was ended by ${signalCode}`
      return { failure: { kind: 'exit', message, error: { name: 'Error', message, code: signalCode }, exitCode }, fault: !this.#terminated }
    }
    return { failure: { kind: 'exit', message: `the process exited with code ${exitCode}`, error: null, exitCode }, fault: false }
  }
}

/** The last words of a process, if they are complete. */
function readWords(text: string): ThreadReport | null {
  try {
    return checkReport(JSON.parse(text))
  } catch {
    return null
  }
}

/** @throws DroverError HOST_SHORT if the process cannot be started */
function start(crashFile: CrashFile, limits: ResourceLimits): ChildProcess {
  try {
    const entry = fileURLToPath(new URL('./process-entry.js', import.meta.url))
    const child = spawn(process.execPath, [...childArguments(process.execArgv, limits), entry], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', crashFile.fd, 'pipe'],
    })
    if (child.stdio) return child
    child.on('error', () => {})
    throw new DroverError('HOST_SHORT', 'no process can be started: too many files are open')
  } catch (error) {
    crashFile.close()
    throw error
  }
}
