/** A state as a word with a colour and a glyph: never by colour alone. */
import { type Tone, toneOf } from '../data/tones.js'

export { type Tone, toneOf }

/** @param tone if it is not that of the text */
export function Badge({ text, tone = toneOf(text), title }: { text: string; tone?: Tone | undefined; title?: string | undefined }) {
  return (
    <span class={`badge ${tone}`} title={title}>
      {text}
    </span>
  )
}

/** What a good state hides, see `troubleOf`. */
export function Trouble({ of }: { of: string | null }) {
  return of && <span class="trouble warn">{of}</span>
}
