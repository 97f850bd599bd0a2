/** Any value on one line, cut where it gets long. */
export function brief(value: unknown, most = 120): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

/** The first line of a message, cut where it gets long. */
export const firstLine = (message: string): string => {
  const [line = ''] = message.trimStart().split('\n', 1)
  const told = line === message ? line : `${line.trimEnd()} …`
  return brief(told, 160)
}
