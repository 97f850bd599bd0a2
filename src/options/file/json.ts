/** Finds the mistake in a JSON text; `JSON.parse` gives the place only of some mistakes. */

const space = /[ \t\n\r]*/y
const string = /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})|[\x7f-\x9f])*"/uy
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)/y

/** The position of the first misplaced token; the text's length if the text ends too early or has no mistake. */
export function jsonErrorAt(text: string): number {
  const open: ('}' | ']')[] = []
  let position = 0
  /** The tokens allowed next. `first`: right after an opening bracket, where its closing bracket is allowed too. */
  let next: 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'rest' = 'value'
  const take = (token: RegExp): boolean => {
    token.lastIndex = position
    const found = token.test(text)
    if (found) position = token.lastIndex
    return found
  }
  for (;;) {
    take(space)
    const character = text[position]
    if (character === undefined) return position
    if (next === 'colon') {
      if (character !== ':') return position
      position++
      next = 'value'
    } else if (next === 'rest' || (next.startsWith('first') && character === open.at(-1))) {
      if (character === open.at(-1)) open.pop()
      else if (character !== ',' || open.length === 0) return position
      else next = open.at(-1) === '}' ? 'key' : 'value'
      if (character !== ',') next = 'rest'
      position++
    } else if (next.endsWith('key')) {
      if (!take(string)) return position
      next = 'colon'
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? '}' : ']')
      next = character === '{' ? 'first key' : 'first value'
      position++
    } else {
      if (!take(string) && !take(scalar)) return position
      next = 'rest'
    }
  }
}
