/** A door that waits to be opened. */
export class Gate {
  /** How many stand before it. */
  waiting = 0
  private opened: () => void = () => {}
  private readonly whenOpen = new Promise<void>((resolve) => {
    this.opened = resolve
  })

  async pass(): Promise<void> {
    this.waiting += 1
    await this.whenOpen
  }

  open(): void {
    this.opened()
  }
}
