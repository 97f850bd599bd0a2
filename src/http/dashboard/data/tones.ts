/** The tones of states, which colours and glyphs go by. */

export type Tone = 'ok' | 'busy' | 'wait' | 'warn' | 'bad' | 'done' | 'off'

const tones: Record<string, Tone> = {
  idle: 'off',
  queued: 'wait',
  starting: 'busy',
  running: 'ok',
  paused: 'off',
  parked: 'wait',
  stuck: 'bad',
  crashed: 'bad',
  backoff: 'warn',
  blacklisted: 'bad',
  stopping: 'busy',
  stopped: 'off',
  completed: 'done',
  // Tasks
  waiting: 'wait',
  leased: 'busy',
  retrying: 'warn',
  done: 'done',
  dead: 'bad',
  // Supervisors and systems
  up: 'ok',
  down: 'bad',
  open: 'ok',
  closing: 'busy',
  closed: 'off',
  failed: 'bad',
  // Log levels and severities
  error: 'bad',
  warn: 'warn',
  warning: 'warn',
  info: 'busy',
  debug: 'off',
}

export const toneOf = (state: string): Tone => tones[state] ?? 'off'
