import type { Child } from '../processes/child'

/** A process that can be killed, stopped and started again as the same thing: same arguments, same port, same data. */
export class Service {
  private child: Child | null = null

  constructor(
    private readonly name: string,
    private readonly launchChild: () => Child,
    /** Hears when it ends although nobody ended it. */
    private readonly onDeath: (error: Error) => void,
  ) {}

  /** Starts it and resolves with its first message. Rejects when it ends before. */
  async start<Message>(): Promise<Message> {
    return this.launch().ready<Message>()
  }

  /** Starts it and does not wait. */
  launch(): Child {
    const child = this.launchChild()
    this.child = child
    void child.ended().then((code) => {
      if (this.child === child) this.onDeath(new Error(`${this.name} ended with ${code} by itself`))
    })
    return child
  }

  /** SIGSTOP, SIGCONT and the like. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.signal(name)
  }

  /** SIGKILL; resolves when it is dead. */
  async kill(): Promise<void> {
    const child = this.forget()
    child?.signal('SIGKILL')
    await child?.ended()
  }

  /** Asks it to end, also when it is stopped; resolves when it has. */
  async stop(): Promise<void> {
    const child = this.forget()
    child?.signal('SIGCONT')
    await child?.stop()
  }

  private forget(): Child | null {
    const { child } = this
    this.child = null
    return child
  }
}
