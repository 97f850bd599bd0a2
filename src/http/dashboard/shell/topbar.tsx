/** The top bar: name, state of the system and of the connection, colours, login. */
import { useLive, useStatus } from '../live/live.js'
import { logOut, useSession } from '../live/session.js'
import { Badge, type Tone } from '../ui/badge.js'
import { Button } from '../ui/button.js'
import type { Shortcut } from './shortcuts.js'
import { setTheme, type Theme, useTheme } from './theme.js'

const connection: Record<string, [word: string, tone: Tone, title: string]> = {
  live: ['Live', 'ok', 'Changes arrive as they happen'],
  polling: ['Polling', 'warn', 'No WebSocket works: the server is asked every two seconds'],
  offline: ['Offline', 'bad', 'The server does not answer'],
  connecting: ['Connecting', 'busy', 'Connecting to the server'],
}

const themes: Record<Theme, { next: Theme; text: string }> = {
  auto: { next: 'light', text: 'Auto' },
  light: { next: 'dark', text: 'Light' },
  dark: { next: 'auto', text: 'Dark' },
}

interface TopbarProps {
  menu: boolean
  onMenu: () => void
  onOpen: (dialog: Shortcut) => void
}

export function Topbar({ menu, onMenu, onOpen }: TopbarProps) {
  const system = useLive(({ overview }) => overview?.system)
  const session = useSession()
  const theme = themes[useTheme()]
  const [word, tone, title] = connection[useStatus()] ?? ['Connecting', 'busy', '']
  return (
    <header class="topbar">
      <button type="button" class="button plain menu" aria-expanded={menu} aria-controls="nav" onClick={onMenu}>
        <span aria-hidden="true">☰</span> <span class="menu-text">Menu</span>
      </button>
      <a class="brand" href="#/">
        drover
      </a>
      {system && system !== 'open' && <Badge text={system} />}
      <span class="grow" />
      <Button kind="plain" label="Search" title="Search: / or Ctrl K" onClick={() => onOpen('search')}>
        <span aria-hidden="true">⌕</span> <span class="wide">Search</span>
      </Button>
      <span role="status" class={`badge ${tone}`} title={title}>
        {word}
      </span>
      <Button kind="plain" label={`Colours: ${theme.text}`} title="Colours: auto, light, dark" onClick={() => setTheme(theme.next)}>
        <span aria-hidden="true">◐</span> <span class="wide">{theme.text}</span>
      </Button>
      <span class="wide">
        <Button kind="plain" label="Keyboard shortcuts" title="Keyboard shortcuts: ?" onClick={() => onOpen('help')}>
          <span aria-hidden="true">?</span>
        </Button>
      </span>
      {session.known && session.protected && (
        <>
          <span class="muted wide">{[session.name, session.role === 'control' ? 'control' : 'read only'].filter(Boolean).join(', ')}</span>
          <Button kind="plain" onClick={logOut}>
            Log out
          </Button>
        </>
      )}
    </header>
  )
}
