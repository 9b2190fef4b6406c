import { type FileHandle, open } from 'node:fs/promises'
import { LoadError } from '../load-error'
import type { Taken } from './answer'

/** What was accepted and under which horizon, for a checker that computes the results anew. */
export interface AcceptedFile {
  /** Resolves when the operating system has it, so that answers come no faster than they can be written. */
  write(key: string, answer: Taken, lines: readonly string[]): Promise<void>
  /** Returns when everything is on the disk. */
  close(): Promise<void>
}

/** One JSON object per answered batch. Throws `LoadError` ('bad-output-file') if the file cannot be made. */
export async function openAcceptedFile(path: string): Promise<AcceptedFile> {
  const file = await open(path, 'w').catch((cause: Error) => {
    throw new LoadError('bad-output-file', `The file ${path} cannot be written: ${cause.message}.`, { cause })
  })
  let written = Promise.resolve()
  return {
    write(key, answer, lines) {
      written = written.then(() => file.appendFile(acceptedRecord(key, answer, lines)))
      return written
    },
    close: () => close(file, written),
  }
}

/**
 * Rejected lines are left out, as far as the answer lists them; `unlisted` says how many more there are. Late ones stay
 * in: the checker judges them by the horizon.
 */
export function acceptedRecord(key: string, answer: Taken, lines: readonly string[]): string {
  const { horizon, accepted, late, partlyLate } = answer
  const rejected = new Set(answer.rejected.map(({ line }) => line))
  const kept = lines.filter((_, index) => !rejected.has(index + 1))
  return `${JSON.stringify({ key, horizon, accepted, late, partlyLate, lines: kept, unlisted: answer.moreRejected })}\n`
}

async function close(file: FileHandle, written: Promise<void>): Promise<void> {
  try {
    await written
    await file.sync()
  } finally {
    await file.close()
  }
}
