import { byId, setText } from '../dom'

const KEY = 'spillway-theme'
const THEMES = ['auto', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

/** Wires the button that goes through the themes; `changed` is called whenever colors are others. */
export function theme(changed: () => void): void {
  const button = byId('theme')
  let current = stored()
  const show = () => {
    if (current === 'auto') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = current
    setText(button, `Theme: ${current}`)
    changed()
  }
  button.addEventListener('click', () => {
    current = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length]!
    keep(current)
    show()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
  show()
}

function stored(): Theme {
  const value = attempt(() => localStorage.getItem(KEY))
  return THEMES.find((each) => each === value) ?? 'auto'
}

const keep = (value: Theme) => attempt(() => localStorage.setItem(KEY, value))

/** Storage may be forbidden; then a choice lasts as long as the page. */
function attempt<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch {
    return undefined
  }
}
