/** Asks for a token and makes a session of it. */
import { useState } from 'preact/hooks'
import { logIn } from '../live/session.js'
import { Button } from '../ui/button.js'
import { TextField } from '../ui/field.js'

export function Login() {
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    setProblem(null)
    setProblem(await logIn(token))
    setBusy(false)
  }
  return (
    <main class="login">
      <form onSubmit={submit} aria-busy={busy}>
        <h1>drover</h1>
        <p class="muted">Log in with a token of this status server.</p>
        <TextField label="Token" type="password" value={token} onChange={setToken} autoComplete="current-password" autoFocus required />
        <p class="problem" role="alert">
          {problem}
        </p>
        <Button type="submit" kind="primary">
          Log in
        </Button>
      </form>
    </main>
  )
}
