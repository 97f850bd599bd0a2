/** A button that shows that its call is running, and is disabled meanwhile. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

export interface ButtonProps {
  children: ComponentChildren
  /** While a promise of it is pending the button is busy. */
  onClick?: (() => unknown) | undefined
  kind?: 'normal' | 'primary' | 'danger' | 'plain'
  disabled?: boolean | undefined
  /** The reason why it is disabled; null: it is enabled. */
  hindrance?: string | null
  /** Tells what it does. */
  title?: string | undefined
  /** The accessible name, if it is not the text. */
  label?: string | undefined
  type?: 'button' | 'submit'
  pressed?: boolean | undefined
}

export function Button({
  children,
  onClick,
  kind = 'normal',
  disabled = false,
  hindrance = null,
  title,
  label,
  type = 'button',
  pressed,
}: ButtonProps) {
  const [busy, setBusy] = useState(false)
  const press = async (): Promise<void> => {
    if (busy || !onClick) return
    setBusy(true)
    try {
      await onClick()
    } finally {
      setBusy(false)
    }
  }
  return (
    <button
      type={type}
      class={`button ${kind}`}
      disabled={disabled || hindrance !== null}
      aria-busy={busy}
      aria-label={label}
      aria-pressed={pressed}
      title={hindrance ?? title}
      onClick={onClick && press}
    >
      {children}
    </button>
  )
}
