/** The frame around all views: navigation, state of the connection, login. */
import { useEffect, useErrorBoundary, useRef, useState } from 'preact/hooks'
import { stopLive, useStatus } from '../live/live.js'
import { refreshSession, useSession } from '../live/session.js'
import { useLocation } from '../routing/router.js'
import { places, viewOf } from '../routing/routes.js'
import { Button } from '../ui/button.js'
import { Questions } from '../ui/confirm.js'
import { Empty, Page, Pending } from '../ui/page.js'
import { Login } from './login.js'
import { Search } from './search.js'
import { Help, type Shortcut, useShortcuts } from './shortcuts.js'
import { Toasts } from './toasts.js'
import { Topbar } from './topbar.js'

const retryMs = 3_000

export function App() {
  const session = useSession()
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let gone = false
    const ask = async (): Promise<void> => {
      if (!(await refreshSession()) && !gone) timer = setTimeout(ask, retryMs)
    }
    void ask()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [])
  const out = session.known && session.role === null
  useEffect(() => {
    if (out) stopLive()
  }, [out])
  if (!session.known)
    return (
      <main class="login">
        <Pending what="the dashboard" error={session.error === null ? null : new Error(session.error)} />
      </main>
    )
  return (
    <>
      {out ? <Login /> : <Shell />}
      <Questions />
      <Toasts />
    </>
  )
}

function Shell() {
  const { path, query } = useLocation()
  const [menu, setMenu] = useState(false)
  const [dialog, openDialog] = useState<Shortcut | null>(null)
  useShortcuts(openDialog)
  const main = useRef<HTMLElement>(null)
  const shown = useRef(path)
  useEffect(() => {
    setMenu(false)
    if (shown.current === path) return
    shown.current = path
    // As after loading a page: from the top, and the keyboard begins with the view.
    scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [path])
  return (
    <div class="shell">
      {/* biome-ignore lint/a11y/useValidAnchor: it goes to a place in the page; the part after # belongs to the router */}
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to content
      </a>
      <Topbar menu={menu} onMenu={() => setMenu(!menu)} onOpen={openDialog} />
      <nav id="nav" class={menu ? 'nav open' : 'nav'} aria-label="Views">
        {places.map(([at, name]) => (
          <a key={at} href={`#${at}`} aria-current={isWithin(path, at) ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <main id="main" ref={main} tabIndex={-1}>
        <ConnectionBanner />
        <Current key={path} path={path} query={query} />
      </main>
      {dialog === 'search' && <Search onClose={() => openDialog(null)} />}
      {dialog === 'help' && <Help onClose={() => openDialog(null)} />}
    </div>
  )
}

const isWithin = (path: string, place: string): boolean => path === place || (place !== '/' && path.startsWith(`${place}/`))

function Current({ path, query }: { path: string; query: Record<string, string> }) {
  const [error, reset] = useErrorBoundary()
  const view = viewOf(path)
  if (error)
    return (
      <Page title="This view failed">
        <p class="problem">{String(error)}</p>
        <Button onClick={reset}>Try again</Button>
      </Page>
    )
  if (!view)
    return (
      <Page title="Not found">
        <Empty>
          There is no view at this address. <a href="#/">Overview</a>
        </Empty>
      </Page>
    )
  return <view.View params={view.params} query={query} />
}

function ConnectionBanner() {
  const status = useStatus()
  if (status !== 'offline') return null
  return <p class="banner">The server does not answer. This page shows the last known state; the connection is being tried again.</p>
}
