import { randomUUID } from 'node:crypto'
import { TemplateError } from './intrinsics'
import type { Resource } from './resource'
import { type Stack, type StackStatus, type Step, stepsBetween } from './stack'
import { type ReadSettings, readTemplate, type StackDescription } from './template'

/** What makes and removes the resources themselves. Rejections fail the stack with their message as the reason. */
export interface ResourceMaker {
  create(resource: Resource): Promise<void>
  /** Only for functions and event source mappings. */
  update(resource: Resource): Promise<void>
  remove(resource: Resource): Promise<void>
}

const MAX_STACKS = 50

/** All stacks of the embedded cloud. */
export class Stacks {
  readonly #stacks = new Map<string, Stack>()
  readonly #maker: ResourceMaker
  readonly #now: () => number

  constructor(maker: ResourceMaker, now: () => number) {
    this.#maker = maker
    this.#now = now
  }

  /** By name or id, also the ones that were deleted (by id alone). */
  find(nameOrId: string): Stack | undefined {
    return [...this.#stacks.values()].find(
      ({ id, name, status }) => id === nameOrId || (name === nameOrId && status !== 'DELETE_COMPLETE'),
    )
  }

  all(): readonly Stack[] {
    return [...this.#stacks.values()].filter(({ status }) => status !== 'DELETE_COMPLETE')
  }

  /**
   * Makes everything that the template describes; a failure undoes all of it. Throws TemplateError for a template that
   * cannot be read.
   */
  async create(id: string, template: string, settings: ReadSettings): Promise<Stack> {
    if (this.#stacks.size >= MAX_STACKS) throw new TemplateError(`Limit for stacks (${MAX_STACKS}) has been exceeded`)
    const description = readTemplate(template, settings)
    const name = settings.place.stackName
    const empty: StackDescription = { resources: [], outputs: [] }
    const stack: Stack = {
      id,
      name,
      createdMs: this.#now(),
      status: 'CREATE_IN_PROGRESS',
      statusReason: undefined,
      description: empty,
      events: [],
    }
    this.#stacks.set(id, stack)
    await this.#apply(stack, description, 'CREATE_COMPLETE', 'ROLLBACK_COMPLETE')
    return stack
  }

  /** False when the template describes what is there already. */
  async update(stack: Stack, template: string, settings: ReadSettings): Promise<boolean> {
    const description = readTemplate(template, settings)
    const unchanged = JSON.stringify(description) === JSON.stringify(stack.description)
    if (unchanged) return false
    this.#enter(stack, 'UPDATE_IN_PROGRESS')
    await this.#apply(stack, description, 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE')
    return true
  }

  async remove(stack: Stack): Promise<void> {
    this.#enter(stack, 'DELETE_IN_PROGRESS')
    for (const step of stepsBetween(stack.description.resources, [])) await this.#take(stack, step)
    stack.description = { resources: [], outputs: [] }
    this.#enter(stack, 'DELETE_COMPLETE')
  }

  async #apply(stack: Stack, wanted: StackDescription, done: StackStatus, undone: StackStatus): Promise<void> {
    const steps = stepsBetween(stack.description.resources, wanted.resources)
    const taken: Step[] = []
    try {
      for (const step of steps) {
        await this.#take(stack, step)
        taken.unshift(step)
      }
      stack.description = wanted
      this.#enter(stack, done)
    } catch (error) {
      for (const step of taken) await this.#takeBack(stack, step)
      this.#enter(stack, undone, error instanceof Error ? error.message : String(error))
    }
  }

  async #take(stack: Stack, step: Step): Promise<void> {
    try {
      switch (step.kind) {
        case 'create':
          await this.#maker.create(step.resource)
          return this.#note(stack, step.resource, 'CREATE_COMPLETE')
        case 'update':
          await this.#maker.update(step.resource)
          return this.#note(stack, step.resource, 'UPDATE_COMPLETE')
        case 'delete':
          await this.#maker.remove(step.resource)
          return this.#note(stack, step.resource, 'DELETE_COMPLETE')
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#note(stack, step.resource, `${step.kind.toUpperCase()}_FAILED`, reason)
      throw error
    }
  }

  async #takeBack(stack: Stack, step: Step): Promise<void> {
    switch (step.kind) {
      case 'create':
        return this.#take(stack, { kind: 'delete', resource: step.resource })
      case 'update':
        return this.#take(stack, { kind: 'update', before: step.resource, resource: step.before })
      case 'delete':
        return this.#take(stack, { kind: 'create', resource: step.resource })
    }
  }

  #enter(stack: Stack, status: StackStatus, reason?: string): void {
    stack.status = status
    stack.statusReason = reason
    const self = { logicalId: stack.name, physicalId: stack.id, type: 'AWS::CloudFormation::Stack' }
    this.#note(stack, self, status, reason)
  }

  #note(
    stack: Stack,
    of: { logicalId: string; physicalId: string; type: string },
    status: string,
    reason?: string,
  ): void {
    const { logicalId, physicalId, type } = of
    stack.events.unshift({ id: randomUUID(), atMs: this.#now(), logicalId, physicalId, type, status, reason })
  }
}
