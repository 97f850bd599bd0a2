/** Dark or light: the system's choice, unless the user has chosen. */
import { createStore, useStore } from '../live/store.js'

export type Theme = 'auto' | 'light' | 'dark'
const key = 'drover-theme'

/** Storage may be forbidden. */
function stored(): Theme {
  try {
    const value = localStorage.getItem(key)
    return value === 'light' || value === 'dark' ? value : 'auto'
  } catch {
    return 'auto'
  }
}

const chosen = createStore<Theme>(stored())
export const useTheme = (): Theme => useStore(chosen)

export function applyTheme(): void {
  const theme = chosen.get()
  if (theme === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}

export function setTheme(theme: Theme): void {
  chosen.set(theme)
  applyTheme()
  try {
    localStorage.setItem(key, theme)
  } catch {
    // Then it holds until the page is closed.
  }
}

const systemIsDark = globalThis.matchMedia?.('(prefers-color-scheme: dark)')
const dark = createStore(false)
/** Paper is light. */
const printing = globalThis.matchMedia?.('print')
const look = (): void => {
  const wanted = chosen.get() === 'auto' ? (systemIsDark?.matches ?? false) : chosen.get() === 'dark'
  dark.set(wanted && !printing?.matches)
}
printing?.addEventListener('change', look)
systemIsDark?.addEventListener('change', look)
chosen.subscribe(look)
look()

/** Whether it is dark now, for what is drawn on a canvas. */
export const useDark = (): boolean => useStore(dark)
