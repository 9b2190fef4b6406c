import { type Kafka, startReader } from '../kafka/topics'
import type { Stoppable } from '../processes/child'

/** How often each place of the source topic stands in a topic of dead letters. */
export type Letters = ReadonlyMap<string, number>

/** Where a job keeps what counts in no window, unless it is told otherwise. */
export const deadLettersOf = (results: string) => `${results}-dead-letters`

/** The committed letters beside a results topic, as they come. */
export function readLetters(kafka: Kafka, results: string, children: Stoppable[]): Letters {
  const letters = new Map<string, number>()
  const reader = startReader(kafka, deadLettersOf(results), (line) => {
    const { kind, partition, offset } = JSON.parse(line) as { kind: string; partition: number; offset: number }
    const place = `${kind} ${partition}@${offset}`
    letters.set(place, (letters.get(place) ?? 0) + 1)
  })
  children.push(reader)
  return letters
}

/** How many letters there are, and how many of them stand there more than once. */
export const lettersIn = (letters: Letters) => ({
  letters: letters.size,
  lettersRepeated: [...letters.values()].filter((times) => times > 1).length,
})
