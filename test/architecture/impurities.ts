import { parseSync } from '@swc/core'

/**
 * What of the surrounding world a module of `core/` may name: the parts of the language that give the same answer on
 * every machine. There is no clock, randomness, environment, I/O or locale among them, and nothing that a later version
 * of Node could add unseen.
 */
const PURE_GLOBALS = new Set([
  ...['undefined', 'NaN', 'Infinity', 'Object', 'Array', 'String', 'Number', 'Boolean', 'BigInt', 'Symbol', 'JSON'],
  ...[
    'Map',
    'Set',
    'WeakMap',
    'Promise',
    'Error',
    'RangeError',
    'TypeError',
    'SyntaxError',
    'TextEncoder',
    'TextDecoder',
  ],
  ...['ArrayBuffer', 'DataView', 'Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'Float64Array', 'RegExp'],
])

/**
 * Of these objects, only the parts that IEEE 754 or the language fixes to the bit: not `Math.log`, which is the
 * library's affair.
 */
const PURE_PARTS: Readonly<Record<string, ReadonlySet<string>>> = {
  Math: new Set(['abs', 'ceil', 'clz32', 'floor', 'fround', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc']),
  Date: new Set(['UTC']),
}

const LOCALE_METHOD = /^(localeCompare|toLocale\w*)$/

/** A node of the syntax tree, or one of the small objects in between, which have no type. */
type Node = { readonly type?: string; readonly [field: string]: unknown }

/**
 * Everything in a TypeScript module that depends on more than its arguments, in words such as `Math.random` or `**`.
 */
export function impurities(source: string): string[] {
  // The first statement tells which mark this parse gives to names that the module itself does not declare.
  const { body } = parseSync(`UNDECLARED;${source}`, { syntax: 'typescript', target: 'es2022' })
  const [first, ...statements] = body as unknown as [{ expression: Node }, ...Node[]]
  const search = new Search(first.expression.ctxt)
  search.visit(statements)
  return search.found
}

class Search {
  readonly found: string[] = []

  constructor(private readonly undeclared: unknown) {}

  visit(value: unknown): void {
    if (Array.isArray(value)) for (const element of value) this.visit(element)
    else if (typeof value === 'object' && value !== null) this.visitNode(value as Node)
  }

  private visitNode(node: Node): void {
    if (node.type?.startsWith('Ts')) {
      // Types are gone when the module runs; what stands in `x as T`, `x!` or a parameter property is not.
      this.visit([node.expression, node.param])
      return
    }
    if (node.type === 'MemberExpression' && this.isJudgedAsPart(node.object as Node, node.property as Node)) return
    if (this.isGlobal(node) && !PURE_GLOBALS.has(String(node.value))) this.found.push(String(node.value))
    if (node.operator === '**' || node.operator === '**=') this.found.push('**')
    this.visit(Object.values(node))
  }

  private isJudgedAsPart(holder: Node, part: Node): boolean {
    if (part.type !== 'Identifier') return false
    const name = String(part.value)
    if (LOCALE_METHOD.test(name)) this.found.push(name)
    const pure = this.isGlobal(holder) ? PURE_PARTS[String(holder.value)] : undefined
    if (pure !== undefined && !pure.has(name)) this.found.push(`${holder.value}.${name}`)
    return pure !== undefined
  }

  private isGlobal(node: Node): boolean {
    return node.type === 'Identifier' && node.ctxt === this.undeclared
  }
}
