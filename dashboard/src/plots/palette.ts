const NAMES = [
  'edge',
  'burst',
  'arrivals',
  'capacity',
  'limit',
  'target',
  'delay',
  'backlog',
  'flight',
  'ink',
  'panel',
  'grid',
  'band',
] as const
export type ColorName = (typeof NAMES)[number]

/** The colors of the style sheet, as a canvas wants them. */
export class Palette {
  private colors = new Map<ColorName, string>()

  constructor() {
    this.refresh()
  }

  /** Reads them again: the theme is another one. */
  refresh(): void {
    const probe = document.body.appendChild(document.createElement('span'))
    for (const name of NAMES) {
      probe.style.color = `var(--${name})`
      this.colors.set(name, getComputedStyle(probe).color)
    }
    probe.remove()
  }

  of(name: ColorName): string {
    return this.colors.get(name) ?? 'gray'
  }
}
