// The thread that watches the other one; plain JavaScript, since a thread is started without the compiler of its
// process.
const { writeSync } = require('node:fs')
const { workerData } = require('node:worker_threads')

const LOOK_MS = 500
const beats = new Int32Array(workerData.beats)
let before = -1
let silentMs = 0

// Time is counted in looks, not read from a clock: a process that was stopped as a whole has not been silent.
setInterval(() => {
  const now = Atomics.load(beats, 0)
  silentMs = now === before ? silentMs + LOOK_MS : 0
  before = now
  if (silentMs < workerData.mostMs) return
  writeSync(
    2,
    `${workerData.who} ends: something, most likely a \`map\` that loops, has held its thread for ${silentMs} ms. ${workerData.advice}\n`,
  )
  process.kill(process.pid, 'SIGKILL')
}, LOOK_MS)
