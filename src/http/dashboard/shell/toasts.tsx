/** Short notices with the outcome of a call. Errors stay until they are closed. */
import { createStore, useStore } from '../live/store.js'

type Tone = 'ok' | 'error'
interface Notice {
  id: number
  text: string
  tone: Tone
}

const shownMs = 5_000
const mostShown = 5

const notices = createStore<Notice[]>([])
let last = 0

export function toast(text: string, tone: Tone = 'ok'): void {
  const id = ++last
  notices.set([...notices.get(), { id, text, tone }].slice(-mostShown))
  if (tone === 'ok') setTimeout(() => dismiss(id), shownMs)
}

const dismiss = (id: number): void => notices.set(notices.get().filter((notice) => notice.id !== id))

export function Toasts() {
  return (
    <section class="toasts" aria-live="polite" aria-label="Notices">
      {useStore(notices).map(({ id, text, tone }) => (
        <div key={id} class={`toast ${tone}`}>
          <span>
            {tone === 'error' && <strong>Error: </strong>}
            {text}
          </span>
          <button type="button" class="plain" aria-label="Close notice" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </section>
  )
}
