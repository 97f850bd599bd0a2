/** Begins the dashboard. */
import { render } from 'preact'
import { App } from './shell/app.js'
import { applyTheme } from './shell/theme.js'

applyTheme()
const root = document.getElementById('app')
if (root) render(<App />, root)
