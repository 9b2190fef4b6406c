/**
 * The edge node, and an answer to the question how much processor time it has used: /proc counts in steps of 10 ms, the
 * process itself in microseconds. Asked over IPC, it costs the measured process next to nothing.
 */
process.on('message', (question) => {
  if (question === 'cpu') process.send?.(process.cpuUsage())
})

import('../../edge-node/main').then(async ({ main }) => process.exit(await main(process.argv.slice(2))))
