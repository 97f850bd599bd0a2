/** Keys that work on every page, outside of fields and dialogs, and the dialog that tells of them. */
import { useEffect } from 'preact/hooks'
import { Button } from '../ui/button.js'
import { Dialog } from '../ui/dialog.js'

export type Shortcut = 'search' | 'help'

/** The shortcut of a key; null: it is none, or is meant for a field or a dialog. */
function shortcutOf({ key, ctrlKey, metaKey, altKey, defaultPrevented, target }: KeyboardEvent): Shortcut | null {
  if (defaultPrevented || altKey || document.querySelector('dialog[open]')) return null
  if (target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))) return null
  if (ctrlKey || metaKey) return key.toLowerCase() === 'k' ? 'search' : null
  return key === '/' ? 'search' : key === '?' ? 'help' : null
}

export function useShortcuts(open: (shortcut: Shortcut) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const shortcut = shortcutOf(event)
      if (!shortcut) return
      event.preventDefault()
      open(shortcut)
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [open])
}

const keys: [keys: string[], does: string][] = [
  [['/', 'Ctrl K'], 'Search for a worker, a task or a page'],
  [['?'], 'Show these shortcuts'],
  [['↑', '↓', 'Enter'], 'Choose among what was found; in the tree, move and open'],
  [['Esc'], 'Close a dialog'],
  [['Tab'], 'Next link or button; the first leads past the navigation'],
]

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="keys">
        {keys.map(([each, does]) => (
          <div key={does}>
            <dt>
              {each.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div class="row dialog-actions">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  )
}
