/**
 * The last samples, a typed array for each column, of a size that never changes. Each value is written twice, half an
 * array apart, so that the newest `n` of a column always lie side by side and a plot can be given them without copying.
 */
export class SampleRing<Column extends string> {
  private readonly arrays: Record<Column, Float64Array>
  private next = 0
  private filled = 0

  constructor(
    private readonly columns: readonly Column[],
    readonly capacity: number,
  ) {
    const arrays = columns.map((column) => [column, new Float64Array(capacity * 2)] as const)
    this.arrays = Object.fromEntries(arrays) as Record<Column, Float64Array>
  }

  get length(): number {
    return this.filled
  }

  push(sample: Readonly<Record<Column, number>>): void {
    for (const column of this.columns) {
      this.arrays[column][this.next] = sample[column]
      this.arrays[column][this.next + this.capacity] = sample[column]
    }
    this.next = (this.next + 1) % this.capacity
    this.filled = Math.min(this.filled + 1, this.capacity)
  }

  clear(): void {
    this.next = 0
    this.filled = 0
  }

  /** The newest `n` of a column, oldest first; a view that later samples overwrite. */
  view(column: Column, n = this.filled): Float64Array {
    const end = this.next === 0 && this.filled > 0 ? this.capacity * 2 : this.next + this.capacity
    return this.arrays[column].subarray(end - Math.min(n, this.filled), end)
  }

  /** A value by age: 0 is the newest; 0 also stands for what is not there. */
  back(column: Column, age: number): number {
    if (age >= this.filled) return 0
    return this.view(column, age + 1)[0]!
  }
}
