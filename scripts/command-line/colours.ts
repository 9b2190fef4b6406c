import picocolors from 'picocolors'

/** Colours where a person looks: picocolors alone colours what a build server keeps in files, too. */
export const pc = picocolors.createColors(picocolors.isColorSupported && process.stdout.isTTY === true)
