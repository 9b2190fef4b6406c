import { text, texts, wholeNumber, yesOrNo } from './fields'

/** Who may ask for what, and how that is kept secret on the way. See SECURITY.md. */
export const securityFields = {
  tokens: text('a file')
    .optional()
    .describe('file (mode 0600) with a list of {name, token or sha256, scopes}; read again when it changes'),
  insecureNoAuth: yesOrNo()
    .default(false)
    .describe('listen beyond loopback though nothing asks who is calling: another program has to'),
  tlsCert: text('a file').optional().describe('file with the certificate and its chain (PEM): serves https alone'),
  tlsKey: text('a file').optional().describe('file with its private key (PEM), not readable by others'),
  tlsClientCa: text('a file')
    .optional()
    .describe('file with the authorities (PEM) one of which has to have signed the certificate of a client'),
}

/** Where the node listens, and what one client may take of it. */
export const listeningFields = {
  host: text('an address of this machine')
    .default('127.0.0.1')
    .describe('address to listen on; anything but loopback needs tokens, or insecureNoAuth'),
  port: wholeNumber({ min: 0, max: 65_535 }).default(7070).describe('port to listen on; 0 takes a free one'),
  hostName: texts('names')
    .default([])
    .describe('names that clients may call this node by, besides localhost and addresses; others get 421'),
  maxConnections: wholeNumber({ min: 1 })
    .default(1_024)
    .describe('connections at once; each takes a file descriptor, and many systems give a process 1,024 or more'),
  maxStreams: wholeNumber({ min: 1 })
    .default(64)
    .describe('server-sent event streams at once: each lasts, and is written to with every final window'),
  maxReceivingBytes: wholeNumber({ min: 1024 })
    .default(256 * 1024 * 1024)
    .describe('bodies being received at once, packed: they are in memory until they are read'),
  maxRequestsPerSecond: wholeNumber({ min: 0 })
    .default(1_000)
    .describe('requests but for events that one address may make; 0: any number; loopback is never limited'),
  maxEventRequestsPerSecond: wholeNumber({ min: 0 })
    .default(10_000)
    .describe('requests with events that one address may make; 0: any number; loopback is never limited'),
  headersTimeoutMs: wholeNumber({ min: 100 })
    .default(10_000)
    .describe('time for a request to send its headers; slower ones are cut off'),
  requestTimeoutMs: wholeNumber({ min: 100 })
    .default(60_000)
    .describe('time for a whole request to arrive: 16 MiB in it need 2.2 Mbit/s'),
  idleConnectionMs: wholeNumber({ min: 100 })
    .default(72_000)
    .describe('how long a connection is kept between requests; longer than the 60 s of most proxies'),
}
